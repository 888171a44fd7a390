//! The smallest scenario that runs a triple, as a scenario file.

use std::fmt::Write as _;

use super::{Changer, Reader, Triple};

/// In what a smallest scenario differs, so that a scheme is concerned by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variant {
    /// In nothing.
    Plain,
    /// The change waits until the splice is reported complete.
    Waits,
    /// Which block a page is in is part of the state.
    Blocks,
}

impl Variant {
    /// All, the plain one first.
    pub const ALL: [Variant; 3] = [Variant::Plain, Variant::Waits, Variant::Blocks];
}

struct Draft {
    head: Vec<String>,
    folio: &'static str,
    entry: Option<&'static str>,
    tasks: Vec<(&'static str, Vec<String>)>,
    pipes: usize,
    sockets: usize,
}

/// The text of it. Whether that is accepted is another question.
pub fn text(triple: Triple, variant: Variant) -> String {
    let mut draft = Draft {
        head: vec![format!("filesystem = \"{}\"", triple.kind.name())],
        folio: "",
        entry: None,
        tasks: Vec::new(),
        pipes: 0,
        sockets: 0,
    };
    reader(&mut draft, triple);
    let own = triple.reader == Reader::Own;
    let first = changer(&mut draft, triple.changer);
    if variant == Variant::Waits {
        draft.tasks[first].1.insert(0, WAIT.to_owned());
    }
    if own {
        let calls = &mut draft.tasks[first].1;
        calls.insert(0, SPLICE.to_owned());
        calls.push(READ.to_owned());
    }
    if variant == Variant::Blocks || triple.reader == Reader::Clone {
        draft.head.push("blocks = true".to_owned());
    }
    draft.text(triple)
}

const SPLICE: &str = "{ call = \"splice\", folios = [0], pipe = 0 }";
const READ: &str = "{ call = \"pipe-read\", pipe = 0 }";
const SEND: &str = "{ call = \"splice-socket\", pipe = 0, socket = 0 }";
const WAIT: &str = "{ call = \"wait-completion\", pipe = 0 }";

impl Draft {
    fn task(&mut self, name: &'static str, calls: &[&str]) -> usize {
        let calls = calls.iter().map(|&c| c.to_owned()).collect();
        self.tasks.push((name, calls));
        self.tasks.len() - 1
    }

