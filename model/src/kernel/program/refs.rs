//! Folios and pages as programs have them: which object is meant is known only when a step is taken.

use crate::kernel::objects::{Buffer, Folio, PageRef, World};
use crate::machine::builder::Place;
use crate::machine::expr::{Expr, and, eq, ite, lt, ne};
use crate::machine::var::VarId;

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

pub(in crate::kernel) fn place_of(parts: impl Iterator<Item = (Expr, VarId)>) -> Place {
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
