//! The one table of contents: the links of `docs/README.md`, below its headings.

use std::path::{Path, PathBuf};

use crate::Document;
use crate::links::{Target, resolve};

/// The page that is the table of contents.
pub const INDEX: &str = "docs/README.md";

/// A part of the contents: what stands below one heading.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// The heading; that of the page for what stands first.
    pub title: String,
    /// Pages in their order.
    pub pages: Vec<Entry>,
}

/// A page in the contents.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the link shows.
    pub title: String,
    /// Below the root of the repository.
    pub path: PathBuf,
}

/// The contents as the page has them. A page that it names twice is listed where it is named first; a link to a heading of
/// a page isn't listed.
#[must_use]
pub fn of(index: &Document) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut headings = index.headings.iter().peekable();
    for link in &index.links {
        while let Some(heading) = headings.next_if(|heading| heading.line < link.line) {
            parts.push(Part { title: heading.text.clone(), pages: Vec::new() });
        }
        let Target::File(path, None) = resolve(&index.path, &link.target) else { continue };
        let known = parts.iter().flat_map(|part| &part.pages).any(|entry| entry.path == path);
        let page = path.extension().is_some_and(|extension| extension == "md");
        if let Some(part) = parts.last_mut().filter(|_| page && !known) {
            part.pages.push(Entry { title: link.text.clone(), path });
        }
    }
    parts.retain(|part| !part.pages.is_empty());
    parts
}

/// Every page of the contents, in order.
pub fn pages(parts: &[Part]) -> impl Iterator<Item = &Path> {
    parts.iter().flat_map(|part| &part.pages).map(|entry| entry.path.as_path())
}
