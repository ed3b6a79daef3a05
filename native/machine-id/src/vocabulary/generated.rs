//! Files, and parts of pages, that are made from the lists here: a test compares them, or writes them with `BLESS=1`.

/// The whole of `file` is `wanted`. `test` names the tests that write it.
#[expect(clippy::disallowed_methods, reason = "a source file, written by a developer on request")]
pub(crate) fn is(file: &str, wanted: &str, test: &str) {
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        std::fs::write(file, wanted).unwrap();
    }
    let stored = std::fs::read_to_string(file).unwrap_or_default();
    assert!(stored == wanted, "run `BLESS=1 cargo test -p machine-id --lib {test}` and commit the result");
}

/// What stands in `page` between two of its lines is `wanted`.
pub(crate) fn is_between((begin, end): (&str, &str), page: &str, wanted: &str, test: &str) {
    let text = std::fs::read_to_string(page).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    is(page, &format!("{before}{begin}{wanted}{end}{after}"), test);
}