    fn text(&self, triple: Triple) -> String {
        let mut out = format!("title = \"{triple}\"\nabout = \"\"\ngroups = [\"smallest\"]\n");
        for line in &self.head {
            out.push_str(line);
            out.push('\n');
        }
        let pipes = vec!["1"; self.pipes].join(", ");
        let _ = write!(
            out,
            "pipes = [{pipes}]\nsockets = {}\n\n[[folio]]\n{}\n",
            self.sockets, self.folio
        );
        if let Some(state) = self.entry {
            let _ = write!(out, "\n[[pte]]\nmm = 0\nfolio = 0\nstate = \"{state}\"\n");
        }
        for (name, calls) in &self.tasks {
            let calls = calls.join(", ");
            let _ = write!(out, "\n[[task]]\nname = \"{name}\"\ncalls = [{calls}]\n");
        }
        out
    }
}

fn reader(draft: &mut Draft, triple: Triple) {
    let transmit = |how: &str| format!("{{ call = \"transmit\", socket = 0{how} }}");
    let receive = |how: &str| format!("{{ call = \"receive\", socket = 0{how} }}");
    match triple.reader {
        Reader::Pipe | Reader::CopyingSplice => {
            draft.pipes = 1;
            draft.task("splicer", &[SPLICE, READ]);
        }
        Reader::Own => draft.pipes = 1,
        Reader::Twin => {
            draft.pipes = 2;
            draft.task(
                "splicer",
                &[SPLICE, "{ call = \"tee\", from = 0, to = 1 }", READ],
            );
            draft.task("twin", &["{ call = \"pipe-read\", pipe = 1 }"]);
        }
        Reader::Transmit | Reader::Retransmit | Reader::Checksum | Reader::SoftwareChecksum => {
            sends(draft, SEND);
            draft.task(
                "nic",
                &[&transmit(match triple.reader {
                    Reader::Retransmit => ", retransmit = true",
                    Reader::Checksum => ", checksum = true",
                    Reader::SoftwareChecksum => ", software-checksum = true",
                    _ => "",
                })],
            );
        }
        Reader::CopyingSend => {
            sends(
                draft,
                "{ call = \"splice-socket\", pipe = 0, socket = 0, scatter-gather = false }",
            );
            draft.task("nic", &[&transmit("")]);
        }
        Reader::Receiver => {
            sends(draft, SEND);
            draft.task("stack", &[&transmit("")]);
            draft.task("receiver", &[&receive("")]);
        }
        Reader::Crypto => {
            sends(draft, SEND);
            draft.task("receiver", &[&receive(", crypto = \"aead\"")]);
        }
        Reader::Device | Reader::DeviceTwice => {
            if triple.reader == Reader::DeviceTwice {
                draft.head.push("device = \"integrity\"".to_owned());
            }
            draft.folio = "dirty = true";
            let direct = triple.changer == Changer::Buffer;
            draft.task(
                "flusher",
                &[if direct {
                    "{ call = \"direct-write\", folio = 0 }"
                } else {
                    "{ call = \"writeback\", folios = [0] }"
                }],
            );
        }
        Reader::ByHand => {
            draft.head.push("buffer-heads = true".to_owned());
            draft.folio = "dirty = true";
            draft.task("kjournald", &["{ call = \"commit-data\", folios = [0] }"]);
        }
        Reader::Clone => {
            draft.folio = "dirty = true";
            draft.task("cloner", &["{ call = \"reflink\", folio = 0 }"]);
        }
    }
}

fn sends(draft: &mut Draft, send: &str) {
    draft.pipes = 1;
    draft.sockets = 1;
    draft.task("splicer", &[SPLICE, send]);
}

/// Adds the task that makes the change; its number.
fn changer(draft: &mut Draft, changer: Changer) -> usize {
    let store = "{ call = \"mmap-store\", mm = 0, folio = 0, words = [0] }";
    draft.entry = match changer {
        Changer::StoreAbsent => Some("none"),
        Changer::StoreClean => Some("clean"),
        Changer::StoreWritable => Some("writable"),
        Changer::StoreDirty | Changer::TwoCpus => Some("dirty"),
        _ => None,
    };
    match changer {
        Changer::StoreDirty | Changer::TwoCpus => draft.folio = "dirty = true",
        Changer::Buffer => draft.folio = "cached = false",
        _ => {}
    }
    match changer {
        Changer::WritePart => draft.task(
            "writer",
            &["{ call = \"write\", folios = [0], words = [0] }"],
        ),
        Changer::WriteWhole => draft.task("writer", &["{ call = \"write\", folios = [0] }"]),
        Changer::StoreAbsent
        | Changer::StoreClean
        | Changer::StoreDirty
        | Changer::StoreWritable => draft.task("mapper", &[store]),
        Changer::TwoCpus => {
            draft.task(
                "sibling",
                &["{ call = \"mmap-store\", mm = 0, folio = 0, words = [1] }"],
            );
            draft.task("mapper", &[store])
        }
        Changer::Pin => draft.task(
            "pinner",
            &["{ call = \"pin-store\", folio = 0, words = [0] }"],
        ),
        Changer::PunchPart => draft.task(
            "puncher",
            &["{ call = \"punch-hole\", folio = 0, word = 0 }"],
        ),
        Changer::PunchWhole => draft.task("puncher", &["{ call = \"punch-hole\", folio = 0 }"]),
        Changer::Truncate => draft.task("truncater", &["{ call = \"truncate\", folio = 0 }"]),
        Changer::Refill => draft.task("reclaimer", &["{ call = \"reclaim\", folio = 0 }"]),
        Changer::PipeWrite => draft.task("appender", &["{ call = \"pipe-write\", pipe = 0 }"]),
        Changer::Esp | Changer::Aead => decrypts(draft, changer),
        Changer::Buffer => draft.task(
            "guest",
            &["{ call = \"buffer-store\", folio = 0, words = [0] }"],
        ),
    }
}

/// A sink of its own, with a pipe and a socket of its own.
fn decrypts(draft: &mut Draft, changer: Changer) -> usize {
    let (pipe, socket) = (draft.pipes, draft.sockets);
    draft.pipes += 1;
    draft.sockets += 1;
    let calls = [
        format!("{{ call = \"splice\", folios = [0], pipe = {pipe} }}"),
        format!("{{ call = \"splice-socket\", pipe = {pipe}, socket = {socket} }}"),
    ];
    draft.task("sender", &[&calls[0], &calls[1]]);
    let crypto = if changer == Changer::Esp {
        let transmit = format!("{{ call = \"transmit\", socket = {socket} }}");
        draft.task("sink-stack", &[&transmit]);
        "esp"
    } else {
        "aead"
    };
    let receive = format!("{{ call = \"receive\", socket = {socket}, crypto = \"{crypto}\" }}");
    draft.task("sink", &[&receive])
}
