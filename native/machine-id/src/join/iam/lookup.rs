//! Environment variables as AWS' programs read them.

use zeroize::Zeroizing;

/// The variables of the process, or a test's.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a>(pub(super) &'a (dyn Fn(&str) -> Option<String> + Send + Sync));

impl Lookup<'_> {
    /// The variable's value; an empty one is none.
    pub(super) fn get(self, name: &str) -> Option<String> {
        let value = Zeroizing::new((self.0)(name)?);
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Whether the variable says `true`.
    pub(super) fn is_true(self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}
