//! Modules use each other one way: inside each crate no files import each other in a circle.
//!
//! Read from the source: a file depends on the file that defines what it names. A parent that only lists its children,
//! or hands on what they define, does not depend on them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;
use std::path::{Path, PathBuf};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Macro, Token, UseTree, Visibility};

type Name = Vec<String>;

/// What a file says of others.
#[derive(Default)]
struct Module {
    /// Names that it hands on, and what they are elsewhere.
    handed_on: BTreeMap<String, Name>,
    /// Whole modules that it hands on.
    globs: Vec<Name>,
    /// What it uses itself.
    uses: BTreeSet<Name>,
}

struct Reader<'m> {
    me: &'m [String],
    all: &'m BTreeMap<Name, PathBuf>,
    found: Module,
}

impl Reader<'_> {
    /// The path from the crate's root; none if it leads out of the crate, or stays in the file.
    fn absolute(&self, path: &[String]) -> Option<Name> {
        let ups = path.iter().take_while(|s| *s == "super").count();
        let mut from = self.me[..self.me.len().checked_sub(ups)?].to_vec();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([from, path[1..].to_vec()].concat()),
            "super" => Some([from, path[ups..].to_vec()].concat()),
            first => {
                from.push(first.to_owned());
                let rest = path[1..].iter().cloned();
                let child = self.all.contains_key(&from);
                child.then(|| from.into_iter().chain(rest).collect())
            }
        }
    }

    fn tree(&mut self, tree: &UseTree, before: &[String], handed_on: bool) {
        match tree {
            UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                self.tree(&path.tree, &before, handed_on);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before, handed_on);
                }
            }
            UseTree::Name(name) => self.name(before, &name.ident.to_string(), None, handed_on),
            UseTree::Rename(name) => {
                let new = name.rename.to_string();
                self.name(before, &name.ident.to_string(), Some(new), handed_on);
            }
            UseTree::Glob(_) => {
                let Some(path) = self.absolute(before) else {
                    return;
                };
                if handed_on {
                    self.found.globs.push(path);
                } else {
                    self.found.uses.insert(path);
                }
            }
        }
    }

    fn name(&mut self, before: &[String], name: &str, new: Option<String>, handed_on: bool) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        let Some(absolute) = self.absolute(&path) else {
            return;
        };
        if handed_on {
            let known = new.or_else(|| absolute.last().cloned());
            self.found.handed_on.extend(known.map(|n| (n, absolute)));
        } else {
            self.found.uses.insert(absolute);
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let test = |a: &Attribute| {
        a.path().is_ident("cfg")
            && a.parse_args::<syn::Path>()
                .is_ok_and(|p| p.is_ident("test"))
    };
    attributes.iter().any(test)
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let handed_on = !matches!(item.vis, Visibility::Inherited);
        self.tree(&item.tree, &[], handed_on);
    }

    // `pub(in crate::kernel)` depends on nothing.
    fn visit_visibility(&mut self, _: &'a Visibility) {}

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Name = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if names.len() > 1 {
            self.found.uses.extend(self.absolute(&names));
        }
        visit::visit_path(self, path);
    }

    // What is inside of a macro's call is read as far as it looks like expressions.
    fn visit_macro(&mut self, call: &'a Macro) {
        let parse = syn::punctuated::Punctuated::<syn::Expr, Token![,]>::parse_terminated;
        if let Ok(arguments) = call.parse_body_with(parse) {
            for argument in &arguments {
                // They do not live as long as the file; a reader of their own takes what they use.
                let mut inner = Reader {
                    me: self.me,
                    all: self.all,
                    found: Module::default(),
                };
                inner.visit_expr(argument);
                self.found.uses.extend(inner.found.uses);
            }
        }
        visit::visit_macro(self, call);
    }
}

/// The files below a folder of sources, by the path of their module.
fn files(folder: &Path, module: &[String], all: &mut BTreeMap<Name, PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let inner = [module, &[stem.to_string()]].concat();
        if path.is_dir() {
            files(&path, &inner, all);
        } else if path.extension().is_some_and(|e| e == "rs") {
            match stem.as_ref() {
                "main" => {}
                "lib" | "mod" => drop(all.insert(module.to_vec(), path)),
                _ => drop(all.insert(inner, path)),
            }
        }
    }
}

