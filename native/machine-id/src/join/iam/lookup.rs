//! Environment variables as AWS' programs read them.

use crate::method;

/// The variables of the process, or a test's.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a>(pub(super) method::Lookup<'a>);

impl Lookup<'_> {
    /// The variable's value; an empty one is none.
    pub(super) fn get(self, name: &str) -> Option<String> {
        method::looked_up(self.0, name).map(|value| value.expose().to_owned())
    }

    /// Whether the variable says `true`.
    pub(super) fn is_true(self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}
