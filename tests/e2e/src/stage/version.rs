//! Versions of servers, as questions.

use std::fmt;

use super::Method;

/// A server's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    text: String,
    major: u32,
    minor: u32,
    patch: u32,
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
        let mut next = || numbers.next().unwrap_or(0);
        Self { text: text.to_owned(), major, minor: next(), patch: next() }
    }

    /// The major one.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The minor one.
    #[must_use]
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// Whether it has a join method in this form (join-methods 1). Snapshots of a development have what their day had.
    #[must_use]
    pub fn takes(&self, method: Method) -> bool {
        let at_least = |major, minor| (self.major, self.minor) >= (major, minor);
        // Also in the old branches' later releases.
        let from = |major, minor, patch| self.major == major && (self.minor, self.patch) >= (minor, patch);
        match method {
            Method::Kubernetes => at_least(14, 0) || from(13, 4, 0) || from(12, 4, 0),
            Method::Github => from(16, 4, 8) || from(17, 0, 2) || at_least(17, 1),
            Method::Gitlab => from(16, 4, 18) || at_least(17, 4),
            Method::GitlabDomain => at_least(12, 2),
            Method::Gcp => at_least(13, 2),
        }
    }

    /// Whether it is no release.
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        self.text.contains('-')
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
    use super::{Method, Version};

    #[test]
    fn a_version_answers_by_its_numbers() {
        let instances = |text| Version::new(text).has_bot_instances();
        assert_eq!(["15.4.3", "16.1.9", "16.2.0", "18.0.0-dev"].map(instances), [false, false, true, true]);
        assert_eq!(Version::new("18.0.0-dev").to_string(), "18.0.0-dev");
        let github = |text| Version::new(text).takes(Method::Github);
        assert_eq!(["16.4.7", "16.4.8", "17.0.1", "17.0.2", "18.0.0"].map(github), [false, true, false, true, true]);
        let gitlab = |text| Version::new(text).takes(Method::Gitlab);
        assert_eq!(["16.4.18", "17.3.9", "17.4.0", "19.0.0"].map(gitlab), [true, false, true, true]);
        assert!(Version::new("18.0.0-dev").is_snapshot() && !Version::new("18.0.0").is_snapshot());
    }
}
