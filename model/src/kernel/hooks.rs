//! Where a scheme's rules attach to the kernel's programs.

use super::prog::{FolioRef, PageAt, Prog};
use super::setup::{Call, Setup};
use crate::machine::builder::Label;
use crate::machine::expr::Expr;
use crate::machine::step::RuleTag;

/// A named place in the kernel's programs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Hook {
    /// `folio_wait_stable`: before a write or a `page_mkwrite` may go on (W6, M8).
    FolioWaitStable,
    /// `truncate_inode_partial_folio`: before bytes of a cached folio are zeroed (T4).
    PartialTruncateWait,
    /// `iomap_write_end` and its like: bytes were copied in, the folio is still locked (W10).
    FolioWritten,
    /// `page_mkwrite`: the folio is locked and about to become writable in a page table (M7).
    FolioMkwrite,
    /// `truncate_inode_partial_folio`: bytes were zeroed, the folio is still locked (T4).
    FolioZeroed,
    /// `filemap_splice_read`, whole: how a page of the file gets into the pipe. A rule here
    /// replaces S1 and S2 for that page.
    FilemapSpliceRead,
    /// Before `splice_folio_into_pipe`: the folio is referenced and up to date (between S1 and S2).
    SpliceAddFolio,
    /// `link_pipe`: a buffer is duplicated into another pipe (S3).
    PipeBufGet,
    /// `pipe_buf_confirm`: before a consumer uses a buffer (S4).
    PipeBufConfirm,
    /// A consumer that copies is about to read the buffer.
    SinkIoStart,
    /// A consumer that copies has copied the buffer, and has not yet reported it.
    PipeBufCopied,
    /// A consumer that copies has finished with the buffer.
    SinkIoEnd,
    /// `pipe_buf_release`: the pipe's reference is about to go (S7).
    PipeBufRelease,
    /// `skb_splice_from_iter`: the socket takes its reference (S6).
    SkbFragGet,
    /// `skb_release_data`: the socket's last reference is about to go (N2, N3).
    SkbFragPut,
    /// Before `filemap_splice_read`: whether this caller gets a copy (a rule at
    /// [`FilemapSpliceRead`](Self::FilemapSpliceRead) makes it). Asked with [`Choice::Source`].
    SplicePermission,
    /// `sock_sendmsg`: whether the socket copies a buffer. Asked with [`Choice::Sink`].
    SockSendmsg,
    /// `splice(2)` is about to return, its requests handed on as far as it goes. Rules here replace
    /// the report of completion that the return is.
    SpliceReturn,
    /// `tcp_clean_rtx_queue`: a frag is acknowledged (N2).
    SkbAcked,
    /// A request was cancelled while a socket had this frag of it queued.
    RequestCancel,
}

impl Hook {
    /// All hooks.
    pub const ALL: [Hook; 20] = [
        Hook::FolioWaitStable,
        Hook::PartialTruncateWait,
        Hook::FolioWritten,
        Hook::FolioMkwrite,
        Hook::FolioZeroed,
        Hook::FilemapSpliceRead,
        Hook::SpliceAddFolio,
        Hook::PipeBufGet,
        Hook::PipeBufConfirm,
        Hook::SinkIoStart,
        Hook::PipeBufCopied,
        Hook::SinkIoEnd,
        Hook::PipeBufRelease,
        Hook::SkbFragGet,
        Hook::SkbFragPut,
        Hook::SplicePermission,
        Hook::SockSendmsg,
        Hook::SpliceReturn,
        Hook::SkbAcked,
        Hook::RequestCancel,
    ];

    /// Its name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Hook::FolioWaitStable => "folio_wait_stable",
            Hook::PartialTruncateWait => "truncate_inode_partial_folio",
            Hook::FolioWritten => "write_end",
            Hook::FolioMkwrite => "page_mkwrite",
            Hook::FolioZeroed => "folio_zero_range",
            Hook::FilemapSpliceRead => "filemap_splice_read",
            Hook::SpliceAddFolio => "splice_folio_into_pipe",
            Hook::PipeBufGet => "pipe_buf_get",
            Hook::PipeBufConfirm => "pipe_buf_confirm",
            Hook::SinkIoStart => "sink_io_start",
            Hook::PipeBufCopied => "sink_copied",
            Hook::SinkIoEnd => "sink_io_end",
            Hook::PipeBufRelease => "pipe_buf_release",
            Hook::SkbFragGet => "skb_splice_from_iter",
            Hook::SkbFragPut => "skb_release_data",
            Hook::SplicePermission => "splice_permission",
            Hook::SockSendmsg => "sock_sendmsg",
            Hook::SpliceReturn => "splice_return",
            Hook::SkbAcked => "tcp_clean_rtx_queue",
            Hook::RequestCancel => "request_cancel",
        }
    }
}

