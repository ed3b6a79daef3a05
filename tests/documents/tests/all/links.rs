//! Links lead to files and headings that are there.

use std::path::{Path, PathBuf};

use documents::Document;
use documents::links::{Target, external, faults, resolve};

use super::{assert_none, documents};

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let documents = documents();
    let links: usize = documents.iter().map(|document| document.links.len()).sum();
    assert!(links > 200, "{links}");
    assert_none(&faults(&documents));
}

#[test]
fn every_address_elsewhere_is_encrypted() {
    let plain = external(&documents()).into_iter().filter(|address| !address.starts_with("https://"));
    assert_none(&plain.collect::<Vec<_>>());
}

#[test]
fn a_link_that_leads_nowhere_is_noticed() {
    let text = "# It's `a` b\n## It's `a` b\n[x](../no.md#y) `[z](w)` [a](#its-a-b-1) [b](#its-a-b-2) ![c](no.png)\n";
    let page = Document::read(Path::new("docs/page.md"), text);
    let faults = faults(&[page]);
    let at = |end: &str| faults.iter().any(|fault| fault.starts_with("docs/page.md:3: ") && fault.ends_with(end));
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(at("../no.md#y: there is no such file") && at("no.png: there is no such file"), "{faults:?}");
    assert!(at("#its-a-b-2: there is no such heading"), "{faults:?}");
}

#[test]
fn a_link_is_meant_from_where_it_stands() {
    let page = Path::new("docs/guides/page.md");
    let file = |path: &str, anchor: Option<&str>| Target::File(PathBuf::from(path), anchor.map(str::to_owned));
    assert_eq!(resolve(page, "../../README.md#try-it"), file("README.md", Some("try-it")));
    assert_eq!(resolve(page, "#here"), file("docs/guides/page.md", Some("here")));
    assert_eq!(resolve(page, "ssh.md"), file("docs/guides/ssh.md", None));
    assert_eq!(resolve(page, "https://example.com/#y"), Target::External);
}
