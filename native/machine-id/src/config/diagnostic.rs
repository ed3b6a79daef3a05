//! Every fault of a text, reported together.

use std::fmt;

use crate::error::{Code, Fault};

/// Beyond this many a list of faults helps nobody.
const MAX_FAULTS: usize = 100;

/// One fault of a configuration text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where: `identities[0].cluster.address`, or `tbot.yaml:3: onboarding.ca_pins[0]`.
    pub location: String,
    /// What is wrong, and after a `;` what is allowed.
    pub message: String,
    /// Right for tbot or Teleport, but not built here.
    pub unsupported: bool,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

/// Why a configuration or a request can't be used: all its faults, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    code: Code,
    faults: Vec<Diagnostic>,
}

impl ConfigError {
    /// What is wrong, at least one; to be shown one a line.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.faults
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [fault] = self.faults.as_slice() {
            return fault.fmt(f);
        }
        write!(f, "{} faults:", self.faults.len())?;
        for (fault, number) in self.faults.iter().zip(1..) {
            write!(f, " ({number}) {fault}")?;
        }
        Ok(())
    }
}

impl Fault for ConfigError {
    fn code(&self) -> Code {
        if self.faults.iter().all(|fault| fault.unsupported) { Code::Unsupported } else { self.code }
    }

    fn hint(&self) -> String {
        match self.code() {
            Code::RequestInvalid => {
                "this is a defect of the caller: its version and the library's may differ".to_owned()
            }
            Code::Unsupported => "remove what isn't built here".to_owned(),
            _ => "correct the configuration".to_owned(),
        }
    }
}

/// Collects faults and warnings while a text is read.
#[derive(Debug)]
pub(super) struct Diagnostics {
    source: String,
    code: Code,
    faults: Vec<(Option<usize>, Diagnostic)>,
    warnings: Vec<String>,
    unread: Unread,
}

/// What to do about keys that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unread {
    Refused,
    /// As tbot, which passes over them from 17 on, and has done so in outputs since 14; but what is as good as the name of
    /// another key was meant to be that one.
    Named,
}

impl Diagnostics {
    /// Diagnostics of the text `source`: a file's name, or empty where the path alone says it.
    pub(super) fn new(source: &str, code: Code) -> Self {
        Self { source: source.to_owned(), code, faults: Vec::new(), warnings: Vec::new(), unread: Unread::Refused }
    }

    /// The same for a text that other programs read, too: keys that nobody reads are no fault unless they are misspelt.
    pub(super) fn naming_unread_keys(self) -> Self {
        Self { unread: Unread::Named, ..self }
    }

    /// Notes a key that nobody reads; `misspelt` says that it is as good as another one's name, and `suggestion` which.
    pub(super) fn not_read(&mut self, place: &Place, key: &str, misspelt: bool, suggestion: &str) {
        if self.unread == Unread::Refused || misspelt {
            self.error(place, format!("unknown key; {suggestion}"));
        } else if !["x-", "_", "."].iter().any(|own| key.starts_with(own)) {
            // Such names are for anchors.
            self.warn(place, "does nothing: no version of tbot reads such a key; remove it");
        }
    }

    /// Notes a fault.
    pub(super) fn error(&mut self, place: &Place, message: impl Into<String>) {
        self.add(place, message.into(), false);
    }

    /// Notes something that is right for tbot, but not built here.
    pub(super) fn unsupported(&mut self, place: &Place, message: impl Into<String>) {
        self.add(place, message.into(), true);
    }

    /// Notes something that is accepted and does nothing.
    pub(super) fn warn(&mut self, place: &Place, message: &str) {
        if self.warnings.len() < MAX_FAULTS {
            self.warnings.push(format!("{}: {message}", self.location(place)));
        }
    }

    /// The result: the warnings, or the error when there is a fault or no `value`.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<(T, Vec<String>), ConfigError> {
        match value {
            Some(value) if self.faults.is_empty() => Ok((value, self.warnings)),
            _ => {
                debug_assert!(!self.faults.is_empty(), "something is missing, and nobody has said so");
                self.faults.sort_by_key(|(line, _)| *line);
                Err(ConfigError { code: self.code, faults: self.faults.into_iter().map(|(_, fault)| fault).collect() })
            }
        }
    }

    fn add(&mut self, place: &Place, message: String, unsupported: bool) {
        if self.faults.len() < MAX_FAULTS {
            let fault = Diagnostic { location: self.location(place), message, unsupported };
            self.faults.push((place.line, fault));
        }
    }

    /// A place as it is told.
    pub(super) fn location(&self, place: &Place) -> String {
        let mut parts = Vec::with_capacity(2);
        match place.line {
            Some(line) => parts.push(format!("{}:{line}", self.source)),
            None if place.path.is_empty() => parts.push(self.source.clone()),
            None => {}
        }
        if !place.path.is_empty() {
            parts.push(place.path.clone());
        }
        parts.join(": ")
    }
}

/// A place in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Keys from the top, `a.b[2].c`; empty: the top itself.
    pub(super) path: String,
    /// Line, counted from 1, where the format has lines.
    pub(super) line: Option<usize>,
}

impl Place {
    /// The place of `key` below this one.
    pub(super) fn key(&self, key: &str, line: Option<usize>) -> Self {
        let key: String = key.chars().take(60).flat_map(char::escape_debug).collect();
        let path = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
        Self { path, line: line.or(self.line) }
    }

    /// The place of the list entry `index` below this one.
    pub(super) fn index(&self, index: usize, line: Option<usize>) -> Self {
        Self { path: format!("{}[{index}]", self.path), line: line.or(self.line) }
    }
}
