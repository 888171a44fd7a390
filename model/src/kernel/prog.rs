//! What every program is written with: the builder, the objects, the rules; folios found through
//! the page cache; pages held by pipes and sockets; the ghosts that stores and reads feed.

use super::completion;
use super::ghost;
use super::hooks::{At, Hook, Rules};
use super::world::{Buffer, COUNTER_MAX, Folio, Frag, PageRef, Socket, World};
use crate::machine::builder::{CFn, Place, ProgramBuilder, StepDraft};
use crate::machine::expr::{Expr, and, any, eq, ite, lt, ne, not, set_bit, test_bit};
use crate::machine::step::RuleTag;
use crate::machine::system::System;
use crate::machine::var::{VarDecl, VarId};

/// The program of one task being written.
pub struct Prog<'a> {
    /// The step builder.
    pub b: ProgramBuilder<'a>,
    /// The objects.
    pub w: &'a mut World,
    /// The rules in force.
    pub rules: &'a dyn Rules,
    /// Number of the call being written.
    pub call: usize,
}

/// A folio as a task has it: the only one of its index, or the one in a register.
#[derive(Clone, Debug)]
pub struct FolioRef {
    /// The page index.
    pub index: usize,
    /// Candidates, with the condition under which each is meant.
    pub candidates: Vec<(Expr, usize)>,
}

impl FolioRef {
    /// The variable that `field` gives for the meant folio.
    pub fn place(&self, w: &World, field: impl Fn(&Folio) -> VarId) -> Place {
        place_of(
            self.candidates
                .iter()
                .map(|(cond, f)| (cond.clone(), field(&w.folios[*f]))),
        )
    }

    /// Its words.
    pub fn memory(&self, w: &World) -> Vec<Expr> {
        (0..w.setup.words)
            .map(|word| self.place(w, |f| f.data[word]).expr())
            .collect()
    }

    /// What `folio_mark_dirty` sets, and to what: PG_dirty, and BH_Dirty if the folio has buffers
    /// (`block_dirty_folio`).
    pub fn dirty_marks(&self, w: &World) -> Vec<(Place, Expr)> {
        let mut marks = vec![(self.place(w, |f| f.dirty), Expr::TRUE)];
        if w.setup.buffer_heads {
            let field = |of: fn(Buffer) -> VarId| self.place(w, |f| f.buffer.map_or(f.dirty, of));
            marks.push((field(|b| b.dirty), field(|b| b.attached).expr()));
        }
        marks
    }

    /// An expression that differs by folio.
    pub fn select(&self, value: impl Fn(usize) -> Expr) -> Expr {
        let (last, init) = self
            .candidates
            .split_last()
            .expect("a folio has a candidate");
        init.iter()
            .rev()
            .fold(value(last.1), |rest, (cond, f)| {
                ite(cond.clone(), value(*f), rest)
            })
            .fold()
    }
}

fn place_of(parts: impl Iterator<Item = (Expr, VarId)>) -> Place {
    let parts: Vec<_> = parts.collect();
    if parts.len() == 1 {
        Place::Var(parts[0].1)
    } else {
        Place::Select(parts)
    }
}

/// A page held by a pipe buffer or a socket fragment: one of several holders, chosen by conditions.
#[derive(Clone, Debug)]
pub struct PageAt {
    /// Holders, with the condition under which each is meant: name and page.
    pub holders: Vec<(Expr, String, PageRef)>,
    /// Folios that can be there.
    pub folios: Vec<usize>,
    /// Spliced references that can be there.
    pub origins: Vec<usize>,
    /// Whether an anonymous page can be there.
    pub anonymous: bool,
}

impl PageAt {
    /// The place that `field` gives for the meant holder.
    pub fn place(&self, field: impl Fn(&PageRef) -> VarId) -> Place {
        place_of(
            self.holders
                .iter()
                .map(|(cond, _, page)| (cond.clone(), field(page))),
        )
    }

    /// What the holder refers to.
    pub fn page(&self) -> Place {
        self.place(|p| p.page)
    }

    /// The folio it refers to; only meaningful where [`is_file`](Self::is_file) holds.
    pub fn folio(&self, w: &World) -> Option<FolioRef> {
        let first = *self.folios.first()?;
        let page = self.page().expr();
        Some(FolioRef {
            index: w.folios[first].index,
            candidates: if self.folios.len() == 1 {
                vec![(Expr::TRUE, first)]
            } else {
                self.folios
                    .iter()
                    .map(|f| (eq(page.clone(), *f + 1), *f))
                    .collect()
            },
        })
    }

