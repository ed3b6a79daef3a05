//! Server versions.

use std::fmt;

/// A Teleport version. Parsing is lenient: what can't be read counts as zero.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Version {
    /// Major version: it decides which form of a message is sent.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
    /// Patch version.
    pub patch: u32,
    text: String,
}

impl Version {
    /// Reads `15.0.0-dev`, `v17.2`, `16` and the like.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text: String = text.trim().chars().take(64).collect();
        let mut numbers = text.trim_start_matches('v').split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let (major, minor, patch) = (next(), next(), next());
        Self { major, minor, patch, text }
    }

    /// Whether the server said nothing usable.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.major == 0
    }

    /// Known to be older than `major`.
    #[must_use]
    pub const fn before(&self, major: u32) -> bool {
        !self.is_unknown() && self.major < major
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { "unknown" } else { &self.text })
    }
}

#[cfg(test)]
mod tests {
    use super::Version;
    use proptest::prelude::*;

    #[test]
    fn versions_with_prefix_suffix_and_missing_parts_are_read() {
        for (text, major, minor, patch) in [
            ("15.0.0-dev", 15, 0, 0),
            ("v17.2", 17, 2, 0),
            ("16", 16, 0, 0),
            ("18.2.1+meta", 18, 2, 1),
            ("junk", 0, 0, 0),
        ] {
            let version = Version::parse(text);
            assert_eq!((version.major, version.minor, version.patch), (major, minor, patch), "{text}");
            assert_eq!(version.to_string(), text);
        }
    }

    #[test]
    fn an_unknown_version_is_not_taken_for_an_old_one() {
        assert!(!Version::parse("").before(13));
        assert!(Version::parse("12.4.1").before(13));
        assert!(!Version::parse("13.0.0").before(13));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Version::parse(&text);
        }
    }
}
