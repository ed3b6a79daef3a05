//! YAML to a [`Tree`], bounded.

use marked_yaml::{LoadError, LoaderOptions, Node, Span, parse_yaml_with_options};

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::read::tree::{Text, Tree, Value};

/// Largest file that is read.
const MAX_BYTES: usize = 256 << 10;
/// Deepest indentation, and most `- ` or `? ` in a line: bounds the depth of blocks, which the parser doesn't.
const MAX_INDENT: usize = 200;
const MAX_INDICATORS: usize = 40;

/// Reads `text` as one YAML document whose top is a mapping. Aliases, anchors and tags are refused, so a small text
/// stays small. The parser copies texts, a token among them, and doesn't wipe them.
pub(super) fn parse(text: &[u8], diagnostics: &mut Diagnostics) -> Option<Tree> {
    if text.len() > MAX_BYTES {
        diagnostics.error(&line(1), format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len()));
        return None;
    }
    let text = match std::str::from_utf8(text) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let before = text.get(..error.valid_up_to()).unwrap_or_default();
            let place = line(before.iter().filter(|byte| **byte == b'\n').count() + 1);
            diagnostics.error(&place, "isn't UTF-8; save the file as UTF-8");
            return None;
        }
    };
    check_shape(text, diagnostics)?;
    let node = load(text, true).or_else(|error| match error {
        // The first one stops the parser: note it and go on to find the other faults.
        LoadError::DuplicateKey(keys) => {
            let message = format!("is there twice, first in line {}; each key once", start(keys.prev_key.span()));
            diagnostics.error(&Place::default().key(&keys.key, Some(start(keys.key.span()))), message);
            load(text, false)
        }
        error => Err(error),
    });
    match node {
        Ok(node) => Some(tree(&node, Place::default())),
        Err(error) => {
            let (number, message) = explain(&error);
            diagnostics.error(&line(number), message);
            None
        }
    }
}

fn load(text: &str, unique: bool) -> Result<Node, LoadError> {
    // "Coercion prevented" marks quoted scalars, which are never null or a number.
    parse_yaml_with_options(0, text, LoaderOptions::default().error_on_duplicate_keys(unique).prevent_coercion(true))
}

/// What the parser doesn't refuse: a second document (it would be ignored), and depth that would overflow the stack.
fn check_shape(text: &str, diagnostics: &mut Diagnostics) -> Option<()> {
    let mut content = false;
    let mut ended = false;
    for (content_line, number) in text.lines().zip(1..) {
        let marker = |name: &str| {
            content_line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
        };
        let trimmed = content_line.trim_start_matches([' ', '\t']);
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if (marker("---") && content) || ended {
            diagnostics.error(&line(number), "a second document begins; the file holds one");
            return None;
        }
        ended = marker("...");
        content = content || !trimmed.starts_with('%');
        let indicators = content_line.matches("- ").count() + content_line.matches("? ").count();
        if content_line.len() - trimmed.len() > MAX_INDENT || indicators > MAX_INDICATORS {
            diagnostics.error(&line(number), format!("is nested too deeply; indent by at most {MAX_INDENT}"));
            return None;
        }
    }
    Some(())
}

fn explain(error: &LoadError) -> (usize, String) {
    match error {
        LoadError::TopLevelMustBeMapping(mark) | LoadError::TopLevelMustBeSequence(mark) => {
            (mark.line(), "the top isn't a mapping; write keys with values".to_owned())
        }
        LoadError::UnexpectedAnchor(mark) => {
            (mark.line(), "has an anchor (&); anchors and aliases aren't read, write the value out".to_owned())
        }
        LoadError::MappingKeyMustBeScalar(mark) => {
            (mark.line(), "has a list or mapping as key; write a word".to_owned())
        }
        LoadError::UnexpectedTag(mark) => (mark.line(), "has a tag (!); write the value without it".to_owned()),
        LoadError::ScanError(mark, error) => (mark.line(), format!("isn't YAML: {}", error.info())),
        LoadError::DuplicateKey(keys) => (start(keys.key.span()), "a key is there twice".to_owned()),
    }
}

fn tree(node: &Node, place: Place) -> Tree {
    let value = match node {
        Node::Scalar(scalar) => {
            let text = scalar.as_str();
            match (scalar.may_coerce(), text) {
                (true, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
                (true, _) => Value::Plain(Text::new(text.to_owned())),
                (false, _) => Value::Text(Text::new(text.to_owned())),
            }
        }
        Node::Sequence(list) => Value::List(
            list.iter()
                .enumerate()
                .map(|(index, node)| tree(node, place.index(index, node.span().start().map(|mark| mark.line()))))
                .collect(),
        ),
        Node::Mapping(map) => Value::Map(
            map.iter()
                .map(|(key, node)| {
                    let place = place.key(key, Some(start(key.span())));
                    (key.as_str().to_owned(), tree(node, place))
                })
                .collect(),
        ),
    };
    Tree { place, value }
}

fn start(span: &Span) -> usize {
    span.start().map_or(1, |mark| mark.line())
}

fn line(number: usize) -> Place {
    Place { path: String::new(), line: Some(number) }
}
