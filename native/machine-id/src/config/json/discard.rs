//! Ending a lease without an engine: `discard(request)` of `contract/README.md`.

use super::acquire::lease_id;
use super::document;
use crate::config::diagnostic::{ConfigError, Diagnostics};
use crate::config::model::DiscardRequest;
use crate::config::read::tree::Tree;
use crate::config::read::value;
use crate::error::Code;

impl DiscardRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// All faults together, each with its JSON path.
    pub fn from_json(text: &[u8]) -> Result<Self, ConfigError> {
        let mut diagnostics = Diagnostics::new("request", Code::RequestInvalid);
        let request = document::parse(text, &mut diagnostics).and_then(|tree| request(tree, &mut diagnostics));
        diagnostics.finish(request).map(|(request, _)| request)
    }
}

fn request(tree: Tree, diagnostics: &mut Diagnostics) -> Option<DiscardRequest> {
    let mut section = tree.section(diagnostics)?;
    let root = section
        .require("root", diagnostics, "write an absolute path")
        .and_then(|tree| tree.parse(diagnostics, value::absolute_path));
    let lease =
        section.require("lease", diagnostics, "write a lease id").and_then(|tree| tree.parse(diagnostics, lease_id));
    let directory = section.take("directory").and_then(|tree| tree.parse(diagnostics, value::absolute_path));
    section.finish(diagnostics);
    Some(DiscardRequest { root: root?, lease: lease?, directory })
}
