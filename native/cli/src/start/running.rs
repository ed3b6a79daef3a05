//! One configuration at work.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use machine_id::backoff::Backoff;
use machine_id::clock::{Clock, SystemClock};
use machine_id::config::{Listen, OutputConfig, TbotConfig, TunnelConfig};
use machine_id::engine::{Engine, LeaseRequest, timestamp};
use machine_id::error::{Error, Retry};
use sd_notify::NotifyState;

use super::diagnostics::Services;
use super::supervise::{State, Supervised, notify};
use crate::note::{NotePlace, Trouble};
use crate::{files, note, preflight, progress, tunnels};

/// An engine, the outputs it keeps and the tunnels it serves.
pub(super) struct Running {
    pub(super) engine: Engine,
    outputs: Vec<OutputConfig>,
    tunnels: Vec<TunnelConfig>,
    /// What came of them, for whoever probes us.
    pub(super) services: Services,
    identity: String,
    cluster: String,
    /// For `machine-id status`.
    pub(super) note: NotePlace,
    /// The bot's identity is nowhere else, and its token is used up.
    pub(super) only_in_memory: bool,
    /// The identity is to be renewed first: somebody has asked for that.
    renew: bool,
    /// Whether something could not be written yet.
    failing: Cell<bool>,
}

impl Running {
    /// `before`: what it takes the place of, if anything.
    pub(super) fn open(config: TbotConfig, before: Option<&Self>) -> Result<Self, Error> {
        let served: Vec<Listen> =
            before.into_iter().flat_map(|one| &one.tunnels).map(|one| one.listen.clone()).collect();
        preflight::told(preflight::standing(&config, &served))?;
        Self::begin(config)
    }

    /// As [`Self::open`], where everything was looked at.
    pub(super) fn begin(config: TbotConfig) -> Result<Self, Error> {
        let identity = config.identity.id.clone();
        let cluster = format!("{}:{}", config.identity.cluster.host, config.identity.cluster.port);
        let only_in_memory = config.identity.storage.is_none() && config.identity.join.method.renewable();
        let note = NotePlace::of(&config);
        let files::Order { engine, outputs, tunnels } = files::order(config)?;
        let engine = Engine::open(engine, Arc::new(SystemClock::new()))?;
        let services = Services::of(&outputs, &tunnels);
        let (renew, failing) = (false, Cell::new(false));
        Ok(Self { engine, outputs, tunnels, services, identity, cluster, note, only_in_memory, renew, failing })
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// The same, which renews the identity first.
    pub(super) fn renewing(self) -> Self {
        Self { renew: true, ..self }
    }

    /// Writes every output and keeps all of them fresh. While the cluster is away it tries again, and says each cause
    /// once; it returns only with an error that somebody has to mend.
    pub(super) async fn keep(&self) -> Result<(), Error> {
        let mut backoff = patience();
        let mut left: Vec<(usize, Wanted<'_>)> = self.wanted().enumerate().collect();
        let mut said: Vec<Error> = Vec::new();
        self.engine.serve_ssh();
        if self.renew && !left.is_empty() {
            self.say(self.engine.renew(&self.identity).await.map(|_| ()));
        }
        while left.is_empty() {
            match self.engine.renew(&self.identity).await {
                Ok(_) => break,
                Err(error) if error.retry() == Retry::No => return Err(error),
                Err(error) => {
                    self.failing.set(true);
                    notify(&[NotifyState::Status(&format!("not ready: {error}"))]);
                    if !said.contains(&error) {
                        tracing::warn!(identity = %self.identity, "no identity yet: {error}");
                        said.push(error);
                    }
                    pause(&mut backoff).await;
                }
            }
        }
        while !left.is_empty() {
            let mut failed = Vec::new();
            for (index, wanted) in left {
                let outcome = self.have(wanted).await;
                self.services.begun(index, &outcome);
                match outcome {
                    // One that takes the place of another goes on with what it can have, as that one did.
                    Err(error) if error.retry() == Retry::No && !self.renew => return Err(error),
                    Err(error) => {
                        self.failing.set(true);
                        notify(&[NotifyState::Status(&format!("not ready: {error}"))]);
                        if !said.contains(&error) {
                            wanted.report(&error);
                            said.push(error);
                        }
                        failed.push((index, wanted));
                    }
                    Ok(()) => {}
                }
            }
            left = failed;
            // Not before: what ends us at once is said once, by who returns it.
            self.engine.keep_fresh();
            if !left.is_empty() {
                pause(&mut backoff).await;
            }
        }
        self.engine.keep_fresh();
        self.failing.set(false);
        Supervised::new(&self.engine, &self.identity, self.note.clone()).run().await;
        Ok(())
    }

    /// Whether nothing is late, and nothing has failed that isn't written yet.
    pub(super) fn is_fresh(&self) -> bool {
        !self.failing.get() && self.engine.health(&self.identity).is_ok_and(|health| !State::of(&health).late)
    }

    /// What a round came to that wrote everything: whether the bot can go on, too.
    pub(super) fn say_state(&self) -> bool {
        let Ok(health) = self.engine.health(&self.identity) else { return false };
        let state = State::of(&health);
        match (state.late, state.troubled) {
            (true, _) => tracing::error!("{}", state.status),
            (false, true) => tracing::warn!("{}", state.status),
            (false, false) => {}
        }
        !state.late
    }

    /// What a round leaves for `machine-id status`.
    pub(super) fn trouble(&self, outcome: &Result<(), Error>) -> Option<Trouble> {
        let now = SystemClock::new().now();
        match outcome {
            Err(error) => Some(Trouble::of(error, now)),
            Ok(()) => note::facts(&self.engine.health(&self.identity).ok()?, now),
        }
    }

    /// Renews everything now; what fails is said.
    pub(super) async fn renew_all(&self) {
        self.say(self.engine.renew_all(&self.identity).await);
    }

    fn say(&self, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => tracing::info!(identity = %self.identity, "renewed on demand"),
            Err(error) => tracing::warn!(identity = %self.identity, "not renewed on demand: {error}"),
        }
    }

    /// Writes every output once; the first error is returned, all are tried. What has the same cause is said once.
    pub(super) async fn write_all(&self) -> Result<(), Error> {
        if !self.tunnels.is_empty() {
            tracing::warn!("tunnels aren't opened in one pass: they last as long as this process");
        }
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
                let what = format!("opening the tunnel to {} through {}", tunnel.leads, self.cluster);
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
            Self::Tunnel(tunnel) => tracing::error!("the tunnel to {} isn't open: {error}", tunnel.leads),
        }
    }
}

/// How what may pass by itself is waited for.
pub(super) fn patience() -> Backoff {
    Backoff::new(Duration::from_secs(2), Duration::from_secs(60))
}

pub(super) async fn pause(backoff: &mut Backoff) {
    tokio::time::sleep(backoff.next_delay(fastrand::f64()).max(Duration::from_millis(500))).await;
}
