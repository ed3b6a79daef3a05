//! The documents of this repository: what a Markdown file says, where its links lead, and the site that is made of them.
//!
//! Tests of documents use the same reader as the site, so that what is checked is what is shown.

pub mod contents;
pub mod links;
pub mod markdown;
pub mod page;
pub mod repository;
pub mod site;

pub use markdown::Document;
