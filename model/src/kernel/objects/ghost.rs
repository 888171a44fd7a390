//! Ghost variables: what the invariants need to remember, and a kernel could not show.

use crate::kernel::objects::{Folio, Index, Origin, refs_max};
use crate::kernel::setup::{Call, Setup, SyncMode};
use crate::kernel::tokens::Tokens;
use crate::machine::expr::{Expr, Op, add, bin, set_bit, test_bit};
use crate::machine::system::System;
use crate::machine::var::{VarDecl, VarId};

/// All ghosts of a scenario.
#[derive(Clone, Debug)]
pub struct Ghosts {
    /// Per folio: the combinations of words that were in it together, as a set of
    /// [`combination`] numbers.
    pub together: Vec<VarId>,
    /// Per spliced reference: whether its `splice(2)` is between call and return.
    pub open: Vec<VarId>,
    /// Per spliced reference, folio (by position in its index) and word: the tokens that the word
    /// had while the splice was open.
    pub window: Vec<Vec<Vec<VarId>>>,
    /// Per spliced reference and word: the first value accepted through it; one past the tokens if none.
    pub first: Vec<Vec<VarId>>,
    /// Somebody accepted bytes outside the window.
    pub snapshot_broken: VarId,
    /// Somebody accepted a mixture.
    pub torn: VarId,
    /// The reads of one access disagreed.
    pub access_inconsistent: VarId,
    /// The checksum of a writeback is not that of the bytes that reached the disk.
    pub checksum_mismatch: VarId,
    /// Two readings of one spliced reference that were accepted disagreed.
    pub reread_inconsistent: VarId,
    /// A store went through a page after `mprotect(PROT_READ)` of it had returned.
    pub protection_broken: VarId,
    /// A pipe, socket or sink changed a page-cache folio.
    pub source_changed: VarId,
    /// A write or writeback acted on a mapping that is not the present one.
    pub mapping_stale: VarId,
    /// Per folio: buffers and frags that really point at it.
    pub holders: Vec<VarId>,
    /// A folio was given out while something pointed at it.
    pub reused: VarId,
    /// Per folio: another one took its place in the page cache; none where that cannot happen.
    pub replaced: Vec<Option<VarId>>,
    /// A store went to a folio that the file no longer has, or a folio left the file with bytes that are not on disk.
    pub store_lost: Option<VarId>,
    /// A reader or the disk was given bytes that were never the file's; none where there are no such bytes.
    pub exposed: Option<VarId>,
    /// A clone shares a block that does not hold what the file held then; none without clones.
    pub clone_differs: Option<VarId>,
    /// What calls that sync have promised.
    pub syncs: Vec<Sync>,
    /// A call that syncs returned, and what was stored before it began is not on disk; none without such calls.
    pub not_durable: Option<VarId>,
    /// Which modifications began after which splice was reported complete, where some task asks.
    pub frozen: Option<Frozen>,
}

/// What a call that syncs has promised of a page.
#[derive(Clone, Debug)]
pub struct Sync {
    /// Number of the task.
    pub task: usize,
    /// Number of the call within it.
    pub call: usize,
    /// Page index.
    pub index: usize,
    /// Per word: what was on disk when the call began, if memory held something else; one past the tokens if not.
    pub stale: Vec<VarId>,
}

/// What `frozen-at-completion` needs.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// Per modifying call (task, number) and spliced reference: it began after the report.
    pub late: Vec<((usize, usize), Vec<VarId>)>,
    /// A sink accepted what such a modification wrote, through that reference.
    pub broken: VarId,
}

impl Ghosts {
    /// Declares them.
    pub fn declare(
        system: &mut System,
        setup: &Setup,
        tokens: &Tokens,
        origins: &[Origin],
        indices: &[Index],
        folios: &[Folio],
    ) -> Ghosts {
        let together = declare_together(system, setup, tokens, folios);
        let mut open = Vec::new();
        let mut window = Vec::new();
        let mut first = Vec::new();
        for (o, origin) in origins.iter().enumerate() {
            let object = format!("splice{o}");
            open.push(system.declare(VarDecl::ghost(object.clone(), "open", 1)));
            let words = |system: &mut System, f: usize| {
                (0..setup.words)
                    .map(|w| {
                        let name = format!("seen({})[{w}]", folios[f].name);
                        let decl = VarDecl::ghost(object.clone(), name, 0);
                        system.declare(decl.set_of(&tokens.labels(origin.index, w)))
                    })
                    .collect()
            };
            window.push(
                indices[origin.index]
                    .folios
                    .iter()
                    .map(|f| words(system, *f))
                    .collect(),
            );
            first.push(
                (0..setup.words)
                    .map(|w| {
                        let none = tokens.count(origin.index, w);
                        let labels = tokens
                            .labels(origin.index, w)
                            .into_iter()
                            .chain(["-".to_owned()]);
                        system.declare(
                            VarDecl::ghost(object.clone(), format!("first[{w}]"), none)
                                .init(none)
                                .labels(labels),
                        )
                    })
                    .collect(),
            );
        }
        let holders = folios
            .iter()
            .map(|folio| {
                let max = refs_max(setup, 0);
                system.declare(VarDecl::ghost(folio.name.clone(), "holders", max))
            })
            .collect();
        let frozen = setup
            .asks_completion()
            .then(|| declare_frozen(system, setup, origins.len()));
        let replaced: Vec<_> = folios
            .iter()
            .map(|folio| {
                indices[folio.index]
                    .replaceable
                    .then(|| system.declare(VarDecl::ghost(folio.name.clone(), "replaced", 1)))
            })
            .collect();
        let loses = replaced.iter().any(Option::is_some)
            || (0..setup.folios.len()).any(|index| can_lose(setup, index));
        let store_lost =
            loses.then(|| system.declare(VarDecl::ghost("broken", "no-lost-write", 1)));
        let foreign = (0..setup.folios.len()).any(|index| tokens.foreign(index).is_some());
        let exposed = foreign.then(|| system.declare(VarDecl::ghost("broken", "exposed", 1)));
        let clones =
            setup.any_call(|c| matches!(c, Call::Reflink { folio } if !setup.pins(*folio)));
        let clone_differs = clones.then(|| system.declare(VarDecl::ghost("broken", "clone", 1)));
        let syncs = declare_syncs(system, setup, tokens);
        let not_durable = (!syncs.is_empty())
            .then(|| system.declare(VarDecl::ghost("broken", "durable-after-sync", 1)));
        let mut broken = |name: &str| system.declare(VarDecl::ghost("broken", name, 1));
        Ghosts {
            together,
            open,
            window,
            first,
            snapshot_broken: broken("snapshot"),
            torn: broken("untorn"),
            access_inconsistent: broken("access-consistent"),
            checksum_mismatch: broken("checksum"),
            reread_inconsistent: broken("reread-consistent"),
            protection_broken: broken("protection"),
            source_changed: broken("source-untouched"),
            reused: broken("reused"),
            mapping_stale: broken("mapping-current"),
            holders,
            frozen,
            replaced,
            store_lost,
            exposed,
            clone_differs,
            syncs,
            not_durable,
        }
    }
}

