//! What came of something, as a label: the code of an error, or the word for none.

use crate::error::Code;

/// Where no error is, all is well.
const OK: &str = "ok";

pub(super) const fn code(error: Option<Code>) -> &'static str {
    match error {
        Some(code) => code.as_str(),
        None => OK,
    }
}
