//! What a set has put into a directory, so that the next one knows its own files again.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{UnlinkatFlags, unlinkat};
use sha2::{Digest, Sha256};

use super::entry::Name;
use super::file::{Folder, peek};
use super::names::WRITTEN;
use super::{DestinationError, remove};

/// Longer files are none of ours.
const LONGEST: u64 = 1 << 20;
const DIGITS: usize = 64;

/// Names with digests of what was written under them, the newest first.
#[derive(Debug, Default)]
pub(super) struct Written(Vec<(String, String)>);

impl Written {
    /// What stands in the directory. What can't be read is nobody's: then nothing is deleted.
    pub(super) fn read(top: &File) -> Self {
        let text = peek(top, WRITTEN, LONGEST).unwrap_or_default();
        let entry = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            let is_digest = digest.len() == DIGITS && digest.bytes().all(|digit| digit.is_ascii_hexdigit());
            (is_digest && Name::parse(name).is_ok()).then(|| (name.to_owned(), digest.to_owned()))
        };
        Self(std::str::from_utf8(&text).unwrap_or_default().lines().filter_map(entry).collect())
    }

    /// With a new set. Of the earlier ones the last entry of each name stays: a set that is interrupted leaves files of
    /// the one before.
    pub(super) fn with(&self, artifacts: &[(&str, &[u8])]) -> Self {
        let new = artifacts.iter().map(|(name, contents)| ((*name).to_owned(), digest(contents)));
        let mut all: Vec<_> = new.collect();
        let mut seen = HashSet::new();
        all.extend(self.0.iter().filter(|(name, _)| seen.insert(name)).cloned());
        Self(all)
    }

    /// As `sha256sum` writes it.
    pub(super) fn text(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (name, digest)| {
            let _ = writeln!(text, "{digest}  {name}");
            text
        })
    }

    /// Deletes what earlier sets have put here and the artifacts have no more, and a directory that is empty then. A file
    /// with other contents stays: somebody else has put it there. Goes on after a failure and gives the first. The caller
    /// holds the lock.
    pub(super) fn retire(&self, top: &File, path: &Path, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
        let mut done: HashSet<&str> = artifacts.iter().map(|(name, _)| *name).collect();
        let mut result = Ok(());
        for (name, _) in &self.0 {
            if done.insert(name) {
                result = result.and(self.retire_one(top, path, name));
            }
        }
        result
    }

    fn retire_one(&self, top: &File, path: &Path, name: &str) -> Result<(), DestinationError> {
        let name = Name::parse(name)?;
        let folder = match Folder::open(top, path, name.folder.as_deref()) {
            Ok(folder) => folder,
            // Gone, or somebody's file or link.
            Err(
                DestinationError::Missing { .. }
                | DestinationError::SymbolicLink { .. }
                | DestinationError::NotADirectory { .. },
            ) => return Ok(()),
            Err(other) => return Err(other),
        };
        if self.is_ours(&folder, &name) {
            remove::tree(folder.handle(), &name.file, &folder.path().join(&name.file))?;
        }
        let Some(below) = name.folder else { return Ok(()) };
        remove::leftovers(folder.handle(), folder.path(), &remove::entries(folder.handle(), folder.path())?)?;
        match unlinkat(top, below.as_str(), UnlinkatFlags::RemoveDir) {
            Ok(()) | Err(Errno::ENOENT | Errno::ENOTEMPTY | Errno::EEXIST) => Ok(()),
            Err(errno) => Err(DestinationError::io("deleted", folder.path())(errno)),
        }
    }

    fn is_ours(&self, folder: &Folder<'_>, name: &Name) -> bool {
        let Some(contents) = peek(folder.handle(), &name.file, LONGEST) else { return false };
        let (seen, name) = (digest(&contents), name.to_string());
        self.0.iter().any(|(known, digest)| *known == name && *digest == seen)
    }
}

fn digest(contents: &[u8]) -> String {
    hex::encode(Sha256::digest(contents))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::destination::tests::{put, scratch};

    #[test]
    fn of_each_name_the_new_and_the_last_digest_are_kept() {
        let first = Written::default().with(&[("a", b"1"), ("b", b"1")]);
        let third = first.with(&[("a", b"2")]).with(&[("a", b"3")]);
        let names: Vec<_> = third.0.iter().map(|(name, digest)| (name.as_str(), digest.as_str())).collect();
        assert_eq!(names, [("a", &*digest(b"3")), ("a", &*digest(b"2")), ("b", &*digest(b"1"))]);
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_file_is_read_and_leads_nowhere(text in "(\\PC|\n| ){0,300}", name in "\\PC{0,20}") {
            let scratch = scratch();
            put(&scratch.path().join(WRITTEN), &format!("{text}\n{}  {name}\n{}  ../x\n", digest(b"x"), digest(b"x")));
            let top = File::open(scratch.path()).unwrap();
            for (name, _) in &Written::read(&top).0 {
                prop_assert!(Name::parse(name).is_ok());
            }
        }
    }
}
