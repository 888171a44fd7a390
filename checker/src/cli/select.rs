//! What a command works on: scenarios from a folder, things picked by name or glob.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use foliocheck_specs::{Invariant, Scenario, Scheme, invariants};
use globset::Glob;

use crate::itf::replay::Catalogue;

/// What there is, and the folders given on the command line.
pub struct Place {
    /// The schemes.
    pub schemes: Vec<Scheme>,
    /// Where results are, if nothing else says so.
    pub home: PathBuf,
    /// Scenario files.
    pub scenarios: Option<PathBuf>,
    /// Committed verdicts.
    pub results: Option<PathBuf>,
}

impl Place {
    /// The scenarios.
    pub fn scenarios(&self) -> anyhow::Result<Vec<Scenario>> {
        Ok(match &self.scenarios {
            Some(dir) => Scenario::read_dir(dir)?,
            None => Scenario::own()?,
        })
    }

    /// The schemes, and these scenarios.
    pub fn catalogue<'a>(&'a self, scenarios: &'a [Scenario]) -> Catalogue<'a> {
        Catalogue {
            schemes: &self.schemes,
            scenarios,
        }
    }

    /// The project's own scenarios, and results.
    pub fn is_own(&self) -> bool {
        self.scenarios.is_none() && self.results.is_none()
    }

    /// The scheme of that name.
    pub fn scheme(&self, name: &str) -> anyhow::Result<Scheme> {
        one(self.schemes.clone(), name, "scheme", |s| s.id)
    }

    /// The folder of committed verdicts: the program's own, unless one is given. Scenarios of one's
    /// own have verdicts of their own: beside them, unless a folder is given.
    pub fn results(&self) -> PathBuf {
        match (&self.results, &self.scenarios) {
            (Some(dir), _) => dir.clone(),
            (None, Some(scenarios)) => scenarios.join("results"),
            (None, None) => self.home.clone(),
        }
    }
}

/// The results of the project.
pub fn own_results() -> PathBuf {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    tree.canonicalize()
        .unwrap_or_else(|_| PathBuf::from("results"))
}

/// Those of `all` that match any of `globs`; all if there are no globs.
pub fn matching<T>(
    all: Vec<T>,
    globs: &[String],
    kind: &str,
    id: impl Fn(&T) -> &str,
) -> anyhow::Result<Vec<T>> {
    if globs.is_empty() {
        return Ok(all);
    }
    let mut matchers = Vec::new();
    for glob in globs {
        let matcher = Glob::new(glob)
            .with_context(|| format!("bad pattern for --{kind}"))?
            .compile_matcher();
        if !all.iter().any(|item| matcher.is_match(id(item))) {
            let names: Vec<&str> = all.iter().map(&id).collect();
            bail!(
                "no {kind} matches `{glob}`; there are: {}",
                names.join(", ")
            );
        }
        matchers.push(matcher);
    }
    Ok(all
        .into_iter()
        .filter(|item| matchers.iter().any(|m| m.is_match(id(item))))
        .collect())
}

/// The invariant of that name.
pub fn invariant(name: &str) -> anyhow::Result<Invariant> {
    one(invariants::all(), name, "invariant", |i| i.id)
}

/// The scenario of that name.
pub fn scenario(all: Vec<Scenario>, name: &str) -> anyhow::Result<Scenario> {
    one(all, name, "scenario", |s| &s.id)
}

/// The one of that name.
pub fn one<T>(all: Vec<T>, name: &str, kind: &str, id: impl Fn(&T) -> &str) -> anyhow::Result<T> {
    let names = all.iter().map(&id).collect::<Vec<_>>().join(", ");
    all.into_iter()
        .find(|item| id(item) == name)
        .with_context(|| format!("no {kind} `{name}`; there are: {names}"))
}

/// Scenarios of any of the groups.
pub fn in_groups(all: Vec<Scenario>, groups: &[String]) -> anyhow::Result<Vec<Scenario>> {
    for group in groups {
        if !all.iter().any(|s| s.groups.contains(group)) {
            let mut names: Vec<&str> = all
                .iter()
                .flat_map(|s| &s.groups)
                .map(String::as_str)
                .collect();
            names.sort_unstable();
            names.dedup();
            bail!(
                "no scenario is in group `{group}`; groups are: {}",
                names.join(", ")
            );
        }
    }
    Ok(all
        .into_iter()
        .filter(|s| s.groups.iter().any(|g| groups.contains(g)))
        .collect())
}
