//! The auth server's audit log, as it lies on its disk.

use std::path::Path;

use serde_json::Value;

/// The events of a kind, oldest first.
pub(crate) fn events(data: &Path, kind: &str) -> Vec<Value> {
    let mut files = Vec::new();
    find(&data.join("log"), &mut files);
    files.sort();
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    // The last line may be under way.
    let events = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    events.filter(|event| event["event"] == kind).collect()
}

/// Files, not the links to them.
fn find(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            find(&entry.path(), files);
        } else if kind.is_file() && entry.path().extension().is_some_and(|end| end == "log") {
            files.push(entry.path());
        }
    }
}
