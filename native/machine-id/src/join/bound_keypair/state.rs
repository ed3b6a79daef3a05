//! What a join state says, for warnings: to us it is opaque otherwise (join-methods 3.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Claims {
    #[serde(default)]
    recovery_sequence: u64,
    #[serde(default)]
    recovery_limit: u64,
    #[serde(default)]
    recovery_mode: String,
}

/// How many recoveries are left; none where they aren't limited, or the state doesn't say so.
pub(super) fn recoveries_left(state: &str) -> Option<u64> {
    let payload = URL_SAFE_NO_PAD.decode(state.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    (claims.recovery_mode == "standard").then(|| claims.recovery_limit.saturating_sub(claims.recovery_sequence))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(claims: &str) -> Option<u64> {
        recoveries_left(&format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn what_is_left_is_told_where_it_is_limited() {
        let claims = |mode: &str, sequence: u64| {
            format!(r#"{{"recovery_limit":3,"recovery_sequence":{sequence},"recovery_mode":"{mode}","more":1}}"#)
        };
        assert_eq!(left(&claims("standard", 1)), Some(2));
        assert_eq!(left(&claims("standard", 9)), Some(0));
        assert_eq!(left(&claims("relaxed", 1)), None);
        assert_eq!(left("{}"), None);
        assert_eq!(recoveries_left("junk"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", claims in ".*") {
            let _ = (recoveries_left(&text), left(&claims));
        }
    }
}
