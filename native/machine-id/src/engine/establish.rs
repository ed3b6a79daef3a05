//! From what is stored and configured to a session: keep, renew or join.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::authorities;
use super::bot::{Bot, Wish, is_passing};
use super::bot_store::{Locked, SHORT_WAIT};
use super::observed::Origin;
use super::plan::{Means, Plan, Stored, decide};
use super::proxy;
use super::rotation::{Reaction, is_outdated, reaction};
use super::session::Session;
use crate::blocking::{self, Lane};
use crate::connect::{ClientCredential, Cluster, ConnectError, Refusal};
use crate::error::{Code, Error, Fault};
use crate::identity::{Authorities, BotFacts, BotIdentity, KeyPair, RenewalState, StoreError, StoreGuard, StoredState};
use crate::join::{self, Joined, Joining};
use crate::renew::schedule::{Validity, renewal_point};
use crate::renew::{self, RenewError};
use crate::version::Version;

/// How long another process may hold the store before we give up: it may be joining through a slow network.
const STORE_WAIT: Duration = Duration::from_secs(90);
/// A renewal never follows another one sooner, whatever lifetime the cluster grants.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);
/// A certificate that ends sooner isn't presented any more: it might end on the way.
const LAST_MOMENTS: Duration = Duration::from_secs(10);
/// How long after the key that signs has changed the identity is renewed, at least and beyond that. At that moment the
/// cluster's servers restart and cut connections: a renewal that is cut would cost the identity, and the old key is
/// trusted for some phases more. (Role certificates are issued anew at once, they can be asked for again.)
const SETTLE: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(7));

impl Bot {
    pub(super) async fn establish(self: &Arc<Self>, wish: Wish) -> Result<Session, Error> {
        let known = self.on_disk(Self::known_host_cas).await?;
        let cluster = self.connector.discover_again(&known).await?;
        let means = self.on_disk(Self::means).await??;
        if let Some(state) = self.on_disk(Self::ready_in_store).await? {
            let known = self.describe(&state, &cluster)?;
            if let Plan::Keep(stuck) = decide(Some(&known), &means, self.wanted_at(&wish, &state, &known)) {
                // Without the lock: any number of processes may use one identity at once.
                let connected = self.connect(cluster.clone(), state.identity, stuck, None).await;
                match &connected {
                    Err(error) if self.must_join(&means, error) => {}
                    Ok(session) if self.is_urgent(&session.identity).await => {}
                    _ => return connected,
                }
            }
        }
        let guard = self.lock_store(STORE_WAIT).await?;
        if let Some(identity) = self.with(&guard, Self::write_down).await? {
            return self.connect(cluster, identity, None, Some(&guard)).await;
        }
        let token = means.token_hash.is_some();
        let state = self.with(&guard, move |bot, guard| bot.load(guard, token)).await??;
        let known = state.as_ref().map(|state| self.describe(state, &cluster)).transpose()?;
        let now = match (&state, &known) {
            (Some(state), Some(known)) => self.wanted_at(&wish, state, known),
            _ => self.clock.now(),
        };
        let plan = decide(known.as_ref(), &means, now);
        tracing::debug!(identity = %self.config.id, ?plan, "decided what to do with the stored identity");
        match (plan, state) {
            (Plan::Keep(stuck), Some(state)) => {
                match self.connect(cluster.clone(), state.identity, stuck, Some(&guard)).await {
                    Err(error) if self.must_join(&means, &error) => {
                        self.join(cluster, &guard, &error.to_string(), None).await
                    }
                    other => other,
                }
            }
            (Plan::Renew, Some(state)) if means.bound => self.rejoin_stored(&wish, cluster, state, guard).await,
            (Plan::Renew, Some(state)) => self.renew_stored(&wish, cluster, state, guard).await,
            (Plan::Foreign, _) => Err(StoreError::Foreign.into()),
            (Plan::Stuck(why), Some(state)) => {
                let version = cluster.server_version.clone();
                // The token may have been made anew under its old name: trying costs nothing, and tells.
                let joined = if means.token_hash.is_some() {
                    self.join(cluster, &guard, &why, None).await
                } else {
                    Err(needs_rejoin(&why, &state, &version))
                };
                joined.map_err(|error| {
                    if error.code() == Code::JoinRejected { needs_rejoin(&why, &state, &version) } else { error }
                })
            }
            (Plan::Join(why), state) => {
                let member = state.as_ref().zip(known.as_ref()).filter(|(_, known)| self.may_present(known, &means));
                let member = member.map(|(state, _)| state.identity.clone());
                let replaced = state.zip(known).filter(|(_, known)| self.may_serve(known, &means));
                match self.join(cluster.clone(), &guard, &why, member.as_ref()).await {
                    Err(error) if is_refusal(&error) => match replaced {
                        Some((state, known)) => self.serve_on(cluster, state, &known, &means, &error).await,
                        None => Err(error),
                    },
                    other => other,
                }
            }
            (Plan::Keep(_) | Plan::Renew | Plan::Stuck(_), None) => {
                Err(Error::new(Code::Internal, "a decision about an identity that isn't there", "report this"))
            }
        }
    }

