//! What a command works on: scenarios from a folder, things picked by name or glob.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use foliocheck_specs::{Invariant, Scenario, Scheme, invariants, names};
use globset::Glob;

use crate::itf::replay::Catalogue;
use crate::web::library::Library;
use crate::{command, near};

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
    /// Everything is printed.
    pub verbose: bool,
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

    /// The command line that runs this program again with these arguments, in this place. To be pasted into a shell.
    pub fn command<'w>(&'w self, words: impl IntoIterator<Item = &'w str>) -> String {
        let folders = [
            ("--scenarios", &self.scenarios),
            ("--results", &self.results),
        ];
        let folders = folders.into_iter().filter_map(|(option, folder)| {
            Some([option.into(), folder.as_ref()?.to_string_lossy()])
        });
        command::line(words.into_iter().map(Cow::from).chain(folders.flatten()))
    }

    /// What a page can name.
    pub fn library(&self) -> anyhow::Result<Library> {
        let mut library = Library::new(self.schemes.clone(), self.scenarios()?);
        library.folder = self
            .scenarios
            .as_ref()
            .map(|folder| folder.display().to_string());
        Ok(library)
    }

    /// Where scenarios and results come from, in words.
    pub fn sources(&self) -> String {
        let results = names::path(&self.results());
        match &self.scenarios {
            Some(folder) => format!("results of {results}, scenarios of {}", names::path(folder)),
            None => format!("results of {results}, scenarios built in"),
        }
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

/// The results of the project: those of the checkout that the current folder is in. A checkout has `specs/scenarios`
/// beside `results/verdicts.json`. Outside of one: `results` of the current folder.
pub fn own_results() -> PathBuf {
    let results = PathBuf::from("results");
    let Ok(here) = std::env::current_dir() else {
        return results;
    };
    let is_checkout = |folder: &&Path| {
        folder.join("results/verdicts.json").is_file() && folder.join("specs/scenarios").is_dir()
    };
    here.ancestors()
        .find(is_checkout)
        .unwrap_or(&here)
        .join(results)
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
            let names = all.iter().map(&id);
            bail!("{}", near::unknown(kind, glob, names, &list_of(kind)));
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
    match all.iter().position(|item| id(item) == name) {
        Some(at) => Ok(all.into_iter().nth(at).expect("it was found there")),
        None => bail!(
            "{}",
            near::unknown(kind, name, all.iter().map(&id), &list_of(kind))
        ),
    }
}

/// The command that lists them.
pub fn list_of(kind: &str) -> String {
    command::line(["list", &format!("{kind}s")])
}

/// Scenarios of any of the groups.
pub fn in_groups(all: Vec<Scenario>, groups: &[String]) -> anyhow::Result<Vec<Scenario>> {
    for group in groups {
        if !all.iter().any(|s| s.groups.contains(group)) {
            let names = all.iter().flat_map(|s| &s.groups).map(String::as_str);
            bail!(
                "{}",
                near::unknown("group", group, names, &list_of("group"))
            );
        }
    }
    Ok(all
        .into_iter()
        .filter(|s| s.groups.iter().any(|g| groups.contains(g)))
        .collect())
}

/// The scenarios of any of `groups` that match any of `globs`; without either, the default ones. Those of group `large`
/// only where they, or that group, are named.
pub fn default_scenarios(
    place: &Place,
    groups: &[String],
    globs: &[String],
) -> anyhow::Result<Vec<Scenario>> {
    let all = place.scenarios()?;
    if !groups.is_empty() {
        let mut all = in_groups(all, groups)?;
        // A large scenario takes minutes: it, or its group, has to be named.
        let named = |s: &Scenario| s.is_default() || globs.contains(&s.id);
        all.retain(|s| named(s) || groups.iter().any(|g| g == "large"));
        return matching(all, globs, "scenario", |s| &s.id);
    }
    if globs.is_empty() {
        return Ok(all.into_iter().filter(Scenario::is_default).collect());
    }
    matching(all, globs, "scenario", |s| &s.id)
}
