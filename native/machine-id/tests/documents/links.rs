//! Links lead to files and headings that are there, and every page can be found from the index.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::markdown::Document;
use super::{assert_none, documents, root};

/// Targets of `[text](target)` and of images, outside of code.
fn targets(document: &Document) -> Vec<(usize, String)> {
    let mut targets = Vec::new();
    for (number, line) in &document.prose {
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for part in plain.split("](").skip(1) {
            targets.extend(part.split(')').next().map(|target| (*number, target.to_owned())));
        }
    }
    targets
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// The file of a link, below the root, and the anchor in it; nothing for what is elsewhere.
fn resolved(document: &Document, target: &str) -> Option<(PathBuf, Option<String>)> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) =
        target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor.to_owned())));
    let path = if file.is_empty() {
        document.path.clone()
    } else {
        normal(&document.path.parent().unwrap_or(Path::new("")).join(file))
    };
    Some((path, anchor))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let documents = documents();
    let (mut faults, mut links) = (Vec::new(), 0);
    for document in &documents {
        for (line, target) in targets(document) {
            let Some((path, anchor)) = resolved(document, &target) else { continue };
            links += 1;
            if !root().join(&path).exists() {
                faults.push(format!("{}: {target}: there is no such file", document.at(line)));
                continue;
            }
            let Some(anchor) = anchor else { continue };
            let known = documents.iter().find(|other| other.path == path).map(Document::anchors).unwrap_or_default();
            if !known.contains(&anchor) {
                faults.push(format!("{}: {target}: there is no such heading", document.at(line)));
            }
        }
    }
    assert!(links > 100, "{links}");
    assert_none(&faults);
}

#[test]
fn every_page_of_docs_is_in_its_index() {
    let documents = documents();
    let index = documents.iter().find(|document| document.path == Path::new("docs/README.md")).unwrap();
    let listed: BTreeSet<PathBuf> =
        targets(index).iter().filter_map(|(_, target)| Some(resolved(index, target)?.0)).collect();
    let pages = documents.iter().filter(|document| document.path.starts_with("docs") && document.path != index.path);
    let missing = pages.filter(|page| !listed.contains(&page.path));
    assert_none(&missing.map(|page| format!("{} isn't in docs/README.md", page.path.display())).collect::<Vec<_>>());
}

#[test]
fn a_link_that_leads_nowhere_is_noticed() {
    let page = Document::read(Path::new("docs/page.md"), "# It's `a` b\n## It's `a` b\n[x](../no.md#y) `[z](w)`\n");
    assert_eq!(page.anchors(), ["its-a-b", "its-a-b-1"]);
    assert_eq!(targets(&page), [(3, "../no.md#y".to_owned())]);
    assert_eq!(resolved(&page, "../no.md#y"), Some((PathBuf::from("no.md"), Some("y".to_owned()))));
    assert_eq!(resolved(&page, "https://example.com/#y"), None);
}