/// The file that defines what is named.
fn defines(name: &[String], modules: &BTreeMap<Name, Module>, hops: usize) -> Name {
    let depth = (0..=name.len())
        .rev()
        .find(|n| modules.contains_key(&name[..*n]));
    let (module, rest) = name.split_at(depth.expect("the root is a module"));
    let here = &modules[module];
    if let (Some(first), 1..) = (rest.first(), hops) {
        let targets = here
            .handed_on
            .get(first)
            .map(|t| [t.clone(), rest[1..].to_vec()].concat());
        // What comes through a glob is taken to come from its first module.
        let glob = here
            .globs
            .first()
            .map(|t| [t.clone(), rest.to_vec()].concat());
        if let Some(target) = targets.or(glob) {
            return defines(&target, modules, hops - 1);
        }
    }
    module.to_vec()
}

/// Which file uses which: pairs of modules.
fn edges(folder: &Path) -> BTreeSet<(Name, Name)> {
    let mut all = BTreeMap::new();
    files(folder, &[], &mut all);
    let mut modules = BTreeMap::new();
    for (name, path) in &all {
        let text = std::fs::read_to_string(path).expect("a source file");
        let mut reader = Reader {
            me: name,
            all: &all,
            found: Module::default(),
        };
        reader.visit_file(&syn::parse_file(&text).expect("Rust"));
        modules.insert(name.clone(), reader.found);
    }
    let mut edges = BTreeSet::new();
    for (name, module) in &modules {
        for used in &module.uses {
            edges.insert((name.clone(), defines(used, &modules, 8)));
        }
    }
    edges.retain(|(from, to)| from != to);
    edges
}

/// Files that use each other in a circle.
fn circles(folder: &Path) -> Vec<String> {
    let edges = edges(folder);
    let names: BTreeSet<&Name> = edges.iter().flat_map(|(from, to)| [from, to]).collect();
    let names: Vec<&Name> = names.into_iter().collect();
    let number = |name: &Name| names.binary_search(&name).expect("a module");
    let mut graph = DiGraphMap::<usize, (), RandomState>::new();
    for (from, to) in &edges {
        graph.add_edge(number(from), number(to), ());
    }
    let circle = |part: Vec<usize>| {
        let part: Vec<String> = part.into_iter().map(|n| names[n].join("::")).collect();
        part.join(", ")
    };
    tarjan_scc(&graph)
        .into_iter()
        .filter(|part| part.len() > 1)
        .map(circle)
        .collect()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for sources in [
        "model/src",
        "specs/src",
        "checker/src",
        "checker/engine/src",
        "checker/kernel/src",
    ] {
        let found = circles(&workspace().join(sources));
        assert!(found.is_empty(), "{sources}: {found:#?}");
    }
}

/// Layers above all else that is in a folder of sources, from the lowest: what is in one uses what is in it or below.
const LAYERS: [(&str, &[&[&str]]); 3] = [
    ("model/src", &[&["kernel", "executor"]]),
    (
        "model/src/kernel",
        &[
            &["objects"],
            &["hooks", "functions"],
            &["declare"],
            &["program"],
            &["mm", "fs", "block", "net"],
        ],
    ),
    ("checker/src", &[&["web"], &["cli"]]),
];

#[test]
fn layers_use_what_is_below() {
    for (sources, layers) in LAYERS {
        let of = |name: &Name| {
            let top = name.first()?;
            let above = |layer: &&[&str]| layer.contains(&top.as_str());
            Some(layers.iter().position(above).map_or(0, |n| n + 1))
        };
        let inner: Name = sources
            .split('/')
            .skip_while(|s| *s != "src")
            .skip(1)
            .map(str::to_owned)
            .collect();
        let root = sources.split_inclusive("src").next().expect("a crate");
        for (from, to) in edges(&workspace().join(root)) {
            let within = |name: &Name| name.strip_prefix(&inner[..]).map(<[String]>::to_vec);
            let layer = |name: &Name| within(name).as_ref().and_then(of);
            if let (Some(a), Some(b)) = (layer(&from), layer(&to)) {
                assert!(
                    a >= b,
                    "{} uses {}, which is above it",
                    from.join("::"),
                    to.join("::")
                );
            }
        }
    }
}

/// Two files that use each other, by a path, through a name that their parent hands on.
#[test]
fn a_circle_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("room");
    write("lib.rs", "mod a; mod b; pub use b::B;");
    write("a.rs", "use crate::B; pub struct A(B);");
    write(
        "b.rs",
        "pub struct B; pub fn f() { println!(\"{}\", crate::a::g()) }",
    );
    assert_eq!(circles(folder.path()).len(), 1);
    write(
        "b.rs",
        "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
    );
    assert_eq!(circles(folder.path()), Vec::<String>::new());
}
