//! Where documents are.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::Document;

/// Folders that aren't ours, or are made.
const LEFT_OUT: &[&str] = &["target", ".git", "node_modules", "corpus"];

/// The root of the repository.
#[must_use]
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

/// Every document but those of dependencies and of what was built, by its path.
///
/// # Errors
/// A folder or a file can't be read.
pub fn documents() -> io::Result<Vec<Document>> {
    let mut found = Vec::new();
    walk(root(), &mut found)?;
    found.sort();
    found
        .iter()
        .map(|path| Ok(Document::read(path.strip_prefix(root()).unwrap_or(path), &std::fs::read_to_string(path)?)))
        .collect()
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type()?.is_dir() {
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                walk(&path, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(())
}

/// A path without `.` and `..`.
#[must_use]
pub fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
