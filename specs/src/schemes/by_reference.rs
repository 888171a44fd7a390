//! Z0: today's kernel. A spliced page is a window on the file.

use crate::scheme::{Family, Scheme};

/// No rules.
pub fn scheme() -> Scheme {
    Scheme {
        id: "by-reference",
        title: "today's kernel: the pipe refers to the page-cache folio",
        family: Family::Reference,
        source: "Linux 6.12; Torvalds, CAHk-=wj66F6CdJUAAjqigXMBy7gHquFMzPNAwKCgkrb2mF6U7w@mail.gmail.com",
        rules: Vec::new(),
        omits: Vec::new(),
    }
}
