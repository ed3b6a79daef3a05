//! The one table of contents.

use std::path::Path;

use documents::Document;
use documents::contents::{self, Entry, INDEX, Part};

use super::{assert_none, documents};

#[test]
fn every_page_of_docs_is_in_the_contents() {
    let documents = documents();
    let index = documents.iter().find(|document| document.path == Path::new(INDEX)).unwrap();
    let contents = contents::of(index);
    assert!(contents.len() >= 4, "{contents:?}");
    let missing = documents
        .iter()
        .filter(|page| page.path.starts_with("docs") && page.path != index.path)
        .filter(|page| !contents::pages(&contents).any(|path| path == page.path));
    assert_none(&missing.map(|page| format!("{} isn't in {INDEX}", page.path.display())).collect::<Vec<_>>());
}

#[test]
fn contents_are_the_links_below_each_heading() {
    let text = "# All\n[first](a.md)\n## One\n| [b](b.md) | [again](a.md), [part](c.md#x) |\n|-|-|\n## None\n## Two\n[c](../c.md) [d](d.png)\n";
    let entry = |title: &str, path: &str| Entry { title: title.to_owned(), path: path.into() };
    let part = |title: &str, pages| Part { title: title.to_owned(), pages };
    assert_eq!(
        contents::of(&Document::read(Path::new(INDEX), text)),
        [
            part("All", vec![entry("first", "docs/a.md")]),
            part("One", vec![entry("b", "docs/b.md")]),
            part("Two", vec![entry("c", "c.md")])
        ]
    );
}
