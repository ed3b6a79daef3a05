//! What the plugin's set-up page writes, and its statements: files of `contract/setup`, which a test of the plugin
//! compares with what it writes now.

use std::path::PathBuf;

use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

/// A text of the page: roles, token, bot.
#[derive(Debug)]
pub(crate) struct Page {
    /// The file's name, without its end.
    pub(crate) name: String,
    /// As it is fed to `tctl create -f`.
    pub(crate) text: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contract/setup")
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        let file = folder().join(format!("{name}.yaml"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self { name: name.to_owned(), text }
    }

    /// All of them, in the order of their names.
    pub(crate) fn all() -> Vec<Self> {
        let mut names: Vec<String> = std::fs::read_dir(folder())
            .unwrap()
            .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".yaml")?.to_owned()))
            .collect();
        names.sort();
        assert!(names.len() > 20, "only {names:?}");
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// Its documents, by a YAML parser that isn't Teleport's.
    pub(crate) fn documents(&self) -> Vec<Value> {
        YamlLoader::load_from_str(&self.text).unwrap().iter().map(value).collect()
    }

    /// The ids of the keys that its token resource lists.
    pub(crate) fn key_ids(&self) -> Vec<String> {
        let token = &self.documents()[1]["spec"];
        let rules = &token[token["join_method"].as_str().unwrap()]["static_jwks"];
        let jwks = rules.as_str().or_else(|| rules["jwks"].as_str()).unwrap();
        let jwks: Value = serde_json::from_str(jwks).unwrap();
        let keys = jwks["keys"].as_array().unwrap();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }
}

/// All leaves are texts.
fn value(node: &Yaml) -> Value {
    match node {
        Yaml::Hash(map) => map.iter().map(|(key, each)| (key.as_str().unwrap().to_owned(), value(each))).collect(),
        Yaml::Array(list) => list.iter().map(value).collect(),
        Yaml::String(text) | Yaml::Real(text) => Value::String(text.clone()),
        Yaml::Integer(number) => Value::String(number.to_string()),
        Yaml::Boolean(word) => Value::String(word.to_string()),
        Yaml::Null | Yaml::Alias(_) | Yaml::BadValue => Value::String(String::new()),
    }
}

/// The claims of a statement about the build that the rules of a `signed-…` page name.
pub(crate) fn claims(page: &str) -> Value {
    let text = std::fs::read_to_string(folder().join("statements.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let claims = &all[page]["claims"];
    assert!(claims.is_object(), "no statement for {page}");
    claims.clone()
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_is_a_role_a_token_and_a_bot() {
        for page in Page::all() {
            let kinds: Vec<_> = page.documents().iter().map(|document| document["kind"].clone()).collect();
            assert_eq!(kinds, ["role", "token", "bot"], "{}", page.name);
        }
    }

    #[test]
    fn a_rotation_adds_a_key_and_takes_one_away() {
        let ids = |name: &str| Page::read(name).key_ids();
        let (first, both, second) =
            (ids("signed-kubernetes"), ids("signed-kubernetes-published"), ids("signed-kubernetes-dropped"));
        assert_eq!(both, [first, second].concat());
    }
}
