//! Which key an ID token says that it is signed with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::Secret;

/// Longest that is repeated.
const LONGEST: usize = 200;

/// The id in the header, which is no secret; none where there is none that can be shown on one line.
pub(super) fn of(id_token: &Secret) -> Option<String> {
    let (header, _) = id_token.expose().split_once('.')?;
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    let id = header.get("kid")?.as_str()?;
    let shown = (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    shown.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(header: &str) -> Option<String> {
        of(&Secret::new(format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header))))
    }

    #[test]
    fn the_headers_key_is_read_and_nothing_else_is_shown() {
        assert_eq!(id(r#"{"alg":"RS256","kid":"GVh-x_1"}"#).as_deref(), Some("GVh-x_1"));
        let long = format!(r#"{{"kid":"{}"}}"#, "x".repeat(LONGEST + 1));
        for header in
            ["", "{", "[]", r#"{"kid":7}"#, r#"{"kid":""}"#, r#"{"kid":"a b"}"#, r#"{"kid":"a\nb"}"#, long.as_str()]
        {
            assert_eq!(id(header), None, "{header}");
        }
        for text in ["", ".", "a.b.c", "no token"] {
            assert_eq!(of(&Secret::new(text.to_owned())), None, "{text}");
        }
    }
}
