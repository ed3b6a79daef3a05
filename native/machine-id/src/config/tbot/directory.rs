//! A directory as tbot describes it: `path`, `acls`, `symlinks`, `readers`.

use std::path::{Path, PathBuf};

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{AclMode, DirectoryConfig, Reader};
use crate::config::read::tree::{Section, Tree};
use crate::config::read::value;
use crate::vocabulary::limits::READERS;

/// Reads the keys of a directory, and where its path stands; the caller has taken `type` where there is one.
pub(super) fn read(
    mut section: Section,
    base: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<(DirectoryConfig, Place)> {
    let tree = section.require("path", diagnostics, "write a path");
    let place = tree.as_ref().map(|tree| tree.place.clone()).unwrap_or_default();
    let path = tree.and_then(|tree| path_of(tree, base, diagnostics));
    let acls: AclMode = section.take("acls").and_then(|tree| tree.parse(diagnostics, value::word)).unwrap_or_default();
    let symlinks = section.take("symlinks").and_then(|tree| tree.parse(diagnostics, value::word)).unwrap_or_default();
    let readers = section.take("readers").map_or_else(Vec::new, |list| {
        if acls == AclMode::Off {
            // tbot 18 says so in its log, older ones not at all.
            let message = "does nothing with acls: off, no reader gets access; write acls: try, or required";
            diagnostics.warn(&list.place, message);
        }
        readers(list, diagnostics)
    });
    section.finish(diagnostics);
    Some((DirectoryConfig { path: path?, acls, symlinks, readers }, place))
}

/// A path, which is taken as it stands.
fn path_of(tree: Tree, base: &Path, diagnostics: &mut Diagnostics) -> Option<PathBuf> {
    let place = tree.place.clone();
    let mut as_typed = false;
    let path = tree.parse(diagnostics, |text| {
        as_typed = text.contains('$') || text.starts_with("~/");
        value::path_below(text, base)
    })?;
    if as_typed {
        let message = format!(
            "is {path:?} as it stands: neither variables nor ~ are expanded here, nor by tbot; write the path out"
        );
        diagnostics.warn(&place, &message);
    }
    Some(path)
}

/// v1's short form: a path alone.
pub(super) fn path_alone(tree: Tree, base: &Path, diagnostics: &mut Diagnostics) -> Option<(DirectoryConfig, Place)> {
    let place = tree.place.clone();
    let path = path_of(tree, base, diagnostics)?;
    Some((DirectoryConfig::private(path), place))
}

fn readers(list: Tree, diagnostics: &mut Diagnostics) -> Vec<Reader> {
    list.list(diagnostics, READERS).into_iter().filter_map(|entry| reader(entry, diagnostics)).collect()
}

fn reader(entry: Tree, diagnostics: &mut Diagnostics) -> Option<Reader> {
    let mut section = entry.section(diagnostics)?;
    let (user, group) = (section.take("user"), section.take("group"));
    let place = section.place.clone();
    section.finish(diagnostics);
    match (user, group) {
        (Some(user), None) => user.parse(diagnostics, value::user).map(Reader::User),
        (None, Some(group)) => group.parse(diagnostics, value::group).map(Reader::Group),
        _ => {
            diagnostics.error(&place, "needs exactly one of user and group");
            None
        }
    }
}
