//! Ending a lease without an engine: `discard(request)` of `contract/README.md`.

use std::path::PathBuf;

use super::document;
use super::fault::{ConfigError, Report};
use super::request::lease_id;
use super::tree::Tree;
use super::value;
use crate::error::Code;

/// What a caller of `discard` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscardRequest {
    /// The engine's own directory, in which the lease table is.
    pub root: PathBuf,
    /// The lease's id.
    pub lease: String,
    /// The directory that the caller gave the lease; none: only what the table knows is ended.
    pub directory: Option<PathBuf>,
}

impl DiscardRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// All faults together, each with its JSON path.
    pub fn from_json(text: &[u8]) -> Result<Self, ConfigError> {
        let mut report = Report::new("request", Code::RequestInvalid);
        let request = document::parse(text, &mut report).and_then(|tree| request(tree, &mut report));
        report.finish(request).map(|(request, _)| request)
    }
}

fn request(tree: Tree, report: &mut Report) -> Option<DiscardRequest> {
    let mut section = tree.section(report)?;
    let root = section
        .require("root", report, "write an absolute path")
        .and_then(|tree| tree.parse(report, value::absolute_path));
    let lease = section.require("lease", report, "write a lease id").and_then(|tree| tree.parse(report, lease_id));
    let directory = section.take("directory").and_then(|tree| tree.parse(report, value::absolute_path));
    section.finish(report);
    Some(DiscardRequest { root: root?, lease: lease?, directory })
}
