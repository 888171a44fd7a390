//! Real kernel bugs of this class, one a file. Each is the model with something removed or misplaced,
//! and its fixed twin: the first must violate an invariant, the second must hold in the same scenario.
//! A bug whose scenario shows nothing is a defect of the model.

mod bug;
mod h01_dirty_pipe;
mod h02_tee_merge;
mod h05_reuse_by_mapcount;
mod h06_shared_mmap_loss;
mod h07_transient_pte;
mod h09_dax_clean;
mod h12_reclaim_vs_mprotect;
mod h14_copy_before_flush;
mod h16_iomap_stale;
mod h17_writeback_stale;
mod h21_ordered_data;
mod h24_half_ready;
mod h25_steal_into_cache;
mod h28_pinned_page;
mod h29_raid5_parity;
mod h31_direct_checksum;
mod h34_sinks_that_write;
mod h35_gso_checksum;
mod h36_coarse_ctime;
mod h37_version_before_data;
mod h38_mmap_not_stamped;
mod h39_absent_cookie;

pub use bug::{Bug, Carried, Case, Twin};

/// How many cases of bugs the model carries: the gate holds [`all`] to it.
pub const CASES: usize = 37;

/// Every bug, by number.
pub fn all() -> Vec<Bug> {
    vec![
        h01_dirty_pipe::bug(),
        h02_tee_merge::bug(),
        h05_reuse_by_mapcount::bug(),
        h06_shared_mmap_loss::bug(),
        h07_transient_pte::bug(),
        h09_dax_clean::bug(),
        h12_reclaim_vs_mprotect::bug(),
        h14_copy_before_flush::bug(),
        h16_iomap_stale::bug(),
        h17_writeback_stale::bug(),
        h21_ordered_data::bug(),
        h24_half_ready::bug(),
        h25_steal_into_cache::bug(),
        h28_pinned_page::bug(),
        h29_raid5_parity::bug(),
        h31_direct_checksum::bug(),
        h34_sinks_that_write::bug(),
        h35_gso_checksum::bug(),
        h36_coarse_ctime::bug(),
        h37_version_before_data::bug(),
        h38_mmap_not_stamped::bug(),
        h39_absent_cookie::bug(),
    ]
}

/// The bug of that number.
pub fn by_id(id: &str) -> Option<Bug> {
    all().into_iter().find(|b| b.id == id)
}
