//! `docs/compatibility.md` and the vocabulary name the same join methods.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/compatibility.md");
const VOCABULARY: &str = include_str!("../../../contract/vocabulary.json");

/// The rows of the table whose head begins so.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let table = PAGE.lines().skip_while(|line| !line.starts_with(head)).take_while(|line| line.starts_with('|'));
    table.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn every_method_is_in_the_table_and_no_other() {
    let vocabulary: serde_json::Value = serde_json::from_str(VOCABULARY).unwrap();
    let methods = vocabulary["join_methods"].as_array().unwrap().iter().map(|method| method["name"].as_str().unwrap());
    let listed = rows("| method |");
    let named = listed.iter().filter_map(|row| row[0].strip_prefix('`')?.split('`').next());
    assert_eq!(named.collect::<BTreeSet<_>>(), methods.collect::<BTreeSet<_>>());
}

#[test]
fn every_version_says_how_it_was_verified() {
    for head in ["| method |", "| way |"] {
        let rows = rows(head);
        assert!(rows.len() > 3, "{head}");
        for row in &rows[2..] {
            assert_eq!(row.len(), rows[0].len(), "{row:?}");
            for cell in &row[1..] {
                let word = cell.split([' ', ',']).next().unwrap();
                assert!(["real", "double", "read", "-"].contains(&word), "{row:?}");
            }
        }
    }
}
