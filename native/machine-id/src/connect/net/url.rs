//! The one way in which texts become parts of URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` as a segment of a path, or as a name or value in a query or form: piece by piece, so that a secret can be
/// written into memory that is wiped.
pub(crate) fn encoded(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn all_but_unreserved_characters_are_encoded() {
        let text: String = encoded("AZaz09-._~ /?&=+%é\n").collect();
        assert_eq!(text, "AZaz09-._~%20%2F%3F%26%3D%2B%25%C3%A9%0A");
    }
}