/// The page can leave the file, and somebody stores to it.
pub fn can_lose(setup: &Setup, index: usize) -> bool {
    setup.any_call(|c| c.removes(index))
        && setup.any_call(|c| c.stores().iter().any(|(i, _)| *i == index))
}

/// Calls that promise that a page is on disk when they return, for each page that a store can make differ. A page that
/// is pinned is left out: its holder stores whenever it likes.
fn declare_syncs(system: &mut System, setup: &Setup, tokens: &Tokens) -> Vec<Sync> {
    let mut syncs = Vec::new();
    for (task, call, sync) in setup.calls() {
        let Call::Writeback {
            folios,
            sync: SyncMode::All,
        } = sync
        else {
            continue;
        };
        for index in folios {
            let stored = |c: &Call| {
                matches!(c, Call::Write { .. } | Call::MmapStore { .. }) && c.touches(*index)
            };
            if setup.pins(*index) || !(setup.folios[*index].dirty || setup.any_call(stored)) {
                continue;
            }
            let object = setup.tasks[task].name.clone();
            let stale = (0..setup.words)
                .map(|word| {
                    let none = tokens.count(*index, word);
                    let labels = tokens
                        .labels(*index, word)
                        .into_iter()
                        .chain(["-".to_owned()]);
                    let name = format!("stale#{call}[{index}.{word}]");
                    let decl = VarDecl::ghost(object.clone(), name, none);
                    system.declare(decl.init(none).labels(labels))
                })
                .collect();
            syncs.push(Sync {
                task,
                call,
                index: *index,
                stale,
            });
        }
    }
    syncs
}

fn declare_together(
    system: &mut System,
    setup: &Setup,
    tokens: &Tokens,
    folios: &[Folio],
) -> Vec<VarId> {
    folios
        .iter()
        .map(|folio| {
            let total: u64 = (0..setup.words)
                .map(|w| tokens.count(folio.index, w))
                .product();
            let max = if total < 64 {
                (1 << total) - 1
            } else {
                u64::MAX >> 1
            };
            let mut number = 0;
            for w in (0..setup.words).rev() {
                number = number * tokens.count(folio.index, w) + system.var(folio.data[w]).init;
            }
            system.declare(
                VarDecl::ghost(folio.name.clone(), "together", max).init(1 << number.min(62)),
            )
        })
        .collect()
}

fn declare_frozen(system: &mut System, setup: &Setup, origins: usize) -> Frozen {
    Frozen {
        late: setup
            .calls()
            .filter(|(_, _, c)| c.modifies())
            .map(|(task, call, _)| {
                let object = setup.tasks[task].name.clone();
                let begun = |o| VarDecl::ghost(object.clone(), format!("late#{call}[{o}]"), 1);
                let late = (0..origins).map(|o| system.declare(begun(o)));
                ((task, call), late.collect())
            })
            .collect(),
        broken: system.declare(VarDecl::ghost("broken", "frozen-at-completion", 1)),
    }
}

/// Number of the combination of words in a folio, `values` in place of its data.
pub fn combination(tokens: &Tokens, index: usize, values: &[Expr]) -> Expr {
    let mut number = Expr::from(0);
    for (w, value) in values.iter().enumerate().rev() {
        let scaled = bin(Op::Mul, number, tokens.count(index, w));
        number = add(scaled, value.clone());
    }
    number.fold()
}

/// `set | {combination}`.
pub fn add_combination(set: VarId, number: Expr) -> Expr {
    set_bit(set, number)
}

/// Whether the combination is in the set.
pub fn has_combination(set: VarId, number: Expr) -> Expr {
    test_bit(set, number)
}

/// Whether a scenario's words have few enough values for [`Ghosts::together`].
pub fn fits(setup: &Setup) -> bool {
    let tokens = Tokens::of(setup);
    (0..setup.folios.len()).all(|i| {
        (0..setup.words)
            .map(|w| tokens.count(i, w))
            .product::<u64>()
            <= 40
    })
}

/// Whether any call hands data to a consumer.
pub fn has_consumer(setup: &Setup) -> bool {
    setup.any_call(|c| {
        matches!(
            c,
            Call::PipeRead { .. } | Call::Transmit { .. } | Call::Receive { .. }
        )
    })
}
