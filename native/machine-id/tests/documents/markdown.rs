//! What is looked at in a Markdown file: its prose, its code, its headings.

use std::path::{Path, PathBuf};

/// A `.md` of the repository.
pub(crate) struct Document {
    /// Below the root.
    pub(crate) path: PathBuf,
    /// Lines outside of fences, with their numbers from 1 on.
    pub(crate) prose: Vec<(usize, String)>,
    /// Lines inside of fences; one that ends with a backslash is joined with the next.
    pub(crate) code: Vec<(usize, String)>,
}

pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every document but those of dependencies and of what was built.
pub(crate) fn all() -> Vec<Document> {
    let mut found = Vec::new();
    walk(root(), &mut found);
    found.sort();
    let read =
        |path: &PathBuf| Document::read(path.strip_prefix(root()).unwrap(), &std::fs::read_to_string(path).unwrap());
    found.iter().map(read).collect()
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if !["target", ".git", "node_modules", "corpus"].iter().any(|left_out| name == *left_out) {
                walk(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

impl Document {
    pub(crate) fn read(path: &Path, text: &str) -> Self {
        let mut document = Self { path: path.to_owned(), prose: Vec::new(), code: Vec::new() };
        let mut fence = None;
        let mut joined: Option<(usize, String)> = None;
        for (number, line) in (1..).zip(text.lines()) {
            let begin = line.trim_start();
            let ticks = begin.len() - begin.trim_start_matches('`').len();
            match fence {
                None if ticks >= 3 => fence = Some(ticks),
                None => document.prose.push((number, line.to_owned())),
                Some(open) if ticks >= open && begin.trim_matches('`').is_empty() => fence = None,
                Some(_) => {
                    let (first, before) = joined.take().unwrap_or((number, String::new()));
                    match line.strip_suffix('\\') {
                        Some(part) => joined = Some((first, format!("{before}{part}"))),
                        None => document.code.push((first, format!("{before}{line}"))),
                    }
                }
            }
        }
        assert!(fence.is_none(), "{}: a fence isn't closed", path.display());
        document
    }

    /// What stands between backticks in the prose. A span may go on in the next line.
    pub(crate) fn spans(&self) -> Vec<(usize, String)> {
        let mut spans = Vec::new();
        for paragraph in self.prose.split(|(_, line)| line.trim().is_empty()) {
            let Some((first, _)) = paragraph.first() else { continue };
            let text = paragraph.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
            let mut line = *first;
            for (index, part) in text.split('`').enumerate() {
                if index % 2 == 1 {
                    spans.push((line, part.replace('\n', " ")));
                }
                line += part.matches('\n').count();
            }
        }
        spans
    }

    /// Where GitHub and others let a link lead to: one for each heading.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for (_, line) in &self.prose {
            let Some(heading) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')) else { continue };
            let slug = slug(heading.trim());
            let same = (0..).map(|n| if n == 0 { slug.clone() } else { format!("{slug}-{n}") });
            anchors.extend(same.into_iter().find(|one| !anchors.contains(one)));
        }
        anchors
    }

    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
