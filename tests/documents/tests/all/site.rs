//! The site that is made of the documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use documents::page::{address, way};
use documents::repository::normal;
use documents::site;

use super::assert_none;

/// Every file below a folder, by its path from there.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let files = entries.flat_map(|entry| {
        let name = PathBuf::from(entry.file_name());
        let below = entry.file_type().unwrap().is_dir().then(|| files(&entry.path()));
        below.map_or_else(|| vec![name.clone()], |below| below.iter().map(|file| name.join(file)).collect())
    });
    files.collect()
}

/// The values of an attribute. Code and prose have `"` as `&quot;` in HTML, so that this finds attributes only.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(&format!(" {attribute}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn the_site_holds_together() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("site");
    let made = site::make(&out).unwrap();
    assert!(made.pages > 40 && made.files > 30 && !made.external.is_empty(), "{made:?}");
    let all = files(&out);
    let pages: BTreeMap<&PathBuf, String> = all
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "html"))
        .map(|path| (path, std::fs::read_to_string(out.join(path)).unwrap()))
        .collect();
    assert_eq!(pages.len(), made.pages);
    let (mut faults, mut links) = (Vec::new(), 0);
    for (path, html) in &pages {
        let fault = |target: &str, why: &str| format!("{}: {target}: {why}", path.display());
        for target in values(html, "href").into_iter().chain(values(html, "src")) {
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") || file == "data:," {
                continue;
            }
            let to = if file.is_empty() { (*path).clone() } else { normal(&path.parent().unwrap().join(file)) };
            if !all.contains(&to) {
                faults.push(fault(target, "no such file"));
            } else if !anchor.is_empty() && !values(&pages[&to], "id").contains(&anchor) {
                faults.push(fault(target, "no such heading"));
            }
        }
        // Nothing is loaded from elsewhere, and nothing runs.
        let loaded =
            ["src=\"http", "<script", "<iframe", "@import", "url(http", "<link rel=\"stylesheet\" href=\"http"];
        faults.extend(
            loaded.iter().filter(|loaded| html.contains(**loaded)).map(|loaded| fault(loaded, "isn't allowed")),
        );
        faults.extend((html.matches("<h1").count() != 1).then(|| fault("h1", "not one")));
        faults.extend(html.contains(".md\"").then(|| fault(".md", "a link leads to Markdown")));
    }
    assert!(links > 2000, "{links}");
    assert_none(&faults);
    // Again in the same place, and never over what is no site.
    site::make(&out).unwrap();
    let refused = site::make(directory.path()).unwrap_err().to_string();
    assert!(refused.contains("something else than a site") && out.join("index.html").exists(), "{refused}");
}

#[test]
fn pages_are_where_their_documents_are() {
    for (document, page) in [
        ("README.md", "index.html"),
        ("docs/README.md", "docs/index.html"),
        ("docs/guides/ssh.md", "docs/guides/ssh.html"),
    ] {
        assert_eq!(address(Path::new(document)), Path::new(page));
    }
    for (from, to, expected) in [
        ("index.html", "docs/start.html", "docs/start.html"),
        ("docs/guides/ssh.html", "docs/guides/git.html", "git.html"),
        ("docs/guides/ssh.html", "style.css", "../../style.css"),
        ("docs/start.html", "docs/images/a.png", "images/a.png"),
    ] {
        assert_eq!(way(Path::new(from), Path::new(to)), expected, "{from} {to}");
    }
}
