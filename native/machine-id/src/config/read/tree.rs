//! A text as a tree of values that know where they stand. JSON and YAML both become one.
//!
//! Reading takes values out of the tree; what nobody took is an unknown key. The texts in a tree may be tokens, so
//! all of them are wiped when it is dropped.

use std::time::Duration;

use zeroize::Zeroize;

use super::nearest::{nearest, suggestion};
use crate::config::diagnostic::{Diagnostics, Place};
use crate::secret::Secret;

/// A value and its place.
#[derive(Debug)]
pub(in crate::config) struct Tree {
    pub(in crate::config) place: Place,
    pub(in crate::config) value: Value,
}

/// What a value is.
#[derive(Debug)]
pub(in crate::config) enum Value {
    Null,
    Bool(bool),
    /// A JSON number; none: not a whole number from 0 to 2⁶⁴-1.
    Number(Option<u64>),
    Text(Text),
    /// A YAML scalar without quotes: whatever the reader needs.
    Plain(Text),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// A text that is wiped when it is dropped, and that `Debug` doesn't show.
pub(in crate::config) struct Text(String);

impl Text {
    pub(in crate::config) fn new(text: String) -> Self {
        Self(text)
    }

    pub(in crate::config) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    pub(in crate::config) fn is(&self, text: &str) -> bool {
        self.0 == text
    }

    /// Whether it is one of YAML's words for nothing.
    pub(in crate::config) fn is_null(&self) -> bool {
        matches!(self.0.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text(…)")
    }
}

impl Tree {
    /// The value as a mapping.
    pub(in crate::config) fn section(self, diagnostics: &mut Diagnostics) -> Option<Section> {
        match self.value {
            Value::Map(entries) => Some(Section { place: self.place, entries, known: Vec::new() }),
            ref other => {
                diagnostics.error(&self.place, format!("is {}; write a mapping of keys to values", other.what()));
                None
            }
        }
    }

    /// The value as a list of at most `limit` entries; a fault and an empty list when it isn't one.
    pub(in crate::config) fn list(self, diagnostics: &mut Diagnostics, limit: usize) -> Vec<Tree> {
        match self.value {
            Value::List(list) if list.len() <= limit => list,
            Value::List(list) => {
                diagnostics.error(&self.place, format!("has {} entries; at most {limit} are allowed", list.len()));
                Vec::new()
            }
            ref other => {
                diagnostics.error(&self.place, format!("is {}; write a list", other.what()));
                Vec::new()
            }
        }
    }

    /// The value as a text that isn't empty.
    pub(in crate::config) fn text(self, diagnostics: &mut Diagnostics) -> Option<Secret> {
        match self.value {
            Value::Text(mut text) | Value::Plain(mut text) => {
                if text.0.is_empty() {
                    diagnostics.error(&self.place, "is empty; write a text or leave the key out");
                    return None;
                }
                Some(Secret::new(std::mem::take(&mut text.0)))
            }
            ref other => {
                diagnostics.error(&self.place, format!("is {}; write a text", other.what()));
                None
            }
        }
    }

    /// The value read by `parse` from a text.
    pub(in crate::config) fn parse<T>(
        self,
        diagnostics: &mut Diagnostics,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let place = self.place.clone();
        let text = self.text(diagnostics)?;
        match parse(text.expose()) {
            Ok(value) => Some(value),
            Err(message) => {
                diagnostics.error(&place, message);
                None
            }
        }
    }

    /// The entries of a list, each read by `parse`.
    pub(in crate::config) fn parse_list<T>(
        self,
        diagnostics: &mut Diagnostics,
        limit: usize,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.list(diagnostics, limit).into_iter().filter_map(|entry| entry.parse(diagnostics, &parse)).collect()
    }

    /// The value as yes or no.
    pub(in crate::config) fn bool(self, diagnostics: &mut Diagnostics) -> Option<bool> {
        let plain = match &self.value {
            Value::Bool(value) => return Some(*value),
            // Go's YAML library takes the words of YAML 1.1 where a bool is expected.
            Value::Plain(text) => match text.0.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => return Some(true),
                "false" | "no" | "off" | "n" => return Some(false),
                _ => "a text",
            },
            other => other.what(),
        };
        diagnostics.error(&self.place, format!("is {plain}; write true or false"));
        None
    }

    /// The value as a whole number of seconds from `least` to `most`.
    pub(in crate::config) fn seconds(self, diagnostics: &mut Diagnostics, least: u64, most: u64) -> Option<Duration> {
        self.number(diagnostics, least, most).map(Duration::from_secs)
    }

    /// The value as a whole number from `least` to `most`.
    pub(in crate::config) fn number(self, diagnostics: &mut Diagnostics, least: u64, most: u64) -> Option<u64> {
        match &self.value {
            Value::Number(Some(number)) if (least..=most).contains(number) => return Some(*number),
            Value::Number(Some(number)) => {
                diagnostics.error(&self.place, format!("is {number}; allowed are {least} to {most}"));
            }
            Value::Number(None) => {
                diagnostics.error(&self.place, format!("isn't a whole number; allowed are {least} to {most}"));
            }
            other => {
                diagnostics.error(&self.place, format!("is {}; write a number from {least} to {most}", other.what()))
            }
        }
        None
    }
}

impl Value {
    fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) | Self::Plain(text) => text.0.is_empty(),
            _ => false,
        }
    }

    /// What it is, for a message that doesn't show it.
    pub(in crate::config) fn what(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) | Self::Plain(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// A mapping that is being read, key by key.
#[derive(Debug)]
pub(in crate::config) struct Section {
    pub(in crate::config) place: Place,
    entries: Vec<(String, Tree)>,
    known: Vec<&'static str>,
}

impl Section {
    /// Takes the value of `key`; null and the empty text count as left out, as in Go.
    pub(in crate::config) fn take(&mut self, key: &'static str) -> Option<Tree> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.remove(key)
    }

    /// Takes the value of `key`, which has to be there.
    pub(in crate::config) fn require(
        &mut self,
        key: &'static str,
        diagnostics: &mut Diagnostics,
        what: &str,
    ) -> Option<Tree> {
        let tree = self.take(key);
        if tree.is_none() {
            diagnostics.error(&self.place.key(key, None), format!("is missing; {what}"));
        }
        tree
    }

    /// Takes the value of a key that isn't offered as allowed, so that it can be answered by name.
    pub(in crate::config) fn take_hidden(&mut self, key: &str) -> Option<Tree> {
        self.remove(key)
    }

    /// Whether `key` is there with a value, without taking it.
    pub(in crate::config) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, tree)| name == key && !tree.value.is_empty())
    }

    /// Reports what nobody took.
    pub(in crate::config) fn finish(self, diagnostics: &mut Diagnostics) {
        for (key, tree) in &self.entries {
            let misspelt = nearest(key, &self.known).is_some();
            diagnostics.not_read(&tree.place, key, misspelt, &suggestion(key, &self.known));
        }
    }

    /// Takes `other` for `key`, where that isn't there.
    pub(in crate::config) fn rename(&mut self, other: &str, key: &str) {
        if self.has(key) {
            return;
        }
        if let Some((name, _)) = self.entries.iter_mut().find(|(name, _)| name == other) {
            key.clone_into(name);
        }
    }

    /// Drops the rest unread: the section was answered as a whole.
    pub(in crate::config) fn ignore_rest(mut self) {
        self.entries.clear();
    }

    fn remove(&mut self, key: &str) -> Option<Tree> {
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        let (_, tree) = self.entries.remove(index);
        if tree.value.is_empty() { None } else { Some(tree) }
    }
}
