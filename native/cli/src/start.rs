//! `machine-id start`: what tbot does as a daemon.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use machine_id::backoff::Backoff;
use machine_id::clock::SystemClock;
use machine_id::config::{OutputConfig, TbotConfig, TunnelConfig};
use machine_id::engine::{Engine, LeaseRequest, timestamp};
use machine_id::error::{Code, Error, Retry};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::Start;
use crate::{files, progress, runtime, tunnels};

pub(crate) fn run(arguments: &Start) -> Result<ExitCode, Error> {
    runtime::threaded()?.block_on(work(arguments))
}

async fn work(arguments: &Start) -> Result<ExitCode, Error> {
    let config = read(arguments)?;
    if arguments.oneshot || config.oneshot {
        let running = Running::open(config)?;
        if !running.tunnels.is_empty() {
            tracing::warn!("tunnels aren't opened in one pass: they last as long as this process");
        }
        running.engine.report_once();
        let outcome = running.write_all().await;
        running.engine.close().await;
        return outcome.map(|()| ExitCode::SUCCESS);
    }

    let mut hangup = listen(SignalKind::hangup())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut running = Running::open(config)?;
    running.engine.sweep().await;
    loop {
        let next = tokio::select! {
            outcome = running.keep() => Next::End(outcome),
            fresh = reloaded(&mut hangup, arguments, running.only_in_memory) => Next::Reload(fresh),
            _ = terminate.recv() => Next::End(Ok(())),
            _ = interrupt.recv() => Next::End(Ok(())),
        };
        let outcome = match next {
            Next::Reload(fresh) => {
                std::mem::replace(&mut running, fresh).engine.close().await;
                continue;
            }
            Next::End(outcome) => outcome,
        };
        notify(&[NotifyState::Stopping]);
        running.engine.close().await;
        if outcome.is_ok() {
            tracing::info!("ended; the outputs stay until they expire");
        }
        return outcome.map(|()| ExitCode::SUCCESS);
    }
}

/// What ends a round of the daemon.
enum Next {
    End(Result<(), Error>),
    Reload(Running),
}

fn read(arguments: &Start) -> Result<TbotConfig, Error> {
    let mut config = files::config_and_uri(&arguments.file.config, arguments.join_uri.as_deref())?;
    config.identity.key_algorithm = arguments.keys.key_algorithm;
    Ok(config)
}

/// An engine and the outputs it keeps.
struct Running {
    engine: Engine,
    outputs: Vec<OutputConfig>,
    tunnels: Vec<TunnelConfig>,
    identity: String,
    cluster: String,
    /// The bot's identity is nowhere else, and its token is used up.
    only_in_memory: bool,
}

impl Running {
    fn open(config: TbotConfig) -> Result<Self, Error> {
        let identity = config.identity.id.clone();
        let cluster = format!("{}:{}", config.identity.cluster.host, config.identity.cluster.port);
        let only_in_memory = config.identity.storage.is_none() && config.identity.join.method.renewable();
        let files::Order { engine, outputs, tunnels } = files::order(config)?;
        let engine = Engine::open(engine, Arc::new(SystemClock::new()))?;
        Ok(Self { engine, outputs, tunnels, identity, cluster, only_in_memory })
    }

