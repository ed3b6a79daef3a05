//! The parser's events as a [`Tree`]: places, anchors and aliases, merge keys, tags; all of it bounded.

use std::collections::HashMap;

use yaml_rust2::parser::{Event, Tag};
use yaml_rust2::scanner::TScalarStyle;

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::read::tree::{Text, Tree, Value};

/// Deepest nesting, aliases included: what is dropped and copied later goes down as deep.
const MAX_DEPTH: usize = 64;
/// Most values that anchors and aliases may copy, so that a small text stays small.
const MAX_COPIES: usize = 10_000;
/// The key that takes over the entries of other mappings.
const MERGE: &str = "<<";

/// Why a text can't be read, and in which line.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// A list or a mapping that isn't complete yet.
struct Open {
    place: Place,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Tree>),
    Map(Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<(String, Tree)>,
    /// Where each key stands in `entries`.
    known: HashMap<String, usize>,
    /// What [`MERGE`] names.
    merged: Vec<Tree>,
    key: Option<Key>,
}

struct Key {
    name: String,
    line: usize,
    merge: bool,
}

/// Takes one event after the other.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Tree>,
    copies: usize,
    top: Option<Tree>,
}

impl Builder {
    /// Takes an event of the document; `line` is where it stands.
    pub(super) fn take(&mut self, event: Event, line: usize, diagnostics: &mut Diagnostics) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(mapping) = self.awaits_key() {
                    let merge = text == MERGE && style == TScalarStyle::Plain;
                    mapping.key = Some(Key { name: text, line, merge });
                    return Ok(());
                }
                let tree = Tree { place: self.place(line), value: scalar(text, style, tag.as_ref(), line)? };
                self.complete(tree, anchor, diagnostics)
            }
            Event::SequenceStart(anchor, tag) => self.begin(Content::List(Vec::new()), anchor, tag.as_ref(), line),
            Event::MappingStart(anchor, tag) => {
                self.begin(Content::Map(Mapping::default()), anchor, tag.as_ref(), line)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { place, anchor, content }) = self.open.pop() else { return Ok(()) };
                let value = match content {
                    Content::List(list) => Value::List(list),
                    Content::Map(mapping) => Value::Map(self.merge(mapping, &place)?),
                };
                self.complete(Tree { place, value }, anchor, diagnostics)
            }
            Event::Alias(anchor) => {
                if self.awaits_key().is_some() {
                    return Err(Fault::new(line, "has an alias as key; write a word"));
                }
                let place = self.place(line);
                let Some(tree) = self.anchors.remove(&anchor) else {
                    return Err(Fault::new(
                        line,
                        "has an alias (*) that is a part of its own anchor; write the value out",
                    ));
                };
                let copy = self.copy(&tree, place, self.open.len(), line);
                self.anchors.insert(anchor, tree);
                self.complete(copy?, 0, diagnostics)
            }
            _ => Ok(()),
        }
    }

    /// The document; none: it is empty.
    pub(super) fn finish(self) -> Option<Tree> {
        self.top
    }

    fn awaits_key(&mut self) -> Option<&mut Mapping> {
        match self.open.last_mut()? {
            Open { content: Content::Map(mapping), .. } if mapping.key.is_none() => Some(mapping),
            _ => None,
        }
    }

    /// The place of the value that comes next.
    fn place(&self, line: usize) -> Place {
        match self.open.last() {
            None => Place { path: String::new(), line: Some(line) },
            Some(Open { place, content: Content::List(list), .. }) => place.index(list.len(), Some(line)),
            Some(Open { place, content: Content::Map(mapping), .. }) => match &mapping.key {
                Some(key) => place.key(&key.name, Some(key.line)),
                None => place.clone(),
            },
        }
    }

    fn begin(&mut self, content: Content, anchor: usize, tag: Option<&Tag>, line: usize) -> Result<(), Fault> {
        check_tag(tag, line)?;
        if self.awaits_key().is_some() {
            return Err(Fault::new(line, "has a list or mapping as key; write a word"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(line));
        }
        let place = self.place(line);
        self.open.push(Open { place, anchor, content });
        Ok(())
    }

    fn complete(&mut self, tree: Tree, anchor: usize, diagnostics: &mut Diagnostics) -> Result<(), Fault> {
        if anchor != 0 {
            let line = tree.place.line.unwrap_or(1);
            let copy = self.copy(&tree, tree.place.clone(), self.open.len(), line)?;
            self.anchors.insert(anchor, copy);
        }
        let Some(open) = self.open.last_mut() else {
            self.top = Some(tree);
            return Ok(());
        };
        match &mut open.content {
            Content::List(list) => list.push(tree),
            Content::Map(mapping) => mapping.add(&open.place, tree, diagnostics),
        }
        Ok(())
    }

    /// The entries of a mapping with those that it takes over; its own go first, then the earlier ones.
    fn merge(&mut self, mapping: Mapping, place: &Place) -> Result<Vec<(String, Tree)>, Fault> {
        let Mapping { mut entries, mut known, merged, key: _ } = mapping;
        for tree in merged {
            let line = tree.place.line.unwrap_or(1);
            let sources = match tree.value {
                Value::List(list) => list,
                value => vec![Tree { place: tree.place, value }],
            };
            for source in sources {
                let Value::Map(inherited) = source.value else {
                    return Err(Fault::new(line, "merges (<<) what isn't a mapping; write an alias of one"));
                };
                for (key, tree) in inherited {
                    if known.contains_key(&key) {
                        continue;
                    }
                    let at = place.key(&key, tree.place.line);
                    let tree = self.copy(&tree, at, self.open.len(), line)?;
                    known.insert(key.clone(), entries.len());
                    entries.push((key, tree));
                }
            }
        }
        Ok(entries)
    }

    /// The same value at another place, with the lines where it was written.
    fn copy(&mut self, tree: &Tree, place: Place, depth: usize, line: usize) -> Result<Tree, Fault> {
        self.copies += 1;
        if self.copies > MAX_COPIES {
            let message = format!("aliases (*) make more than {MAX_COPIES} values of this; write fewer");
            return Err(Fault::new(line, message));
        }
        if depth > MAX_DEPTH {
            return Err(too_deep(line));
        }
        let value = match &tree.value {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(*value),
            Value::Number(number) => Value::Number(*number),
            Value::Text(text) => Value::Text(text.duplicate()),
            Value::Plain(text) => Value::Plain(text.duplicate()),
            Value::List(list) => {
                let mut copies = Vec::with_capacity(list.len().min(MAX_COPIES));
                for (index, child) in list.iter().enumerate() {
                    copies.push(self.copy(child, place.index(index, child.place.line), depth + 1, line)?);
                }
                Value::List(copies)
            }
            Value::Map(map) => {
                let mut copies = Vec::with_capacity(map.len().min(MAX_COPIES));
                for (key, child) in map {
                    let copy = self.copy(child, place.key(key, child.place.line), depth + 1, line)?;
                    copies.push((key.clone(), copy));
                }
                Value::Map(copies)
            }
        };
        Ok(Tree { place, value })
    }
}