    fn means(&self) -> Result<Means, Error> {
        let refused = self.memory().refused_token.clone();
        let token_hash = join::token_hash(&self.join_config())?.filter(|hash| Some(hash) != refused.as_ref());
        let repeatable = join::keeps_nothing(&self.config.join);
        let bound = join::recovers(&self.config.join);
        Ok(Means { repeatable, bound, token_hash })
    }

    /// The host CAs as last seen, by which an auth server is recognised.
    fn known_host_cas(&self) -> Vec<String> {
        let stored = self.store.peek().ok().flatten();
        stored.map(|state| state.identity.authorities.root_host_cas().to_vec()).unwrap_or_default()
    }

    /// What is stored, where it can be used without the lock: nobody is renewing it, and nothing newer waits in memory.
    fn ready_in_store(&self) -> Option<StoredState> {
        let stamp = self.store.stamp();
        let mut memory = self.memory();
        if memory.unwritten.is_some() {
            return None;
        }
        memory.seen = stamp;
        drop(memory);
        self.store.peek().ok().flatten().filter(|state| !matches!(state.renewal, RenewalState::Pending { .. }))
    }

    /// The time to decide by. For a renewal on demand the schedule counts as reached, unless another process has
    /// renewed meanwhile; an expired identity stays expired.
    fn wanted_at(&self, wish: &Wish, state: &StoredState, known: &Stored) -> SystemTime {
        let now = self.clock.now();
        match wish {
            Wish::Renew(before) if before.as_ref().is_none_or(|before| *before == state.identity.certificates) => {
                if now < known.expires_at { now.max(known.renew_at) } else { now }
            }
            _ => now,
        }
    }

    /// A method that can join again does so when the identity isn't accepted any more, as after a missed rotation.
    fn must_join(&self, means: &Means, error: &Error) -> bool {
        (means.repeatable || means.bound) && error.code() == Code::IdentityNeedsRejoin
    }

    /// Whether the certificate at hand may be shown at a join that replaces it, so that the bot stays one instance. An
    /// expired one is refused by TLS already.
    fn may_present(&self, known: &Stored, means: &Means) -> bool {
        let lasts = self.clock.now() + LAST_MOMENTS < known.expires_at;
        means.repeatable && known.ready && known.generation.is_some() && known.same_cluster && lasts
    }

    /// Whether the stored identity can serve while a join that should replace it is refused.
    fn may_serve(&self, known: &Stored, means: &Means) -> bool {
        !means.repeatable && known.same_cluster && known.same_machine && self.clock.now() < known.expires_at
    }

    /// The configured token is of no use, but the stored identity is.
    async fn serve_on(
        self: &Arc<Self>,
        cluster: Cluster,
        state: StoredState,
        known: &Stored,
        means: &Means,
        refusal: &Error,
    ) -> Result<Session, Error> {
        tracing::warn!(identity = %self.config.id, "the configured token brings no new identity, the stored one is kept: {refusal}");
        self.memory().refused_token.clone_from(&means.token_hash);
        self.forget_token(means.token_hash.as_ref());
        let stuck =
            (!known.ready).then(|| format!("{}; the configured token brings no new identity: {refusal}", known.reason));
        self.connect(cluster, state.identity, stuck, None).await
    }