    /// Writes every output and keeps all of them fresh. While the cluster is away it tries again, and says each cause
    /// once; it returns only with an error that somebody has to mend.
    async fn keep(&self) -> Result<(), Error> {
        let mut backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(60));
        let mut left: Vec<Wanted<'_>> = self.wanted().collect();
        let mut said: Vec<Error> = Vec::new();
        self.engine.serve_ssh();
        if left.is_empty() {
            self.engine.renew(&self.identity).await?;
        }
        while !left.is_empty() {
            let mut failed = Vec::new();
            for wanted in left {
                match self.have(wanted).await {
                    Err(error) if error.retry() == Retry::No => return Err(error),
                    Err(error) => {
                        if !said.contains(&error) {
                            wanted.report(&error);
                            said.push(error);
                        }
                        failed.push(wanted);
                    }
                    Ok(()) => {}
                }
            }
            left = failed;
            // Not before: what ends us at once is said once, by who returns it.
            self.engine.keep_fresh();
            if !left.is_empty() {
                let delay = backoff.next_delay(fastrand::f64()).max(Duration::from_millis(500));
                notify(&[NotifyState::Status("waiting for the cluster")]);
                tokio::time::sleep(delay).await;
            }
        }
        self.engine.keep_fresh();
        notify(&[NotifyState::Ready, NotifyState::Status("all outputs are fresh, all tunnels are open")]);
        std::future::pending().await
    }

    /// Writes every output once; the first error is returned, all are tried. What has the same cause is said once.
    async fn write_all(&self) -> Result<(), Error> {
        if self.outputs.is_empty() {
            // Only the bot's own identity is to be kept.
            return self.engine.renew(&self.identity).await.map(|_| ());
        }
        let mut first: Option<Error> = None;
        for output in &self.outputs {
            match (self.write(output).await, &first) {
                (Err(error), None) => first = Some(error),
                (Err(error), Some(first)) if error != *first => Wanted::Output(output).report(&error),
                _ => {}
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn wanted(&self) -> impl Iterator<Item = Wanted<'_>> {
        self.outputs.iter().map(Wanted::Output).chain(self.tunnels.iter().map(Wanted::Tunnel))
    }

    async fn have(&self, wanted: Wanted<'_>) -> Result<(), Error> {
        match wanted {
            Wanted::Output(output) => self.write(output).await,
            Wanted::Tunnel(tunnel) => {
                let what = format!("opening the tunnel to {} through {}", tunnel.kind, self.cluster);
                let opened = tunnels::open(&self.engine, "start", &self.identity, tunnel);
                progress::shown(&what, opened).await.map(|_| ())
            }
        }
    }

    async fn write(&self, output: &OutputConfig) -> Result<(), Error> {
        let directory = output.destination.path.display();
        let what = format!("writing {directory} from {}", self.cluster);
        let outcome = progress::shown(&what, self.engine.acquire(LeaseRequest::standing(&self.identity, output))).await;
        let acquired = outcome?;
        tracing::info!(%directory, expires = %timestamp(acquired.expires_at), "written");
        Ok(())
    }
}

/// What a configuration asks for.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Output(&'a OutputConfig),
    Tunnel(&'a TunnelConfig),
}

impl Wanted<'_> {
    /// Says what isn't returned to `main`, which says it.
    fn report(self, error: &Error) {
        match self {
            Self::Output(output) => {
                tracing::error!(directory = %output.destination.path.display(), "not written: {error}");
            }
            Self::Tunnel(tunnel) => tracing::error!("the tunnel to {} isn't open: {error}", tunnel.kind),
        }
    }
}

/// Waits for SIGHUP and a configuration that can be used; one that can't is reported, and the one at work goes on.
async fn reloaded(hangup: &mut Signal, arguments: &Start, only_in_memory: bool) -> Running {
    loop {
        if hangup.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        if only_in_memory {
            tracing::error!(
                "the configuration isn't read again: the bot's identity is in the memory of this process alone and would \
                 be lost; restart with a fresh token"
            );
            continue;
        }
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now().ok());
        notify(&states);
        match read(arguments).and_then(Running::open) {
            Ok(fresh) => {
                tracing::info!("configuration read again");
                return fresh;
            }
            Err(error) => {
                tracing::error!("the configuration was changed, but can't be used; the old one stays: {error}");
                notify(&[NotifyState::Ready, NotifyState::Status("the changed configuration can't be used")]);
            }
        }
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|error| Error::new(Code::Internal, format!("cannot listen for signals: {error}"), ""))
}

/// Tells systemd, where there is one.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager was not told: {error}");
    }
}