impl Mapping {
    fn add(&mut self, place: &Place, tree: Tree, diagnostics: &mut Diagnostics) {
        let Some(key) = self.key.take() else { return };
        if key.merge {
            self.merged.push(tree);
            return;
        }
        let first = self.known.get(&key.name).and_then(|index| self.entries.get(*index));
        if let Some((_, first)) = first {
            let line = first.place.line.unwrap_or(1);
            let message = format!("is there twice, first in line {line}; each key once");
            diagnostics.error(&place.key(&key.name, Some(key.line)), message);
            return;
        }
        self.known.insert(key.name.clone(), self.entries.len());
        self.entries.push((key.name, tree));
    }
}

fn scalar(text: String, style: TScalarStyle, tag: Option<&Tag>, line: usize) -> Result<Value, Fault> {
    let is_text = check_tag(tag, line)?;
    let plain = style == TScalarStyle::Plain && !is_text;
    let text = Text::new(text);
    Ok(match plain {
        true if text.is_null() => Value::Null,
        true => Value::Plain(text),
        false => Value::Text(text),
    })
}

/// Whether a tag makes a text of what it stands at. Others say what the value is taken for anyway, or are a program's own,
/// which tbot passes over, too.
fn check_tag(tag: Option<&Tag>, line: usize) -> Result<bool, Fault> {
    const YAML: &str = "tag:yaml.org,2002:";
    let Some(Tag { handle, suffix }) = tag else { return Ok(false) };
    let standard = if handle == YAML { suffix.as_str() } else { suffix.strip_prefix(YAML).unwrap_or_default() };
    match standard {
        "binary" => Err(Fault::new(line, "has the tag !!binary, which isn't read; write the text itself")),
        "str" => Ok(true),
        _ => Ok(handle.is_empty() && suffix == "!"),
    }
}

fn too_deep(line: usize) -> Fault {
    Fault::new(line, format!("is nested too deeply; at most {MAX_DEPTH} lists and mappings may stand in each other"))
}
