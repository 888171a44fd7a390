//! What every program is written with: the builder, the objects, the rules.

use super::at::At;
use super::refs::{FolioRef, PageAt, place_of};
use crate::kernel::hooks::{Attached, Choice, Hook};
use crate::kernel::objects::{COUNTER_MAX, Frag, Socket, World};
use crate::kernel::setup::Setup;
use crate::machine::builder::{CFn, Label, Place, ProgramBuilder, StepDraft};
use crate::machine::expr::{Expr, eq};
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
    /// Where the program ends early.
    pub exit: Label,
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
                let decl = VarDecl::shared(object, name, COUNTER_MAX).init(init);
                let var = self.w.rule_decl(self.b.system, decl);
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
}

/// The rules in force: implemented by schemes.
pub trait Rules: Attached {
    /// The conditions that rules add to a wait, each with the rule that adds it.
    fn waits(&self, p: &mut Prog<'_>, hook: Hook, folio: &FolioRef) -> Vec<(RuleTag, Expr)>;
    /// Writes the steps of every rule attached to `hook`.
    fn steps(&self, p: &mut Prog<'_>, hook: Hook, at: &At);
}

/// No rules: the kernel as it is.
#[derive(Clone, Copy, Debug)]
pub struct NoRules;

impl Attached for NoRules {
    fn decides(&self, _: &Setup, _: Hook, _: &Choice) -> Option<RuleTag> {
        None
    }

    fn has(&self, _: Hook) -> bool {
        false
    }
}

impl Rules for NoRules {
    fn waits(&self, _: &mut Prog<'_>, _: Hook, _: &FolioRef) -> Vec<(RuleTag, Expr)> {
        Vec::new()
    }

    fn steps(&self, _: &mut Prog<'_>, _: Hook, _: &At) {}
}
