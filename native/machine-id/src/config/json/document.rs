//! JSON to a [`Tree`].

use serde_json::Value as Json;

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::read::tree::{Text, Tree, Value};
use crate::vocabulary::limits::REQUEST_BYTES;

/// Reads `text` as one JSON value. Tokens are moved, not copied, from the parser into the tree; the one copy that
/// stays is the caller's buffer, which the caller wipes. `serde_json` bounds the depth (128).
pub(super) fn parse(text: &[u8], diagnostics: &mut Diagnostics) -> Option<Tree> {
    let top = Place::default();
    if text.len() > REQUEST_BYTES {
        diagnostics.error(&top, format!("has {} bytes; at most {REQUEST_BYTES} are read", text.len()));
        return None;
    }
    match serde_json::from_slice::<Json>(text) {
        Ok(json) => Some(tree(json, top)),
        Err(error) => {
            // The parser's own text could repeat a part of the document.
            let kind = if error.is_eof() { "ends too early" } else { "isn't JSON" };
            diagnostics.error(&top, format!("{kind}, at line {} column {}", error.line(), error.column()));
            None
        }
    }
}

fn tree(json: Json, place: Place) -> Tree {
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(number.as_u64()),
        Json::String(text) => Value::Text(Text::new(text)),
        Json::Array(list) => Value::List(
            list.into_iter().enumerate().map(|(index, json)| tree(json, place.index(index, None))).collect(),
        ),
        Json::Object(map) => Value::Map(
            map.into_iter()
                .map(|(key, json)| {
                    let value = tree(json, place.key(&key, None));
                    (key, value)
                })
                .collect(),
        ),
    };
    Tree { place, value }
}
