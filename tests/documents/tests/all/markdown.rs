//! What the reader of Markdown sees.

use std::path::Path;

use documents::Document;

use super::{assert_none, documents};

#[test]
fn code_and_spans_have_their_lines() {
    let text = "A `b\nc` d\n\n- x:\n  ```sh\n  one \\\n    two\n  three\n  ```\n\nB\n\n    indented\n\n~~~ yaml title\na: b\n~~~\n";
    let page = Document::read(Path::new("page.md"), text);
    assert_eq!(page.spans, [(1, "b c".to_owned())]);
    let lines = ["one   two", "three", "indented", "a: b"].map(str::to_owned);
    assert_eq!(page.code.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>(), lines);
    assert_eq!(page.code.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [6, 8, 13, 16]);
    let languages: Vec<_> = page.blocks.iter().map(|block| block.language.as_str()).collect();
    assert_eq!(languages, ["sh", "", "yaml"]);
}

#[test]
fn no_document_has_html() {
    let faults = documents().into_iter().flat_map(|document| {
        let at = |(line, html): &(usize, String)| format!("{}: {html}", document.at(*line));
        document.html.iter().map(at).collect::<Vec<_>>()
    });
    assert_none(&faults.collect::<Vec<_>>());
}
