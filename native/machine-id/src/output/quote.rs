//! Text of others in files with a syntax: OpenSSH's configuration, shell commands, YAML.

use std::fmt::Write;
use std::path::Path;

use super::error::OutputError;
use super::request::text_of;
use crate::config::not_for_ssh_config;

/// A path as an argument of `IdentityFile` and its like: in double quotes, `%` doubled.
pub(super) fn ssh_path(path: &Path) -> Result<String, OutputError> {
    let text = text_of(path)?;
    if let Some(reason) = not_for_ssh_config(text) {
        return Err(OutputError::path(path, reason));
    }
    Ok(["\"", &text.replace('%', "%%"), "\""].concat())
}

/// One word of a ProxyCommand, which ssh expands (`%`) and then gives to the user's shell.
#[must_use]
pub fn proxy_command_word(text: &str) -> String {
    shell_word(&text.replace('%', "%%"))
}

/// One word for a POSIX shell: as it is where that is safe, else in single quotes.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=+,%".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { single_quoted(text) }
}

/// A word in single quotes, whatever it holds.
pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A YAML string: plain where no YAML version reads anything else into it, else in double quotes.
pub(super) fn yaml_string(text: &str) -> String {
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];
    let inner = |c: char| c.is_ascii_alphanumeric() || "_-./:@=+%".contains(c);
    let first = |c: char| c.is_ascii_alphabetic() || c == '/' || c == '_';
    let starts_plain = text.strip_prefix("--").unwrap_or(text).starts_with(first);
    let word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    if starts_plain && text.chars().all(inner) && !text.ends_with(':') && !word {
        text.to_owned()
    } else {
        yaml_double_quoted(text)
    }
}

/// YAML folds or refuses more than control characters, so whatever isn't plainly printable is escaped.
fn yaml_double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.extend(['\\', c]);
        } else if c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() {
            quoted.push(c);
        } else {
            let _ = write!(quoted, "\\U{:08X}", u32::from(c));
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_shell_reads_back_every_word(text in "[^\0]{0,40}") {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", shell_word(&text))])
                .output()
                .unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }

    #[test]
    fn yaml_words_that_mean_something_are_quoted() {
        for text in
            ["yes", "No", "null", "123", "1e3", "", "~", "a: b", "a #b", "- a", "--- a", "a:", "\u{85}", "=", "<<"]
        {
            assert!(yaml_string(text).starts_with('"'), "{text:?}");
        }
        for text in ["https://localhost:13080", "/opt/machine-id", "--destination-dir=/opt/x", "example.test-kube1"] {
            assert_eq!(yaml_string(text), text);
        }
    }
}