    /// It refers to a folio of the file.
    pub fn is_file(&self, w: &World) -> Expr {
        if self.anonymous {
            and(ne(self.page(), 0), lt(self.page(), w.copied_page()))
        } else {
            Expr::TRUE
        }
    }

    /// It holds bytes of the file, by reference or as a copy: not a pipe writer's.
    pub fn is_spliced(&self, w: &World) -> Expr {
        if self.origins.is_empty() {
            Expr::FALSE
        } else if self.anonymous {
            ne(self.page(), w.written_page())
        } else {
            Expr::TRUE
        }
    }

    /// The value of a word.
    pub fn word(&self, w: &World, word: usize) -> Expr {
        let copy = self.place(|p| p.copy[word]).expr();
        match self.folio(w) {
            None => copy,
            Some(folio) => {
                let data = folio.place(w, |f| f.data[word]).expr();
                ite(self.is_file(w), data, copy).fold()
            }
        }
    }

    /// It holds bytes of that spliced reference.
    pub fn stems_from(&self, w: &World, origin: usize) -> Expr {
        let mine = if self.origins.len() == 1 {
            Expr::TRUE
        } else {
            eq(self.place(|p| p.origin), origin)
        };
        and(mine, self.is_spliced(w))
    }

    /// Largest token that a word of it can have.
    pub fn token_max(&self, w: &World, word: usize) -> u64 {
        let indices = self.origins.iter().map(|o| w.origins[*o].index);
        indices.map(|i| w.tokens.max(i, word)).max().unwrap_or(0)
    }

    /// An expression that differs by spliced reference.
    pub fn by_origin(&self, value: impl Fn(usize) -> Expr) -> Expr {
        let origin = self.place(|p| p.origin).expr();
        let Some((last, init)) = self.origins.split_last() else {
            return Expr::FALSE;
        };
        init.iter()
            .rev()
            .fold(value(*last), |rest, o| {
                ite(eq(origin.clone(), *o), value(*o), rest)
            })
            .fold()
    }
}

