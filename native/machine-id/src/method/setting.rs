//! What can be set about a join method.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::secret::Secret;

/// One setting of a method.
#[derive(Debug)]
pub struct Setting {
    /// Its key in the JSON contract.
    pub name: &'static str,
    /// Its key in the method's section of `tbot.yaml`; none: ours alone.
    pub tbot: Option<&'static str>,
    /// What it holds.
    pub kind: Kind,
}

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of an environment variable.
    Variable,
    /// A secret text.
    Secret,
    /// A path: absolute in JSON; in `tbot.yaml` below the working directory, too.
    Path,
    /// Yes or no.
    Flag,
    /// The words of a command, the program first: a list.
    Words,
    /// A time: whole seconds in JSON, Go's `1m30s` in `tbot.yaml`; bounded as the method says.
    Seconds,
    /// A short text without control characters.
    Text,
}

impl Kind {
    /// Its name in the vocabulary.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Variable => "variable",
            Self::Secret => "secret",
            Self::Path => "path",
            Self::Flag => "flag",
            Self::Words => "words",
            Self::Seconds => "seconds",
            Self::Text => "text",
        }
    }
}

/// A setting's value.
#[derive(Debug)]
pub enum Value {
    /// Of [`Kind::Variable`] and [`Kind::Text`].
    Text(String),
    /// Of [`Kind::Secret`].
    Secret(Secret),
    /// Of [`Kind::Path`].
    Path(PathBuf),
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Words`].
    Words(Vec<String>),
    /// Of [`Kind::Seconds`].
    Time(Duration),
}

impl Value {
    fn duplicate(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.clone()),
            Self::Secret(secret) => Self::Secret(secret.duplicate()),
            Self::Path(path) => Self::Path(path.clone()),
            Self::Flag(flag) => Self::Flag(*flag),
            Self::Words(words) => Self::Words(words.clone()),
            Self::Time(time) => Self::Time(*time),
        }
    }
}

/// What was set: by the names of the JSON contract, wherever it was read.
#[derive(Debug, Default)]
pub struct Settings(Vec<(&'static str, Value)>);

impl Settings {
    /// Notes a value.
    pub fn set(&mut self, setting: &'static Setting, value: Value) {
        self.0.push((setting.name, value));
    }

    /// The same, and one more.
    #[must_use]
    pub fn with(&self, setting: &'static Setting, value: Value) -> Self {
        let mut all: Vec<_> = self.0.iter().map(|(name, value)| (*name, value.duplicate())).collect();
        all.push((setting.name, value));
        Self(all)
    }

    /// Whether nothing was set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `name` was set.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of `name`.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The secret of `name`.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        match self.get(name)? {
            Value::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// The path of `name`.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<&Path> {
        match self.get(name)? {
            Value::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The words of `name`.
    #[must_use]
    pub fn words(&self, name: &str) -> Option<&[String]> {
        match self.get(name)? {
            Value::Words(words) => Some(words),
            _ => None,
        }
    }

    /// The time of `name`.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Duration> {
        match self.get(name)? {
            Value::Time(time) => Some(*time),
            _ => None,
        }
    }

    /// Whether `name` was set to yes.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Flag(true)))
    }

    /// Whether the ID token comes with each request for a lease.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.flag(super::id_token::GIVEN.name)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
