//! The task that keeps one identity and its leases fresh. What to do next is decided in [`super::agenda`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::active_lease::ActiveLease;
use super::agenda::{Facts, Jump, Moment, Step, jump, next};
use super::bot::Bot;
use super::lateness::Lateness;
use super::look::{Look, Looks};
use super::lost::Lost;
use super::patience::{Need, Patience};
use super::rotation::{Reaction, reaction};
use super::session::{Current, Session};
use super::watcher::{self, Heard};
use super::{Shared, authorities, heartbeat};
use crate::error::{Code, Error};
use crate::renew::schedule::Validity;

/// How long leases of dead processes are left alone after the start: a build that goes on after an agent's restart
/// takes its lease again in that time.
const ADOPTION: Duration = Duration::from_secs(120);
const SWEEP: Duration = Duration::from_secs(600);
/// A fleet of agents that start together connects over this time, unless a lease is waiting.
const START: Duration = Duration::from_secs(5);
/// How many leases are refreshed at once.
const AT_ONCE: usize = 8;
/// What is late isn't said to the millisecond.
const LATE_NAP: Duration = Duration::from_millis(100);
/// In a rotation a cluster that was away is looked after as if certificates lived no longer than this.
const ROTATION: Duration = Duration::from_secs(120);
/// How long the disk is waited for.
const DISK: Duration = Duration::from_secs(2);

