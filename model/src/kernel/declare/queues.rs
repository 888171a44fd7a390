//! Declaring pipes and sockets, and what can travel through them.

use super::vars::{flag, flag_decl, owner};
use crate::kernel::declare::readers::readers;
use crate::kernel::hooks::{Attached, copies_at_sink, copies_at_source, may_copy};
use crate::kernel::objects::{
    Folio, Frag, Index, Origin, PageRef, Pipe, PipeSlot, SHARED_FRAG, Sinks, Socket, in_queue,
};
use crate::kernel::setup::{Call, Setup};
use crate::kernel::tokens::Tokens;
use crate::machine::system::System;
use crate::machine::var::VarDecl;

/// What can travel through each pipe: follows tee to a fixed point.
fn pipe_contents(
    setup: &Setup,
    origins: &[Origin],
    rules: &dyn Attached,
) -> Vec<(Vec<usize>, bool)> {
    let mut contents: Vec<(Vec<usize>, bool)> = vec![(Vec::new(), false); setup.pipes.len()];
    for (task, number, call) in setup.calls() {
        match call {
            Call::SpliceRead { pipe, writable, .. } => {
                for (o, origin) in origins.iter().enumerate() {
                    if (origin.task, origin.call) == (task, number)
                        && !contents[*pipe].0.contains(&o)
                    {
                        contents[*pipe].0.push(o);
                    }
                }
                contents[*pipe].1 |= copies_at_source(rules, setup, *writable) || may_copy(rules);
            }
            Call::PipeWrite { pipe } => contents[*pipe].1 = true,
            _ => {}
        }
    }
    for _ in 0..setup.pipes.len() {
        for (_, _, call) in setup.calls() {
            if let Call::Tee { from, to, .. } = call {
                let (ids, anonymous) = contents[*from].clone();
                for id in ids {
                    if !contents[*to].0.contains(&id) {
                        contents[*to].0.push(id);
                    }
                }
                contents[*to].1 |= anonymous;
            }
        }
    }
    contents
}

struct PageDecl<'a> {
    tokens: &'a Tokens,
    origins: &'a [Origin],
    folios: &'a [Folio],
    words: usize,
}

impl PageDecl<'_> {
    fn declare(&self, system: &mut System, object: &str, ids: &[usize]) -> PageRef {
        let labels: Vec<String> = std::iter::once("-".to_owned())
            .chain(self.folios.iter().map(|f| f.name.clone()))
            .chain(["copy".to_owned(), "pipe's own".to_owned()])
            .collect();
        let index = ids.first().map_or(0, |o| self.origins[*o].index);
        let copy = (0..self.words)
            .map(|w| {
                let max = ids
                    .iter()
                    .map(|o| self.tokens.max(self.origins[*o].index, w))
                    .max()
                    .unwrap_or(0);
                let decl = VarDecl::shared(object, format!("copy[{w}]"), max)
                    .labels(self.tokens.labels(index, w));
                system.declare(in_queue(decl, object))
            })
            .collect();
        let last = ids.iter().max().copied().unwrap_or(0) as u64;
        let first = ids.first().copied().unwrap_or(0) as u64;
        PageRef {
            page: system.declare(in_queue(
                VarDecl::shared(object, "page", self.folios.len() as u64 + 2).labels(labels),
                object,
            )),
            copy,
            origin: system.declare(VarDecl::ghost(object, "origin", last).init(first)),
        }
    }
}

fn folios_of(origins: &[Origin], ids: &[usize], folios: &[Folio]) -> Vec<usize> {
    (0..folios.len())
        .filter(|f| ids.iter().any(|o| origins[*o].index == folios[*f].index))
        .collect()
}

pub(in crate::kernel) fn declare_pipes(
    system: &mut System,
    setup: &Setup,
    tokens: &Tokens,
    origins: &[Origin],
    _indices: &[Index],
    folios: &[Folio],
    rules: &dyn Attached,
) -> Vec<Pipe> {
    let decl = PageDecl {
        tokens,
        origins,
        folios,
        words: setup.words,
    };
    let contents = pipe_contents(setup, origins, rules);
    setup
        .pipes
        .iter()
        .zip(contents)
        .enumerate()
        .map(|(p, (capacity, (ids, anonymous)))| {
            let object = format!("pipe{p}");
            let last = *capacity as u64 - 1;
            Pipe {
                mutex: system.declare(owner(setup, &object, "mutex")),
                head: system.declare(VarDecl::shared(object.clone(), "head", last)),
                tail: system.declare(VarDecl::shared(object.clone(), "tail", last)),
                used: system.declare(VarDecl::shared(object.clone(), "used", last + 1)),
                readers: readers(setup, rules, p).map(|readers| {
                    let decl = VarDecl::shared(object, "readers", readers as u64);
                    system.declare(decl.init(readers as u64))
                }),
                slots: (0..*capacity)
                    .map(|s| {
                        let name = format!("pipe{p}.bufs[{s}]");
                        PipeSlot {
                            page: decl.declare(system, &name, &ids),
                            can_merge: flag(system, &name, "CAN_MERGE", false),
                            name,
                        }
                    })
                    .collect(),
                folios: folios_of(origins, &ids, folios),
                origins: ids,
                anonymous,
            }
        })
        .collect()
}

pub(in crate::kernel) fn declare_sockets(
    system: &mut System,
    setup: &Setup,
    tokens: &Tokens,
    origins: &[Origin],
    folios: &[Folio],
    pipes: &[Pipe],
    rules: &dyn Attached,
) -> Vec<Socket> {
    let decl = PageDecl {
        tokens,
        origins,
        folios,
        words: setup.words,
    };
    (0..setup.sockets)
        .map(|s| {
            let mut count = 0;
            let mut ids: Vec<usize> = Vec::new();
            let mut anonymous = false;
            for (_, _, call) in setup.calls() {
                if let Call::SpliceSocket {
                    pipe,
                    socket,
                    buffers,
                    ..
                } = call
                    && *socket == s
                {
                    count += buffers;
                    anonymous |= pipes[*pipe].anonymous;
                    anonymous |= (0..*buffers).any(|k| copies_at_sink(rules, setup, call, k).0);
                    for id in &pipes[*pipe].origins {
                        if !ids.contains(id) {
                            ids.push(*id);
                        }
                    }
                }
            }
            let sinks = Sinks::of(setup, s);
            anonymous |= sinks.copies;
            let mut frag = |name: String| Frag {
                state: system.declare(in_queue(
                    VarDecl::shared(name.clone(), "state", 2).labels(["-", "queued", "acked"]),
                    &name,
                )),
                page: decl.declare(system, &name, &ids),
                shared: (sinks.marked)
                    .then(|| system.declare(in_queue(flag_decl(&name, SHARED_FRAG, false), &name))),
                name,
            };
            let frags = (0..count).map(|k| frag(format!("socket{s}.frags[{k}]")));
            let frags = frags.collect();
            let moved = if sinks.moved { count } else { 0 };
            let merged = (0..moved).map(|k| frag(format!("socket{s}.merged[{k}]")));
            let merged = merged.collect();
            let lock =
                (count > 1).then(|| system.declare(owner(setup, &format!("socket{s}"), "sk_lock")));
            Socket {
                lock,
                frags,
                merged,
                folios: folios_of(origins, &ids, folios),
                origins: ids,
                anonymous,
            }
        })
        .collect()
}
