//! `machine-id run`: certificates for one command.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::sync::Arc;

use machine_id::clock::SystemClock;
use machine_id::config::{DirectoryConfig, OutputConfig, TunnelConfig};
use machine_id::engine::{Engine, LeaseRequest, Opened, Placement};
use machine_id::error::{Code, Error};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Run;
use crate::{files, harden, preflight, progress, runtime, tunnels};

pub(crate) fn run(arguments: &Run, config: &Path) -> Result<ExitCode, Error> {
    runtime::threaded()?.block_on(work(arguments, config))
}

async fn work(arguments: &Run, config: &Path) -> Result<ExitCode, Error> {
    let mut config = files::config(config)?;
    config.identity.key_algorithm = arguments.keys.key_algorithm;
    let identity = config.identity.id.clone();
    let what = format!("getting certificates from {}:{}", config.identity.cluster.host, config.identity.cluster.port);
    // Who has tunnels alone wants no files.
    let output = match arguments.output.as_deref() {
        None if config.outputs.is_empty() && !config.tunnels.is_empty() => None,
        wanted => Some(choose(&config.outputs, wanted)?),
    };
    let lease = format!("{:032x}", fastrand::u128(..));
    let order = output.map(|output| order(&lease, &identity, output)).transpose()?;
    let directory = order.as_ref().and_then(|order| order.placements.first()).map(|placement| &placement.directory);
    preflight::passing(&config, directory, arguments.command.first())?;
    let files::Order { engine, tunnels, .. } = files::order(config)?;
    let wanted = Wanted { lease: &lease, identity: &identity, order, tunnels: &tunnels };
    let engine = Engine::open(engine, Arc::new(SystemClock::new()))?;

    // What a killed run has left is never taken again.
    engine.sweep().await;
    engine.serve_ssh();
    // From here on a signal must not end us before the directory is gone.
    let mut signals = Signals::listen()?;
    let acquired = tokio::select! {
        acquired = progress::shown(&what, wanted.get(&engine)) => acquired,
        kind = signals.next() => {
            let released = engine.release(&lease).await;
            // A join that is under way is waited for: the token works only once.
            engine.close().await;
            released?;
            return Ok(exit_by_signal(kind));
        }
    };
    engine.keep_fresh();
    let outcome = match acquired {
        Ok(environment) => run_command(arguments, &environment, &mut signals).await,
        Err(error) => Err(error),
    };
    let released = engine.release(&lease).await;
    // No later process takes over what a killed one left.
    engine.sweep().await;
    engine.close().await;
    let status = outcome?;
    if let Err(error) = released {
        eprintln!("machine-id: the certificates of this run are not removed: {error}");
    }
    Ok(exit_code(status))
}

/// What the command is to have.
struct Wanted<'a> {
    lease: &'a str,
    identity: &'a str,
    order: Option<LeaseRequest>,
    tunnels: &'a [TunnelConfig],
}

impl Wanted<'_> {
    /// Gets all of it; how the command finds it.
    async fn get(self, engine: &Engine) -> Result<BTreeMap<String, String>, Error> {
        let mut environment = match self.order {
            Some(order) => engine.acquire(order).await?.environment,
            None => BTreeMap::new(),
        };
        let mut reached = Vec::with_capacity(self.tunnels.len());
        for tunnel in self.tunnels {
            match tunnels::open(engine, self.lease, self.identity, tunnel).await? {
                Opened::Tunnel(one) => reached.push(one),
                Opened::Proxy(begins) => environment.extend([machine_id::tunnel::proxy_variable(&begins)]),
            }
        }
        environment.extend(machine_id::tunnel::environment(&reached));
        Ok(environment)
    }
}

/// The output that is meant: by name, by the last part of its directory, by type.
fn choose<'a>(outputs: &'a [OutputConfig], wanted: Option<&str>) -> Result<&'a OutputConfig, Error> {
    let found = match wanted {
        None => outputs.first(),
        Some(wanted) => outputs
            .iter()
            .find(|output| name_of(output) == wanted)
            .or_else(|| outputs.iter().find(|output| output.kind.output_type().as_str() == wanted)),
    };
    found.ok_or_else(|| {
        let known: Vec<String> =
            outputs.iter().map(|output| format!("{} ({})", name_of(output), output.kind.output_type())).collect();
        let message = match wanted {
            Some(wanted) => format!("the configuration has no output {wanted:?}"),
            None => "the configuration has no output".to_owned(),
        };
        Error::new(Code::RequestInvalid, message, format!("it has: {}", known.join(", ")))
    })
}

fn name_of(output: &OutputConfig) -> String {
    let directory = || output.destination.path.file_name().map(|name| name.to_string_lossy().into_owned());
    output.name.clone().or_else(directory).unwrap_or_default()
}

/// The same output, in a directory of its own that nobody can guess.
fn order(lease: &str, identity: &str, output: &OutputConfig) -> Result<LeaseRequest, Error> {
    let path = preflight::passing_directory()?.join(format!("machine-id-{lease}"));
    let directory = DirectoryConfig { path, readers: Vec::new(), ..output.destination.clone() };
    Ok(LeaseRequest {
        lease: lease.to_owned(),
        standing: false,
        placements: vec![Placement { kind: output.kind.clone(), directory }],
        ..LeaseRequest::standing(identity, output)
    })
}

async fn run_command(
    arguments: &Run,
    environment: &BTreeMap<String, String>,
    signals: &mut Signals,
) -> Result<ExitStatus, Error> {
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Error::new(Code::RequestInvalid, "no command is given", "write it after --"));
    };
    let mut command = Command::new(program);
    for (name, value) in environment {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    let mut child = harden::spawn(command.args(rest)).map_err(|error| {
        let name = program.to_string_lossy();
        Error::new(Code::RequestInvalid, format!("cannot run {name}: {error}"), "check its name and PATH")
    })?;
    loop {
        tokio::select! {
            status = child.wait() => {
                return status.map_err(|error| Error::new(Code::Internal, format!("cannot wait for the command: {error}"), ""));
            }
            kind = signals.next() => pass_on(&child, kind),
        }
    }
}

/// What a terminal sends reaches the whole foreground group by itself; passing it on would send it twice.
fn pass_on(child: &Child, kind: SignalKind) {
    use std::io::IsTerminal;
    let by_terminal = [SignalKind::interrupt(), SignalKind::quit()].contains(&kind) && std::io::stdin().is_terminal();
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    if let (Some(pid), Ok(name), false) = (pid, Signal::try_from(kind.as_raw_value()), by_terminal) {
        // It may have ended in this very moment.
        let _ = kill(Pid::from_raw(pid), name);
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|number| 128 + number)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// As a shell reports it.
fn exit_by_signal(kind: SignalKind) -> ExitCode {
    ExitCode::from(u8::try_from(128 + kind.as_raw_value()).unwrap_or(1))
}

/// The signals that a command may expect.
struct Signals {
    receivers: Vec<(SignalKind, tokio::signal::unix::Signal)>,
}

impl Signals {
    fn listen() -> Result<Self, Error> {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::hangup(),
            SignalKind::quit(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
        ];
        let mut receivers = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let receiver = signal(kind)
                .map_err(|error| Error::new(Code::Internal, format!("cannot listen for signals: {error}"), ""))?;
            receivers.push((kind, receiver));
        }
        Ok(Self { receivers })
    }

    async fn next(&mut self) -> SignalKind {
        std::future::poll_fn(|context| {
            for (kind, receiver) in &mut self.receivers {
                if receiver.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*kind);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}