/// Runs until the engine stops.
pub(super) async fn keep(shared: Arc<Shared>, bot: Arc<Bot>) {
    let mut stop = shared.stop.subscribe();
    bot.kept.store(true, Ordering::Relaxed);
    let (tell, heard) = watch::channel(Heard::default());
    // They end with this one.
    let mut helpers = JoinSet::new();
    helpers.spawn(watcher::watch(bot.sessions.subscribe(), tell));
    helpers.spawn(heartbeat::keep(Arc::clone(&bot)));
    let mut keeper = Keeper::new(shared, bot, heard);
    loop {
        tokio::select! {
            () = keeper.turn() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

struct Keeper {
    shared: Arc<Shared>,
    bot: Arc<Bot>,
    heard: watch::Receiver<Heard>,
    /// What of that is done.
    told: Heard,
    sessions: watch::Receiver<Current>,
    last: Moment,
    looks: Looks,
    patience: Patience,
    lost: Lost,
    /// Monotonic times.
    start_at: Duration,
    sweep_at: Option<Duration>,
    write_at: Duration,
    /// The kind of failure that was reported last, until a success.
    said: Option<Code>,
    /// Whether there is a stored identity.
    stored: bool,
    /// The hash of the fresh token that was noticed last.
    fresh_token: Option<String>,
    /// The life of the identity at hand, and when it ends.
    life: (Lateness, Option<SystemTime>),
}

/// What the disk says of the identity.
#[derive(Clone, Debug, Default)]
struct Seen {
    stored: bool,
    overtaken: bool,
    /// Its hash.
    fresh_token: Option<String>,
}

impl Keeper {
    fn new(shared: Arc<Shared>, bot: Arc<Bot>, heard: watch::Receiver<Heard>) -> Self {
        let last = bot.moment();
        let start = last.monotonic;
        // The lease table is one for all identities.
        let first = shared.bots.keys().next() == Some(&bot.config.id);
        Self {
            shared,
            heard,
            told: Heard::default(),
            sessions: bot.sessions.subscribe(),
            last,
            looks: Looks::new(start),
            patience: Patience::default(),
            lost: Lost::default(),
            start_at: start + START.mul_f64(bot.unit),
            sweep_at: first.then_some(start + ADOPTION),
            write_at: start,
            said: None,
            stored: false,
            fresh_token: None,
            life: (Lateness::NONE, None),
            bot,
        }
    }

    async fn turn(&mut self) {
        let now = self.bot.moment();
        self.notice_jump(now);
        self.notice_others(now).await;
        self.notice_loss(now);
        self.listen(now);
        self.say_late(now);
        match next(&self.facts(now)) {
            Step::Sweep => {
                self.shared.leases.sweep().await;
                self.sweep_at = Some(now.monotonic + SWEEP);
            }
            Step::Establish => {
                let outcome = self.bot.session().await;
                self.lost.asked();
                if outcome.is_ok() {
                    self.looks.established(self.bot.moment().monotonic, self.stretch(), fastrand::f64());
                }
                self.say(outcome.as_ref().err());
            }
            Step::Knock => {
                self.lost.knocked();
                if let Err(error) = self.bot.knock().await {
                    self.say(Some(&error));
                }
            }
            Step::Renew => {
                let outcome = self.bot.renew().await;
                self.say(outcome.as_ref().err());
            }
            Step::Look => {
                let watched = self.heard.borrow().open;
                let answered = match self.looks.take(now.monotonic, watched, self.stretch(), fastrand::f64()) {
                    Look::Authorities => look(&self.bot).await,
                    Look::Ping => ping(&self.bot).await,
                };
                if answered {
                    self.bot.answered();
                    self.lost.asked();
                }
                self.bot.spare.restock();
            }
            Step::Refresh => self.refresh(now).await,
            Step::Sleep(nap) => {
                let nap = self.until_late(now).map_or(nap, |late| nap.min(late.max(LATE_NAP)));
                tokio::select! {
                    () = tokio::time::sleep(nap) => {}
                    () = self.bot.wake.notified() => {}
                    () = self.bot.locked.notified() => {
                        tracing::debug!(identity = %self.bot.config.id, "connections are refused or cut: is there a lock?");
                        self.looks.alarmed(self.bot.moment().monotonic);
                        self.lost.needed();
                    }
                    Ok(()) = self.sessions.changed() => {}
                    Ok(()) = self.heard.changed() => {}
                }
            }
        }
    }

    fn listen(&mut self, now: Moment) {
        let heard = *self.heard.borrow_and_update();
        if heard.openings != self.told.openings {
            self.looks.watching(now.monotonic, self.stretch(), fastrand::f64());
        }
        if heard.changes != self.told.changes {
            self.looks.changed(now.monotonic);
        }
        self.told = heard;
    }

    /// Nobody else hears of failures here. Each is said once, not at every try.
    fn say(&mut self, error: Option<&Error>) {
        if let Some(error) = error.filter(|error| self.said != Some(error.code())) {
            tracing::warn!(identity = %self.bot.config.id, "not usable as it should be: {error}");
        }
        self.said = error.map(Error::code);
        if error.is_some() {
            self.life.0.failed(self.bot.moment().wall);
        }
    }

    /// A failure that was passed over is said once more, louder, while there is time to act.
    fn say_late(&mut self, now: Moment) {
        let trouble = self.bot.trouble();
        let (life, known) = &mut self.life;
        if let Some(held) = self.bot.held()
            && *known != Some(held.expires_at)
        {
            *known = Some(held.expires_at);
            life.renewed(held.renew_at.unwrap_or(now.wall), held.expires_at);
        }
        if life.must_be_said(now.wall) {
            let why = trouble.as_ref().map_or_else(String::new, |error| format!(": {error}"));
            let expires = known.map(super::timestamp);
            tracing::error!(identity = %self.bot.config.id, expires, "the bot's identity isn't renewed, and half of the time to mend it is gone{why}");
        }
        for lease in self.shared.leases.of(&self.bot.config.id) {
            let mut freshness = lease.freshness();
            if freshness.late().must_be_said(now.wall)
                && let Some(verdict) = freshness.verdict(trouble.as_ref(), now.wall)
            {
                let why = if verdict.problem.is_empty() { "nothing was tried" } else { &verdict.problem };
                let (expires, directory) =
                    (super::timestamp(verdict.expires_at), lease.request().directory().display());
                tracing::error!(lease = %lease.id(), %directory, %expires, "isn't fresh, and half of the time to mend it is gone: {why}");
            }
        }
    }

    /// How long it takes until the next lease is late.
    fn until_late(&self, now: Moment) -> Option<Duration> {
        let leases = self.shared.leases.of(&self.bot.config.id);
        let times = leases.iter().filter_map(|lease| lease.freshness().late().at());
        times.filter_map(|at| at.duration_since(now.wall).ok()).min()
    }

    /// How many times as long as usual a slow cluster is left alone.
    fn stretch(&self) -> f64 {
        self.bot.connector.stretch()
    }

    /// A failure that may pass, and the loss of a connection, are waited out by who needs the identity; any other failure as
    /// the gate says.
    fn retry_at(&mut self, now: Moment, leases: &[Arc<ActiveLease>]) -> Option<Duration> {
        let (gate, failed_at) = {
            let memory = self.bot.memory();
            (memory.gate.retry_at(), memory.gate.passing_since())
        };
        let session = self.bot.current();
        let own = session.map(|session| Validity::of_certificate(session.facts.valid_from, session.facts.valid_until));
        let own = Need::of(own, true, now.wall);
        let own = if self.bot.rotates() { own.or(Need::Live(ROTATION)) } else { own };
        let need = leases.iter().fold(own, |need, lease| {
            need.or(Need::of(lease.freshness().validity(), lease.request().standing, now.wall))
        });
        let (failed_at, open_at) = (failed_at.or(self.lost.at()), gate.or(self.lost.at()));
        self.patience.until(failed_at, open_at, need, fastrand::f64).or(gate)
    }

    /// A connection that was cut in a rotation is made anew at once, any other one in its turn.
    fn notice_loss(&mut self, now: Moment) {
        let lost = self.bot.sessions.current().lost().is_some() && !self.bot.rotates();
        if self.lost.seen(lost, now.monotonic, fastrand::f64) {
            // Whatever it was, a whole fleet may have to come back.
            self.bot.connector.exhausted();
        }
    }

    fn facts(&mut self, now: Moment) -> Facts {
        let session = self.bot.current();
        let current = session.as_ref().map(|session| &session.identity.authorities);
        let leases = self.shared.leases.of(&self.bot.config.id);
        let stretch = self.stretch();
        let refresh_at = leases.iter().filter_map(|lease| lease.freshness().due_at(current, stretch)).min();
        let held = self.bot.planned();
        let started = now.monotonic >= self.start_at;
        let wanted = refresh_at.is_some() || session.is_some() || (started && self.stored);
        let retry_at = self.retry_at(now, &leases);
        Facts {
            now,
            held,
            wanted,
            retry_at,
            knock_at: self.lost.knock_at(),
            refresh_at,
            look_at: self.looks.at(),
            sweep_at: self.sweep_at,
        }
    }

    /// After a sleep of the machine or a change of its clock connections are dead and plans are void.
    fn notice_jump(&mut self, now: Moment) {
        let jump = jump(self.last, now);
        self.last = now;
        let Some(jump) = jump else { return };
        let identity = &self.bot.config.id;
        match jump {
            Jump::Ahead(by) => tracing::info!(identity, ?by, "the machine has slept or its clock was set forward"),
            Jump::Back(by) => tracing::info!(identity, ?by, "the clock was set back"),
        }
        self.bot.sessions.let_go_current();
        self.bot.memory().gate.release(now.monotonic);
        if matches!(jump, Jump::Back(_)) {
            for lease in self.shared.leases.of(identity) {
                lease.freshness().let_refresh(now.wall);
            }
        }
    }

    /// Another process may have renewed the identity, somebody may have configured a fresh token, the disk may be
    /// writable again.
    async fn notice_others(&mut self, now: Moment) {
        let seen = self.look_at_disk().await;
        let bot = &self.bot;
        if seen.overtaken {
            tracing::debug!(identity = %bot.config.id, "another process has written the identity");
            bot.sessions.let_go_current();
        }
        // Each brings one try at once; then it has to wait for the cluster as any other.
        if seen.fresh_token.is_some() && seen.fresh_token != self.fresh_token {
            tracing::info!(identity = %bot.config.id, "a fresh token is configured");
            bot.sessions.let_go_current();
            bot.memory().gate.release(now.monotonic);
            self.fresh_token = seen.fresh_token;
        }
        if now.monotonic >= self.write_at {
            self.write_at = now.monotonic + Duration::from_secs(5);
            bot.write_down_later().await;
        }
    }

    /// What the disk says. One that hangs says nothing: what is at hand is kept fresh meanwhile.
    async fn look_at_disk(&mut self) -> Seen {
        let looking = self.bot.on_disk(|bot| {
            let stuck = bot.current().is_some_and(|session| session.stuck.is_some());
            Seen {
                stored: bot.store.stamp().is_some(),
                overtaken: bot.was_overtaken(),
                fresh_token: (stuck || bot.trouble().is_some()).then(|| bot.fresh_token()).flatten(),
            }
        });
        let seen = tokio::time::timeout(DISK, looking).await;
        let seen = seen.ok().and_then(Result::ok).unwrap_or(Seen { stored: self.stored, ..Seen::default() });
        self.stored = seen.stored;
        seen
    }

    async fn refresh(&self, now: Moment) {
        let Ok(session) = self.bot.session().await else { return };
        let current = &session.identity.authorities;
        let leases = self.shared.leases.of(&self.bot.config.id);
        let due = leases.into_iter().filter(|lease| {
            lease.freshness().due_at(Some(current), self.stretch()).is_some_and(|time| now.wall >= time)
        });
        let work = due.map(|lease| {
            let session = &session;
            async move { refresh(&self.shared, &self.bot, session, &lease).await }
        });
        stream::iter(work).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    }
}

/// A rotation shows in the authorities first; trusting the new ones early is what carries us through (protocol J). Whether
/// the cluster answered.
async fn look(bot: &Arc<Bot>) -> bool {
    let Some(session) = bot.current() else { return false };
    match authorities::fetch(&session.client, &session.cluster.name, &session.identity.authorities).await {
        Ok(current) => {
            if reaction(&session.identity.authorities, &current) != Reaction::Nothing {
                tracing::info!(cluster = %session.cluster.name, "the cluster's authorities have changed");
                // The new connection is made with them, and takes them over.
                bot.sessions.let_go(&session);
            }
            true
        }
        Err(error) => {
            tracing::debug!(cluster = %session.cluster.name, "the authorities can't be read now: {error}");
            unanswered(bot, &session, &error).await;
            false
        }
    }
}

/// Notices a lock, and a connection that is dead. Whether the cluster answered.
async fn ping(bot: &Arc<Bot>) -> bool {
    let Some(session) = bot.current() else { return false };
    let Err(error) = session.client.ping().await.map_err(Error::from) else { return true };
    tracing::debug!(cluster = %session.cluster.name, "no answer as it should be: {error}");
    unanswered(bot, &session, &error).await;
    false
}

/// A connection on which nothing is answered as it should be is made anew; one whose cluster asks to slow down is a good one.
async fn unanswered(bot: &Bot, session: &Session, error: &Error) {
    bot.failed(session, error).await;
    if !matches!(error.code(), Code::RateLimited | Code::ClusterUnreachable) {
        bot.sessions.let_go(session);
    }
}

/// Refreshes every lease of an identity now, with new certificates, whatever the schedule says.
///
/// # Errors
/// The first failure; all are tried, and each is said.
pub(super) async fn refresh_all(shared: &Shared, bot: &Arc<Bot>) -> Result<(), Error> {
    let session = bot.session().await?;
    bot.cache.forget_identity(&bot.config.id);
    let leases = shared.leases.of(&bot.config.id);
    let work = leases.iter().filter(|lease| lease.freshness().due_at(None, 1.0).is_some()).map(|lease| {
        let session = &session;
        async move {
            refresh(shared, bot, session, lease).await;
            lease.freshness().problem().cloned()
        }
    });
    let failed = stream::iter(work).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    failed.into_iter().flatten().next().map_or(Ok(()), Err)
}

async fn refresh(shared: &Shared, bot: &Bot, session: &Arc<Session>, lease: &ActiveLease) {
    if !shared.leases.is_ours(lease).await {
        shared.withdraw(lease.id().as_str()).await;
        return;
    }
    let before = lease.freshness().problem().cloned();
    let outcome = lease.refresh(bot, session).await;
    let failure = outcome.as_ref().map_or_else(Some, |delivered| delivered.refused.as_ref());
    bot.metrics.refreshed(&bot.config.id, failure.map(Error::code));
    match outcome {
        Ok(delivered) => {
            if let Some(error) = delivered.refused {
                report(lease, before.as_ref(), &error);
                return;
            }
            tracing::info!(
                lease = %lease.id(),
                directory = %lease.request().directory().display(),
                expires = %super::timestamp(delivered.expires_at),
                "refreshed"
            );
        }
        Err(error) if error.code() == Code::Cancelled => {}
        Err(error) => report(lease, before.as_ref(), &error),
    }
}

/// Says a failure once, not at every try.
fn report(lease: &ActiveLease, before: Option<&Error>, error: &Error) {
    if before.is_some_and(|before| before.code() == error.code()) {
        tracing::debug!(lease = %lease.id(), "still not refreshed: {error}");
    } else {
        tracing::warn!(lease = %lease.id(), "not refreshed: {error}");
    }
}