    fn describe(&self, state: &StoredState, cluster: &Cluster) -> Result<Stored, Error> {
        let facts = state.identity.facts()?;
        let reason = match &state.renewal {
            RenewalState::Ready => String::new(),
            RenewalState::Pending { since, .. } => {
                format!("a renewal begun at {} has an unknown outcome", super::timestamp(*since))
            }
            RenewalState::NeedsRejoin { reason } => reason.clone(),
        };
        Ok(Stored {
            renewable: facts.renewable,
            generation: facts.generation,
            ready: state.renewal == RenewalState::Ready,
            reason,
            renew_at: self.renew_at(&facts),
            outdated: is_outdated(&state.identity) && !self.settles(&state.identity),
            expires_at: facts.valid_until,
            same_cluster: state.identity.cluster == cluster.name,
            same_machine: state.check_machine(&self.machine).is_ok(),
            token_hash: state.identity.token_hash.clone(),
        })
    }

    fn renew_at(&self, facts: &BotFacts) -> SystemTime {
        let validity = Validity::of_certificate(facts.valid_from, facts.valid_until);
        renewal_point(validity, self.config.renewal_interval, self.unit)
    }

    /// Joins; `member` is the identity at hand where its certificate is to be presented.
    async fn join(
        self: &Arc<Self>,
        cluster: Cluster,
        guard: &Locked,
        why: &str,
        member: Option<&BotIdentity>,
    ) -> Result<Session, Error> {
        tracing::info!(identity = %self.config.id, cluster = %cluster.name, "joining: {why}");
        let stored = self.with(guard, |_, guard| {
            let replaces = guard.load().ok().flatten().map(|state| state.identity.certificates);
            // A token works once: what can fail without it has to fail before.
            guard.try_out().map(|()| replaces)
        });
        let replaces = stored.await??;
        let algorithm = self.config.key_algorithm.unwrap_or_default();
        let key = Arc::new(blocking::run(Lane::Keys, move || KeyPair::generate(algorithm)).await??);
        let critical = self.critical.lock().await;
        let (config, lifetime, store) = (self.join_config(), self.config.lifetime, guard.bound_keys());
        let joining = Joining { config: &config, key: &key, lifetime, member, store };
        let joined = join::join(&self.connector, &cluster, joining, &*self.clock).await;
        let code = joined.as_ref().err().map(Fault::code);
        self.metrics.joined(&self.config.id, self.config.join.method.as_str(), code);
        let joined = joined?;
        let Joined { certificates, tls_cas, ssh_cas, host_cas, token_hash, rejoined } = joined;
        // The reply doesn't say which CA is whose; what the cluster says over the connection does.
        let mut authorities = match member.filter(|_| rejoined) {
            Some(member) => member.authorities.clone(),
            None => Authorities::from_reply(&cluster.name, &certificates, &tls_cas, &ssh_cas)?,
        };
        if let (Some(pinned), Some(host)) = (host_cas, authorities.host.first_mut()) {
            host.tls_certs = pinned;
        }
        let identity = BotIdentity { key, certificates, authorities, token_hash, cluster: cluster.name.clone() };
        self.save_or_keep(guard, &identity, replaces).await;
        self.came_by(Origin::Joined, &identity.certificates);
        drop(critical);
        tracing::info!(identity = %self.config.id, cluster = %cluster.name, rejoined, "joined");
        let mut session = self.connect(cluster, identity, None, Some(guard)).await?;
        session.renew_at = self.next_renewal(&session.facts);
        Ok(session)
    }

    /// A bound key renews by joining again with the certificate at hand.
    async fn rejoin_stored(
        self: &Arc<Self>,
        wish: &Wish,
        cluster: Cluster,
        state: StoredState,
        guard: Locked,
    ) -> Result<Session, Error> {
        let why = "the identity is due for renewal";
        let error = match self.join(cluster.clone(), &guard, why, Some(&state.identity)).await {
            Err(error) => error,
            joined => return joined,
        };
        // The join has written into the store, too.
        let left = self.with(&guard, |bot, guard| bot.load(guard, false)).await?.ok().flatten();
        let open = left.is_some_and(|left| left.renewal != RenewalState::Ready);
        if open || error.code() == Code::IdentityNeedsRejoin {
            let how = if open { "ended without a usable answer" } else { "isn't possible" };
            let reason = format!("a renewal {how}: {error}");
            tracing::error!(identity = %self.config.id, "{reason}; the identity serves until it expires");
            return self.connect(cluster, state.identity, Some(reason), Some(&guard)).await;
        }
        let session = self.connect(cluster, state.identity, None, Some(&guard)).await?;
        self.serve_unrenewed(wish, session, error)
    }

