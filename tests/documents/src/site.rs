//! The whole site: every page that can be reached from the first one, and the files that pages link to.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::io;
use std::path::{Path, PathBuf};

use crate::contents::{self, INDEX};
use crate::links::{self, Target, resolve};
use crate::page::{address, html};
use crate::repository::root;
use crate::{Document, repository};

/// The first page.
const HOME: &str = "README.md";
/// By which an older site is known.
const STYLE: &str = "style.css";

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// Pages of HTML.
    pub pages: usize,
    /// Pictures and other files.
    pub files: usize,
    /// Links to elsewhere, which weren't fetched.
    pub external: BTreeSet<String>,
}

/// Why nothing was made.
#[derive(Debug)]
pub enum Error {
    /// What the documents themselves have wrong, a line for each.
    Documents(Vec<String>),
    /// A file can't be read or written.
    File(PathBuf, io::Error),
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Documents(faults) => write!(f, "{} faults in documents:\n{}", faults.len(), faults.join("\n")),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

/// Makes the site in a folder of its own, in place of what was there.
///
/// # Errors
/// A link leads nowhere, or a file can't be read or written.
pub fn make(out: &Path) -> Result<Made, Error> {
    let documents = repository::documents().map_err(|error| Error::File(root().to_owned(), error))?;
    let faults = links::faults(&documents);
    let index = documents.iter().find(|document| document.path == Path::new(INDEX));
    let Some(index) = index.filter(|_| faults.is_empty()) else { return Err(Error::Documents(faults)) };
    let contents = contents::of(index);
    let (pages, files) = reached(&documents);
    clear(out)?;
    for page in &pages {
        write(&out.join(address(&page.path)), html(page, &contents).as_bytes())?;
    }
    for file in &files {
        let from = root().join(file);
        let bytes = std::fs::read(&from).map_err(|error| Error::File(from, error))?;
        write(&out.join(file), &bytes)?;
    }
    write(&out.join(STYLE), include_bytes!("style.css"))?;
    let external = links::external(pages.iter().copied());
    Ok(Made { pages: pages.len(), files: files.len(), external })
}

/// What a reader can come to from the first page: documents, and other files that they link to.
fn reached(documents: &[Document]) -> (Vec<&Document>, BTreeSet<PathBuf>) {
    let (mut pages, mut files) = (Vec::new(), BTreeSet::new());
    let mut next = vec![PathBuf::from(HOME)];
    while let Some(path) = next.pop() {
        let Some(page) = documents.iter().find(|document| document.path == path) else {
            files.insert(path);
            continue;
        };
        if pages.iter().any(|known: &&Document| known.path == path) {
            continue;
        }
        pages.push(page);
        next.extend(page.links.iter().filter_map(|link| match resolve(&page.path, &link.target) {
            Target::File(path, _) => Some(path),
            Target::External => None,
        }));
    }
    (pages, files)
}

/// Removes an older site, and nothing else.
fn clear(out: &Path) -> Result<(), Error> {
    let failed = |error| Error::File(out.to_owned(), error);
    let full = out.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if full && !out.join(STYLE).is_file() {
        return Err(failed(io::Error::other("it holds something else than a site: name another folder")));
    }
    if out.exists() { std::fs::remove_dir_all(out).map_err(failed) } else { Ok(()) }
}

#[expect(clippy::disallowed_methods, reason = "a page for everybody, in a folder of builds")]
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error| Error::File(path.to_owned(), error);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).map_err(failed)?;
    std::fs::write(path, bytes).map_err(failed)
}