impl Prog<'_> {
    /// The system under construction.
    pub fn system(&mut self) -> &mut System {
        self.b.system
    }

    /// Value that stands for this task in a lock.
    pub fn me(&self) -> Expr {
        self.b.me()
    }

    /// Steps written inside `body` print as the body of `function`.
    pub fn within<R>(&mut self, function: CFn, body: impl FnOnce(&mut Self) -> R) -> R {
        self.b.enter(function);
        let result = body(self);
        self.b.leave();
        result
    }

    /// Steps written inside `body` are tagged as put there by a rule.
    pub fn by_rule(&mut self, tag: RuleTag, body: impl FnOnce(&mut Self)) {
        let before = self.b.set_rule(Some(tag));
        body(self);
        self.b.set_rule(before);
    }

    /// The same, if there is a rule.
    pub fn by_rule_if(&mut self, tag: Option<RuleTag>, body: impl FnOnce(&mut Self)) {
        match tag {
            Some(tag) => self.by_rule(tag, body),
            None => body(self),
        }
    }

    /// A register of this task.
    pub fn register(&mut self, name: &str, max: u64) -> VarId {
        let name = format!("{name}#{}", self.call);
        self.b.register(&name, max)
    }

    /// A register that holds the position of a folio among those of its index.
    pub fn folio_register(&mut self, index: usize) -> FolioRef {
        let folios = self.w.indices[index].folios.clone();
        if folios.len() == 1 {
            return FolioRef {
                index,
                candidates: vec![(Expr::TRUE, folios[0])],
            };
        }
        let register = self.register(&format!("folio[{index}]"), folios.len() as u64 - 1);
        FolioRef {
            index,
            candidates: folios
                .iter()
                .enumerate()
                .map(|(position, f)| (eq(register, position), *f))
                .collect(),
        }
    }

    /// The register behind a folio reference, if it needs one.
    pub fn register_of(folio: &FolioRef) -> Option<VarId> {
        match folio.candidates.first() {
            Some((Expr::Bin(_, a, _), _)) => match **a {
                Expr::Var(v) => Some(v),
                _ => None,
            },
            _ => None,
        }
    }

    /// A variable for a rule, one a folio.
    pub fn folio_var(&mut self, folio: &FolioRef, name: &str, max: u64) -> Place {
        let parts: Vec<(Expr, VarId)> = folio
            .candidates
            .iter()
            .map(|(cond, f)| {
                let object = self.w.folios[*f].name.clone();
                (
                    cond.clone(),
                    self.w.rule_var(self.b.system, &object, name, max),
                )
            })
            .collect();
        place_of(parts.into_iter())
    }

    /// A version counter for a rule, one a folio; no two folios ever have the same value.
    pub fn folio_counter(&mut self, folio: &FolioRef, name: &str) -> Place {
        let parts: Vec<(Expr, VarId)> = folio
            .candidates
            .iter()
            .map(|(cond, f)| {
                let object = self.w.folios[*f].name.clone();
                let init = *f as u64 * (COUNTER_MAX / 16);
                let var = self
                    .w
                    .rule_var_from(self.b.system, &object, name, COUNTER_MAX, init);
                (cond.clone(), var)
            })
            .collect();
        place_of(parts.into_iter())
    }

    /// A variable for a rule, one a pipe buffer or socket fragment.
    pub fn holder_var(&mut self, page: &PageAt, name: &str, max: u64) -> Place {
        let parts: Vec<(Expr, VarId)> = page
            .holders
            .iter()
            .map(|(cond, object, _)| {
                (
                    cond.clone(),
                    self.w.rule_var(self.b.system, object, name, max),
                )
            })
            .collect();
        place_of(parts.into_iter())
    }

    /// Writes the steps of every rule attached to `hook`.
    pub fn hook(&mut self, hook: Hook, at: &At) {
        let rules = self.rules;
        rules.steps(self, hook, at);
    }

    /// Adds to a step the waits of every rule attached to `hook`.
    pub fn waits(
        &mut self,
        hook: Hook,
        folio: &FolioRef,
    ) -> impl for<'s> Fn(&'s mut StepDraft) -> &'s mut StepDraft + use<> {
        let rules = self.rules;
        let waits = rules.waits(self, hook, folio);
        move |s| {
            for (tag, cond) in &waits {
                s.wait_by(tag.clone(), cond.clone());
            }
            s
        }
    }

    /// The kernel's own wait at `hook`, if the rules do not leave it out.
    pub fn own_wait(&self, hook: Hook, wait: Expr) -> Expr {
        if self.rules.omits(hook) {
            Expr::TRUE
        } else {
            wait
        }
    }

    /// The conditions that rules attached to `hook` ask of a folio.
    pub fn conditions(&mut self, hook: Hook, folio: &FolioRef) -> Vec<(RuleTag, Expr)> {
        let rules = self.rules;
        rules.waits(self, hook, folio)
    }

    /// The slot that the next push of a pipe takes.
    pub fn pipe_head(&self, pipe: usize) -> PageAt {
        self.pipe_at(pipe, self.w.pipes[pipe].head, 0)
    }

    /// The slot that the next read of a pipe finds.
    pub fn pipe_tail(&self, pipe: usize) -> PageAt {
        self.pipe_at(pipe, self.w.pipes[pipe].tail, 0)
    }

    /// The slot `k` buffers after the tail.
    pub fn pipe_tail_plus(&self, pipe: usize, k: usize) -> PageAt {
        self.pipe_at(pipe, self.w.pipes[pipe].tail, k)
    }

    fn pipe_at(&self, pipe: usize, cursor: VarId, offset: usize) -> PageAt {
        let pipe = &self.w.pipes[pipe];
        let n = pipe.slots.len();
        PageAt {
            holders: (0..n)
                .map(|at| {
                    let slot = &pipe.slots[(at + offset) % n];
                    let cond = if n == 1 { Expr::TRUE } else { eq(cursor, at) };
                    (cond, slot.name.clone(), slot.page.clone())
                })
                .collect(),
            folios: pipe.folios.clone(),
            origins: pipe.origins.clone(),
            anonymous: pipe.anonymous,
        }
    }

    /// The slot of the last push.
    pub fn pipe_last(&self, pipe: usize) -> PageAt {
        let n = self.w.pipes[pipe].slots.len();
        self.pipe_at(pipe, self.w.pipes[pipe].head, n - 1)
    }

    /// Fills in a step with the whole context at hand; [`ProgramBuilder::push`] adds it.
    pub fn draft(&self, write: impl FnOnce(&Self, &mut StepDraft)) -> StepDraft {
        let mut draft = self.b.draft();
        write(self, &mut draft);
        draft
    }

    /// A fragment of a socket.
    pub fn frag(&self, socket: usize, k: usize) -> PageAt {
        let socket = &self.w.sockets[socket];
        Self::frag_at(socket, &socket.frags[k])
    }

    /// A fragment of a socket after it was moved to the receive queue's last skb.
    pub fn merged(&self, socket: usize, k: usize) -> PageAt {
        let socket = &self.w.sockets[socket];
        Self::frag_at(socket, &socket.merged[k])
    }

    fn frag_at(socket: &Socket, frag: &Frag) -> PageAt {
        PageAt {
            holders: vec![(Expr::TRUE, frag.name.clone(), frag.page.clone())],
            folios: socket.folios.clone(),
            origins: socket.origins.clone(),
            anonymous: socket.anonymous,
        }
    }

    /// Assignments of a store of `token` to a word of a folio, ghosts included: which combinations
    /// were in the folio together, and what each open splice could have seen.
    pub fn store<'s>(
        w: &World,
        s: &'s mut StepDraft,
        folio: &FolioRef,
        word: usize,
        token: &Expr,
    ) -> &'s mut StepDraft {
        for (cond, f) in &folio.candidates {
            store_to(w, s, cond, *f, word, token);
        }
        s
    }

    /// Assignments of a write by something that has a page and no right to change it: the token of
    /// that call, if the page is a folio and `cond` holds, and the ghost that records it.
    pub fn store_by_sink(
        w: &World,
        s: &mut StepDraft,
        page: &PageAt,
        word: usize,
        (task, call): (usize, usize),
        cond: &Expr,
    ) {
        let held = page.page().expr();
        for f in &page.folios {
            let here = and(cond.clone(), eq(held.clone(), *f + 1));
            let index = w.folios[*f].index;
            let folio = FolioRef {
                index,
                candidates: vec![(here.clone(), *f)],
            };
            if let Some(token) = w.tokens.store(task, call, index, word) {
                Prog::store(w, s, &folio, word, &Expr::from(token));
            }
            s.set_if(
                and(here, eq(w.folios[*f].mapped_in_cache, 1)),
                w.ghosts.source_changed,
                1,
            );
        }
    }

    /// The folio becomes visible to readers with the words it has (it was filled while it was not
    /// up to date).
    pub fn set_uptodate<'s>(
        w: &World,
        s: &'s mut StepDraft,
        folio: &FolioRef,
    ) -> &'s mut StepDraft {
        let uptodate = folio.place(w, |f| f.uptodate);
        s.set(uptodate.clone(), 1).release(uptodate);
        for (cond, f) in &folio.candidates {
            let object = &w.folios[*f];
            let fresh = and(cond.clone(), eq(object.uptodate, 0));
            let values: Vec<Expr> = object.data.iter().map(|v| Expr::Var(*v)).collect();
            let number = ghost::combination(&w.tokens, object.index, &values);
            let together = w.ghosts.together[*f];
            s.set_if(
                fresh.clone(),
                together,
                ghost::add_combination(together, number),
            );
            let position = w.position(*f);
            for (o, origin) in w.origins.iter().enumerate() {
                if origin.index != object.index {
                    continue;
                }
                for (word, value) in values.iter().enumerate() {
                    let seen = w.ghosts.window[o][position][word];
                    let cond = and(fresh.clone(), eq(w.ghosts.open[o], 1));
                    s.set_if(cond, seen, set_bit(seen, value.clone()));
                }
            }
        }
        s
    }

    /// Whether `value` of a word is outside what the spliced reference could have seen between call
    /// and return of its `splice(2)`.
    pub fn outside_window(&self, page: &PageAt, word: usize, value: &Expr) -> Expr {
        let w = &*self.w;
        let held = page.page().expr();
        page.by_origin(|o| {
            let folios = &w.indices[w.origins[o].index].folios;
            let seen =
                |position: usize| test_bit(w.ghosts.window[o][position][word], value.clone());
            let anywhere = any((0..folios.len()).map(seen));
            let exact = folios
                .iter()
                .enumerate()
                .fold(anywhere, |rest, (position, f)| {
                    ite(eq(held.clone(), *f + 1), seen(position), rest)
                });
            and(page.is_spliced(w), not(exact))
        })
        .fold()
    }

    /// Whether the words `values` were never together in the folio.
    pub fn never_together(&self, page: &PageAt, values: &[Expr]) -> Expr {
        let w = &*self.w;
        if !ghost::fits(&w.setup) {
            return Expr::FALSE;
        }
        let held = page.page().expr();
        page.by_origin(|o| {
            let index = w.origins[o].index;
            let folios = &w.indices[index].folios;
            let number = ghost::combination(&w.tokens, index, values);
            let had = |f: usize| ghost::has_combination(w.ghosts.together[f], number.clone());
            let anywhere = any(folios.iter().map(|f| had(*f)));
            let exact = folios.iter().fold(anywhere, |rest, f| {
                ite(eq(held.clone(), *f + 1), had(*f), rest)
            });
            and(page.is_spliced(w), not(exact))
        })
        .fold()
    }

    /// Assignments of a reading of one word through a spliced reference.
    pub fn reading<'s>(
        w: &World,
        s: &'s mut StepDraft,
        page: &PageAt,
        word: usize,
        value: &Expr,
    ) -> &'s mut StepDraft {
        for o in &page.origins {
            let mine = page.stems_from(w, *o);
            let first = w.ghosts.first[*o][word];
            let none = w.tokens.count(w.origins[*o].index, word);
            let fresh = eq(first, none);
            s.set_if(and(mine.clone(), fresh.clone()), first, value.clone());
            let differs = and(not(fresh), ne(first, value.clone()));
            s.set_if(and(mine, differs), w.ghosts.reread_inconsistent, 1);
        }
        completion::reading(w, s, page, word, value);
        s
    }

    /// Registers for the bytes a consumer was handed, one a word; observed. They hold one past the
    /// tokens until then.
    pub fn delivered(&mut self, what: &str, page: &PageAt) -> Vec<VarId> {
        let task = self.b.system.task(self.b.task).name.clone();
        let call = self.call;
        (0..self.w.setup.words)
            .map(|word| {
                let index = page.origins.first().map_or(0, |o| self.w.origins[*o].index);
                let none = page
                    .origins
                    .iter()
                    .map(|o| self.w.tokens.count(self.w.origins[*o].index, word))
                    .max()
                    .unwrap_or(1);
                let mut labels = self.w.tokens.labels(index, word);
                labels.resize(usize::try_from(none).expect("few tokens"), "?".to_owned());
                labels.push("-".to_owned());
                let id = self.b.task;
                self.b.system.declare(
                    VarDecl::private(id, task.clone(), format!("{what}#{call}[{word}]"), none)
                        .init(none)
                        .labels(labels)
                        .observed(),
                )
            })
            .collect()
    }

    /// The condition that a delivery must not be: outside the window.
    pub fn mark_delivery<'s>(
        &self,
        s: &'s mut StepDraft,
        page: &PageAt,
        word: usize,
        value: &Expr,
    ) -> &'s mut StepDraft {
        let outside = self.outside_window(page, word, value);
        s.set_if(outside, self.w.ghosts.snapshot_broken, 1)
    }
}

