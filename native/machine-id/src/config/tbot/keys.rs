//! Every key of tbot's configuration in versions 9 to 20, and what becomes of it here. The one list of them: what only has
//! a sentence is answered from it, the table in `docs/compatibility.md` is made from it, and a test tries each key. (Keys of
//! join methods stand with their methods.)

mod list;
#[cfg(test)]
mod tests;

use crate::config::diagnostic::Diagnostics;
use crate::config::read::tree::{Section, Value};

use list::KEYS;
pub(super) use list::NOT_BUILT_TYPES;

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Top,
    TopV1,
    TopV2,
    Onboarding,
    Directory,
    Reader,
    Secret,
    StorageV1,
    DestinationV1,
    DatabaseV1,
    TemplateV1,
    Output,
    Identity,
    Application,
    Database,
    Kubernetes,
    KubernetesV2,
    Selector,
    DatabaseTunnel,
    ApplicationTunnel,
    ApplicationProxy,
    SshMultiplexer,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// The same as in tbot.
    Done,
    /// It is read, and means something else than in tbot: what.
    #[cfg_attr(not(test), expect(dead_code, reason = "the page shows it"))]
    Differs(&'static str),
    /// It is accepted, and a warning says what happens instead.
    Said(&'static str),
    /// It is refused by name.
    NotBuilt(&'static str),
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) scope: Scope,
    pub(super) name: &'static str,
    pub(super) fate: Fate,
    /// Values of it that say what is so here anyway: nothing is said about them.
    pub(super) harmless: &'static [&'static str],
    /// A value in YAML, for the test.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests try it"))]
    pub(super) example: &'static str,
}

/// Answers the keys of `scope` that only have a sentence.
pub(super) fn answer(section: &mut Section, scope: Scope, diagnostics: &mut Diagnostics) {
    for key in KEYS.iter().filter(|key| key.scope == scope) {
        let refused = match key.fate {
            Fate::Done | Fate::Differs(_) => continue,
            Fate::Said(_) => false,
            Fate::NotBuilt(_) => true,
        };
        let Some(tree) = section.take(key.name) else { continue };
        if key.is_harmless(&tree.value) {
            continue;
        }
        match key.fate {
            Fate::NotBuilt(message) if refused => diagnostics.unsupported(&tree.place, message),
            Fate::Said(message) => diagnostics.warn(&tree.place, message),
            _ => {}
        }
    }
}

impl Key {
    fn is_harmless(&self, value: &Value) -> bool {
        match value {
            Value::Text(text) | Value::Plain(text) => self.harmless.iter().any(|harmless| text.is(harmless)),
            _ => false,
        }
    }
}
