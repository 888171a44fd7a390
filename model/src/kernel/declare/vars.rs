//! Declarations that several objects share: flags, owners of locks, semaphores.

use crate::kernel::objects::RwSem;
use crate::kernel::setup::Setup;
use crate::machine::system::System;
use crate::machine::var::{Lock, VarDecl, VarId};

pub(super) fn task_labels(setup: &Setup) -> Vec<String> {
    std::iter::once("-".to_owned())
        .chain(setup.tasks.iter().map(|t| t.name.clone()))
        .collect()
}

/// A set of tasks, empty at first.
pub(super) fn task_set(setup: &Setup, object: &str, name: &str) -> VarDecl {
    let names: Vec<String> = setup.tasks.iter().map(|t| t.name.clone()).collect();
    VarDecl::shared(object, name, 0).set_of(&names)
}

pub(super) fn owner(setup: &Setup, object: &str, name: &str) -> VarDecl {
    VarDecl::shared(object, name, setup.tasks.len() as u64)
        .labels(task_labels(setup))
        .lock(Lock::Owner)
}

pub(super) fn rwsem(system: &mut System, setup: &Setup, object: &str, name: &str) -> RwSem {
    RwSem {
        writer: system.declare(
            owner(setup, object, &format!("{name}.writer")).in_word(format!("{object}.{name}")),
        ),
        readers: system.declare(
            task_set(setup, object, &format!("{name}.readers"))
                .in_word(format!("{object}.{name}"))
                .lock(Lock::Readers),
        ),
    }
}

pub(super) fn flag(system: &mut System, object: &str, name: &str, init: bool) -> VarId {
    system.declare(flag_decl(object, name, init))
}

pub(super) fn flag_decl(object: &str, name: &str, init: bool) -> VarDecl {
    VarDecl::shared(object, name, 1).init(init.into())
}
