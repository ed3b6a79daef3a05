//! What is given on the command line beside a file, or in its place, as `tbot start` takes it: an option wins, and what
//! it wins over is said.

use zeroize::Zeroizing;

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::read::tree::{Text, Tree, Value};

/// A value of an option, in the shape that version v2 of the file has.
#[derive(Clone)]
pub enum OptionValue {
    /// A text; may be a token.
    Text(Zeroizing<String>),
    /// Yes or no.
    Switch(bool),
    /// A list.
    List(Vec<Self>),
    /// Keys with values.
    Map(Vec<(String, Self)>),
}

impl std::fmt::Debug for OptionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OptionValue(…)")
    }
}

impl OptionValue {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    fn into_tree(self, place: &Place) -> Tree {
        let value = match self {
            // As if it stood without quotes: a number or a word may be meant.
            Self::Text(text) => Value::Plain(Text::new(text.to_string())),
            Self::Switch(on) => Value::Bool(on),
            Self::List(list) => Value::List(list.into_iter().map(|one| one.into_tree(place)).collect()),
            Self::Map(map) => Value::Map(map.into_iter().map(|(key, one)| (key, one.into_tree(place))).collect()),
        };
        Tree { place: place.clone(), value }
    }
}

/// What is given on the command line.
#[derive(Clone, Debug, Default)]
pub struct TbotOptions {
    /// Keys of the file's top, each with the option or variable that gives it.
    pub keys: Vec<(&'static str, &'static str, OptionValue)>,
    /// An output, in the file's words, and the option that names its directory.
    pub output: Option<(&'static str, OptionValue)>,
    /// Whether that is instead of the file's outputs, as with `--destination-dir`, and not beside them.
    pub instead_of_outputs: bool,
}

/// What else a key takes the place of.
const ALSO: &[(&str, &str)] =
    &[("proxy_server", "auth_server"), ("auth_server", "proxy_server"), ("certificate_ttl", "credential_ttl")];

/// The parts that are read in the words of v2, whatever version the file has.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) storage: Option<Tree>,
    pub(super) join_uri: Option<Tree>,
    /// As a section with `outputs` alone.
    pub(super) outputs: Option<Tree>,
    pub(super) instead_of_outputs: bool,
}

impl TbotOptions {
    /// The one for `--join-uri`.
    #[must_use]
    pub fn join_uri(uri: &str) -> Self {
        Self { keys: vec![("join_uri", "--join-uri", OptionValue::text(uri))], ..Self::default() }
    }

    /// Puts them into the file's top.
    pub(super) fn apply(self, top: &mut Tree, diagnostics: &mut Diagnostics) -> Given {
        let mut given = Given { instead_of_outputs: self.instead_of_outputs, ..Given::default() };
        let Value::Map(entries) = &mut top.value else { return given };
        for (key, by, value) in self.keys {
            let place = place(by);
            let tree = value.into_tree(&place);
            if key == "join_uri" {
                // Where it stands beside another one, that is said there.
                given.join_uri = Some(tree);
                continue;
            }
            let others = ALSO.iter().filter(|(this, _)| *this == key).map(|(_, other)| *other);
            for replaced in [key].into_iter().chain(others) {
                let before = entries.len();
                entries.retain(|(known, _)| known != replaced);
                if entries.len() < before {
                    diagnostics.warn(&place, &format!("takes the place of {replaced} in the file"));
                }
            }
            if key == "storage" {
                given.storage = Some(tree);
            } else {
                entries.push((key.to_owned(), tree));
            }
        }
        if let Some((by, output)) = self.output {
            let place = place(by);
            if given.instead_of_outputs
                && entries.iter().any(|(key, _)| ["outputs", "services", "destinations"].contains(&key.as_str()))
            {
                diagnostics.warn(&place, "takes the place of all outputs in the file");
            }
            let list = OptionValue::Map(vec![("outputs".to_owned(), OptionValue::List(vec![output]))]);
            given.outputs = Some(list.into_tree(&place));
        }
        given
    }
}

fn place(by: &str) -> Place {
    Place { path: by.to_owned(), line: None }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{OutputKind, TbotConfig};
    use crate::method::JoinMethod;

    const V1: &str = "auth_server: auth.example.com:3025\ncertificate_ttl: 2h\nonboarding: {token: old}\n\
                      storage: {directory: /old}\ndestinations: [{directory: /opt/old}]\n";

    fn text(text: &str) -> OptionValue {
        OptionValue::text(text)
    }

    fn map(keys: &[(&str, OptionValue)]) -> OptionValue {
        OptionValue::Map(keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    fn identity(path: &str) -> Option<(&'static str, OptionValue)> {
        let destination = map(&[("type", text("directory")), ("path", text(path))]);
        Some(("--destination", map(&[("type", text("identity")), ("destination", destination)])))
    }

    fn read(file: Option<&str>, options: TbotOptions) -> TbotConfig {
        TbotConfig::from_yaml_with("f", file.map(str::as_bytes), Path::new("/"), options).unwrap()
    }

    fn options(instead_of_outputs: bool) -> TbotOptions {
        TbotOptions {
            keys: vec![
                ("proxy_server", "--proxy-server", text("p.example.com:443")),
                ("certificate_ttl", "--certificate-ttl", text("30m")),
                ("storage", "--data-dir", map(&[("type", text("directory")), ("path", text("/new"))])),
                ("onboarding", "--token", map(&[("token", text("name")), ("join_method", text("iam"))])),
                ("oneshot", "--oneshot", OptionValue::Switch(true)),
            ],
            output: identity("/opt/new"),
            instead_of_outputs,
        }
    }

    #[test]
    fn options_win_over_a_file_of_either_version_and_say_so() {
        for instead in [true, false] {
            let config = read(Some(V1), options(instead));
            assert_eq!((config.identity.cluster.host.as_str(), config.identity.cluster.port), ("p.example.com", 443));
            assert_eq!(config.identity.join.method, JoinMethod::Iam);
            assert_eq!(config.identity.lifetime.as_secs(), 1800);
            assert_eq!(config.identity.storage.unwrap().path, Path::new("/new"));
            assert!(config.oneshot);
            let paths: Vec<_> = config.outputs.iter().map(|output| output.destination.path.to_str().unwrap()).collect();
            assert_eq!(paths, if instead { vec!["/opt/new"] } else { vec!["/opt/old", "/opt/new"] });
            let told: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
            for replaced in ["auth_server", "certificate_ttl", "onboarding", "storage"] {
                let words = format!("takes the place of {replaced} in the file");
                assert!(told.iter().any(|line| line.contains(&words)), "{words}: {told:?}");
            }
        }
    }

    #[test]
    fn without_a_file_they_are_all_there_is() {
        let config = read(None, options(false));
        assert!(matches!(config.outputs[0].kind, OutputKind::Identity(_)) && config.outputs.len() == 1);
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        let nothing = TbotConfig::from_yaml_with("f", None, Path::new("/"), TbotOptions::default()).unwrap_err();
        assert!(nothing.to_string().contains("proxy_server is missing"), "{nothing}");
    }

    #[test]
    fn a_token_is_not_printed() {
        let printed = format!("{:?}", options(false));
        assert!(!printed.contains("name") && printed.contains("--token"), "{printed}");
    }
}
