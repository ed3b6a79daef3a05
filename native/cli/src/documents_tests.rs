//! `docs/cli.md` is what `--help` says, and what documents type after `machine-id` can be typed.

use std::fmt::Write as _;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Id};

use crate::args::Cli;

mod typed;

const PAGE: &str = "docs/cli.md";
const HEAD: &str = "\
# Command line

This page is what `--help` prints, without the options that a command shares with the one above it. A test generates it from
the definitions of the commands (`BLESS=1 cargo test -p machine-id-cli documents`). Commands and options of tbot that aren't here are in
[compatibility](compatibility.md#tbots-command-line); the variables that the program reads are in
[configuration](configuration.md).
";

/// What a command has from the one above it isn't repeated.
pub(crate) fn without_inherited(command: &Command, above: Option<&Command>) -> Command {
    let has = |id: &Id| above.is_some_and(|above| above.get_arguments().any(|argument| argument.get_id() == id));
    command.clone().mut_args(|argument| {
        let inherited = argument.is_global_set() && has(argument.get_id());
        if inherited { argument.hide(true) } else { argument }
    })
}

/// What `--help` prints.
fn help(command: &Command, above: Option<&Command>) -> String {
    let text = without_inherited(command, above).render_long_help().to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn write(page: &mut String, path: &str, command: &Command, above: Option<&Command>) {
    write!(page, "\n## {path}\n\n```\n{}\n```\n", help(command, above).trim_end()).unwrap();
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        write(page, &format!("{path} {}", below.get_name()), below, Some(command));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a source file, written by a developer on request")]
fn the_page_is_what_help_says() {
    let mut cli = Cli::command();
    cli.build();
    let mut page = HEAD.to_owned();
    write(&mut page, "machine-id", &cli, None);
    let file = documents::repository::root().join(PAGE);
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&file, &page).unwrap();
    }
    let stored = std::fs::read_to_string(file).unwrap_or_default();
    assert!(stored == page, "run `BLESS=1 cargo test -p machine-id-cli documents` and commit {PAGE}");
}

/// Why clap doesn't take it. In prose a command may stand without what it needs.
fn refused(words: &[String], in_prose: bool) -> Option<String> {
    let error = Cli::command().try_get_matches_from(words).err()?;
    let help = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    let missing = [ErrorKind::MissingRequiredArgument, ErrorKind::MissingSubcommand];
    let taken = help.contains(&error.kind()) || in_prose && missing.contains(&error.kind());
    (!taken).then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}

#[test]
fn every_command_that_a_document_types_can_be_typed() {
    let (mut faults, mut found) = (Vec::new(), 0);
    for document in documents::repository::documents().unwrap() {
        let generated = document.path == std::path::Path::new(PAGE);
        let code = document.code.iter().filter(|(_, text)| !generated || typed::is_example(text));
        let code = code.map(|(line, text)| (*line, text.clone(), false));
        let spans = document.spans.iter().map(|(line, text)| (*line, text.clone(), true));
        for (line, text, in_prose) in code.chain(spans) {
            for words in typed::commands(&text) {
                found += 1;
                if let Some(why) = refused(&words, in_prose) {
                    faults.push(format!("{}: {}: {why}", document.at(line), words.join(" ")));
                }
            }
        }
    }
    assert!(found > 50, "{found}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_command_that_cannot_be_typed_is_noticed() {
    for wrong in ["machine-id strat", "machine-id start --oneshoot", "machine-id status extra"] {
        let commands = typed::commands(wrong);
        assert!(commands.len() == 1 && refused(&commands[0], true).is_some(), "{wrong}");
    }
}
