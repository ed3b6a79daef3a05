//! What is said once for each directory: it would be true again at each refresh.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// So many are remembered: an agent has a new directory for each block.
const AT_MOST: usize = 1000;

static SAID: Mutex<BTreeSet<(PathBuf, &'static str)>> = Mutex::new(BTreeSet::new());

/// Whether `what` has not been said of `path` by this process.
pub(crate) fn first_time(path: &Path, what: &'static str) -> bool {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.len() >= AT_MOST {
        said.clear();
    }
    said.insert((path.to_owned(), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_said_once_of_each_place() {
        let (a, b) = (Path::new("/once/a"), Path::new("/once/b"));
        assert_eq!(
            [first_time(a, "x"), first_time(a, "x"), first_time(b, "x"), first_time(a, "y")],
            [true, false, true, true]
        );
    }
}
