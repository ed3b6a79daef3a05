//! The documents of this repository lead to what is there: links and anchors, files, and what `make` makes. What they type
//! of the command `machine-id` is checked beside its definitions (`native/cli/src/documents_tests.rs`).

#![expect(clippy::unwrap_used, reason = "tests, their helpers included")]

mod links;
mod make;
mod markdown;
mod paths;
mod platforms;
mod variables;

use std::path::Path;

use markdown::Document;

/// Every document, once for all tests of a file.
fn documents() -> Vec<Document> {
    let documents = markdown::all();
    assert!(documents.len() > 20, "{}", documents.len());
    documents
}

fn root() -> &'static Path {
    markdown::root()
}

/// All of them at once, so that one run shows what to mend.
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