/// One candidate of a store.
fn store_to(w: &World, s: &mut StepDraft, cond: &Expr, f: usize, word: usize, token: &Expr) {
    let object = &w.folios[f];
    s.set_if(cond.clone(), object.data[word], token.clone());
    if let (Some(replaced), Some(lost)) = (w.ghosts.replaced[f], w.ghosts.store_lost) {
        s.set_if(and(cond.clone(), eq(replaced, 1)), lost, 1);
    }
    let values: Vec<Expr> = object
        .data
        .iter()
        .enumerate()
        .map(|(i, v)| {
            if i == word {
                token.clone()
            } else {
                Expr::Var(*v)
            }
        })
        .collect();
    let visible = and(cond.clone(), eq(object.uptodate, 1));
    if ghost::fits(&w.setup) {
        let number = ghost::combination(&w.tokens, object.index, &values);
        let together = w.ghosts.together[f];
        s.set_if(
            visible.clone(),
            together,
            ghost::add_combination(together, number),
        );
    }
    let position = w.position(f);
    for (o, origin) in w.origins.iter().enumerate() {
        if origin.index == object.index {
            let seen = w.ghosts.window[o][position][word];
            let during = and(visible.clone(), eq(w.ghosts.open[o], 1));
            s.set_if(during, seen, set_bit(seen, token.clone()));
        }
    }
}
