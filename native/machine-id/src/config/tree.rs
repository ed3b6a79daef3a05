//! A text as a tree of values that know where they stand. JSON and YAML both become one.
//!
//! Reading takes values out of the tree; what nobody took is an unknown key. The texts in a tree may be tokens, so
//! all of them are wiped when it is dropped.

use std::time::Duration;

use zeroize::Zeroize;

use super::fault::{Place, Report};
use super::nearest::suggestion;
use crate::secret::Secret;

/// A value and its place.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Value {
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
pub(super) struct Text(String);

impl Text {
    pub(super) fn new(text: String) -> Self {
        Self(text)
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
    pub(super) fn section(self, report: &mut Report) -> Option<Section> {
        match self.value {
            Value::Map(entries) => Some(Section { place: self.place, entries, known: Vec::new() }),
            ref other => {
                report.fault(&self.place, format!("is {}; write a mapping of keys to values", other.what()));
                None
            }
        }
    }

    /// The value as a list of at most `limit` entries; a fault and an empty list when it isn't one.
    pub(super) fn list(self, report: &mut Report, limit: usize) -> Vec<Tree> {
        match self.value {
            Value::List(list) if list.len() <= limit => list,
            Value::List(list) => {
                report.fault(&self.place, format!("has {} entries; at most {limit} are allowed", list.len()));
                Vec::new()
            }
            ref other => {
                report.fault(&self.place, format!("is {}; write a list", other.what()));
                Vec::new()
            }
        }
    }

    /// The value as a text that isn't empty.
    pub(super) fn text(self, report: &mut Report) -> Option<Secret> {
        match self.value {
            Value::Text(mut text) | Value::Plain(mut text) => {
                if text.0.is_empty() {
                    report.fault(&self.place, "is empty; write a text or leave the key out");
                    return None;
                }
                Some(Secret::new(std::mem::take(&mut text.0)))
            }
            ref other => {
                report.fault(&self.place, format!("is {}; write a text", other.what()));
                None
            }
        }
    }

    /// The value read by `parse` from a text.
    pub(super) fn parse<T>(self, report: &mut Report, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let place = self.place.clone();
        let text = self.text(report)?;
        match parse(text.expose()) {
            Ok(value) => Some(value),
            Err(message) => {
                report.fault(&place, message);
                None
            }
        }
    }

    /// The entries of a list, each read by `parse`.
    pub(super) fn parse_list<T>(
        self,
        report: &mut Report,
        limit: usize,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.list(report, limit).into_iter().filter_map(|entry| entry.parse(report, &parse)).collect()
    }

    /// The value as yes or no.
    pub(super) fn bool(self, report: &mut Report) -> Option<bool> {
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
        report.fault(&self.place, format!("is {plain}; write true or false"));
        None
    }

    /// The value as a whole number of seconds from `least` to `most`.
    pub(super) fn seconds(self, report: &mut Report, least: u64, most: u64) -> Option<Duration> {
        self.number(report, least, most).map(Duration::from_secs)
    }

    /// The value as a whole number from `least` to `most`.
    pub(super) fn number(self, report: &mut Report, least: u64, most: u64) -> Option<u64> {
        match &self.value {
            Value::Number(Some(number)) if (least..=most).contains(number) => return Some(*number),
            Value::Number(Some(number)) => {
                report.fault(&self.place, format!("is {number}; allowed are {least} to {most}"));
            }
            Value::Number(None) => {
                report.fault(&self.place, format!("isn't a whole number; allowed are {least} to {most}"));
            }
            other => report.fault(&self.place, format!("is {}; write a number from {least} to {most}", other.what())),
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
    pub(super) fn what(&self) -> &'static str {
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
pub(super) struct Section {
    pub(super) place: Place,
    entries: Vec<(String, Tree)>,
    known: Vec<&'static str>,
}

impl Section {
    /// Takes the value of `key`; null and the empty text count as left out, as in Go.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Tree> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.remove(key)
    }

    /// Takes the value of `key`, which has to be there.
    pub(super) fn require(&mut self, key: &'static str, report: &mut Report, what: &str) -> Option<Tree> {
        let tree = self.take(key);
        if tree.is_none() {
            report.fault(&self.place.key(key, None), format!("is missing; {what}"));
        }
        tree
    }

    /// Takes the value of a key that isn't offered as allowed, so that it can be answered by name.
    pub(super) fn take_hidden(&mut self, key: &str) -> Option<Tree> {
        self.remove(key)
    }

    /// Whether `key` is there with a value, without taking it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, tree)| name == key && !tree.value.is_empty())
    }

    /// Reports what nobody took.
    pub(super) fn finish(self, report: &mut Report) {
        for (key, tree) in &self.entries {
            report.fault(&tree.place, format!("unknown key; {}", suggestion(key, &self.known)));
        }
    }

    /// Drops the rest unread: the section was answered as a whole.
    pub(super) fn ignore_rest(mut self) {
        self.entries.clear();
    }

    fn remove(&mut self, key: &str) -> Option<Tree> {
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        let (_, tree) = self.entries.remove(index);
        if tree.value.is_empty() { None } else { Some(tree) }
    }
}
