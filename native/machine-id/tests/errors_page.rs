//! `docs/errors.md` and the codes say the same.

use std::collections::BTreeSet;

use machine_id::error::Code;

const PAGE: &str = include_str!("../../../docs/errors.md");

fn listed() -> BTreeSet<&'static str> {
    let section = PAGE.split("\n## ").find(|part| part.starts_with("From the library")).unwrap_or_default();
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn every_code_is_on_the_page_with_cause_and_next_step_and_no_other() {
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed(), codes);
    for line in PAGE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split(" | ").collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| cell.len() > 6), "{line}");
    }
}
