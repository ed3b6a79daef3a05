//! The joining URI that `tctl bots add` prints from Teleport 19 on (RFD 0205):
//! `tbot+(proxy|auth)+METHOD://TOKEN[:PARAMETER]@HOST[:PORT]`, the method with hyphens. Pure.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::{JoinMethod, NOT_BUILT};
use crate::secret::Secret;

/// What every joining URI begins with.
const PREFIX: &str = "tbot+";
/// No URI is longer.
const LONGEST: usize = 4096;

/// What a joining URI says.
#[derive(Debug)]
pub struct JoinUri {
    /// Whether its address is an auth server's; else a proxy's.
    pub auth: bool,
    /// The join method.
    pub method: JoinMethod,
    /// The token: with method `token` the secret, else its name.
    pub token: Secret,
    /// The method's parameter, such as the registration secret.
    pub parameter: Option<Secret>,
    /// `host` or `host:port`, not looked into.
    pub address: String,
}

impl JoinUri {
    /// What to write instead of something that is none.
    pub const FORM: &str = "write it as tctl prints it: tbot+proxy+METHOD://TOKEN:SECRET@HOST:PORT";

    /// Reads `text`; none when it isn't meant as a joining URI.
    ///
    /// # Errors
    /// Says what is wrong, without repeating what may be a secret.
    #[must_use]
    pub fn read(text: &str) -> Option<Result<Self, String>> {
        let text = text.trim();
        let begins = text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        begins.then(|| split(text))
    }
}

fn split(text: &str) -> Result<JoinUri, String> {
    const FORM: &str = JoinUri::FORM;
    let bad = |what: &str| format!("isn't a joining URI that can be used: {what}; {FORM}");
    if text.len() > LONGEST {
        return Err(bad("it is too long"));
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("it has no ://"))?;
    let mut words = scheme.splitn(3, '+').skip(1);
    let auth = match words.next() {
        Some("proxy") => false,
        Some("auth") => true,
        _ => return Err(bad("it is neither for a proxy nor for an auth server")),
    };
    let name = words.next().unwrap_or_default().replace('-', "_");
    let Some(method) = JoinMethod::by_name(&name) else {
        // Not repeated unless it is a word: the text may be anything.
        let word = (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if !word {
            return Err(bad("it names no join method"));
        }
        let why = NOT_BUILT.iter().find(|(known, _)| *known == name).map_or("isn't built here", |(_, why)| *why);
        return Err(bad(&format!("join method {name:?} {why}")));
    };
    let (user, address) = rest.rsplit_once('@').ok_or_else(|| bad("it has no @ between token and address"))?;
    let address = address.strip_suffix('/').unwrap_or(address);
    if user.contains(['/', '?', '#', '@']) || address.is_empty() || address.contains(['/', '?', '#']) {
        return Err(bad("it has a path or a query, or no address"));
    }
    let (token, parameter) = match user.split_once(':') {
        Some((token, parameter)) => (token, Some(parameter)),
        None => (user, None),
    };
    let plain = |text: &str| decode(text).ok_or_else(|| bad("it has a % without two hex digits, or isn't text"));
    let token = plain(token)?;
    if token.expose().is_empty() {
        return Err(bad("it has no token"));
    }
    let parameter = parameter.filter(|parameter| !parameter.is_empty()).map(plain).transpose()?;
    if parameter.is_some() && method.spec().uri_parameter.is_none() {
        return Err(bad(&format!("method {} takes no parameter", method.as_str())));
    }
    Ok(JoinUri { auth, method, token, parameter, address: address.to_owned() })
}

/// Percent-decoding; each `%` has to begin a byte.
fn decode(text: &str) -> Option<Secret> {
    let is_byte = |part: &str| part.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !text.split('%').skip(1).all(is_byte) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    bytes.extend(percent_decode_str(text));
    let text = std::str::from_utf8(&bytes).ok()?;
    (!text.contains(char::is_control)).then(|| Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<JoinUri, String> {
        JoinUri::read(text).unwrap()
    }

    #[test]
    fn the_uris_of_tctl_are_split() {
        let uri = read(" tbot+proxy+token://asdf@example.com:1234\n").unwrap();
        assert_eq!((uri.auth, uri.method, uri.token.expose()), (false, JoinMethod::Token, "asdf"));
        assert_eq!((uri.address.as_str(), uri.parameter.is_none()), ("example.com:1234", true));
        let uri = read("tbot+auth+gitlab://some%2Dtoken:VAR_NAME@[2001:db8::1]:443/").unwrap();
        assert_eq!((uri.auth, uri.method, uri.token.expose()), (true, JoinMethod::Gitlab, "some-token"));
        assert_eq!((uri.address.as_str(), uri.parameter.unwrap().expose()), ("[2001:db8::1]:443", "VAR_NAME"));
        let uri = read("tbot+proxy+azure-devops://ci@example.com").unwrap();
        assert_eq!((uri.method, uri.address.as_str()), (JoinMethod::AzureDevops, "example.com"));
        let uri = read("tbot+proxy+terraform-cloud://ci:tag@example.com").unwrap();
        assert_eq!((uri.method, uri.parameter.unwrap().expose()), (JoinMethod::TerraformCloud, "tag"));
    }

    #[test]
    fn what_is_no_uri_is_a_token() {
        for text in ["", "0123456789abcdef", "/etc/token", "tbot", "https://example.com", "täbot+"] {
            assert!(JoinUri::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_fault_is_named_and_no_secret_repeated() {
        for (text, words) in [
            ("tbot+proxy+token:hunter2@example.com", "has no ://"),
            ("tbot+foo+token://hunter2@example.com", "neither for a proxy"),
            ("tbot+proxy+bar://hunter2@example.com", "\"bar\" isn't built"),
            ("tbot+proxy+tpm://hunter2@example.com", "\"tpm\" isn't built here: it needs a TPM"),
            ("tbot+proxy+HUNTER2://hunter2@example.com", "names no join method"),
            ("tbot+proxy://hunter2@example.com", "names no join method"),
            ("tbot+proxy+token://hunter2", "no @"),
            ("tbot+proxy+token://@example.com", "no token"),
            ("tbot+proxy+token://hunter2@", "no address"),
            ("tbot+proxy+token://hunter2@example.com/x?y", "path"),
            ("tbot+proxy+token://hunter2%2@example.com", "hex digits"),
            ("tbot+proxy+token://hunter2%00@example.com", "isn't text"),
            ("tbot+proxy+token://name:hunter2@example.com", "takes no parameter"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(words), "{text}: {fault}");
            assert!(!fault.to_lowercase().contains("hunter2"), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(tbot\\+(proxy|auth)\\+[a-z-]{0,15}://)?\\PC{0,80}") {
            let _ = JoinUri::read(&text);
        }
    }
}
