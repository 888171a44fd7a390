//! What a device does with the memory of a write before its DMA: the copy that a rule may make, and
//! the read that is not the DMA. `block/t10-pi.c`, `drivers/md/raid5.c`.

use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::program::{At, Prog};
use crate::kernel::setup::Device;
use crate::machine::builder::CFn;
use crate::machine::expr::Expr;
use crate::machine::var::VarId;

/// What the DMA of one write will read, and what the device knows of it by then.
pub struct Prepared {
    /// The words that the DMA reads.
    pub source: Vec<Expr>,
    /// The words as a checksum or parity saw them; empty if nothing but the DMA reads.
    pub seen: Vec<VarId>,
}

/// From `memory`, a word each, to what the DMA reads. A rule at `submit_bio` copies it first. Then a
/// device with integrity data reads every word for its checksum; raid5 computes parity, from a copy
/// of its own (`ops_run_biodrain` fills the stripe cache) unless it is told to skip the copy.
///
/// The parity of a stripe also covers the other blocks of the stripe: if it is not that of the bytes
/// that reached the disk, then it is one of *those* that a rebuild gets wrong. This is not modelled
/// further: the two reads disagree, or they do not.
pub fn prepare(p: &mut Prog<'_>, index: usize, memory: &[Expr]) -> Prepared {
    let source = bounce(p, index, memory);
    match p.w.setup.device {
        Device::Plain => Prepared {
            source,
            seen: Vec::new(),
        },
        Device::Integrity => {
            let seen = read(p, index, &CHECKSUM, &source);
            Prepared { source, seen }
        }
        Device::Parity { skip_copy } => {
            let source = if skip_copy {
                source
            } else {
                let stripe = read(p, index, &STRIPE, &source);
                stripe.into_iter().map(Expr::from).collect()
            };
            let seen = read(p, index, &PARITY, &source);
            Prepared { source, seen }
        }
    }
}

/// The pages of a rule that copies at `submit_bio`; without one the device gets the memory itself.
fn bounce(p: &mut Prog<'_>, index: usize, memory: &[Expr]) -> Vec<Expr> {
    if !p.rules.has(Hook::SubmitBio) {
        return memory.to_vec();
    }
    let page = words(p, index, "bounce");
    p.hook(
        Hook::SubmitBio,
        &At::Io {
            memory: memory.to_vec(),
            page: page.clone(),
        },
    );
    page.into_iter().map(Expr::from).collect()
}

fn words(p: &mut Prog<'_>, index: usize, what: &str) -> Vec<VarId> {
    (0..p.w.setup.words)
        .map(|word| {
            let max = p.w.tokens.max(index, word);
            p.register(&format!("io[{index}].{what}[{word}]"), max)
        })
        .collect()
}

/// One reading of all words: its step, and what it is called.
struct Reading {
    id: &'static str,
    function: CFn,
    register: &'static str,
    text: &'static str,
}

const CHECKSUM: Reading = Reading {
    id: "B11",
    function: c::BLK_INTEGRITY_GENERATE,
    register: "csum",
    text: "checksum reads",
};

const STRIPE: Reading = Reading {
    id: "B11d",
    function: c::OPS_RUN_BIODRAIN,
    register: "stripe",
    text: "the stripe cache copies",
};

const PARITY: Reading = Reading {
    id: "B11p",
    function: c::OPS_RUN_RECONSTRUCT5,
    register: "parity",
    text: "parity reads",
};

/// Reads every word into registers, one step a word.
fn read(p: &mut Prog<'_>, index: usize, reading: &Reading, source: &[Expr]) -> Vec<VarId> {
    let registers = words(p, index, reading.register);
    for (word, (register, value)) in registers.iter().zip(source).enumerate() {
        p.b.step(reading.id, reading.function, |s| {
            s.text(format!("{} word {word}", reading.text))
                .set(*register, value.clone())
        });
    }
    registers
}
