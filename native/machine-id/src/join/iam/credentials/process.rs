//! A program that prints credentials: `credential_process` of a profile ("Process credential provider").

use std::time::{Duration, SystemTime};

use crate::join::command;
use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;
use crate::secret::Secret;

use super::document;

/// Programs that ask a server need some; the join waits for it.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn run(place: &str, line: &Secret, now: SystemTime) -> Result<Credentials, IamError> {
    run_within(LIMIT, place, line, now).await
}

async fn run_within(limit: Duration, place: &str, line: &Secret, now: SystemTime) -> Result<Credentials, IamError> {
    let failed = |reason: String| IamError::source(place, format!("its credential_process {reason}"));
    let words =
        command::words(line.expose()).ok_or_else(|| failed("has a quote or backslash without an end".to_owned()))?;
    let printed = command::run(words, limit).await.map_err(failed)?;
    let answer = document::read(&printed).map_err(|_| failed("doesn't print the JSON of credentials".to_owned()))?;
    if answer.version != Some(1) {
        return Err(failed("doesn't print \"Version\": 1".to_owned()));
    }
    if answer.expiration.as_deref().and_then(time).is_some_and(|end| end <= now) {
        return Err(failed("prints credentials that have expired".to_owned()));
    }
    answer.credentials().map_err(|reason| failed(format!("is no good: {reason}")))
}

/// RFC 3339 in UTC, as `Z` or as Python writes it; other zones are left to STS.
fn time(text: &str) -> Option<SystemTime> {
    let utc = text.strip_suffix("+00:00").map(|bare| format!("{bare}Z"));
    humantime::parse_rfc3339(utc.as_deref().unwrap_or(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(line: &str) -> Result<Credentials, String> {
        let now = humantime::parse_rfc3339("2026-11-28T12:00:00Z").unwrap();
        let line = Secret::new(line.to_owned());
        run_within(Duration::from_secs(20), "the profile \"p\"", &line, now).await.map_err(|error| error.to_string())
    }

    fn echo(json: &str) -> String {
        format!("/bin/echo '{json}'")
    }

    #[tokio::test]
    async fn what_the_program_prints_is_taken() {
        let json = r#"{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-11-28T12:00:01+00:00"}"#;
        let credentials = run(&echo(json)).await.unwrap();
        assert_eq!((credentials.access_key.as_str(), credentials.secret.expose()), ("AKIA1", "s"));
        assert_eq!(credentials.token.unwrap().expose(), "t");
    }

    #[tokio::test]
    async fn what_is_no_good_is_said_without_being_repeated() {
        let keys = r#""AccessKeyId":"AKIA1","SecretAccessKey":"hunter2""#;
        for (line, words) in [
            (echo(&format!("{{{keys}}}")), "\"Version\": 1"),
            (echo(&format!("{{\"Version\":2,{keys}}}")), "\"Version\": 1"),
            (echo(&format!("{{\"Version\":1,{keys},\"Expiration\":\"2026-11-28T12:00:00Z\"}}")), "have expired"),
            (echo(r#"{"Version":1,"AccessKeyId":"AKIA1"}"#), "no SecretAccessKey"),
            (echo(r#"{"Version":1,"AccessKeyId":"hunter2","SecretAccessKey":"a b"}"#), "secret access key isn't one"),
            (echo("hunter2"), "doesn't print the JSON"),
            ("/bin/sh -c 'echo hunter2; echo hunter2 >&2; exit 3'".to_owned(), "ends with exit status 3"),
            ("/no/such/program hunter2".to_owned(), "can't be started"),
            ("/bin/echo 'hunter2".to_owned(), "without an end"),
            (" ".to_owned(), "names no program"),
        ] {
            let error = run(&line).await.unwrap_err();
            assert!(error.contains(words) && !error.contains("hunter2"), "{line}: {error}");
        }
    }
}
