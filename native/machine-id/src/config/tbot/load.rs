//! YAML to a [`Tree`], bounded.

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::ScanError;

use super::nodes::{Builder, Fault};
use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::read::tree::{Tree, Value};

/// Largest file that is read.
const MAX_BYTES: usize = 256 << 10;

/// Reads the first document of `text`, whose top is a mapping. The parser copies texts, a token among them, and doesn't
/// wipe them.
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
    match document(text, diagnostics) {
        Ok(tree) => Some(tree),
        Err(Fault { line: number, message }) => {
            diagnostics.error(&line(number), message);
            None
        }
    }
}

fn document(text: &str, diagnostics: &mut Diagnostics) -> Result<Tree, Fault> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    loop {
        let (event, mark) = parser.next_token()?;
        match event {
            Event::StreamEnd | Event::DocumentEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentStart => {}
            event => builder.take(event, mark.line(), diagnostics)?,
        }
    }
    // What stands behind the first document isn't looked at, not even for whether it is YAML.
    while let Ok((event, mark)) = parser.next_token() {
        match event {
            Event::DocumentStart => {
                diagnostics.warn(&line(mark.line()), "a second document begins; it isn't read, nor does tbot read it");
                break;
            }
            Event::StreamEnd => break,
            _ => {}
        }
    }
    match builder.finish() {
        None => Ok(Tree { place: Place::default(), value: Value::Map(Vec::new()) }),
        Some(Tree { place, value: Value::Null }) => Ok(Tree { place, value: Value::Map(Vec::new()) }),
        Some(tree) if matches!(tree.value, Value::Map(_)) => Ok(tree),
        Some(tree) => Err(Fault::new(tree.place.line.unwrap_or(1), "the top isn't a mapping; write keys with values")),
    }
}

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        Self::new(error.marker().line(), format!("isn't YAML: {}", error.info()))
    }
}

fn line(number: usize) -> Place {
    Place { path: String::new(), line: Some(number) }
}