    async fn renew_stored(
        self: &Arc<Self>,
        wish: &Wish,
        cluster: Cluster,
        state: StoredState,
        guard: Locked,
    ) -> Result<Session, Error> {
        let session = self.connect(cluster, state.identity, None, Some(&guard)).await?;
        let told = |error: Option<&RenewError>| self.metrics.renewed(&self.config.id, error.map(Fault::code));
        let prepared = renew::prepare(&session.client, &session.identity, self.config.lifetime, &*self.clock)
            .await
            .inspect_err(|error| told(Some(error)))?;
        let critical = self.critical.lock().await;
        let permit = self.write_with(&guard, StoreGuard::begin_renewal).await??;
        let sent = prepared.send(&*self.clock).await;
        told(sent.as_ref().err());
        match sent {
            Ok(renewed) => {
                let old = session.identity.certificates.clone();
                let identity = BotIdentity { certificates: renewed.certificates, ..session.identity.clone() };
                self.save_or_keep(&guard, &identity, Some(old)).await;
                self.came_by(Origin::Renewed, &identity.certificates);
                drop(critical);
                let facts = identity.facts()?;
                tracing::info!(identity = %self.config.id, generation = facts.generation, "renewed");
                let renew_at = self.next_renewal(&facts);
                match self.connect(session.cluster.clone(), identity.clone(), None, Some(&guard)).await {
                    Ok(session) => Ok(Session { renew_at, ..session }),
                    Err(error) => {
                        tracing::debug!("the connection of the old identity is kept: {error}");
                        Ok(Session { identity, facts, renew_at, stale: true, ..session })
                    }
                }
            }
            Err(RenewError::Refused(error)) => {
                let lost = matches!(error, ConnectError::Refused(Refusal::GenerationMismatch { .. }));
                let reason = error.to_string();
                self.write_with(&guard, move |guard| {
                    if lost { guard.mark_needs_rejoin(&reason) } else { guard.abandon_renewal(permit, &reason) }
                })
                .await??;
                self.serve_unrenewed(wish, session, error.into())
            }
            Err(RenewError::NotSent(error)) => {
                let reason = error.to_string();
                self.write_with(&guard, move |guard| guard.abandon_renewal(permit, &reason)).await??;
                self.serve_unrenewed(wish, session, error.into())
            }
            Err(RenewError::Unknown(error)) => {
                let reason = format!("a renewal ended without a usable answer: {error}");
                tracing::error!(identity = %self.config.id, "{reason}; the identity serves until it expires");
                let told = reason.clone();
                let marked = self.write_with(&guard, move |guard| guard.mark_needs_rejoin(&told)).await;
                if let Err(error) = marked.and_then(|marked| Ok(marked?)) {
                    // The intent on disk says as much.
                    tracing::warn!(identity = %self.config.id, "the reason can't be written down: {error}");
                }
                Ok(Session { stuck: Some(reason), stale: true, ..session })
            }
        }
    }

    /// A renewal that was surely not made is no reason not to use what is valid, where it is the use that was wished for.
    fn serve_unrenewed(&self, wish: &Wish, session: Session, error: Error) -> Result<Session, Error> {
        if matches!(wish, Wish::Renew(_)) || !is_passing(&error) {
            return Err(error);
        }
        tracing::warn!(identity = %self.config.id, "due for renewal, which isn't possible now, so what is valid serves on: {error}");
        Ok(Session { renew_at: self.clock.now() + SHORTEST_LIFE, ..session })
    }

    /// Connects with an identity and takes over the cluster's current authorities. `guard` is the store's lock where
    /// the caller has it.
    async fn connect(
        self: &Arc<Self>,
        cluster: Cluster,
        mut identity: BotIdentity,
        stuck: Option<String>,
        guard: Option<&Locked>,
    ) -> Result<Session, Error> {
        let credential = ClientCredential::new(&identity.key.pkcs8_der(), &identity.certificates.tls)?;
        let client =
            authorities::connect(&self.connector, &cluster, identity.authorities.root_host_cas(), &credential).await?;
        let current = authorities::fetch(&client, &cluster.name, &identity.authorities).await?;
        let facts = identity.facts()?;
        let mut renew_at = self.next_renewal(&facts);
        let reaction = reaction(&identity.authorities, &current);
        if reaction != Reaction::Nothing {
            self.store_authorities(&identity, &current, guard).await;
            identity.authorities = current;
        }
        if reaction == Reaction::Reissue {
            tracing::info!(identity = %self.config.id, cluster = %cluster.name, "the rotation asks for new certificates");
            self.cache.forget_identity(&self.config.id);
            self.plan_renewal(&identity)?;
        }
        if let Some((of, time)) = &self.memory().renew_by
            && *of == identity.certificates
        {
            renew_at = renew_at.min(*time);
        }
        let proxy = proxy::facts(&cluster, &client, &self.clock).await?;
        self.observed.connected(&cluster, identity.authorities.host.first(), self.clock.now());
        let client = Arc::new(client);
        Ok(Session { cluster, identity, facts, client, proxy, renew_at, stuck, stale: false })
    }

