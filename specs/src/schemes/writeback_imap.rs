//! The mapping that a pass of writeback caches: unchecked, validated by the two sequences that XFS
//! keeps for it, and, as the mail plans, by the validity cookie of the iomap.

use foliocheck_model::kernel::fs::map_blocks::{imap_valid, stale_if};
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::program::{At, Prog};
use foliocheck_model::machine::expr::{Expr, and, eq, ne, or};

use crate::scheme::{Effect, Family, Rule, Scheme};

/// Before 5.1: what `xfs_map_blocks` found is gone by for as long as it covers.
pub fn unchecked() -> Scheme {
    Scheme {
        id: "writeback-imap-unchecked",
        title: "writeback goes by the mapping it has cached (before 5.1)",
        family: Family::Mapping,
        source: "d9252d526ba6, 9f9bc034b849 (fixed by these)",
        rules: Vec::new(),
        omits: vec![Hook::ImapValid],
    }
}

/// `xfs_imap_valid`, as it is.
pub fn valid() -> Scheme {
    Scheme {
        id: "writeback-imap-valid",
        title: "writeback compares the sequences of both forks; a mapping of the COW fork is not checked",
        source: "fs/xfs/xfs_aops.c:xfs_imap_valid (6.12)",
        rules: vec![Rule {
            name: "imap-valid",
            purpose: "a mapping is looked up anew if either fork has changed since",
            hook: Hook::ImapValid,
            effect: Effect::Steps(imap_valid),
        }],
        ..unchecked()
    }
}

/// Writeback on the infrastructure of IOMAP_F_STALE: the cookie is what a write's is, the data fork's
/// sequence, with the COW fork's if the mapping is shared.
pub fn iomap_cookie() -> Scheme {
    Scheme {
        id: "writeback-iomap-cookie",
        title: "writeback validates its mapping by the cookie that writes use: what the mail plans",
        source: "Chinner, 20230210021603.GA2825702@dread.disaster.area; xfs_iomap_inode_sequence",
        rules: vec![Rule {
            name: "iomap-cookie",
            purpose: "the mapping carries a validity cookie, compared as in a write",
            hook: Hook::ImapValid,
            effect: Effect::Steps(compare_cookie),
        }],
        ..unchecked()
    }
}

/// What the model finds to be enough: both sequences, whatever the mapping is of.
pub fn both_sequences() -> Scheme {
    Scheme {
        id: "writeback-both-sequences",
        title: "writeback compares the sequences of both forks, for every mapping",
        source: "none: what xfs_imap_valid and a validity cookie each lack",
        rules: vec![Rule {
            name: "both-sequences",
            purpose: "a mapping is looked up anew if either fork has changed since, the COW fork's own too",
            hook: Hook::ImapValid,
            effect: Effect::Steps(compare_both),
        }],
        ..unchecked()
    }
}

fn compare_both(p: &mut Prog<'_>, at: &At) {
    let At::Imap { imap, .. } = at else { return };
    let inode = p.w.inode;
    let data = ne(inode.if_seq, imap.data_seq);
    let cow = inode
        .cow_seq
        .map_or(Expr::FALSE, |seq| ne(seq, imap.cow_seq));
    stale_if(p, at, &or(data, cow));
}

fn compare_cookie(p: &mut Prog<'_>, at: &At) {
    let At::Imap { imap, .. } = at else { return };
    let inode = p.w.inode;
    let data = ne(inode.if_seq, imap.data_seq);
    let changed = match inode.cow_seq {
        None => data,
        Some(seq) => or(data, and(eq(imap.cow, 1), ne(seq, imap.cow_seq))),
    };
    stale_if(p, at, &changed);
}
