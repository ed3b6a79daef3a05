//! The certificates that a lease has held: what an audit wants to know of each.

use std::collections::VecDeque;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::vocabulary::limits::{LEASE_CERTIFICATES, LEASE_CERTIFICATES_BYTES};
use crate::vocabulary::words;

words! {
    /// The kinds of certificates that an output has.
    pub(crate) enum CertificateKind {
        /// For SSH.
        Ssh = "ssh",
        /// For TLS.
        X509 = "x509",
    }
}

/// A certificate, described by public facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateNote {
    /// A word of [`CertificateKind`].
    pub kind: String,
    /// Type of the output it belongs to.
    pub output: String,
    /// Kubernetes cluster, database or application; empty for none.
    pub target: String,
    /// Key id of the SSH certificate, common name of the X.509 certificate.
    pub key_id: String,
    /// Serial number, decimal (SSH) or hexadecimal (X.509).
    pub serial: String,
    /// `SHA256:…` of the certificate's key (SSH, as `ssh-keygen -l` prints it) or of the certificate (X.509).
    pub fingerprint: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Logins.
    pub principals: Vec<String>,
    /// Start of validity.
    #[serde(with = "rfc3339")]
    pub valid_from: SystemTime,
    /// End of validity.
    #[serde(with = "rfc3339")]
    pub valid_until: SystemTime,
}

impl CertificateNote {
    /// Its length as JSON.
    fn length(&self) -> usize {
        serde_json::to_vec(self).map_or(LEASE_CERTIFICATES_BYTES, |json| json.len())
    }
}

/// Every certificate that a lease has held since it was taken, oldest first. Bounded: the first one and the newest are
/// kept, and those in between that had to go are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateHistory {
    /// Those that are kept.
    #[serde(default)]
    pub certificates: VecDeque<CertificateNote>,
    /// How many had to go.
    #[serde(default)]
    pub certificates_dropped: u64,
}

impl CertificateHistory {
    /// Adds those that aren't in it: a certificate from the cache may be delivered more than once. Whether it has grown.
    pub fn add(&mut self, delivered: &[CertificateNote]) -> bool {
        let known = self.certificates.len();
        for note in delivered {
            if !self.certificates.contains(note) {
                self.certificates.push_back(note.clone());
            }
        }
        let grown = self.certificates.len() > known;
        self.shrink();
        grown
    }

    /// Takes over what another one knows; that one is the older.
    pub fn follow(&mut self, older: Self) {
        let newer = std::mem::replace(self, older);
        self.certificates_dropped = self.certificates_dropped.max(newer.certificates_dropped);
        self.add(newer.certificates.into_iter().collect::<Vec<_>>().as_slice());
    }

    /// Keeps to the bounds.
    pub(super) fn shrink(&mut self) {
        let mut length: usize = self.certificates.iter().map(CertificateNote::length).sum();
        while self.certificates.len() > LEASE_CERTIFICATES || length > LEASE_CERTIFICATES_BYTES {
            // The oldest after the first; a first one that is alone too long goes itself.
            let Some(gone) = self.certificates.remove(1).or_else(|| self.certificates.pop_front()) else { return };
            length = length.saturating_sub(gone.length());
            self.certificates_dropped = self.certificates_dropped.saturating_add(1);
        }
    }
}

/// Times as everybody writes them, whole seconds.
mod rfc3339 {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_seconds(*time))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn note(serial: usize, roles: usize) -> CertificateNote {
        let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        CertificateNote {
            kind: "ssh".to_owned(),
            output: "identity".to_owned(),
            target: String::new(),
            key_id: "bot-api".to_owned(),
            serial: serial.to_string(),
            fingerprint: "SHA256:x".to_owned(),
            roles: vec!["r".repeat(50); roles],
            principals: Vec::new(),
            valid_from: from,
            valid_until: from + Duration::from_secs(3600),
        }
    }

    fn serials(history: &CertificateHistory) -> Vec<usize> {
        history.certificates.iter().map(|note| note.serial.parse().unwrap()).collect()
    }

    #[test]
    fn what_is_delivered_again_is_told_once() {
        let mut history = CertificateHistory::default();
        assert!(history.add(&[note(1, 1), note(2, 1)]));
        assert!(!history.add(&[note(1, 1), note(2, 1)]));
        assert!(history.add(&[note(2, 1), note(3, 1)]));
        assert_eq!((serials(&history), history.certificates_dropped), (vec![1, 2, 3], 0));
    }

    #[test]
    fn of_too_many_the_first_and_the_newest_are_kept_and_the_others_counted() {
        let mut history = CertificateHistory::default();
        for serial in 0..LEASE_CERTIFICATES + 40 {
            assert!(history.add(&[note(serial, 1)]), "{serial}");
        }
        let kept = serials(&history);
        assert_eq!((kept.len(), kept[0], kept[1], history.certificates_dropped), (LEASE_CERTIFICATES, 0, 41, 40));
    }

    #[test]
    fn long_ones_are_bounded_by_their_length() {
        let mut history = CertificateHistory::default();
        for serial in 0..100 {
            history.add(&[note(serial, 200)]);
        }
        let length: usize = history.certificates.iter().map(CertificateNote::length).sum();
        assert!(length <= LEASE_CERTIFICATES_BYTES && history.certificates_dropped > 0, "{length}");
        assert_eq!((serials(&history)[0], serials(&history).last()), (0, Some(&99)));
        let mut huge = CertificateHistory::default();
        huge.add(&[note(1, 10_000)]);
        assert_eq!((huge.certificates.len(), huge.certificates_dropped), (0, 1));
    }

    #[test]
    fn a_history_goes_on_from_an_older_one() {
        let (mut older, mut newer) = (CertificateHistory::default(), CertificateHistory::default());
        older.add(&[note(1, 1), note(2, 1)]);
        newer.add(&[note(2, 1), note(3, 1)]);
        newer.follow(older);
        assert_eq!(serials(&newer), [1, 2, 3]);
    }
}
