//! The words and names of both texts.

use std::path::{Component, Path, PathBuf};

use super::model::{CaPin, KeyAlgorithm, UserRef};
use super::nearest::suggestion;

/// Longest role, cluster, database or application name.
const MAX_NAME: usize = 255;

/// A value as it may be shown: short and printable, else only its length.
pub(super) fn shown(text: &str) -> String {
    let length = text.chars().count();
    if length <= 60 { format!("{text:?}") } else { format!("a text of {length} characters") }
}

/// One of a few words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, String> {
    words.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        format!("is {}; {}", shown(text), suggestion(text, &names))
    })
}

/// The key algorithms, by the names of the JSON contract.
pub(super) const KEY_ALGORITHMS: &[(&str, KeyAlgorithm)] = &[
    ("ecdsa-p256", KeyAlgorithm::EcdsaP256),
    ("ed25519", KeyAlgorithm::Ed25519),
    ("rsa-2048", KeyAlgorithm::Rsa2048),
    ("rsa-4096", KeyAlgorithm::Rsa4096),
];

impl std::str::FromStr for KeyAlgorithm {
    type Err = String;

    /// By the names of the JSON contract, for the command line.
    fn from_str(text: &str) -> Result<Self, String> {
        word(text, KEY_ALGORITHMS)
    }
}

/// A CA pin as `tctl status` prints it (protocol B2).
pub(super) fn ca_pin(text: &str) -> Result<CaPin, String> {
    const FORM: &str = "write sha256: and 64 hex digits, as `tctl status` prints it";
    let Some(digits) = text.strip_prefix("sha256:") else {
        return Err(format!("doesn't begin with \"sha256:\"; {FORM}"));
    };
    let mut pin = [0; 32];
    hex::decode_to_slice(digits, &mut pin).map_err(|error| match error {
        hex::FromHexError::InvalidHexCharacter { c, .. } => format!("has the character {c:?}, no hex digit; {FORM}"),
        _ => format!("has {} characters after \"sha256:\"; {FORM}", digits.chars().count()),
    })?;
    Ok(CaPin(pin))
}

/// A name in Teleport: of a role, a cluster, a database, an application.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.len() > MAX_NAME {
        return Err(format!("is {} bytes long; at most {MAX_NAME} are allowed", text.len()));
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(format!("is {}; control characters and outer blanks aren't allowed", shown(text)));
    }
    Ok(text.to_owned())
}

/// The id of an identity: a safe file name.
pub(super) fn identity_id(text: &str) -> Result<String, String> {
    let fits = text.len() <= 64
        && !text.starts_with('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || [b'-', b'_', b'.'].contains(&b));
    if fits {
        return Ok(text.to_owned());
    }
    Err(format!("is {}; write 1 to 64 letters, digits, '-', '_' or '.', not beginning with '.'", shown(text)))
}

/// An environment variable's name.
pub(super) fn variable(text: &str) -> Result<String, String> {
    let fits = text.len() <= MAX_NAME
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("is {}; write a variable's name: letters, digits, '_'", shown(text)))
    }
}

/// A local user by number or name.
pub(super) fn user(text: &str) -> Result<UserRef, String> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        // 2³²-1 stands for "no user" in the kernel.
        return match text.parse() {
            Ok(id) if id != u32::MAX => Ok(UserRef::Id(id)),
            _ => Err(format!("is {}; user ids go to 4294967294", shown(text))),
        };
    }
    let refused = |c: char| c.is_whitespace() || c.is_control() || [':', '/', ','].contains(&c);
    if text.len() > MAX_NAME || text.starts_with('-') || text.contains(refused) {
        return Err(format!("is {}; write a user's name or number", shown(text)));
    }
    Ok(UserRef::Name(text.to_owned()))
}

/// An absolute path without `.`, `..`, doubled slashes and control characters.
pub(super) fn absolute_path(text: &str) -> Result<PathBuf, String> {
    let path = plain_path(text)?;
    if !path.is_absolute() {
        return Err(format!("is {}; write an absolute path", shown(text)));
    }
    if clean(path).as_os_str().len() != text.len() {
        return Err(format!("is {}; write it without '.', '..', doubled or trailing '/'", shown(text)));
    }
    Ok(path.to_owned())
}

/// A path as tbot takes it: relative to `base` unless absolute; `.`, `..` and doubled slashes removed as Go does.
pub(super) fn path_below(text: &str, base: &Path) -> Result<PathBuf, String> {
    Ok(clean(&base.join(plain_path(text)?)))
}

/// The path, where a token's text is an absolute one.
pub(super) fn absolute_token_path(text: &str) -> Option<PathBuf> {
    plain_path(text).ok().filter(|path| path.is_absolute()).map(clean)
}

fn plain_path(text: &str) -> Result<&Path, String> {
    if text.len() > 4095 {
        return Err(format!("is {} bytes long; paths have at most 4095", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("is {}; control characters aren't allowed in paths", shown(text)));
    }
    Ok(Path::new(text))
}

fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                cleaned.pop();
            }
            part => cleaned.push(part),
        }
    }
    cleaned
}