    /// Whether an identity that is about to be used for the first time here has to be renewed before that, because a
    /// rotation has left it behind and nobody will be there to do it later (`start --oneshot`). Where the change was
    /// seen only now, this waits until the cluster's servers have settled.
    async fn is_urgent(&self, identity: &BotIdentity) -> bool {
        if self.current().is_some() || !is_outdated(identity) {
            return false;
        }
        if self.settles(identity) {
            if self.kept.load(Ordering::Relaxed) {
                return false;
            }
            tracing::info!(
                identity = %self.config.id,
                "a rotation of the cluster's keys is under way: renewed in {} s, when its servers have settled",
                SETTLE.0.as_secs()
            );
            tokio::time::sleep(SETTLE.0).await;
            self.memory().renew_by = Some((identity.certificates.clone(), self.clock.now()));
        }
        true
    }

    /// Whether the renewal that a rotation asks for waits until the cluster's servers have settled.
    fn settles(&self, identity: &BotIdentity) -> bool {
        let now = self.clock.now();
        self.memory().renew_by.as_ref().is_some_and(|(of, time)| *of == identity.certificates && now < *time)
    }

    /// After a rotation of the user authority the identity is renewed, once: its own key won't be trusted for ever.
    fn plan_renewal(&self, identity: &BotIdentity) -> Result<(), Error> {
        let signed_by = identity.certificates.ssh_facts()?.signed_by;
        let signs = identity.authorities.user.signing().contains(&signed_by);
        let mut memory = self.memory();
        let planned = memory.renew_by.as_ref().is_some_and(|(of, _)| *of == identity.certificates);
        if !signs && !planned {
            let time = self.clock.now() + SETTLE.0 + SETTLE.1.mul_f64(fastrand::f64());
            memory.renew_by = Some((identity.certificates.clone(), time));
        }
        Ok(())
    }

    fn next_renewal(&self, facts: &BotFacts) -> SystemTime {
        self.renew_at(facts).max(self.clock.now() + SHORTEST_LIFE)
    }

    /// Writes the authorities down, for the next start; that this fails now is no reason to fail.
    async fn store_authorities(
        self: &Arc<Self>,
        identity: &BotIdentity,
        current: &Authorities,
        guard: Option<&Locked>,
    ) {
        let own;
        let guard = match guard {
            Some(guard) => Ok(guard),
            None => {
                own = self.lock_store(SHORT_WAIT).await;
                own.as_ref().map_err(Error::clone)
            }
        };
        let outcome = match guard {
            Ok(guard) => {
                let (identity, current) = (identity.clone(), current.clone());
                let update = self.with(guard, move |bot, guard| bot.update_authorities(guard, &identity, &current));
                update.await.and_then(|updated| updated)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(identity = %self.config.id, "the cluster's authorities can't be written down now: {error}");
        }
    }

    fn update_authorities(
        &self,
        guard: &StoreGuard,
        identity: &BotIdentity,
        current: &Authorities,
    ) -> Result<(), Error> {
        let Some(stored) = guard.load()? else { return Ok(()) };
        if stored.identity.certificates == identity.certificates && stored.identity.authorities != *current {
            guard.update_authorities(current)?;
            self.saw_store();
        }
        Ok(())
    }
}

/// The cluster's answer to a join: no.
fn is_refusal(error: &Error) -> bool {
    matches!(error.code(), Code::JoinRejected | Code::BotAlreadyJoined | Code::JoinWrongRole)
}

fn needs_rejoin(why: &str, state: &StoredState, version: &Version) -> Error {
    let bot = state.identity.facts().map(|facts| facts.bot_name).unwrap_or_default();
    let how = join::fresh_token(version, &bot);
    Error::new(
        Code::IdentityNeedsRejoin,
        format!("the identity of bot {bot:?} can't be used any more: {why}"),
        format!("make a fresh token on the cluster ({how}) and configure it"),
    )
}
