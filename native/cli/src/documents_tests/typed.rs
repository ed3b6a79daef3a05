//! The commands in a line of a shell, of a pipeline or of a unit.

/// The program's names. A variable is one in any quotes.
const NAMES: &[&str] = &["machine-id", "$MACHINE_ID_BIN"];

/// An example in what `--help` prints; all else that begins with the name there is a sentence.
pub(super) fn is_example(line: &str) -> bool {
    line.starts_with("  machine-id ") && !line.contains('[')
}

/// Each command of the line, its words as the shell would give them.
pub(super) fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for (at, name) in NAMES.iter().flat_map(|name| line.match_indices(name)) {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        let after = after.strip_prefix('"').unwrap_or(after);
        if begins_command(before) && after.starts_with(' ') {
            let mut words = vec!["machine-id".to_owned()];
            words.extend(arguments(after));
            // `machine-id` alone, and a sentence about it.
            if words.len() > 1 {
                commands.push(words);
            }
        }
    }
    commands
}

/// Whether a command can stand after that: at the begin, after an operator, in quotes, as a path.
fn begins_command(before: &str) -> bool {
    let trimmed = before.trim_end_matches(['"', '\'', '`']).trim_end();
    let operator = ["", "$", "|", "&&", ";", "do", "then", "in", "$(", "sh", "--", "if", "!"];
    let path = before.ends_with("/bin/") || before.ends_with("/release/") || before.ends_with("/debug/");
    path || operator.iter().any(|one| trimmed == *one || !one.is_empty() && ends_with_word(trimmed, one))
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(rest) = text.strip_suffix(word) else { return false };
    word == "$(" || rest.is_empty() || rest.ends_with([' ', '"', '\''])
}

/// Up to the next operator, a comment, an explanation behind many spaces, or the end of the quotes around.
fn arguments(text: &str) -> Vec<String> {
    let text = text.split("    ").next().unwrap_or_default();
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            ' ' => words.extend(word.take()),
            '#' if word.is_none() => break,
            '|' | ';' | ')' | '&' | '<' | '>' | '`' => break,
            '"' | '\'' => match rest.as_str().split_once(character) {
                Some((quoted, after)) => {
                    word.get_or_insert_default().push_str(quoted);
                    rest = after.chars();
                }
                None => break,
            },
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words.retain(|word| word != "…" && word != "...");
    words
}

#[test]
fn commands_are_found_where_they_stand() {
    let words = |line: &str| commands(line).iter().map(|words| words.join(" ")).collect::<Vec<_>>();
    for (line, expected) in [
        ("machine-id start -c /etc/tbot.yaml     # as the daemon", &["machine-id start -c /etc/tbot.yaml"][..]),
        ("ExecStart=/usr/local/bin/machine-id start -c x", &["machine-id start -c x"]),
        ("  sh '\"$MACHINE_ID_BIN\" hosts env=prod'", &["machine-id hosts env=prod"]),
        ("for host in $(\"$MACHINE_ID_BIN\" hosts a=b); do", &["machine-id hosts a=b"]),
        ("machine-id run -- sh -c 'a && b' | jq", &["machine-id run -- sh -c a && b"]),
        ("the library, or machine-id or a reader", &[]),
        ("/home/jenkins/machine-id is there", &[]),
        ("machine-id", &[]),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}
