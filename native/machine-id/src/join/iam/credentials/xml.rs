//! As much of XML as STS answers in: elements and text, no document type (and so no entities of its own).

use zeroize::Zeroizing;

const DEEPEST: usize = 16;
const MOST: usize = 1000;

/// The texts of a document, each with the path of element names that leads to it, `A/B/C`.
#[derive(Debug)]
pub(super) struct Texts(Vec<(String, Zeroizing<String>)>);

impl Texts {
    /// The text at `path`, if there is exactly one.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(at, _)| at == path);
        let (_, text) = found.next()?;
        found.next().is_none().then_some(text.as_str())
    }
}

/// Reads a document.
///
/// # Errors
/// What is wrong with it, without its text.
pub(super) fn read(document: &str) -> Result<Texts, &'static str> {
    let mut texts = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = document.strip_prefix('\u{feff}').unwrap_or(document);
    let mut roots = 0;
    // Whether the last tag began an element: only such a one has a text.
    let mut leaf = false;
    while let Some((text, after)) = rest.split_once('<') {
        if open.is_empty() && !text.trim().is_empty() {
            return Err("it has text outside of its elements");
        }
        if let Some(after) = after.strip_prefix('?') {
            rest = after.split_once("?>").ok_or("it is cut")?.1;
            continue;
        }
        if let Some(after) = after.strip_prefix("!--") {
            rest = after.split_once("-->").ok_or("it is cut")?.1;
            leaf = false;
            continue;
        }
        if after.starts_with('!') {
            return Err("it has a document type or CDATA");
        }
        let (tag, after) = split_tag(after).ok_or("it is cut")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.last() != Some(&name.trim_end()) {
                return Err("its elements aren't nested");
            }
            if leaf {
                texts.push((open.join("/"), decoded(text)?));
            }
            open.pop();
            leaf = false;
            continue;
        }
        let empty = tag.ends_with('/');
        let name = tag.trim_end_matches('/').split_ascii_whitespace().next().unwrap_or_default();
        if !is_name(name) || tag.starts_with(char::is_whitespace) {
            return Err("it has an element without a name");
        }
        roots += usize::from(open.is_empty());
        leaf = !empty;
        if !empty {
            open.push(name);
        }
        if roots > 1 || open.len() > DEEPEST || texts.len() > MOST {
            return Err("it has too many elements");
        }
    }
    if roots == 0 || !open.is_empty() || !rest.trim().is_empty() {
        return Err("it is cut");
    }
    Ok(Texts(texts))
}

/// A tag's inside, and what follows it; `>` may stand in the value of an attribute.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, '<') => return None,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c))
}

fn decoded(text: &str) -> Result<Zeroizing<String>, &'static str> {
    const BAD: &str = "it has a reference that isn't known";
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut parts = text.split('&');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, after) = part.split_once(';').ok_or(BAD)?;
        let number = name.strip_prefix('#').map(|number| match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        });
        plain.push(match (number, name) {
            (Some(number), _) => number.ok().and_then(char::from_u32).ok_or(BAD)?,
            (None, "amp") => '&',
            (None, "lt") => '<',
            (None, "gt") => '>',
            (None, "quot") => '"',
            (None, "apos") => '\'',
            (None, _) => return Err(BAD),
        });
        plain.push_str(after);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::read;

    #[test]
    fn texts_are_found_by_their_paths() {
        let document = "\u{feff}<?xml version=\"1.0\"?>\n<!-- > -->\n<A xmlns='http://x/>'>\n <B>1 &amp; &#x32;&#51;</B>\n \
            <C/><D><B>x</B></D><E>one</E><E>two</E><F>a<G>b</G>c</F><H></H></A >\n";
        let texts = read(document).unwrap();
        for (path, expected) in [
            ("A/B", Some("1 & 23")),
            ("A/D/B", Some("x")),
            ("A/F/G", Some("b")),
            ("A/H", Some("")),
            ("A/E", None),
            ("A/F", None),
            ("A/C", None),
            ("A", None),
            ("B", None),
        ] {
            assert_eq!(texts.get(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for document in [
            "",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a/><b/>",
            "<a/>text",
            "text<a/>",
            "<a>&unknown;</a>",
            "<a>&#xD800;</a>",
            "<a>&amp</a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a><![CDATA[x]]></a>",
            "<a b=\"></a>",
            "< a></a>",
            "<a<b></a>",
            "<1></1>",
            "<!-- ",
            "<?xml",
        ] {
            assert!(read(document).is_err(), "{document}");
        }
        let deep = "<a>".repeat(17) + &"</a>".repeat(17);
        assert!(read(&deep).is_err());
        assert!(read(&format!("<a>{}</a>", "<b></b>".repeat(2000))).is_err());
    }

    proptest! {
        #[test]
        fn any_text_survives_being_written_as_xml(text in "\\PC*") {
            let mut written = text.clone();
            for (plain, reference) in [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")] {
                written = written.replace(plain, reference);
            }
            let texts = read(&format!("<a><b>{written}</b></a>")).unwrap();
            prop_assert_eq!(texts.get("a/b"), Some(text.as_str()));
        }

        #[test]
        fn nothing_upsets_the_reader(document in "(<|>|/|\"|&|;|!--|-->|\\?|[ab# ])*") {
            let _ = read(&document);
        }
    }
}
