//! Every command and option of tbot's own help is done here, or named.

use std::collections::BTreeSet;

use clap::CommandFactory;

use super::NOT_BUILT;
use crate::args::Cli;

/// What `tbot help COMMAND` of 18.0.0-dev lists, `COMMAND: --option --option`, recorded by
/// `tests/teleport/tbot-help TBOT`.
const HELP: &str = include_str!("../../../tests/fixtures/tbot-18/help.txt");
const PAGE: &str = include_str!("../../../docs/compatibility.md");

fn commands() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    HELP.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (command, options) = line.split_once(':').unwrap();
        (command, options.split_whitespace().collect())
    })
}

/// Ours by the same words, if it is there.
fn ours(words: &str) -> Option<clap::Command> {
    let mut cli = Cli::command();
    cli.build();
    words.split(' ').try_fold(cli, |command, word| command.find_subcommand(word).cloned())
}

fn is_named(under: &str, word: &str) -> bool {
    NOT_BUILT.iter().any(|one| one.word == word && (one.under.is_empty() || under.starts_with(one.under)))
}

/// What stands in the table's first column.
fn done(command: &str) -> bool {
    ours(command).is_some()
}

#[test]
fn every_command_of_tbots_help_is_here_or_named() {
    assert!(commands().count() > 20, "{HELP}");
    for (command, options) in commands() {
        let mut words = command.split(' ');
        let (first, last) = (words.next().unwrap(), command.split(' ').next_back().unwrap());
        if !done(command) {
            let named = is_named("", first) || is_named(first, last);
            assert!(named, "{command} is neither here nor named");
            continue;
        }
        // clap's own, which takes no options.
        let Some(mine) = ours(command).filter(|_| command != "help") else { continue };
        for option in options {
            let (long, short) = (option.strip_prefix("--"), option.strip_prefix('-'));
            let here = mine.get_arguments().any(|argument| match long {
                Some(long) => {
                    argument.get_long() == Some(long)
                        || argument.get_all_aliases().is_some_and(|all| all.contains(&long))
                }
                None => argument.get_short() == short.and_then(|short| short.chars().next()),
            });
            assert!(here || is_named(command, option), "{command} {option} is neither here nor named");
        }
    }
}

#[test]
fn what_is_named_is_not_here() {
    for one in NOT_BUILT.iter().filter(|one| !one.word.starts_with('-')) {
        let words = [one.under, one.word].join(" ");
        assert!(ours(words.trim()).is_none(), "{words} is here");
        assert!(!one.instead.is_empty() && !one.instead.ends_with('.'), "{words}");
    }
}

/// `BLESS=1` prints the rows.
#[test]
fn the_page_has_the_same_list() {
    let rows: BTreeSet<String> = NOT_BUILT
        .iter()
        .map(|one| format!("| `{}` | {} |", [one.under, one.word].join(" ").trim(), one.instead))
        .collect();
    let head = "| of tbot, not built | instead |";
    let table = PAGE.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
    let listed: BTreeSet<String> = table.map(str::to_owned).collect();
    if std::env::var_os("BLESS").is_some() {
        println!("{}", Vec::from_iter(rows.iter().map(String::as_str)).join("\n"));
    }
    assert_eq!(listed, rows, "docs/compatibility.md; BLESS=1 prints its rows");
}
