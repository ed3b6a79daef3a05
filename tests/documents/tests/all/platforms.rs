//! What documents say about the platforms that are built is what `native/platforms` lists.

use super::root;

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// Processor and least glibc of each platform.
fn listed() -> Vec<(String, String)> {
    let list = read("native/platforms");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            (cells[0].strip_prefix("linux-").unwrap().replace('_', "-"), cells[3].to_owned())
        })
        .collect()
}

#[test]
fn documents_name_every_platform_that_is_built() {
    let platforms = listed();
    assert!(platforms.len() >= 2, "{platforms:?}");
    for page in ["README.md", "docs/guides/locked-down-agents.md"] {
        let text = read(page);
        // The one line that says where agents run.
        let line = text.lines().find(|line| line.contains("glibc")).unwrap();
        for (processor, glibc) in &platforms {
            assert!(line.contains(processor.as_str()), "{page} doesn't name {processor}: {line}");
            assert!(line.contains(&format!("glibc {glibc}")), "{page} names another glibc than {glibc}: {line}");
        }
    }
}
