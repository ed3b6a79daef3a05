//! The syntax of AWS' `config` and `credentials` files ("Format of the configuration and credential files").

use crate::secret::Secret;

/// A section's keys, in lower case, as they come. Values may be secrets.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) keys: Vec<(String, Secret)>,
}

/// Reads a file.
///
/// # Errors
/// The number of the line that can't be read; never what it holds.
pub(super) fn read(text: &str) -> Result<Vec<Section>, usize> {
    let mut sections: Vec<Section> = Vec::new();
    for (at, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let fault = at + 1;
        let indented = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[').filter(|_| !indented) {
            let (name, rest) = rest.split_once(']').ok_or(fault)?;
            if !uncommented(rest).is_empty() {
                return Err(fault);
            }
            sections.push(Section { name: unquoted(name), keys: Vec::new() });
            continue;
        }
        let section = sections.last_mut().ok_or(fault)?;
        // What is indented belongs to the key above it: settings of a single service, which don't matter here.
        if indented && !section.keys.is_empty() {
            continue;
        }
        let (key, value) = line.split_once('=').ok_or(fault)?;
        let key = key.trim().to_ascii_lowercase();
        if key.is_empty() {
            return Err(fault);
        }
        section.keys.push((key, Secret::new(uncommented(value).to_owned())));
    }
    Ok(sections)
}

/// Without the comment at its end, which white space sets off.
fn uncommented(value: &str) -> &str {
    let starts = value.char_indices().zip(value.chars().skip(1));
    let comment = starts.filter(|((_, c), next)| c.is_whitespace() && matches!(next, '#' | ';')).map(|((at, _), _)| at);
    let end = comment.min().unwrap_or(value.len());
    let value = value.get(..end).unwrap_or_default().trim();
    if value.starts_with(['#', ';']) { "" } else { value }
}

/// `profile "a b"` is `profile a b`; blanks between its two words don't count.
fn unquoted(name: &str) -> String {
    match name.trim().split_once([' ', '\t']) {
        Some((kind, rest)) => {
            let rest = rest.trim();
            let bare = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest);
            format!("{kind} {bare}")
        }
        None => name.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::read;

    fn flat(text: &str) -> Result<Vec<String>, usize> {
        let sections = read(text)?;
        let keys = |section: super::Section| {
            let name = section.name;
            let pairs = section.keys.into_iter().map(|(key, value)| format!("{key}={}", value.expose()));
            pairs.map(|pair| format!("{name}: {pair}")).collect::<Vec<_>>()
        };
        Ok(sections.into_iter().flat_map(keys).collect())
    }

    #[test]
    fn files_of_the_documentation_are_read() {
        let text = "\u{feff}# comment\r\n; comment\n[default]\nAWS_Access_Key_Id = AKIA ; mine\nsecret=a#b=c==\n\n\
            [profile  \"my user\"] # x\nregion=\neu=\ts3 \ns3 =\n  max_concurrent_requests = 20\n\toutput: x\nlast = 1 # 2\n";
        let expected = [
            "default: aws_access_key_id=AKIA",
            "default: secret=a#b=c==",
            "profile my user: region=",
            "profile my user: eu=s3",
            "profile my user: s3=",
            "profile my user: last=1",
        ];
        assert_eq!(flat(text).unwrap(), expected);
    }

    #[test]
    fn lines_that_are_none_are_named_by_number() {
        for (text, line) in
            [("key = value", 1), ("[a]\nnothing", 2), ("[a\n", 1), ("[a] b", 1), ("\n[a]\n= x", 3), ("[a]\n\n]", 3)]
        {
            assert_eq!(flat(text), Err(line), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_at_one_of_its_lines(text in "(\\[|\\]|[a-z#;= \t\n\"é])*") {
            if let Err(line) = flat(&text) {
                prop_assert!(line >= 1 && line <= text.lines().count());
            }
        }

        #[test]
        fn what_is_written_is_read(key in "[a-z_]{1,9}", value in "[!-~]([ -~]{0,20}[!-~])?") {
            prop_assume!(!value.starts_with(['#', ';']) && !value.contains(" #") && !value.contains(" ;"));
            prop_assert_eq!(flat(&format!("[p]\n{key} = {value}\n")).unwrap(), [format!("p: {key}={value}")]);
        }
    }
}
