//! Where links lead, and whether something is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Document;
use crate::repository::{normal, root};

/// What a link leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// Elsewhere: it isn't fetched.
    External,
    /// A file of the repository, below its root, and a heading in it.
    File(PathBuf, Option<String>),
}

/// What the target of a link in `document` means.
#[must_use]
pub fn resolve(document: &Path, target: &str) -> Target {
    if target.contains("://") || target.starts_with("mailto:") {
        return Target::External;
    }
    let (file, anchor) =
        target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor.to_owned())));
    let path = if file.is_empty() {
        document.to_owned()
    } else {
        normal(&document.parent().unwrap_or(Path::new("")).join(file))
    };
    Target::File(path, anchor)
}

/// Links and pictures that lead to no file, or to no heading, a line for each.
#[must_use]
pub fn faults(documents: &[Document]) -> Vec<String> {
    let mut faults = Vec::new();
    for document in documents {
        for link in &document.links {
            let Target::File(path, anchor) = resolve(&document.path, &link.target) else { continue };
            let other = documents.iter().find(|other| other.path == path);
            let fault = if other.is_none() && !root().join(&path).is_file() {
                Some("there is no such file")
            } else if let Some(anchor) = anchor {
                let there = other.is_some_and(|other| other.has_anchor(&anchor));
                (!there).then_some("there is no such heading")
            } else {
                None
            };
            faults.extend(fault.map(|fault| format!("{}: {}: {fault}", document.at(link.line), link.target)));
        }
    }
    faults
}

/// Every address elsewhere that documents link to. Whether somebody answers there isn't asked.
#[must_use]
pub fn external<'a>(documents: impl IntoIterator<Item = &'a Document>) -> BTreeSet<String> {
    let links = documents.into_iter().flat_map(|document| document.links.iter().map(move |link| (document, link)));
    links
        .filter(|(document, link)| resolve(&document.path, &link.target) == Target::External)
        .map(|(_, link)| link.target.clone())
        .collect()
}
