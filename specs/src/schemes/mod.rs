//! The proposed schemes, one a file. To add one: write a file with a function that returns a
//! [`Scheme`], and name it in [`all`].

pub mod block_or_refuse;
pub mod by_reference;
pub mod confirm;
pub mod cookie;
pub mod copy;
pub mod cow_page_cache;
pub mod held;
pub mod hold;
pub mod iomap;
pub mod notify;
pub mod permission_gate;
pub mod recheck;
pub mod replacing;
pub mod sink_decides;
pub mod spliced_tag;
pub mod stable_pin;
pub mod stable_sink_io;
pub mod stable_writes;
pub mod steal_or_copy;
pub mod tail_copy;
pub mod writeback_imap;

use crate::scheme::Scheme;

/// Every scheme, in the order of listings.
pub fn all() -> Vec<Scheme> {
    let mut schemes = vec![by_reference::scheme(), copy::copy(), copy::copy_locked()];
    schemes.extend(cookie::Source::ALL.map(confirm::scheme));
    schemes.push(confirm::locked());
    schemes.extend(cookie::Source::ALL.map(recheck::scheme));
    schemes.extend([
        stable_pin::stable_flag(),
        stable_pin::stable_pin(),
        stable_pin::stable_pin_mkclean(),
        stable_pin::stable_pin_mkclean_truncate(),
        stable_sink_io::scheme(),
        stable_sink_io::before_send(),
        iomap::unchecked(),
        iomap::cookie(),
        iomap::cookie_before_lock(),
        writeback_imap::unchecked(),
        writeback_imap::valid(),
        writeback_imap::iomap_cookie(),
        writeback_imap::both_sequences(),
        stable_writes::unstable_writes(),
        stable_writes::stable_writes(),
        stable_writes::bounce(),
        notify::at_accept(),
        notify::at_ack(),
        notify::at_cancel(),
        notify::at_last_use(),
        sink_decides::scheme(),
        permission_gate::scheme(),
        tail_copy::scheme(),
        cow_page_cache::counted(),
        cow_page_cache::referenced(),
        spliced_tag::proposed(),
        spliced_tag::fixed(),
        steal_or_copy::posted(),
        steal_or_copy::locked(),
        block_or_refuse::described(),
        block_or_refuse::with_write(),
    ]);
    schemes
}

/// The scheme of that name.
pub fn by_id(id: &str) -> Option<Scheme> {
    all().into_iter().find(|s| s.id == id)
}
