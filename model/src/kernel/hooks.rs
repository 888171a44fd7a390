//! Where a scheme's rules attach to the kernel's programs, and what is known of the rules before any program is
//! written.

use super::setup::{Call, Setup};
use crate::machine::step::RuleTag;

/// Declares the hooks: each with its name in listings and what it is, which is its documentation as well.
macro_rules! hooks {
    ($($hook:ident = $name:literal, $about:literal;)*) => {
        /// A named place in the kernel's programs.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Hook {
            $(#[doc = $about] $hook,)*
        }

        impl Hook {
            /// All hooks.
            pub const ALL: &'static [Hook] = &[$(Hook::$hook,)*];

            /// Its name in listings.
            pub fn name(self) -> &'static str {
                match self {
                    $(Hook::$hook => $name,)*
                }
            }

            /// Where it is, in one line.
            pub fn about(self) -> &'static str {
                match self {
                    $(Hook::$hook => $about,)*
                }
            }
        }
    };
}

hooks! {
    FolioWaitStable = "folio_wait_stable",
        "`folio_wait_stable`: before a write or a `page_mkwrite` may go on (W6, M8).";
    WriteBeginStable = "write_begin", "`folio_wait_stable` as `write_begin` calls it (W6).";
    MkwriteStable = "mkwrite_wait", "`folio_wait_stable` as `page_mkwrite` calls it (M8).";
    ZeroRangeStable = "zero_range_wait",
        "`folio_wait_stable` as a filesystem calls it before it zeroes part of a page (T7).";
    PartialTruncateWait = "truncate_inode_partial_folio",
        "`truncate_inode_partial_folio`: before bytes of a cached folio are zeroed (T4).";
    FolioWritten = "write_end",
        "`iomap_write_end` and its like: bytes were copied in, the folio is still locked (W10).";
    FolioMkwrite = "page_mkwrite",
        "`page_mkwrite`: the folio is locked and about to become writable in a page table (M7).";
    FolioZeroed = "folio_zero_range",
        "`truncate_inode_partial_folio`: bytes were zeroed, the folio is still locked (T4).";
    IomapLookup = "iomap_get_folio", "`iomap_write_begin`, before the folio is looked up (before W4).";
    IomapValid = "iomap_valid",
        "`iomap_write_begin`: the folio is locked, and nothing has been read or zeroed on the ground of the cached \
        mapping (W7).";
    ImapValid = "xfs_imap_valid", "`xfs_map_blocks`: writeback has a cached mapping that covers the page (B9).";
    PageVmaMappedWalk = "page_vma_mapped_walk",
        "`page_vma_mapped_walk` as `folio_mkclean` uses it: before the PTL of an entry is taken (B2).";
    PinUserPages = "pin_user_pages",
        "`pin_user_pages`: a writable pin of a file's page. Only to be left out: then it is refused (G1).";
    ReclaimPinned = "folio_maybe_dma_pinned",
        "`shrink_folio_list`: a pinned folio keeps its buffers. Only to be left out (R1).";
    SubmitBio = "submit_bio",
        "`submit_bio`: a write is handed to the device, the folio lock is dropped. A rule here fills pages that \
        the device reads in place of the folio (B10).";
    FilemapSpliceRead = "filemap_splice_read",
        "`filemap_splice_read`, whole: how a page of the file gets into the pipe. A rule here replaces S1 and S2 \
        for that page.";
    SpliceAddFolio = "splice_folio_into_pipe",
        "Before `splice_folio_into_pipe`: the folio is referenced and up to date (between S1 and S2).";
    PipeBufGet = "pipe_buf_get", "`link_pipe`: a buffer is duplicated into another pipe (S3).";
    PipeBufConfirm = "pipe_buf_confirm", "`pipe_buf_confirm`: before a consumer uses a buffer (S4).";
    SinkIoStart = "sink_io_start", "A consumer that copies is about to read the buffer.";
    PipeBufCopied = "sink_copied", "A consumer that copies has copied the buffer, and has not yet reported it.";
    SinkIoEnd = "sink_io_end", "A consumer that copies has finished with the buffer.";
    PipeBufRelease = "pipe_buf_release", "`pipe_buf_release`: the pipe's reference is about to go (S7).";
    SkbFragGet = "skb_splice_from_iter", "`skb_splice_from_iter`: the socket takes its reference (S6).";
    SkbFragPut = "skb_release_data", "`skb_release_data`: the socket's last reference is about to go (N2, N3).";
    SplicePermission = "splice_permission",
        "Before `filemap_splice_read`: whether this caller gets a copy (a rule at `filemap_splice_read` makes it). \
        Asked with `Choice::Source`.";
    SockSendmsg = "sock_sendmsg", "`sock_sendmsg`: whether the socket copies a buffer. Asked with `Choice::Sink`.";
    SockSendmsgStart = "sock_sendmsg_start",
        "Before `sock_sendmsg`, for each buffer that goes by reference: the pipe mutex is held, the socket lock is \
        not (before S6k).";
    SpliceReturn = "splice_return",
        "`splice(2)` is about to return, its requests handed on as far as it goes. Rules here replace the report \
        of completion that the return is.";
    SkbAcked = "tcp_clean_rtx_queue", "`tcp_clean_rtx_queue`: a frag is acknowledged (N2).";
    RequestCancel = "request_cancel", "A request was cancelled while a socket had this frag of it queued.";
    SpliceTest = "splice_test",
        "The folio is found and referenced, before it is asked whether it may go into the pipe: locks.";
    SpliceRefuse = "splice_refuse", "Reasons not to splice the folio by reference, asked one after another.";
    SpliceClaimIf = "splice_claim_if", "Conditions of the step that claims the folio for the pipe.";
    SpliceClaim = "splice_claim", "The step that claims the folio for the pipe: it is counted.";
    SpliceTag = "splice_tag", "The same, by a mark on its slot.";
    SpliceSteal = "pipe_buf_try_steal", "The same, by taking the folio out of the page cache.";
    SpliceCopyLocked = "splice_copy_locked",
        "The folio is not spliced by reference; what `SpliceTest` locked is still locked.";
    SpliceTested = "splice_tested", "Either way: what `SpliceTest` locked is unlocked.";
    SpliceCopy = "copy_splice_read",
        "The folio is not spliced by reference, nothing is locked: a copy goes into the pipe.";
    SpliceError = "splice_error", "The folio is not spliced by reference, nothing is locked: the call fails.";
    FolioLookedUp = "filemap_get_entry",
        "`__filemap_get_folio`, for somebody who will write to the folio: found and referenced, not locked.";
    WriteInPlaceIf = "write_in_place_if",
        "Conditions under which a folio that splices refer to may be written in place.";
    WriteInPlaceIfUnreferenced = "write_in_place_if_unreferenced",
        "The same, where references that are no splice's count too.";
    WriteLocked = "write_begin_locked",
        "write(2): the folio is locked and belongs to the file (after W5; again after W6m, where ext4 has let it \
        go).";
    MkwriteLocked = "page_mkwrite_locked", "`page_mkwrite`: the folio is locked and belongs to the file (after M5).";
    ZeroLocked = "truncate_inode_partial_folio_locked",
        "Partial truncation and hole punching: the folio is locked and belongs to the file (T4, T7).";
    MmapStart = "do_mmap", "`do_mmap`: before the new mapping is known to the file.";
    MmapLinked = "vma_link_file", "`mmap(2)`: the new mapping is known to the file, and nobody can use it yet.";
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
pub fn copies_at_source(rules: &dyn Attached, setup: &Setup, writable: bool) -> bool {
    let choice = Choice::Source { writable };
    rules.has(Hook::FilemapSpliceRead)
        && (!rules.has(Hook::SplicePermission)
            || rules
                .decides(setup, Hook::SplicePermission, &choice)
                .is_some())
}

/// Whether rules can put a copy into a pipe after they have looked at the folio.
pub fn may_copy(rules: &dyn Attached) -> bool {
    rules.has(Hook::SpliceCopyLocked) || rules.has(Hook::SpliceCopy)
}

/// Whether the `buffer`-th page of a `splice(2)` to a socket is copied there, and the rule that says
/// so if one does: else the route does not take frags.
pub fn copies_at_sink(
    rules: &dyn Attached,
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

/// Which rules there are, and what they decide from the scenario alone.
pub trait Attached {
    /// The rule attached to `hook` that says yes to the choice.
    fn decides(&self, setup: &Setup, hook: Hook, choice: &Choice) -> Option<RuleTag>;
    /// Whether a rule is attached to `hook`.
    fn has(&self, hook: Hook) -> bool;
    /// Whether the kernel's own waits and steps at `hook` are left out, so that what is there is what
    /// rules put there.
    fn omits(&self, _: Hook) -> bool {
        false
    }
}
