//! Hosts by their labels.

use std::collections::BTreeMap;
use std::fmt;

use super::target::{Destination, TargetError, name_of};
use crate::connect::Host;

/// Labels that a host must have, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// From words of the form `LABEL=VALUE`; the first `=` separates.
    ///
    /// # Errors
    /// [`TargetError::NoLabel`] for a word without `=` or with nothing before it, [`TargetError::TwoValues`] when a
    /// label is to have two values.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, TargetError> {
        let mut labels = BTreeMap::new();
        for word in words {
            let no_label = || TargetError::NoLabel { word: word.to_owned() };
            let (label, value) = word.split_once('=').ok_or_else(no_label)?;
            if label.is_empty() {
                return Err(no_label());
            }
            if labels.insert(label.to_owned(), value.to_owned()).is_some_and(|other| other != value) {
                return Err(TargetError::TwoValues { label: label.to_owned() });
            }
        }
        Ok(Self(labels))
    }

    /// The labels that stand in a host's place, as in `env=prod+role=db.example.com`; none where it is a name. No host
    /// is called so: `=` can't be in a name. What separates is a character that `ssh` takes, which a comma isn't.
    ///
    /// # Errors
    /// As [`Labels::parse`].
    pub fn instead_of_name(wanted: &Destination<'_>) -> Result<Option<Self>, TargetError> {
        let name = name_of(wanted);
        if name.contains('=') { Self::parse(name.split('+')).map(Some) } else { Ok(None) }
    }

    /// Whether `host` has them all.
    #[must_use]
    pub fn are_of(&self, host: &Host) -> bool {
        self.0.iter().all(|(label, value)| host.labels.get(label) == Some(value))
    }

    /// As the cluster is asked.
    #[must_use]
    pub const fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (label, value)) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { " " };
            write!(f, "{separator}{label}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_place_of(host: &str) -> Result<Option<String>, TargetError> {
        let wanted = Destination { host, port: 3022, cluster: "example.test", proxy_host: "proxy.example.com" };
        Labels::instead_of_name(&wanted).map(|labels| labels.map(|labels| labels.to_string()))
    }

    #[test]
    fn labels_stand_where_a_name_would() {
        for (host, expected) in [
            ("env=prod.example.test", Some("env=prod")),
            ("role=db+env=prod.example.test", Some("env=prod role=db")),
            ("env=prod", Some("env=prod")),
            ("version=1.2.example.test", Some("version=1.2")),
            ("a=b=c.example.test", Some("a=b=c")),
            ("env=.example.test", Some("env=")),
            ("node1.example.test", None),
            ("a+b.example.test", None),
        ] {
            assert_eq!(in_place_of(host).unwrap().as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn what_names_no_label_or_gives_it_two_values_is_refused() {
        assert!(matches!(in_place_of("=prod.example.test"), Err(TargetError::NoLabel { .. })));
        assert!(matches!(in_place_of("env=prod+db.example.test"), Err(TargetError::NoLabel { .. })));
        assert!(matches!(in_place_of("env=a+env=b.example.test"), Err(TargetError::TwoValues { .. })));
        assert_eq!(in_place_of("env=a+env=a.example.test").unwrap().as_deref(), Some("env=a"));
    }

    proptest! {
        #[test]
        fn no_name_panics(host in ".*") {
            let _ = in_place_of(&host);
        }
    }
}
