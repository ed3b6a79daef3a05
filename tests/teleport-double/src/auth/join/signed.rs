//! ID tokens whose signature and claims are checked, by keys that the token resource lists (join-methods 2.2, 2.5).

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;

use super::super::refusal::Refusal;
use super::texts::Flaw;
use crate::control::{Core, SignedOptions};

/// What servers allow beside their own clock.
const LEEWAY: Duration = Duration::from_secs(10);
/// The longest life of a service account's token.
const LONGEST: u64 = 1800;

/// Whether it is genuine, for this cluster, of now, and of somebody whom a rule names; its claims.
pub(super) fn check(core: &Core, method: &str, options: &SignedOptions, shown: &str) -> Result<Value, Refusal> {
    let refused = |flaw: Flaw| flaw.refusal(method, true);
    let mut parts = shown.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::plain("go-jose/go-jose: compact JWS format must have three parts"));
    };
    let header = object(header).ok_or_else(|| refused(Flaw::Signature))?;
    let jwks = std::fs::read(&options.jwks)
        .map_err(|error| Refusal::plain(format!("the double can't read {}: {error}", options.jwks.display())))?;
    let jwks: Value = serde_json::from_slice(&jwks).map_err(|error| Refusal::plain(error.to_string()))?;
    let keys = jwks["keys"].as_array();
    let key = keys.into_iter().flatten().find(|key| key["kid"].is_string() && key["kid"] == header["kid"]);
    let key = key.ok_or_else(|| refused(Flaw::KeyId))?;
    let signed = &shown[..shown.rfind('.').unwrap_or_default()];
    if header["alg"] != "RS256" || !is_signed_by(key, signed, signature) {
        return Err(refused(Flaw::Signature));
    }
    let claims = object(payload).ok_or_else(|| refused(Flaw::Signature))?;
    check_standard(core, method, &claims)?;
    let who = match method {
        "kubernetes" => claims["sub"].as_str().and_then(|sub| sub.strip_prefix("system:serviceaccount:")),
        "gitlab" => claims["project_path"].as_str(),
        _ => claims["sub"].as_str(),
    };
    let exact = method == "kubernetes";
    let fits = |rule: &String, who: &str| {
        let (rule, more) = rule.split_once(';').map_or((rule.as_str(), None), |(rule, more)| (rule, Some(more)));
        let named = if exact { rule == who } else { matches(rule, who) };
        named && more.and_then(|more| more.split_once('=')).is_none_or(|(claim, value)| claims[claim] == value)
    };
    if !who.is_some_and(|who| options.allow.iter().any(|rule| fits(rule, who))) {
        return Err(refused(Flaw::Subject));
    }
    Ok(claims)
}

fn check_standard(core: &Core, method: &str, claims: &Value) -> Result<(), Refusal> {
    let refused = |flaw: Flaw| Err(flaw.refusal(method, true));
    let time = |name: &str| claims[name].as_u64().map(Duration::from_secs);
    let now = core.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let cluster = core.settings.cluster.as_str();
    let audiences = claims["aud"].as_array();
    let meant = claims["aud"] == cluster || audiences.is_some_and(|all| all.iter().any(|one| one == cluster));
    if !meant {
        return refused(Flaw::Audience);
    }
    if time("exp").is_some_and(|end| end + LEEWAY < now) {
        return refused(Flaw::Expired);
    }
    if [time("nbf"), time("iat")].into_iter().flatten().any(|begin| begin > now + LEEWAY) {
        return refused(Flaw::Early);
    }
    if method != "kubernetes" {
        return Ok(());
    }
    let (pod, account) = (&claims["kubernetes.io"]["pod"]["name"], &claims["kubernetes.io"]["serviceaccount"]["name"]);
    if [pod, account].iter().any(|name| name.as_str().unwrap_or_default().is_empty()) {
        let text = "static_jwks joining requires the use of projected pod bound service account token";
        return Err(Refusal::bad_parameter(text));
    }
    let life = claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(end, begin)| end.saturating_sub(begin));
    if life.is_none_or(|life| life > LONGEST) { refused(Flaw::Lifetime) } else { Ok(()) }
}

fn object(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

fn is_signed_by(key: &Value, signed: &str, signature: &str) -> bool {
    let number = |name: &str| key[name].as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let (Some(n), Some(e), Ok(signature)) = (number("n"), number("e"), URL_SAFE_NO_PAD.decode(signature)) else {
        return false;
    };
    RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).is_ok()
}

/// `*` stands for any characters, `?` for one; the whole text has to fit.
fn matches(rule: &str, text: &str) -> bool {
    match rule.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(&rule[1..], &text[at..]))
        }
        Some(first) => {
            let mut rest = text.chars();
            let fits = rest.next().is_some_and(|next| first == '?' || first == next);
            fits && matches(&rule[first.len_utf8()..], rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_rule_fits_the_whole_text() {
        for (rule, text, fits) in [
            ("team/app", "team/app", true),
            ("team/app", "team/app2", false),
            ("team/*", "team/a/b", true),
            ("team/*", "other/team/a", false),
            ("t?am/*", "team/", true),
            ("*", "", true),
            ("a*b*c", "aXbYc", true),
            ("ü?", "üé", true),
        ] {
            assert_eq!(matches(rule, text), fits, "{rule} {text}");
        }
    }
}
