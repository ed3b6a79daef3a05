//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The built `machine-id` next to the program that runs, or above the test executables; built once if it isn't there or older than its sources.
///
/// # Panics
/// When it can't be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        // Tests are in `deps`, programs are not.
        let profile = test.ancestors().skip(1).find(|directory| !directory.ends_with("deps")).unwrap();
        let program = profile.join("machine-id");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../native").canonicalize().unwrap();
        if modified(&program).is_none_or(|built| built < newest(&sources)) {
            build(profile, &sources);
        }
        assert!(program.exists(), "cargo made no {}", program.display());
        program
    })
}

fn build(profile: &Path, sources: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "-p", "machine-id-cli"]).current_dir(sources);
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(name) => {
            cargo.args(["--profile", name]);
        }
    }
    assert!(cargo.status().unwrap().success(), "the program can't be built");
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

fn newest(directory: &Path) -> SystemTime {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let times = entries.filter_map(|path| match path.extension().and_then(|ending| ending.to_str()) {
        _ if path.is_dir() => Some(newest(&path)),
        Some("rs" | "toml") => modified(&path),
        _ => None,
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
