//! `packaging/man` and `packaging/completions` are made from the definitions of the commands.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::documents_tests::{markdown, without_inherited};

const FOLDER: &str = "packaging";

/// What clap doesn't know.
const SEE_ALSO: &str = "\
.SH \"SEE ALSO\"
.BR ssh_config (5),
.BR kubectl (1),
.BR systemctl (1).
The file /etc/machine\\-id has nothing to do with this program: see
.BR machine\\-id (5).
";

/// Pages by file name: one for each command that can be seen.
fn man(path: &[&str], command: &Command, above: Option<&Command>, pages: &mut BTreeMap<String, Vec<u8>>) {
    // Names of outputs have slashes.
    let name = path.join("-").replace('/', "-");
    let page = clap_mangen::Man::new(without_inherited(command, above))
        .title(name.to_uppercase())
        .date("")
        .source(format!("machine-id {}", env!("CARGO_PKG_VERSION")))
        .manual("Short-lived Teleport identities");
    let mut text = Vec::new();
    page.render(&mut text).unwrap();
    text.extend(SEE_ALSO.bytes());
    pages.insert(format!("man/{name}.1"), text);
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        man(&[path, &[below.get_name()]].concat(), below, Some(command), pages);
    }
}

fn completions(pages: &mut BTreeMap<String, Vec<u8>>) {
    for (shell, file) in [(Shell::Bash, "machine-id"), (Shell::Zsh, "_machine-id"), (Shell::Fish, "machine-id.fish")] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "machine-id", &mut text);
        pages.insert(format!("completions/{file}"), text);
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for part in ["man", "completions"] {
        for entry in std::fs::read_dir(folder.join(part)).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = format!("{part}/{}", entry.file_name().into_string().unwrap());
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

#[test]
#[expect(clippy::disallowed_methods, reason = "source files, written by a developer on request")]
fn they_are_what_the_definitions_say() {
    let mut cli = Cli::command();
    cli.build();
    let mut pages = BTreeMap::new();
    man(&["machine-id"], &cli, None, &mut pages);
    completions(&mut pages);
    let folder = markdown::root().join(FOLDER);
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        for part in ["man", "completions"] {
            let _ = std::fs::remove_dir_all(folder.join(part));
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        pages.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).unwrap());
    }
    assert!(pages.len() > 10, "{:?}", pages.keys());
    assert!(files(&folder) == pages, "run `BLESS=1 cargo test -p machine-id-cli pages` and commit {FOLDER}");
}

#[test]
fn the_plugin_has_the_same_version() {
    let pom = std::fs::read_to_string(markdown::root().join("plugin-java/pom.xml")).unwrap();
    assert!(pom.contains(concat!("<revision>", env!("CARGO_PKG_VERSION"), "</revision>")));
}
