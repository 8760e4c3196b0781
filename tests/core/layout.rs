//! The arrows between the boxes of the core, and what the core must not know.

#![allow(clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// Each box of the core and those that it may use. `error` has the words for failures of the other boxes.
const BOXES: &[(&str, &[&str])] = &[
    ("graph", &["collected", "text"]),
    ("state", &["graph", "error", "collected", "text"]),
    ("events", &["state", "graph", "error", "collected", "text"]),
    ("checkpoint", &["events", "state", "graph", "error", "collected", "text"]),
    ("engine", &["checkpoint", "events", "state", "graph", "error", "collected", "text"]),
    ("store", &["error"]),
    ("executor", &["engine", "checkpoint", "events", "state", "graph", "error", "store"]),
];

/// The parts of a box that belong to a host, and may know it.
const OF_A_HOST: &[&str] = &["src/store/indexed_db", "src/executor"];

/// What would tie the core to a host, to its clock or to chance.
const FOREIGN: &[&str] = &[
    "wasm_bindgen",
    "js_sys",
    "web_sys",
    "getrandom",
    "std::time",
    "SystemTime",
    "Instant::now",
    "std::thread",
    "thread::spawn",
    "spawn_local",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let nested = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    paths.flat_map(nested).filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Boxes that a file names by `crate::…`.
fn used(text: &str) -> Vec<String> {
    let names =
        text.split("crate::").skip(1).map(|rest| rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect());
    names.filter(|name: &String| !name.is_empty()).collect()
}

#[test]
fn each_box_uses_only_the_boxes_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (name, below) in BOXES {
        for path in sources(&root.join(name)) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            for other in used(&text) {
                let is_fine = other == *name || below.contains(&other.as_str());
                assert!(is_fine, "{} uses crate::{other}, but {name} may use only {below:?}", path.display());
            }
        }
    }
}

#[test]
fn the_core_knows_no_host_no_clock_and_no_chance() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (name, _) in BOXES {
        for path in sources(&root.join(name)) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let is_of_a_host =
                path.strip_prefix(env!("CARGO_MANIFEST_DIR")).is_ok_and(|path| OF_A_HOST.iter().any(|folder| path.starts_with(folder)));
            let found = FOREIGN.iter().find(|foreign| text.contains(*foreign));
            assert!(is_of_a_host || found.is_none(), "{} mentions {found:?}", path.display());
        }
    }
}

#[test]
fn every_folder_of_the_sources_is_a_box() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
        let Some(folder) = path.strip_prefix(&root).ok().and_then(|path| path.parent()).and_then(|folder| folder.iter().next()) else {
            continue;
        };
        let name = folder.to_string_lossy();
        assert!(name == "js" || BOXES.iter().any(|(known, _)| *known == name), "src/{name} has no place in the picture");
    }
}
