//! The program under test.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The built `machine-id` next to the program that runs, or above the test executables; built once if it isn't there or
/// older than its sources. Where other users can't get there (a checkout in somebody's home), a copy of it.
///
/// # Panics
/// When it can't be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = profile().join("machine-id");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../native").canonicalize().unwrap();
        if modified(&program).is_none_or(|built| built < newest(&sources)) {
            build("machine-id-cli");
        }
        assert!(program.exists(), "cargo made no {}", program.display());
        if nix::unistd::geteuid().is_root() && !others_reach(&program) { shared(&program) } else { program }
    })
}

/// Copies a program so that it can be run at once.
///
/// # Panics
/// When it can't be copied.
pub fn copy(from: &Path, to: &Path) {
    // By a process of its own: one that another test starts meanwhile would hold the copy open for writing, and busy.
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success(), "{}", to.display());
}

fn others_reach(path: &Path) -> bool {
    path.ancestors().skip(1).all(|directory| directory.metadata().unwrap().permissions().mode() & 0o001 != 0)
}

/// One copy for all tests of a build.
fn shared(program: &Path) -> PathBuf {
    let built = modified(program).and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap();
    let copied = std::env::temp_dir().join(format!("machine-id-{}", built.as_nanos()));
    if !copied.exists() {
        let own = copied.with_extension(std::process::id().to_string());
        copy(program, &own);
        std::fs::rename(own, &copied).unwrap();
    }
    copied
}

/// Where cargo has put what runs.
fn profile() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // Tests are in `deps`, programs are not.
    test.ancestors().skip(1).find(|directory| !directory.ends_with("deps")).unwrap().to_path_buf()
}

/// Builds a package as the test was that runs, and gives the directory of what was built.
///
/// # Panics
/// When it can't be built.
pub fn build(package: &str) -> PathBuf {
    let profile = profile();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells a test about its own package makes build scripts run again, and so compiles nearly everything
    // anew, under the feet of whoever uses it meanwhile.
    for (name, _) in std::env::vars_os() {
        let told =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if told {
            cargo.env_remove(name);
        }
    }
    cargo.args(["build", "--quiet", "--locked", "-p", package]).current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    if let Some(name) = profile.file_name().and_then(|name| name.to_str()).filter(|name| *name != "debug") {
        cargo.args(["--profile", name]);
    }
    assert!(cargo.status().unwrap().success(), "{package} can't be built");
    profile
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
