//! `native/cli/packaging/man` and `native/cli/packaging/completions` are made from the definitions of the commands.

use std::collections::BTreeMap;
use std::path::Path;

use clap::builder::Resettable;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::documents_tests::without_inherited;

const FOLDER: &str = "native/cli/packaging";

/// What clap doesn't know.
const SEE_ALSO: &str = "\
.SH \"SEE ALSO\"
.BR ssh_config (5),
.BR kubectl (1),
.BR systemctl (1).
The file /etc/machine\\-id has nothing to do with this program: see
.BR machine\\-id (5).
";

/// A command without what `--help` hides: neither pages nor completions offer it.
fn visible(command: &Command) -> Command {
    // clap keeps names for as long as the program runs.
    let name: &'static str = command.get_name().to_owned().leak();
    let mut seen = Command::new(name).disable_help_subcommand(true);
    if let Some(version) = command.get_version() {
        seen = seen.version(&*version.to_owned().leak());
    }
    for alias in command.get_visible_aliases() {
        seen = seen.visible_alias(&*alias.to_owned().leak());
    }
    if let Some(about) = command.get_about() {
        seen = seen.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        seen = seen.long_about(about.clone());
    }
    if let Some(help) = command.get_after_help() {
        seen = seen.after_help(help.clone());
    }
    // What an option takes back may be hidden.
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned();
    seen.args(shown.map(|argument| argument.overrides_with(Resettable::Reset)))
        .subcommands(command.get_subcommands().filter(|below| !below.is_hide_set()).map(visible))
}

/// Examples are for typing, so their lines stay as they are.
fn with_examples(page: &str) -> String {
    let mut text = String::new();
    let mut verbatim = false;
    for line in page.lines() {
        if line == "Examples:" {
            text += ".SH EXAMPLES\n.nf\n";
            verbatim = true;
            continue;
        }
        if verbatim && !line.starts_with("  ") {
            text += ".fi\n";
            verbatim = false;
            if line.is_empty() {
                text += ".SH NOTES\n";
                continue;
            }
        }
        text += line.strip_prefix("  ").filter(|_| verbatim).unwrap_or(line);
        text.push('\n');
    }
    if verbatim {
        text += ".fi\n";
    }
    text.replace(".SH EXTRA\n.SH EXAMPLES\n", ".SH EXAMPLES\n").replace(".SH EXTRA\n", ".SH NOTES\n")
}

/// Pages by file name: one for each command that can be seen.
fn man(path: &[&str], command: &Command, above: Option<&Command>, pages: &mut BTreeMap<String, String>) {
    // Names of outputs have slashes.
    let name = path.join("-").replace('/', "-");
    let page = clap_mangen::Man::new(without_inherited(command, above))
        .title(name.to_uppercase())
        .source(format!("machine-id {}", env!("CARGO_PKG_VERSION")))
        .manual("Short-lived Teleport identities");
    let mut text = Vec::new();
    page.render(&mut text).unwrap();
    let mut text = with_examples(&String::from_utf8(text).unwrap());
    for below in command.get_subcommands().filter(|below| below.get_name().contains('/')) {
        let wrong = format!("{name}-{}", below.get_name()).replace('-', "\\-");
        text = text.replace(&wrong, &wrong.replace('/', "\\-"));
    }
    pages.insert(format!("man/{name}.1"), text + SEE_ALSO);
    for below in command.get_subcommands() {
        man(&[path, &[below.get_name()]].concat(), below, Some(command), pages);
    }
}

fn completions(cli: &Command, pages: &mut BTreeMap<String, String>) {
    for (shell, file) in [(Shell::Bash, "machine-id"), (Shell::Zsh, "_machine-id"), (Shell::Fish, "machine-id.fish")] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut cli.clone(), "machine-id", &mut text);
        // clap_complete 4.6 names the cases for bash otherwise than the words that it looks up, if the program's name has a hyphen.
        let text = String::from_utf8(text).unwrap().replace("machine__subcmd__id", "machine__id");
        pages.insert(format!("completions/{file}"), text);
    }
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for part in ["man", "completions"] {
        for entry in std::fs::read_dir(folder.join(part)).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = format!("{part}/{}", entry.file_name().into_string().unwrap());
            files.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}

#[test]
#[expect(clippy::disallowed_methods, reason = "source files, written by a developer on request")]
fn they_are_what_the_definitions_say() {
    let cli = visible(&Cli::command());
    let mut pages = BTreeMap::new();
    completions(&cli, &mut pages);
    let mut built = cli;
    built.build();
    man(&["machine-id"], &built, None, &mut pages);
    let folder = documents::repository::root().join(FOLDER);
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        for part in ["man", "completions"] {
            let _ = std::fs::remove_dir_all(folder.join(part));
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        pages.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).unwrap());
    }
    assert!(pages.len() > 10, "{:?}", pages.keys());
    // What only explains why it is refused isn't offered.
    assert!(pages.values().all(|text| !text.contains("insecure") && !text.contains("proxy-tls")));
    assert!(files(&folder) == pages, "run `BLESS=1 cargo test -p machine-id-cli pages` and commit {FOLDER}");
}

#[test]
fn the_plugin_has_the_same_version() {
    let pom = std::fs::read_to_string(documents::repository::root().join("plugin-java/pom.xml")).unwrap();
    assert!(pom.contains(concat!("<revision>", env!("CARGO_PKG_VERSION"), "</revision>")));
}

/// What bash offers for the last of these words.
fn offered(words: &[&str]) -> Vec<String> {
    let mut pages = BTreeMap::new();
    completions(&visible(&Cli::command()), &mut pages);
    let output = std::process::Command::new("bash")
        .args([
            "--norc",
            "-c",
            "eval \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))
            _machine__id machine-id \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"",
            "bash",
        ])
        .arg(&pages["completions/machine-id"])
        .args(words)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_offers_commands_and_their_options() {
    assert_eq!(offered(&["machine-id", "sta"]), ["start", "status"]);
    assert_eq!(offered(&["machine-id", "start", "--one"]), ["--oneshot"]);
    assert_eq!(offered(&["machine-id", "proxy-ssh", "--fd"]), ["--fdpass"]);
    assert_eq!(offered(&["machine-id", "start", "kubernetes/v2", "--label"]), ["--label-selector"]);
    assert_eq!(offered(&["machine-id", "status", "--log-format", "j"]), ["json"]);
}
