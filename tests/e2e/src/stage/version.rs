//! Versions of servers, as questions.

use std::fmt;

/// A server's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    text: String,
    major: u32,
    minor: u32,
}

impl Version {
    /// Reads `16.4.2` or `18.0.0-dev`.
    ///
    /// # Panics
    /// When it is no version.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut numbers = text.split(['.', '-']).map_while(|part| part.parse().ok());
        let major = numbers.next().unwrap_or_else(|| panic!("no version: {text:?}"));
        Self { text: text.to_owned(), major, minor: numbers.next().unwrap_or(0) }
    }

    /// The major one.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Whether one bot may be in several places, each with a token of its own.
    #[must_use]
    pub fn has_bot_instances(&self) -> bool {
        (self.major, self.minor) >= (16, 2)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_answers_by_its_numbers() {
        let instances = |text| Version::new(text).has_bot_instances();
        assert_eq!(["15.4.3", "16.1.9", "16.2.0", "18.0.0-dev"].map(instances), [false, false, true, true]);
        assert_eq!(Version::new("18.0.0-dev").to_string(), "18.0.0-dev");
    }
}
