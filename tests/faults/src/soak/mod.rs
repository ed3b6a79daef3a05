//! Minutes of ordinary life with short certificates: leases come and go, authorities rotate, the cluster goes away.
//!
//! Two processes: the engine under test, whose memory and descriptors are watched from outside, and everything else:
//! the double, the weather, and a reader that logs in to a real sshd.

mod administrator;
mod engine;
mod gauge;
mod node;
mod reader;
mod weather;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use teleport_double::{Double, Role};

use administrator::Administrator;
pub use engine::work;
use gauge::Gauge;
use node::Node;
use reader::Reader;
use weather::Weather;

use crate::Failure;
use crate::table::{Row, Table};
use crate::world::ROLE;

/// Certificates live this long.
const LIFE: Duration = Duration::from_secs(60);
/// Leases that come and go.
const LEASES: usize = 50;
/// What is measured before this is warming up.
const WARM: Duration = Duration::from_secs(60);

/// After that, all leases are given back and connections closed.
const QUIET: Duration = Duration::from_secs(60);

/// Runs for so long and says what went wrong.
///
/// # Errors
/// When the suite itself fails.
pub async fn soak(length: Duration) -> Result<Table, Failure> {
    let directory = tempfile::Builder::new().prefix("machine-id-soak-").tempdir()?;
    let login = nix::unistd::User::from_uid(nix::unistd::geteuid())?.ok_or("the user who runs this has no name")?.name;
    let role = |name: &str| Role::new(name).logins(&[login.as_str()]).max_session_ttl(LIFE);
    let builder = Double::builder().role(role(ROLE)).role(role("bot-api")).bot("api", &[ROLE]);
    let double = Arc::new(builder.directory(directory.path().join("double")).start().await?);
    let node = Node::start(directory.path().join("node"), Arc::clone(&double)).await?;
    double.add_node("node1", &node.address);
    let plan = Plan::new(directory.path(), &double)?;
    let said = directory.path().join("engine.log");
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--engine")
        .arg(directory.path())
        .args(["--proxy", &double.proxy_address(), "--seconds", &length.as_secs().to_string()])
        .env("SSL_CERT_FILE", double.web_ca_pem())
        .stdout(Stdio::piped())
        .stderr(File::create(&said)?)
        .spawn()?;
    let mut gauge = Gauge::of(child.id());
    let mut administrator = Administrator::new(&plan);
    let stop = Arc::new(AtomicBool::new(false));
    let weather = Weather::start(Arc::clone(&double), Arc::clone(&stop));
    let reader =
        Reader::start(plan.standing.clone(), format!("{login}@node1.example.test"), weather.away(), Arc::clone(&stop));
    let started = Instant::now();
    let mut last_word = started;
    while started.elapsed() < length {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if started.elapsed() > WARM.min(length / 3) {
            gauge.look();
        }
        administrator.look(&double)?;
        if child.try_wait()?.is_some() {
            break;
        }
        if last_word.elapsed() > Duration::from_secs(60) {
            last_word = Instant::now();
            eprintln!("{:>5} s  {gauge}, {:?}", started.elapsed().as_secs(), double.counters());
        }
    }
    let early = child.try_wait()?;
    stop.store(true, Ordering::Relaxed);
    let weather = weather.end().await?;
    let reader = reader.end().await?;
    weather::open(&double, true);
    // When all leases are given back, what the engine still holds is what it would hold for ever.
    let ended = Instant::now();
    while !(plan.is_quiet() && gauge.finish()) && ended.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await??;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut table = Table::default();
    if let Some(status) = early {
        let text = fs::read_to_string(&said).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(3).collect();
        let mut row = Row::new("the engine");
        row.violations.push(format!("it ended early: {status}: {tail:?}"));
        table.0.push(row);
    }
    table.0.extend([weather, reader]);
    table.0.extend(engine::rows(&report));
    let mut locks = Row::new("locks at the cluster");
    locks.count = usize::try_from(double.counters().renewed).unwrap_or(0);
    let (renewed, impersonated) = (double.counters().renewed, double.counters().impersonated);
    locks.note = format!("{renewed} renewals, {impersonated} role certificates, {administrator}");
    locks.violations.extend((double.counters().locks > 0).then(|| format!("{}", double.counters().locks)));
    table.0.push(locks);
    table.0.push(gauge.row());
    table.0.push(plan.leftovers());
    if !table.is_clean() {
        let kept = directory.keep();
        eprintln!("kept for a look: {}", kept.display());
    }
    Ok(table)
}

/// Where everything of the engine lies.
#[derive(Clone, Debug)]
struct Plan {
    storage: PathBuf,
    root: PathBuf,
    standing: PathBuf,
    leases: PathBuf,
    token: PathBuf,
}

impl Plan {
    fn at(directory: &Path) -> Self {
        Self {
            storage: directory.join("storage"),
            root: directory.join("root"),
            standing: directory.join("standing"),
            leases: directory.join("leases"),
            token: directory.join("token"),
        }
    }

    fn new(directory: &Path, double: &Double) -> Result<Self, Failure> {
        let plan = Self::at(directory);
        fs::create_dir(&plan.leases)?;
        fs::write(&plan.token, double.new_token("api"))?;
        Ok(plan)
    }

    fn is_quiet(&self) -> bool {
        fs::read_dir(&self.leases).is_ok_and(|mut entries| entries.next().is_none())
    }

    /// Files that nobody needs any more.
    fn leftovers(&self) -> Row {
        let mut row = Row::new("files left behind");
        let names = |path: &Path| {
            let entries =
                fs::read_dir(path).map(|all| all.filter_map(Result::ok).map(|entry| entry.file_name()).collect());
            entries.unwrap_or_else(|_| Vec::new())
        };
        let stray = |names: &[std::ffi::OsString], known: &[&str]| {
            // Locks stay: one of the whole, and those of parts.
            let is_known = |name: &str| name.starts_with(".lock") || known.contains(&name);
            names.iter().filter(|name| !name.to_str().is_some_and(is_known)).cloned().collect::<Vec<_>>()
        };
        for (path, known) in [
            (self.leases.clone(), vec![]),
            (self.storage.clone(), vec!["identity.json"]),
            (self.root.join("leases"), vec![]),
        ] {
            row.count += 1;
            let left = stray(&names(&path), &known);
            row.violations.extend((!left.is_empty()).then(|| format!("{}: {left:?}", path.display())));
        }
        // What is hidden is there for ssh and for ourselves, and doesn't grow.
        let hidden = [".previous-cert.pub", ".ssh-a", ".ssh-b", ".written"];
        let mut left = stray(&names(&self.standing), &hidden);
        left.retain(|name| name.to_string_lossy().starts_with('.') && !name.to_string_lossy().starts_with(".t-"));
        row.violations.extend((!left.is_empty()).then(|| format!("{}: {left:?}", self.standing.display())));
        row
    }
}
