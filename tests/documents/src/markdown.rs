//! What is looked at in a Markdown file: its links, its code, its headings.

use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A `.md` of the repository.
#[derive(Debug)]
pub struct Document {
    /// Below the root.
    pub path: PathBuf,
    /// The whole file.
    pub text: String,
    /// What stands between backticks in the prose, with the lines, from 1 on. A span may go on in the next line.
    pub spans: Vec<(usize, String)>,
    /// Lines of code blocks; one that ends with a backslash is joined with the next.
    pub code: Vec<(usize, String)>,
    /// The code blocks themselves.
    pub blocks: Vec<Block>,
    /// Links and pictures.
    pub links: Vec<Link>,
    /// In their order.
    pub headings: Vec<Heading>,
    /// HTML that isn't a comment: it would be shown differently in different places.
    pub html: Vec<(usize, String)>,
}

/// A code block.
#[derive(Debug)]
pub struct Block {
    /// Its first line.
    pub line: usize,
    /// Its language; empty if it says none.
    pub language: String,
    /// What it holds.
    pub text: String,
}

/// A link or a picture.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it stands.
    pub line: usize,
    /// As it is written.
    pub target: String,
    /// What is shown.
    pub text: String,
}

/// A heading.
#[derive(Debug, PartialEq, Eq)]
pub struct Heading {
    /// Where it stands.
    pub line: usize,
    /// From 1 on.
    pub level: usize,
    /// What is shown.
    pub text: String,
    /// Where GitHub and others let a link lead to; unique in its document.
    pub anchor: String,
}

/// The Markdown that code hosts show: CommonMark with tables and strikethrough.
pub fn events(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter()
}

impl Document {
    /// Reads the text of a file.
    #[must_use]
    pub fn read(path: &Path, text: &str) -> Self {
        let mut reader = Reader {
            document: Self {
                path: path.to_owned(),
                text: text.to_owned(),
                spans: Vec::new(),
                code: Vec::new(),
                blocks: Vec::new(),
                links: Vec::new(),
                headings: Vec::new(),
                html: Vec::new(),
            },
            ends: text.match_indices('\n').map(|(at, _)| at).collect(),
            heading: None,
            in_block: false,
            open: Vec::new(),
        };
        for (event, range) in events(text) {
            reader.take(event, &range);
        }
        let mut document = reader.document;
        document.code = document.blocks.iter().flat_map(joined_lines).collect();
        document
    }

    /// A place in it, for people.
    #[must_use]
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// Its title: the first heading, or else its path.
    #[must_use]
    pub fn title(&self) -> String {
        self.headings.first().map_or_else(|| self.path.display().to_string(), |heading| heading.text.clone())
    }

    /// Whether a link can lead there.
    #[must_use]
    pub fn has_anchor(&self, anchor: &str) -> bool {
        self.headings.iter().any(|heading| heading.anchor == anchor)
    }
}

fn joined_lines(block: &Block) -> Vec<(usize, String)> {
    let (mut lines, mut joined) = (Vec::new(), None::<(usize, String)>);
    for (number, line) in (block.line..).zip(block.text.lines()) {
        let (first, before) = joined.take().unwrap_or((number, String::new()));
        match line.strip_suffix('\\') {
            Some(part) => joined = Some((first, format!("{before}{part}"))),
            None => lines.push((first, format!("{before}{line}"))),
        }
    }
    lines.extend(joined);
    lines
}

struct Reader {
    document: Document,
    /// Where lines end.
    ends: Vec<usize>,
    heading: Option<String>,
    in_block: bool,
    /// Links that aren't closed yet, by their index.
    open: Vec<usize>,
}

impl Reader {
    fn line(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end < at) + 1
    }

    fn take(&mut self, event: Event<'_>, range: &Range<usize>) {
        let line = self.line(range.start);
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let (line, language) = match kind {
                    CodeBlockKind::Fenced(words) => {
                        (line + 1, words.split_whitespace().next().unwrap_or_default().to_owned())
                    }
                    CodeBlockKind::Indented => (line, String::new()),
                };
                self.in_block = true;
                self.document.blocks.push(Block { line, language, text: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => self.in_block = false,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.open.push(self.document.links.len());
                self.document.links.push(Link { line, target: dest_url.into_string(), text: String::new() });
            }
            Event::End(TagEnd::Link | TagEnd::Image) => drop(self.open.pop()),
            Event::Start(Tag::Heading { .. }) => self.heading = Some(String::new()),
            Event::End(TagEnd::Heading(level)) => {
                let text = self.heading.take().unwrap_or_default();
                let anchor = self.free_anchor(&text);
                let level = level.to_string().trim_start_matches('h').parse().unwrap_or(1);
                self.document.headings.push(Heading { line, level, text, anchor });
            }
            Event::Text(text) if self.in_block => {
                if let Some(block) = self.document.blocks.last_mut() {
                    block.text.push_str(&text);
                }
            }
            Event::Text(text) => self.shown(&text),
            Event::Code(text) => {
                self.shown(&text);
                self.document.spans.push((line, text.into_string()));
            }
            Event::SoftBreak | Event::HardBreak => self.shown(" "),
            Event::Html(html) | Event::InlineHtml(html) => {
                let comment = html.trim_start().starts_with("<!--");
                if !comment {
                    self.document.html.push((line, html.into_string()));
                }
            }
            _ => {}
        }
    }

    /// A heading or a link shows it.
    fn shown(&mut self, text: &str) {
        if let Some(heading) = &mut self.heading {
            heading.push_str(text);
        }
        for index in &self.open {
            if let Some(link) = self.document.links.get_mut(*index) {
                link.text.push_str(text);
            }
        }
    }

    fn free_anchor(&self, heading: &str) -> String {
        let slug = slug(heading);
        if !self.document.has_anchor(&slug) {
            return slug;
        }
        let numbered = (1..).map(|number| format!("{slug}-{number}"));
        numbered.into_iter().find(|one| !self.document.has_anchor(one)).unwrap_or_default()
    }
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
