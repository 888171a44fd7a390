//! What every rule that acts on a buffer or a fragment has to ask first: does it refer to a folio of the
//! file? A pipe also carries pages of pipe writers and copies. Nothing but the buffer's operations tells
//! them apart (`buf->ops == &page_cache_pipe_buf_ops`), and the index of a folio is known only then.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::program::{FolioRef, PageAt, Prog};
use foliocheck_model::machine::expr::{Expr, any, eq};

/// Runs `body` for the folio that `page` refers to, once for each page index that it can be of. Steps
/// that ask are written only where there is something to ask.
pub fn for_folio(p: &mut Prog<'_>, page: &PageAt, mut body: impl FnMut(&mut Prog<'_>, &FolioRef)) {
    let held = page.page().expr();
    let folios = folios_by_index(p, page);
    let single = folios.len() == 1 && !page.anonymous;
    for (index, folios) in folios {
        let is = |f: usize| eq(held.clone(), f + 1);
        let folio = FolioRef {
            index,
            candidates: match folios.as_slice() {
                [one] => vec![(Expr::TRUE, *one)],
                _ => folios.iter().map(|f| (is(*f), *f)).collect(),
            },
        };
        if single {
            body(p, &folio);
            continue;
        }
        let other = p.b.label("another page");
        let here = any(folios.iter().map(|f| is(*f)));
        p.b.step("P0", c::PAGE_FOLIO, |s| {
            s.text(format!("a page of the file, of index {index}?"))
                .when(here, "yes", |b| b)
                .otherwise("no", |b| b.goto(other))
        });
        body(p, &folio);
        p.b.bind(other);
    }
}

/// Each folio that `page` can refer to, alone, with the condition that it does.
pub fn candidates(p: &Prog<'_>, page: &PageAt) -> Vec<(Expr, FolioRef)> {
    let held = page.page().expr();
    let sole = page.folios.len() == 1 && !page.anonymous;
    page.folios
        .iter()
        .map(|f| {
            let here = if sole {
                Expr::TRUE
            } else {
                eq(held.clone(), *f + 1)
            };
            let folio = FolioRef {
                index: p.w.folios[*f].index,
                candidates: vec![(Expr::TRUE, *f)],
            };
            (here, folio)
        })
        .collect()
}

fn folios_by_index(p: &Prog<'_>, page: &PageAt) -> Vec<(usize, Vec<usize>)> {
    let mut by_index: Vec<(usize, Vec<usize>)> = Vec::new();
    for f in &page.folios {
        let index = p.w.folios[*f].index;
        match by_index.iter_mut().find(|(i, _)| *i == index) {
            Some((_, folios)) => folios.push(*f),
            None => by_index.push((index, vec![*f])),
        }
    }
    by_index
}
