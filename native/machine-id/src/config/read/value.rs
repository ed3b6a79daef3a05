//! The words and names of both texts.

use std::path::{Component, Path, PathBuf};

use super::nearest::suggestion;
use crate::config::model::{CaPin, GroupRef, KeyAlgorithm, UserRef};
use crate::vocabulary::limits::{IDENTITY_ID_LENGTH, NAME_BYTES, PATH_BYTES};
use crate::vocabulary::{Word, words_of};

/// A value as it may be shown: short and printable, else only its length.
pub(in crate::config) fn shown(text: &str) -> String {
    let length = text.chars().count();
    if length <= 60 { format!("{text:?}") } else { format!("a text of {length} characters") }
}

/// One of a closed list of words.
pub(in crate::config) fn word<T: Word>(text: &str) -> Result<T, String> {
    let found = T::ALL.iter().find(|value| value.word() == text);
    found.copied().ok_or_else(|| format!("is {}; {}", shown(text), suggestion(text, &words_of::<T>())))
}

impl std::str::FromStr for KeyAlgorithm {
    type Err = String;

    /// By the names of the JSON contract, for the command line.
    fn from_str(text: &str) -> Result<Self, String> {
        word(text)
    }
}

/// A CA pin as `tctl status` prints it (protocol B2).
pub(in crate::config) fn ca_pin(text: &str) -> Result<CaPin, String> {
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
pub(in crate::config) fn name(text: &str) -> Result<String, String> {
    if text.len() > NAME_BYTES {
        return Err(format!("is {} bytes long; at most {NAME_BYTES} are allowed", text.len()));
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(format!("is {}; control characters and outer blanks aren't allowed", shown(text)));
    }
    Ok(text.to_owned())
}

/// The id of an identity: a safe file name.
pub(in crate::config) fn identity_id(text: &str) -> Result<String, String> {
    let fits = text.len() <= IDENTITY_ID_LENGTH
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || [b'-', b'_', b'.'].contains(&b));
    if fits {
        return Ok(text.to_owned());
    }
    Err(format!(
        "is {}; write up to {IDENTITY_ID_LENGTH} letters, digits, '-', '_' or '.', a letter or digit first",
        shown(text)
    ))
}

/// An environment variable's name.
pub(in crate::config) fn variable(text: &str) -> Result<String, String> {
    let fits = text.len() <= NAME_BYTES
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("is {}; write a variable's name: letters, digits, '_'", shown(text)))
    }
}

/// A word of a command: whatever a program can be given.
pub(in crate::config) fn command_word(text: &str) -> Result<String, String> {
    if text.contains('\0') || text.len() > PATH_BYTES {
        return Err(format!("is {} bytes long or holds a zero byte; no program can be given that", text.len()));
    }
    Ok(text.to_owned())
}

/// A local user by number or name.
pub(in crate::config) fn user(text: &str) -> Result<UserRef, String> {
    account(text, "user", UserRef::Id, UserRef::Name)
}

/// A local group by number or name.
pub(in crate::config) fn group(text: &str) -> Result<GroupRef, String> {
    account(text, "group", GroupRef::Id, GroupRef::Name)
}

fn account<T>(text: &str, what: &str, id: fn(u32) -> T, name: fn(String) -> T) -> Result<T, String> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        // 2³²-1 stands for "nobody" in the kernel.
        return match text.parse() {
            Ok(number) if number != u32::MAX => Ok(id(number)),
            _ => Err(format!("is {}; {what} ids go to 4294967294", shown(text))),
        };
    }
    let refused = |c: char| c.is_whitespace() || c.is_control() || [':', '/', ','].contains(&c);
    if text.len() > NAME_BYTES || text.starts_with('-') || text.contains(refused) {
        return Err(format!("is {}; write a {what}'s name or number", shown(text)));
    }
    Ok(name(text.to_owned()))
}

/// An absolute path without `.`, `..`, doubled slashes and control characters.
pub(in crate::config) fn absolute_path(text: &str) -> Result<PathBuf, String> {
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
pub(in crate::config) fn path_below(text: &str, base: &Path) -> Result<PathBuf, String> {
    Ok(clean(&base.join(plain_path(text)?)))
}

/// Whether a text is one that a shell, a template or a reader should have replaced: `$X`, `${X}`, `{{…}}`, `<…>`, `%X%`.
pub(in crate::config) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let within = |begin: &str, end: &str| text.strip_prefix(begin).and_then(|text| text.strip_suffix(end));
    text.strip_prefix('$').is_some_and(word)
        || within("${", "}").is_some()
        || within("$(", ")").is_some()
        || within("{{", "}}").is_some()
        || within("<", ">").is_some()
        || within("%", "%").is_some_and(word)
}

/// The path, where a token's text is an absolute one.
pub(in crate::config) fn absolute_token_path(text: &str) -> Option<PathBuf> {
    plain_path(text).ok().filter(|path| path.is_absolute()).map(clean)
}

fn plain_path(text: &str) -> Result<&Path, String> {
    if text.len() > PATH_BYTES {
        return Err(format!("is {} bytes long; paths have at most {PATH_BYTES}", text.len()));
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
