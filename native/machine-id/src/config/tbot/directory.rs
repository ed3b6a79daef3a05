//! A directory as tbot describes it: `path`, `acls`, `symlinks`, `readers`.

use std::path::Path;

use crate::config::fault::Report;
use crate::config::model::{DirectoryConfig, UserRef};
use crate::config::tree::{Section, Tree};
use crate::config::value;
use crate::vocabulary::limits::READERS;

/// Reads the keys of a directory; the caller has taken `type` where there is one.
pub(super) fn read(mut section: Section, base: &Path, report: &mut Report) -> Option<DirectoryConfig> {
    let path = section
        .require("path", report, "write a path")
        .and_then(|tree| tree.parse(report, |text| value::path_below(text, base)));
    let acls = section.take("acls").and_then(|tree| tree.parse(report, value::word)).unwrap_or_default();
    let symlinks = section.take("symlinks").and_then(|tree| tree.parse(report, value::word)).unwrap_or_default();
    let readers = section.take("readers").map(|list| readers(list, report)).unwrap_or_default();
    section.finish(report);
    Some(DirectoryConfig { path: path?, acls, symlinks, readers })
}

/// v1's short form: a path alone.
pub(super) fn path_alone(tree: Tree, base: &Path, report: &mut Report) -> Option<DirectoryConfig> {
    let path = tree.parse(report, |text| value::path_below(text, base))?;
    Some(DirectoryConfig::private(path))
}

fn readers(list: Tree, report: &mut Report) -> Vec<UserRef> {
    list.list(report, READERS).into_iter().filter_map(|entry| reader(entry, report)).collect()
}

fn reader(entry: Tree, report: &mut Report) -> Option<UserRef> {
    let mut section = entry.section(report)?;
    if let Some(tree) = section.take_hidden("group") {
        report.unsupported(&tree.place, "groups as readers aren't built here; name users");
        section.ignore_rest();
        return None;
    }
    let user = section.require("user", report, "write a user's name or number");
    let user = user.and_then(|tree| tree.parse(report, value::user));
    section.finish(report);
    user
}
