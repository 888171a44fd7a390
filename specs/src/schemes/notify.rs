//! Z10: no lock, no copy: a report of when the pages may be written again. What differs is what is
//! taken for the end: that the socket took the data, that the peer acknowledged it, that the request
//! was cancelled, or that the last reference to the page is gone.
//!
//! Each buffer and fragment carries the request that it belongs to (a `struct ubuf_info`, say). A tee
//! multiplies the users of a request, and so does a socket that takes its reference before the pipe
//! drops its own.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::objects::notification;
use foliocheck_model::kernel::program::{At, PageAt, Prog};
use foliocheck_model::machine::builder::{CFn, Place};
use foliocheck_model::machine::expr::{Expr, add, all, and, eq, ne, sub};
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::var::{VarDecl, VarId};

use crate::scheme::{Effect, Family, Rule, Scheme};

const SOURCE: &str = "Lutomirski, CALCETrU-9Wcb_zCsVWr24V=uCA0+c6x359UkJBOBgkbq+UHAMA@mail.gmail.com; Axboe's OP_SENDFILE; IORING_OP_SEND_ZC (6.0)";

fn rule(
    name: &'static str,
    purpose: &'static str,
    hook: Hook,
    steps: fn(&mut Prog<'_>, &At),
) -> Rule {
    Rule {
        name,
        purpose,
        hook,
        effect: Effect::Steps(steps),
    }
}

fn notify(id: &'static str, title: &'static str, rules: Vec<Rule>) -> Scheme {
    Scheme {
        id,
        title,
        family: Family::Notify,
        source: SOURCE,
        omits: Vec::new(),
        rules,
    }
}

/// Every buffer and fragment knows its request.
fn carried() -> Vec<Rule> {
    let purpose = "buffers and fragments carry the request that they belong to";
    vec![
        rule("carry", purpose, Hook::SpliceAddFolio, begin),
        rule("carry", purpose, Hook::PipeBufGet, carry),
        rule("carry", purpose, Hook::SkbFragGet, carry),
    ]
}

/// The return of a call does not report anything.
fn later() -> Rule {
    let purpose = "the return of splice(2) reports nothing yet";
    rule("report-later", purpose, Hook::SpliceReturn, |_, _| ())
}

/// Users are counted; the last one that goes reports.
fn counted() -> Vec<Rule> {
    let count = "each buffer and fragment of a request is a user of it";
    let last = "the last user that goes reports";
    vec![
        rule("carry", count, Hook::SpliceAddFolio, begin_counted),
        rule("count", count, Hook::PipeBufGet, use_again),
        rule("count", count, Hook::SkbFragGet, use_again),
        rule("report", last, Hook::PipeBufRelease, drop_use),
        rule("report", last, Hook::SkbFragPut, drop_use),
        later(),
    ]
}

/// Complete when the socket (or the pipe) took the data.
pub fn at_accept() -> Scheme {
    let purpose = "complete when the socket took the data";
    notify(
        "notify-at-accept",
        "completion is reported when the socket has taken the data",
        vec![rule("report", purpose, Hook::SpliceReturn, accepted)],
    )
}

/// Complete with the ACK.
pub fn at_ack() -> Scheme {
    let mut rules = carried();
    let purpose = "complete when the peer has it, or a reader of the pipe";
    rules.extend([
        rule("report", purpose, Hook::SkbAcked, report_held),
        rule("report", purpose, Hook::SinkIoEnd, report_held),
        later(),
    ]);
    notify(
        "notify-at-ack",
        "completion is reported when the data is acknowledged",
        rules,
    )
}

/// Complete with the last use, or at once if cancelled.
pub fn at_cancel() -> Scheme {
    let mut rules = counted();
    let purpose = "a cancelled request is reported at once";
    rules.push(rule(
        "report-cancelled",
        purpose,
        Hook::RequestCancel,
        report_held,
    ));
    notify(
        "notify-at-cancel",
        "completion is reported at the last use, or at once if the request is cancelled",
        rules,
    )
}

/// Complete with the last use.
pub fn at_last_use() -> Scheme {
    notify(
        "notify-at-last-use",
        "completion is reported when the last reference to the page is gone",
        counted(),
    )
}

/// The request that a buffer or fragment belongs to, if it holds a page of the file and anybody asks.
fn request(p: &mut Prog<'_>, page: &PageAt) -> Option<Place> {
    let last = p.w.completed.len().checked_sub(1)?;
    page.folio(p.w)?;
    Some(p.holder_var(page, "request", last as u64))
}

/// Each request that `page` may belong to, with the condition.
fn requests(p: &mut Prog<'_>, page: &PageAt) -> Vec<(Expr, usize)> {
    let Some(request) = request(p, page) else {
        return Vec::new();
    };
    let held = and(page.is_file(p.w), ne(page.page(), 0));
    let is = |o: usize| and(held.clone(), eq(request.expr(), o)).fold();
    page.origins.iter().map(|o| (is(*o), *o)).collect()
}

/// Users of a request. The first is the buffer that the splice fills.
fn users(p: &mut Prog<'_>, origin: usize) -> VarId {
    let object = format!("splice{origin}");
    let decl = VarDecl::shared(object, "users", p.w.references_max()).in_word(notification(origin));
    p.w.rule_decl(p.b.system, decl)
}

fn begin(p: &mut Prog<'_>, at: &At) {
    fill(p, at, false);
}

fn begin_counted(p: &mut Prog<'_>, at: &At) {
    fill(p, at, true);
}

fn fill(p: &mut Prog<'_>, at: &At, count: bool) {
    let At::Fill { folio, slot } = at else { return };
    let origin = p.w.origin(p.b.task.index(), p.call, folio.index);
    let Some(request) = request(p, slot) else {
        return;
    };
    let users = count.then(|| users(p, origin));
    p.b.step("Z10b", c::SPLICE_FOLIO_INTO_PIPE, |s| {
        s.text("the buffer carries its request")
            .set(request, origin);
        match users {
            Some(users) => s.inc(users).order(users, Order::Full),
            None => s,
        }
    });
}

fn carry(p: &mut Prog<'_>, at: &At) {
    hand_on(p, at, false);
}

fn use_again(p: &mut Prog<'_>, at: &At) {
    hand_on(p, at, true);
}

fn hand_on(p: &mut Prog<'_>, at: &At, count: bool) {
    let At::Move { from, to } = at else { return };
    let (Some(source), Some(target)) = (request(p, from), request(p, to)) else {
        return;
    };
    let users: Vec<_> = if count {
        let requests = requests(p, from);
        requests
            .into_iter()
            .map(|(mine, o)| (mine, users(p, o)))
            .collect()
    } else {
        Vec::new()
    };
    p.b.step("Z10c", c::PIPE_BUF_GET, |s| {
        s.text("the new reference carries the request")
            .set(target, source.expr());
        for (mine, users) in users {
            s.set_if(mine, users, add(users, 1))
                .order(users, Order::Full);
        }
        s
    });
}

/// Reports completion of the request that `page` belongs to.
fn report(p: &mut Prog<'_>, page: &PageAt, function: CFn) {
    let requests = requests(p, page);
    if requests.is_empty() {
        return;
    }
    let completed = p.w.completed.clone();
    p.b.step("Z10r", function, |s| {
        s.text("report completion");
        for (mine, o) in requests {
            s.set_if(mine, completed[o], 1).release(completed[o]);
        }
        s
    });
}

fn report_held(p: &mut Prog<'_>, at: &At) {
    if let At::Held { page, .. } = at {
        report(p, page, c::IO_POST_AUX_CQE);
    }
}

/// The last user reports; the count and the report are one step (`refcount_dec_and_test`, after which
/// nobody else has the request).
fn drop_use(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    let requests = requests(p, page);
    if requests.is_empty() {
        return;
    }
    let counted: Vec<_> = requests
        .into_iter()
        .map(|(mine, o)| (mine, users(p, o), p.w.completed[o]))
        .collect();
    p.b.step("Z10d", c::IO_POST_AUX_CQE, |s| {
        s.text("one user less; the last reports completion");
        for (mine, users, completed) in counted {
            let last = all([mine.clone(), eq(users, 1)]);
            s.set_if(mine, users, sub(users, 1))
                .order(users, Order::Full)
                .set_if(last, completed, 1)
                .release(completed);
        }
        s
    });
}

fn accepted(p: &mut Prog<'_>, at: &At) {
    let At::Requests(origins) = at else { return };
    let completed: Vec<_> = origins.iter().map(|o| p.w.completed[*o]).collect();
    p.b.step("Z10a", c::IO_POST_AUX_CQE, |s| {
        s.text("taken: report completion");
        for done in completed {
            s.set(done, 1).release(done);
        }
        s
    });
}
