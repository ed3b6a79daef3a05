//! What documents type after `make` is in the Makefile.

use std::collections::BTreeSet;

use super::{assert_none, documents, root};

/// Of other projects.
const NOT_OURS: &[&str] = &["full"];

fn targets() -> BTreeSet<String> {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let plain = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    makefile.lines().filter_map(|line| Some(line.split_once(':')?.0)).filter(plain).map(str::to_owned).collect()
}

/// Settings in front of a command, as in `QUICK=1 make bench`.
fn is_setting(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

/// What a line makes, if it is a call of make.
fn made(line: &str) -> Vec<&str> {
    let line = line.trim_start().trim_start_matches("$ ").split(" #").next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let mut quoted = false;
    let first = words.by_ref().find(|word| {
        let setting = quoted || is_setting(word);
        quoted ^= word.matches('"').count() % 2 == 1;
        !setting
    });
    if first != Some("make") {
        return Vec::new();
    }
    words
        .take_while(|word| !["&&", "|", ";"].contains(word))
        .filter(|word| !word.starts_with('-') && !is_setting(word))
        .collect()
}

#[test]
fn every_target_that_a_document_names_is_there() {
    let targets = targets();
    assert!(targets.contains("demo") && targets.contains("test-rust"), "{targets:?}");
    let (mut faults, mut named) = (Vec::new(), 0);
    for document in documents() {
        for (line, text) in document.spans.iter().chain(&document.code) {
            for target in made(text) {
                named += 1;
                if !targets.contains(target) && !NOT_OURS.contains(&target) {
                    faults.push(format!("{}: make {target}: there is no such target", document.at(*line)));
                }
            }
        }
    }
    assert!(named > 30, "{named}");
    assert_none(&faults);
}

#[test]
fn calls_of_make_are_known_by_their_look() {
    assert_eq!(made("make demo     # joins"), ["demo"]);
    assert_eq!(made("TCTL=\"tctl -c teleport.yaml\" ROLES=api make bench"), ["bench"]);
    assert_eq!(made("make fleet AGENTS=10000"), ["fleet"]);
    assert_eq!(made("to make ends meet"), [""; 0]);
}
