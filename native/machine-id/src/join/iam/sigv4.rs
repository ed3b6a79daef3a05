//! AWS Signature Version 4, without I/O: of `POST /` and `GET /`, which is all that STS takes from us. As in "AWS
//! Signature Version 4 for API requests" of the IAM user guide.

use std::time::SystemTime;

use ring::{digest, hmac};
use x509_cert::der::DateTime;
use zeroize::Zeroizing;

use super::keys::Credentials;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A time as signatures have it, `20150830T123600Z`.
pub(super) struct Stamp(String);

impl Stamp {
    /// In UTC; a clock before 1970 or after 9999 counts as 1970, which nobody accepts.
    pub(super) fn new(time: SystemTime) -> Self {
        let Ok(t) = DateTime::from_system_time(time) else { return Self("19700101T000000Z".to_owned()) };
        let (year, month, day) = (t.year(), t.month(), t.day());
        Self(format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", t.hour(), t.minutes(), t.seconds()))
    }

    /// The value of `X-Amz-Date`.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn date(&self) -> &str {
        self.0.split('T').next().unwrap_or_default()
    }
}

/// What a signature is good for.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) time: &'a Stamp,
}

impl Scope<'_> {
    fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.time.date(), self.region, self.service)
    }
}

/// A request to be signed; its path is `/`, it has no query.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// All that are to be signed, in any order; `Host` and `X-Amz-Date` among them.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

impl Request<'_> {
    /// The value of the header `Authorization`.
    pub(super) fn authorization(&self, credentials: &Credentials, scope: &Scope<'_>) -> String {
        let signature = hex::encode(sign(credentials.secret.expose(), scope, &self.string_to_sign(scope)));
        let (key, scope) = (&credentials.access_key, scope.text());
        let signed = self.signed_headers();
        format!("{ALGORITHM} Credential={key}/{scope}, SignedHeaders={signed}, Signature={signature}")
    }

    fn string_to_sign(&self, scope: &Scope<'_>) -> String {
        let request = sha256(self.canonical().as_bytes());
        format!("{ALGORITHM}\n{}\n{}\n{request}", scope.time.as_str(), scope.text())
    }

    /// Holds the session token.
    fn canonical(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(format!("{}\n/\n\n", self.method));
        for (name, values) in self.sorted() {
            text.push_str(&name);
            text.push(':');
            text.push_str(&values);
            text.push('\n');
        }
        text.push_str(&format!("\n{}\n{}", self.signed_headers(), sha256(self.body)));
        text
    }

    fn signed_headers(&self) -> String {
        let names: Vec<String> = self.sorted().into_iter().map(|(name, _)| name).collect();
        names.join(";")
    }

    /// Names in lower case, each once, with its values in their order and without superfluous blanks.
    fn sorted(&self) -> Vec<(String, Zeroizing<String>)> {
        let mut sorted: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in self.headers {
            let name = name.to_ascii_lowercase();
            let words: Vec<&str> = value.split_ascii_whitespace().collect();
            let value = Zeroizing::new(words.join(" "));
            match sorted.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => {
                    values.push(',');
                    values.push_str(&value);
                }
                None => sorted.push((name, value)),
            }
        }
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        sorted
    }
}

fn sign(secret: &str, scope: &Scope<'_>, text: &str) -> Zeroizing<Vec<u8>> {
    let first = Zeroizing::new(format!("AWS4{secret}").into_bytes());
    [scope.time.date(), scope.region, scope.service, "aws4_request", text].iter().fold(first, |key, part| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        Zeroizing::new(hmac::sign(&key, part.as_bytes()).as_ref().to_vec())
    })
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
