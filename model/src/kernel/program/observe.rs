//! What stores and reads leave in ghosts, and what consumers are handed.

use crate::kernel::objects::{World, ghost};
use crate::kernel::program::{FolioRef, PageAt, Prog, oracle};
use crate::kernel::setup::{Call, ExtentInit};
use crate::machine::builder::StepDraft;
use crate::machine::expr::{Expr, all, and, any, eq, ite, ne, not, set_bit, test_bit};
use crate::machine::var::{VarDecl, VarId};

impl Prog<'_> {
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
                and(here, eq(w.folios[*f].has_mapping, 1)),
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
        Prog::set_uptodate_if(w, s, folio, &Expr::TRUE)
    }

    /// The same, if `when` holds.
    pub fn set_uptodate_if<'s>(
        w: &World,
        s: &'s mut StepDraft,
        folio: &FolioRef,
        when: &Expr,
    ) -> &'s mut StepDraft {
        let uptodate = folio.place(w, |f| f.uptodate);
        if *when == Expr::TRUE {
            s.set(uptodate.clone(), 1);
        } else {
            for (cond, f) in &folio.candidates {
                let here = and(cond.clone(), when.clone());
                s.set_if(here, w.folios[*f].uptodate, 1);
            }
        }
        s.release(uptodate);
        for (cond, f) in &folio.candidates {
            let object = &w.folios[*f];
            let fresh = all([cond.clone(), when.clone(), eq(object.uptodate, 0)]);
            let values: Vec<Expr> = object.data.iter().map(|v| Expr::Var(*v)).collect();
            if ghost::fits(&w.setup) {
                let number = ghost::combination(&w.tokens, object.index, &values);
                let together = w.ghosts.together[*f];
                s.set_if(
                    fresh.clone(),
                    together,
                    ghost::add_combination(together, number),
                );
            }
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

    /// Assignments of a consumer's accepting `value` as a word of what it was handed: a reader of a pipe
    /// when `read(2)` reports it, after any check that follows the copy; a socket, a device or a receiver
    /// when it takes it.
    pub fn accepts<'s>(
        &self,
        s: &'s mut StepDraft,
        page: &PageAt,
        word: usize,
        value: &Expr,
    ) -> &'s mut StepDraft {
        if page.origins.is_empty() {
            return s;
        }
        let w = &*self.w;
        let outside = self.outside_window(page, word, value);
        s.set_if(outside, w.ghosts.snapshot_broken, 1);
        for o in &page.origins {
            let mine = page.stems_from(w, *o);
            let first = w.ghosts.first[*o][word];
            let none = w.tokens.count(w.origins[*o].index, word);
            let fresh = eq(first, none);
            s.set_if(and(mine.clone(), fresh.clone()), first, value.clone());
            let differs = and(not(fresh), ne(first, value.clone()));
            s.set_if(and(mine, differs), w.ghosts.reread_inconsistent, 1);
        }
        oracle::given_out(w, s, page, value);
        late_bytes_read(w, s, page, word, value);
        s
    }

    /// Assignments of a consumer's accepting the last of these words.
    pub fn accepts_whole<'s>(
        &self,
        s: &'s mut StepDraft,
        page: &PageAt,
        values: &[Expr],
    ) -> &'s mut StepDraft {
        if page.origins.is_empty() {
            return s;
        }
        let torn = self.never_together(page, values);
        s.set_if(torn, self.w.ghosts.torn, 1)
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

/// Assignments of a sink's reading of a word: whether it was written by a modification that began
/// after the spliced reference was reported complete.
fn late_bytes_read(w: &World, s: &mut StepDraft, page: &PageAt, word: usize, value: &Expr) {
    let Some(frozen) = &w.ghosts.frozen else {
        return;
    };
    for o in &page.origins {
        for ((task, call), late) in &frozen.late {
            if let Some(token) = token_of(w, (*task, *call), w.origins[*o].index, word) {
                let read = all([
                    page.stems_from(w, *o),
                    eq(value.clone(), token),
                    eq(late[*o], 1),
                ]);
                s.set_if(read, frozen.broken, 1);
            }
        }
    }
}

/// The token that only this call gives to a word. Zeros are told apart if nothing else makes them.
fn token_of(w: &World, (task, call): (usize, usize), index: usize, word: usize) -> Option<u64> {
    let setup = &w.setup;
    let stored = w.tokens.store(task, call, index, word);
    let zeroes = match &setup.tasks[task].calls[call] {
        Call::PunchHole {
            folio,
            word: Some(only),
        } => *folio == index && *only == word,
        whole => whole.zeroes(index),
    };
    let sole = setup.calls().filter(|(_, _, c)| c.zeroes(index)).count() == 1
        && setup.folios[index].extent == ExtentInit::Written;
    stored.or_else(|| (zeroes && sole).then(|| w.tokens.zero(index)))
}