/// What a rule can refer to at its hook.
#[derive(Clone, Debug)]
pub enum At {
    /// A folio of the file.
    Folio(FolioRef),
    /// A folio about to go into a pipe slot.
    Fill {
        /// The folio.
        folio: FolioRef,
        /// The slot that it will take.
        slot: PageAt,
    },
    /// A page index about to be spliced, nothing looked up yet.
    Index {
        /// The page index.
        index: usize,
        /// The slot that it will take.
        slot: PageAt,
        /// The spliced reference.
        origin: usize,
    },
    /// A page held by a pipe or a socket, where to go on failure if the consumer can fail here.
    Held {
        /// The page.
        page: PageAt,
        /// Where the consumer backs out.
        fail: Option<Label>,
    },
    /// Requests whose `splice(2)` is about to return: spliced references.
    Requests(Vec<usize>),
    /// A page moving from one holder to another.
    Move {
        /// Where it is.
        from: PageAt,
        /// Where it will be as well.
        to: PageAt,
    },
}

/// What a rule may decide: whether a page is copied instead of referred to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// A `splice(2)` from the file.
    Source {
        /// The caller could write the file.
        writable: bool,
    },
    /// A buffer of a `splice(2)` to a socket.
    Sink {
        /// The socket.
        socket: usize,
        /// Number of the buffer in the call.
        buffer: usize,
        /// Buffers that the call moves.
        of: usize,
        /// Frags that the send buffer has room for, if that is bounded.
        sndbuf: Option<usize>,
    },
}

/// Whether pages that such a caller splices are copied at the source.
pub fn copies_at_source(rules: &dyn Rules, setup: &Setup, writable: bool) -> bool {
    let choice = Choice::Source { writable };
    rules.has(Hook::FilemapSpliceRead)
        && (!rules.has(Hook::SplicePermission)
            || rules
                .decides(setup, Hook::SplicePermission, &choice)
                .is_some())
}

/// Whether the `buffer`-th page of a `splice(2)` to a socket is copied there, and the rule that says
/// so if one does: else the route does not take frags.
pub fn copies_at_sink(
    rules: &dyn Rules,
    setup: &Setup,
    call: &Call,
    buffer: usize,
) -> (bool, Option<RuleTag>) {
    let Call::SpliceSocket {
        socket,
        buffers,
        sndbuf,
        scatter_gather,
        ..
    } = call
    else {
        return (false, None);
    };
    let choice = Choice::Sink {
        socket: *socket,
        buffer,
        of: *buffers,
        sndbuf: *sndbuf,
    };
    let rule = rules.decides(setup, Hook::SockSendmsg, &choice);
    (!scatter_gather || rule.is_some(), rule)
}

/// The rules in force: implemented by schemes.
pub trait Rules {
    /// The conditions that rules add to a wait, each with the rule that adds it.
    fn waits(&self, p: &mut Prog<'_>, hook: Hook, folio: &FolioRef) -> Vec<(RuleTag, Expr)>;
    /// Writes the steps of every rule attached to `hook`.
    fn steps(&self, p: &mut Prog<'_>, hook: Hook, at: &At);
    /// The rule attached to `hook` that says yes to the choice.
    fn decides(&self, setup: &Setup, hook: Hook, choice: &Choice) -> Option<RuleTag>;
    /// Whether a rule is attached to `hook`.
    fn has(&self, hook: Hook) -> bool;
}

/// No rules: the kernel as it is.
#[derive(Clone, Copy, Debug)]
pub struct NoRules;

impl Rules for NoRules {
    fn waits(&self, _: &mut Prog<'_>, _: Hook, _: &FolioRef) -> Vec<(RuleTag, Expr)> {
        Vec::new()
    }

    fn steps(&self, _: &mut Prog<'_>, _: Hook, _: &At) {}

    fn decides(&self, _: &Setup, _: Hook, _: &Choice) -> Option<RuleTag> {
        None
    }

    fn has(&self, _: Hook) -> bool {
        false
    }
}
