//! A page of the site: HTML around what a document says.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CowStr, Event, Tag, TagEnd, html};

use crate::contents::Part;
use crate::links::{Target, resolve};
use crate::{Document, markdown};

const TEMPLATE: &str = include_str!("page.html");

/// Where a document is in the site, below the site's root.
#[must_use]
pub fn address(document: &Path) -> PathBuf {
    if document.file_name().is_some_and(|name| name == "README.md") {
        document.with_file_name("index.html")
    } else {
        document.with_extension("html")
    }
}

/// The way from one file of the site to another.
#[must_use]
pub fn way(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.parent().into_iter().flatten().collect(), to.iter().collect());
    let same = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
    let up = from.iter().skip(same).map(|_| "..".into());
    let down = to.iter().skip(same).map(|part| part.to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The HTML of a document among those of the site.
#[must_use]
pub fn html(document: &Document, contents: &[Part]) -> String {
    let here = address(&document.path);
    let title = text(&document.title());
    let fill = [
        ("{title}", title.as_str()),
        ("{root}", &way(&here, Path::new(""))),
        ("{style}", &way(&here, Path::new("style.css"))),
        ("{home}", &way(&here, Path::new("index.html"))),
        ("{all}", &way(&here, &address(Path::new(crate::contents::INDEX)))),
        ("{contents}", &navigation(document, contents)),
        ("{headings}", &headings(document)),
        ("{neighbours}", &neighbours(document, contents)),
        ("{body}", &body(document)),
    ];
    // In this order: nothing that a document says is taken for a place of the template.
    let (head, tail) = TEMPLATE.split_once("{body}").unwrap_or((TEMPLATE, ""));
    let filled = |part: &str| fill.iter().fold(part.to_owned(), |page, (place, value)| page.replace(place, value));
    filled(head) + fill.last().map_or("", |(_, body)| body) + &filled(tail)
}

/// Text as HTML shows it.
fn text(plain: &str) -> String {
    let mut escaped = String::new();
    html::push_html(&mut escaped, std::iter::once(Event::Text(CowStr::Borrowed(plain))));
    escaped
}

fn body(document: &Document) -> String {
    let here = address(&document.path);
    let mut headings = document.headings.iter();
    let events = markdown::events(&document.text).flat_map(|(event, _)| match event {
        Event::Start(Tag::Heading { level, .. }) => {
            let anchor = headings.next().map_or("", |heading| heading.anchor.as_str());
            vec![Event::Html(format!("<{level} id=\"{anchor}\">").into())]
        }
        Event::Start(Tag::Table(columns)) => {
            vec![Event::Html("<div class=\"wide\">".into()), Event::Start(Tag::Table(columns))]
        }
        Event::End(TagEnd::Table) => vec![Event::End(TagEnd::Table), Event::Html("</div>".into())],
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = address_of(&document.path, &here, &dest_url).into();
            vec![Event::Start(Tag::Link { link_type, dest_url, title, id })]
        }
        Event::Html(_) | Event::InlineHtml(_) => Vec::new(),
        other => vec![other],
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    body
}

/// Pages are `.html` in the site; all else is where it is in the repository.
fn address_of(document: &Path, here: &Path, target: &str) -> String {
    let Target::File(path, anchor) = resolve(document, target) else { return target.to_owned() };
    let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
    if path == document {
        return anchor;
    }
    let page = path.extension().is_some_and(|extension| extension == "md");
    way(here, &if page { address(&path) } else { path }) + &anchor
}

fn link(document: &Document, path: &Path, title: &str, attributes: &str) -> String {
    format!("<a href=\"{}\"{attributes}>{}</a>", way(&address(&document.path), &address(path)), text(title))
}

fn navigation(document: &Document, contents: &[Part]) -> String {
    let mut navigation = String::new();
    for part in contents {
        navigation.push_str(&format!("<h2>{}</h2>\n<ul>\n", text(&part.title)));
        for entry in &part.pages {
            let current = if entry.path == document.path { " aria-current=\"page\"" } else { "" };
            navigation.push_str(&format!("<li>{}</li>\n", link(document, &entry.path, &entry.title, current)));
        }
        navigation.push_str("</ul>\n");
    }
    navigation
}

/// What the page itself has, where that is worth a list.
fn headings(document: &Document) -> String {
    let second: Vec<_> = document.headings.iter().filter(|heading| heading.level == 2).collect();
    if second.len() < 3 {
        return String::new();
    }
    let lines =
        second.iter().map(|heading| format!("<li><a href=\"#{}\">{}</a></li>\n", heading.anchor, text(&heading.text)));
    format!(
        "<nav class=\"here\" aria-label=\"On this page\"><h2>On this page</h2>\n<ul>\n{}</ul></nav>",
        lines.collect::<String>()
    )
}

fn neighbours(document: &Document, contents: &[Part]) -> String {
    let entries: Vec<_> = contents.iter().flat_map(|part| &part.pages).collect();
    let Some(at) = entries.iter().position(|entry| entry.path == document.path) else { return String::new() };
    let one = |index: Option<usize>, class: &str| {
        let entry = index.and_then(|index| entries.get(index));
        entry.map(|entry| link(document, &entry.path, &entry.title, &format!(" rel=\"{class}\""))).unwrap_or_default()
    };
    format!(
        "<nav class=\"neighbours\" aria-label=\"Pages before and after\"><span>{}</span><span>{}</span></nav>",
        one(at.checked_sub(1), "prev"),
        one(Some(at + 1), "next")
    )
}
