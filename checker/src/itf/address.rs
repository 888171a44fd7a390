//! The name of a trace's content.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Document;

impl Document {
    /// 16 hexadecimal digits of the SHA-256 of what the trace is of, and of its steps. Texts, values and
    /// everything else that can change while the steps stay the same do not count.
    pub fn address(&self) -> String {
        let mut hash = Sha256::new();
        // Each part with its length before it, so that no two lists of parts read the same.
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        let subject = &self.subject;
        part(&subject.scheme);
        part(&subject.scenario);
        part(&subject.invariant);
        part(&subject.without.len().to_string());
        for without in &subject.without {
            part(without);
        }
        if let Some(bug) = &subject.bug {
            part(&bug.to_string());
        }
        part(&format!("{:?}", self.trace.loop_start));
        for step in &self.trace.steps {
            for text in [&step.task, &step.id, &step.function, &step.branch] {
                part(text);
            }
            for read in &step.stale {
                part(&read.variable);
                part(&read.to);
            }
        }
        let digest = hash.finalize();
        digest.iter().take(8).fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
    }
}
