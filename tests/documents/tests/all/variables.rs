//! The environment that the program and the library read is in `docs/configuration.md`, or in `docs/variables.md` where they
//! also write it.

use std::path::Path;

use super::{assert_none, root};

/// Variables of the environment by their look, between quotes.
fn named(source: &str) -> Vec<&str> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let words = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2));
    let ours = ["MACHINE_ID_", "TBOT_", "TELEPORT_", "HTTPS_PROXY", "NO_PROXY"];
    words
        .filter(|word| ours.iter().any(|begin| word.starts_with(begin)))
        .filter(|word| word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && !word.ends_with('_'))
        .collect()
}

fn walk(directory: &Path, see: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            walk(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !name.ends_with("tests") {
            see(&path);
        }
    }
}

#[test]
fn every_variable_that_is_read_is_documented() {
    let page = |name: &str| std::fs::read_to_string(root().join("docs").join(name)).unwrap();
    let pages = page("configuration.md") + &page("variables.md");
    let (mut faults, mut found) = (Vec::new(), 0);
    for folder in ["native/cli/src", "native/machine-id/src"] {
        walk(&root().join(folder), &mut |path| {
            if path.strip_prefix(root()).unwrap().components().any(|part| part.as_os_str() == "tests") {
                return;
            }
            let source = std::fs::read_to_string(path).unwrap();
            for name in named(&source) {
                found += 1;
                if !pages.contains(&format!("`{name}`")) {
                    faults.push(format!("{}: {name} isn't in docs/configuration.md", path.display()));
                }
            }
        });
    }
    assert!(found > 15, "{found}");
    assert_none(&faults);
}
