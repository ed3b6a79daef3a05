//! Files of this repository that documents name are there.

use std::path::Path;

use super::{assert_none, documents, root};

/// Where a path may begin that isn't written from the root on. What stands first in `CONTRIBUTING.md` says so of most.
const FROM: &[&str] = &[
    "",
    "native/machine-id/src",
    "native/machine-id",
    "native/cli",
    "native/cli/src",
    "native",
    "tests",
    "tests/e2e",
    "plugin-java",
    "plugin-java/plugin/src/main/java/io/jenkins/plugins/machineid",
    "plugin-java/plugin/src/main/resources/io/jenkins/plugins/machineid",
    "plugin-java/plugin/src/test/java/io/jenkins/plugins/machineid",
    "contract",
    "docs",
    "tests/fixtures/teleport-15",
];

/// What only sources have. Other endings are also those of files that are made, or of other projects.
const SOURCES: &[&str] = &["rs", "java", "py", "mjs", "proto", "md"];

/// A path by its look: of the sources, or from a folder of the root on.
fn is_path(span: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-…".contains(c);
    let placeholder = span.split('/').any(|part| {
        let name = part.split('.').next().unwrap_or_default();
        name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_') && name != "README"
            || part.starts_with("NAME")
            || part == "…"
    });
    if !span.contains('/') || span.starts_with('/') || placeholder || !span.chars().all(plain) {
        return false;
    }
    let source = Path::new(span).extension().is_some_and(|found| SOURCES.iter().any(|source| found == *source));
    let top =
        ["native/", "docs/", "tests/", "plugin-java/", "contract/", ".ci/"].iter().any(|top| span.starts_with(top));
    source || top
}

fn is_there(folder: &Path, span: &str) -> bool {
    let built = span.contains("/target/");
    built || folder.join(span).exists() || FROM.iter().any(|from| root().join(from).join(span).exists())
}

#[test]
fn every_file_that_a_document_names_is_there() {
    let (mut faults, mut named) = (Vec::new(), 0);
    for document in documents() {
        // It says what there was.
        if document.path == Path::new("CHANGELOG.md") {
            continue;
        }
        let folder = root().join(document.path.parent().unwrap());
        let spans = document.spans.clone();
        let words = document.code.iter().flat_map(|(line, code)| code.split_whitespace().map(|word| (*line, word)));
        let words = words.map(|(line, word)| (line, word.trim_matches(['"', '\'', '(', ')', ',', ';']).to_owned()));
        for (line, span) in spans.into_iter().chain(words).filter(|(_, span)| is_path(span)) {
            named += 1;
            if !is_there(&folder, &span) {
                faults.push(format!("{}: {span}: there is no such file", document.at(line)));
            }
        }
    }
    assert!(named > 100, "{named}");
    assert_none(&faults);
}

#[test]
fn paths_are_known_by_their_look() {
    for path in ["engine/plan.rs", "tests/jenkins", ".ci/run", "plugin-java/README.md"] {
        assert!(is_path(path) && is_there(root(), path), "{path}");
    }
    for other in ["/etc/tbot.yaml", "team-a/app", "join/NAME.rs", "plan.rs", "secrets/", "machine-id-issuer/jwks"] {
        assert!(!is_path(other), "{other}");
    }
    assert!(is_path("engine/nosuch.rs") && !is_there(root(), "engine/nosuch.rs"));
}
