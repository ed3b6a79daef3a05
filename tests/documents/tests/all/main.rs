//! The documents of this repository lead to what is there: links and anchors, files, and what `make` makes; their snippets
//! can be read; the site that is made of them holds together. What they type of the command `machine-id` is checked beside
//! its definitions (`native/cli/src/documents_tests.rs`), their Groovy beside the step (`DocumentsTest.java`).

#![expect(clippy::unwrap_used, reason = "tests, their helpers included")]

mod contents;
mod links;
mod make;
mod markdown;
mod paths;
mod platforms;
mod site;
mod snippets;
mod variables;

use documents::Document;
use documents::repository::root;

/// Every document, once for all tests of a file.
fn documents() -> Vec<Document> {
    let documents = documents::repository::documents().unwrap();
    assert!(documents.len() > 20, "{}", documents.len());
    documents
}

/// All of them at once, so that one run shows what to mend.
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
