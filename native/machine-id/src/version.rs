//! Versions of servers, as answers to the questions that are asked of them: what begins or ends with which version
//! stands here alone. Which facts these are says the protocol document.

use std::fmt;

/// A Teleport version. Parsing is lenient: what can't be read counts as zero, and major zero as unknown.
///
/// What an unknown version answers is what does no harm if it is wrong: where servers say by themselves that they don't
/// know a call, it is taken for a present one; where a file or request would be misunderstood, for an old one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Version {
    major: u32,
    minor: u32,
    text: String,
}

impl Version {
    /// Reads `15.0.0-dev`, `v17.2`, `16` and the like.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text: String = text.trim().chars().take(64).collect();
        let mut numbers = text.trim_start_matches('v').split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let (major, minor) = (next(), next());
        Self { major, minor, text }
    }

    /// Where only the major number was told, or nothing.
    #[must_use]
    pub fn of_major(major: Option<u32>) -> Self {
        major.map_or_else(Self::default, |major| Self::parse(&major.to_string()))
    }

    /// Whether the server said nothing usable.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.major == 0
    }

    /// The major number, to be repeated in texts and arguments; none where it isn't known. For decisions there are
    /// questions.
    #[must_use]
    pub const fn major(&self) -> Option<u32> {
        if self.is_unknown() { None } else { Some(self.major) }
    }

    /// Known to be this version or a later one.
    const fn reaches(&self, major: u32, minor: u32) -> bool {
        self.major > major || self.major == major && self.minor >= minor
    }

    /// Known to be older.
    const fn precedes(&self, major: u32, minor: u32) -> bool {
        !self.is_unknown() && !self.reaches(major, minor)
    }

    /// Authorities are served by `teleport.trust.v1` (13); before, by REST.
    #[must_use]
    pub const fn has_trust_service(&self) -> bool {
        !self.precedes(13, 0)
    }

    /// A proxy carries SSH, and connections to the auth server, in gRPC (13); before, it is an SSH server with a
    /// subsystem.
    #[must_use]
    pub const fn has_transport_service(&self) -> bool {
        !self.precedes(13, 0)
    }

    /// The request for a certificate for an application makes the session by itself (16); before, a call of its own does.
    #[must_use]
    pub const fn starts_app_sessions_itself(&self) -> bool {
        self.reaches(16, 0)
    }

    /// tbot of this version writes SSH files for each cluster beside the common ones (16).
    #[must_use]
    pub const fn has_files_of_each_cluster(&self) -> bool {
        self.reaches(16, 0)
    }

    /// A renewal counts the bot's generation in one place only (up to 15). From 16 on there are two, which may fall apart
    /// in a conflict, so a conflict no longer says that nothing was counted.
    #[must_use]
    pub const fn counts_generations_once(&self) -> bool {
        self.precedes(16, 0)
    }

    /// A bot has instances, one for each place where it lives, and `tctl bots instances add` makes their tokens (16.2).
    #[must_use]
    pub const fn has_bot_instances(&self) -> bool {
        self.reaches(16, 2)
    }

    /// The SSH and the TLS key of a request for certificates have fields of their own (17).
    #[must_use]
    pub const fn takes_separate_keys(&self) -> bool {
        self.reaches(17, 0)
    }

    /// Hosts may have keys of other kinds than the CA that signs them (17: signature algorithm suites).
    #[must_use]
    pub const fn has_algorithm_suites(&self) -> bool {
        self.reaches(17, 0)
    }

    /// A join may be one gRPC call, `RegisterUsingToken` (17).
    #[must_use]
    pub const fn joins_over_grpc(&self) -> bool {
        !self.precedes(17, 0)
    }

    /// A join may be a POST to the auth server's REST API (up to 17).
    #[must_use]
    pub const fn joins_over_rest(&self) -> bool {
        !self.reaches(18, 0)
    }

    /// There is `teleport.join.v1` (18.2).
    #[must_use]
    pub const fn has_join_v1(&self) -> bool {
        !self.precedes(18, 2)
    }

    /// `tctl bots add` prints a joining URI instead of a token (19).
    #[must_use]
    pub const fn prints_joining_uris(&self) -> bool {
        self.reaches(19, 0)
    }

    /// Subsets of a bot's roles are on their way out: 19 grants them still, 20 is to drop them.
    #[must_use]
    pub const fn discourages_role_subsets(&self) -> bool {
        self.reaches(19, 0)
    }

    /// The messages of `teleport.join.v1` are declared stable (18.8).
    #[must_use]
    pub const fn prefers_join_v1(&self) -> bool {
        self.reaches(18, 8)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { "unknown" } else { &self.text })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Version;

    #[test]
    fn versions_with_prefix_suffix_and_missing_parts_are_read() {
        for (text, major, minor) in
            [("15.0.0-dev", 15, 0), ("v17.2", 17, 2), ("16", 16, 0), ("18.2.1+meta", 18, 2), ("junk", 0, 0)]
        {
            let version = Version::parse(text);
            assert_eq!((version.major, version.minor), (major, minor), "{text}");
            assert_eq!(version.to_string(), text);
        }
        assert_eq!((Version::parse("").major(), Version::parse("9.3.26").major()), (None, Some(9)));
        assert_eq!((Version::of_major(None), Version::of_major(Some(12))), (Version::default(), Version::parse("12")));
    }

    /// Which versions answer yes, question by question.
    #[test]
    fn each_question_has_its_answer_for_each_version() {
        type Question = (&'static str, fn(&Version) -> bool, &'static str);
        #[rustfmt::skip]
        const VERSIONS: [&str; 21] = [
            "9.3.26", "10.3.16", "11.3.27", "12.4.11", "13.4.26", "14.3.33", "15.0.0-dev", "15.5.4", "16.0.0", "16.1.8",
            "16.2.0", "17.0.0", "17.7.20", "18.0.0", "18.1.8", "18.2.0", "18.7.9", "18.8.0", "19.1.0", "20.0.0", "junk",
        ];
        #[rustfmt::skip]
        const QUESTIONS: [Question; 14] = [
            //                                                                    9 10 11 12 13 14 15  . 16 .1 .2 17 .7 18 .1 .2 .7 .8 19 20  ?
            ("has_trust_service", Version::has_trust_service,                   " -  -  -  -  y  y  y  y  y  y  y  y  y  y  y  y  y  y  y  y  y"),
            ("has_transport_service", Version::has_transport_service,           " -  -  -  -  y  y  y  y  y  y  y  y  y  y  y  y  y  y  y  y  y"),
            ("starts_app_sessions_itself", Version::starts_app_sessions_itself, " -  -  -  -  -  -  -  -  y  y  y  y  y  y  y  y  y  y  y  y  -"),
            ("has_files_of_each_cluster", Version::has_files_of_each_cluster,   " -  -  -  -  -  -  -  -  y  y  y  y  y  y  y  y  y  y  y  y  -"),
            ("counts_generations_once", Version::counts_generations_once,       " y  y  y  y  y  y  y  y  -  -  -  -  -  -  -  -  -  -  -  -  -"),
            ("has_bot_instances", Version::has_bot_instances,                   " -  -  -  -  -  -  -  -  -  -  y  y  y  y  y  y  y  y  y  y  -"),
            ("takes_separate_keys", Version::takes_separate_keys,               " -  -  -  -  -  -  -  -  -  -  -  y  y  y  y  y  y  y  y  y  -"),
            ("has_algorithm_suites", Version::has_algorithm_suites,             " -  -  -  -  -  -  -  -  -  -  -  y  y  y  y  y  y  y  y  y  -"),
            ("joins_over_grpc", Version::joins_over_grpc,                       " -  -  -  -  -  -  -  -  -  -  -  y  y  y  y  y  y  y  y  y  y"),
            ("joins_over_rest", Version::joins_over_rest,                       " y  y  y  y  y  y  y  y  y  y  y  y  y  -  -  -  -  -  -  -  y"),
            ("has_join_v1", Version::has_join_v1,                               " -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  y  y  y  y  y  y"),
            ("prints_joining_uris", Version::prints_joining_uris,               " -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  y  y  -"),
            ("discourages_role_subsets", Version::discourages_role_subsets,     " -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  y  y  -"),
            ("prefers_join_v1", Version::prefers_join_v1,                       " -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  y  y  y  -"),
        ];
        for (name, ask, expected) in QUESTIONS {
            let answers: Vec<&str> = expected.split_whitespace().collect();
            assert_eq!(answers.len(), VERSIONS.len(), "{name}");
            for (version, answer) in VERSIONS.iter().zip(answers) {
                assert_eq!(if ask(&Version::parse(version)) { "y" } else { "-" }, answer, "{name} of {version}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Version::parse(&text);
        }
    }
}
