//! docs/threat-model.md, rows.tsv and the tests say the same.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every file below `folder` with this ending, as one text.
fn sources(folder: &Path, ending: &str, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, ending, into);
        } else if path.to_string_lossy().ends_with(ending) {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// The words in backticks that name an attack: `a03_…` in Rust and Python, `a05Name` in Java.
fn named(page: &str) -> BTreeSet<&str> {
    let is_attack = |word: &&str| {
        let mut letters = word.chars();
        letters.next() == Some('a') && letters.by_ref().take(2).all(|c| c.is_ascii_digit()) && letters.next().is_some()
    };
    page.split('`').skip(1).step_by(2).filter(is_attack).collect()
}

#[test]
fn every_row_has_its_place_on_the_page() {
    let page = read("docs/threat-model.md");
    let rows = read("tests/attacks/rows.tsv");
    for row in rows.lines().map(|line| line.split('\t').next().unwrap()) {
        assert!(page.contains(&format!("`{row}`")), "docs/threat-model.md says nothing of {row}");
        assert!(named(&page).iter().any(|test| test.starts_with(row)), "docs/threat-model.md names no test of {row}");
    }
}

/// All attacks, as text.
fn attacks() -> String {
    let mut tests = String::new();
    sources(&root().join("tests/attacks/tests/attacks"), ".rs", &mut tests);
    sources(&root().join("plugin-java/plugin/src/test"), "AttackTest.java", &mut tests);
    sources(&root().join("tests/jenkins"), ".py", &mut tests);
    tests
}

#[test]
fn every_attack_is_on_the_page() {
    let (page, tests) = (read("docs/threat-model.md"), attacks());
    let on_page = named(&page);
    let mut seen = 0;
    for line in tests.lines() {
        let rest = ["async fn ", "fn ", "void ", "def "].iter().find_map(|word| line.trim_start().strip_prefix(word));
        let name = rest.and_then(|rest| rest.split_once('(')).map(|(name, _)| format!("`{name}`")).unwrap_or_default();
        if let Some(name) = named(&name).first() {
            seen += 1;
            assert!(on_page.contains(name), "docs/threat-model.md doesn't name {name}");
        }
    }
    assert!(seen > 100, "{seen} attacks");
}

#[test]
fn every_test_that_the_page_names_exists() {
    let (page, tests) = (read("docs/threat-model.md"), attacks());
    for test in named(&page) {
        let found = [format!("fn {test}("), format!("void {test}("), format!("def {test}(")];
        assert!(found.iter().any(|definition| tests.contains(definition)), "there is no test {test}");
    }
}
