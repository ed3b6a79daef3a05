//! What is said once of each directory, lease or cluster: it would be true again at each look.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::sync::{Mutex, PoisonError};

/// So many are remembered: an agent has a new directory for each block.
const AT_MOST: usize = 1000;

static SAID: Mutex<BTreeSet<(OsString, &'static str)>> = Mutex::new(BTreeSet::new());

/// Whether `what` has not been said of `subject` by this process.
pub(crate) fn first_time(subject: impl AsRef<OsStr>, what: &'static str) -> bool {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.len() >= AT_MOST {
        said.clear();
    }
    said.insert((subject.as_ref().to_owned(), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_said_once_of_each_subject() {
        let (a, b) = (std::path::Path::new("/once/a"), "/once/b");
        assert_eq!(
            [first_time(a, "x"), first_time(a, "x"), first_time(b, "x"), first_time(a, "y")],
            [true, false, true, true]
        );
    }
}
