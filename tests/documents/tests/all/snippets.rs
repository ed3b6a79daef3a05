//! YAML and JSON in documents can be read, and so can the examples that are files.

use std::path::{Path, PathBuf};

use yaml_rust2::YamlLoader;

use super::{assert_none, documents, root};

/// Why it can't be read. JSON may be members of an object or several values in a row, or have `…` for what is left out.
fn fault(language: &str, text: &str) -> Option<String> {
    match language {
        "yaml" | "yml" => YamlLoader::load_from_str(text).err().map(|error| error.to_string()),
        "json" => {
            let whole = text.replace(", …", "").replace('…', "null");
            let members = whole.trim_start().starts_with('"') && whole.contains("\": ");
            let whole = if members { format!("{{{whole}}}") } else { whole };
            let values = serde_json::Deserializer::from_str(&whole).into_iter::<serde_json::Value>();
            values.filter_map(Result::err).next().map(|error| error.to_string())
        }
        _ => None,
    }
}

#[test]
fn snippets_can_be_read() {
    let (mut faults, mut found) = (Vec::new(), 0);
    for document in documents() {
        for block in &document.blocks {
            found += usize::from(["yaml", "json"].contains(&block.language.as_str()));
            let fault = fault(&block.language, &block.text);
            faults.extend(fault.map(|fault| format!("{}: {fault}", document.at(block.line))));
        }
    }
    assert!(found > 25, "{found}");
    assert_none(&faults);
}

#[test]
fn every_block_of_code_says_a_language_that_is_known() {
    let known = ["", "groovy", "ini", "java", "json", "sh", "text", "yaml"];
    let faults = documents().into_iter().flat_map(|document| {
        let unknown = document.blocks.iter().filter(|block| !known.contains(&block.language.as_str()));
        unknown.map(|block| format!("{}: {}", document.at(block.line), block.language)).collect::<Vec<_>>()
    });
    assert_none(&faults.collect::<Vec<_>>());
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

#[test]
fn examples_can_be_read() {
    let mut found = 0;
    for path in below(&root().join("docs/examples")) {
        let language = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let fault = fault(&language, &std::fs::read_to_string(&path).unwrap());
        found += usize::from(language == "yaml");
        assert_eq!(fault, None, "{}", path.display());
    }
    assert!(found >= 4, "{found}");
}

#[test]
fn what_cannot_be_read_is_noticed() {
    assert!(fault("yaml", "a: [b\n").is_some() && fault("json", "{\"a\": }").is_some());
    assert_eq!(fault("json", "{\"a\": …}\n{\"b\": [1, …]}"), None);
}
