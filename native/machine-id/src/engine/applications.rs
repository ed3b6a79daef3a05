//! The applications that the roles of a proxy see, and the way to each that somebody asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::bot::Bot;
use super::issuing;
use super::known;
use super::tunnel_road::{OPENING, Road, Wish};
use crate::config::TunnelKind;
use crate::connect::{Alpn, Application as Listed};
use crate::error::{Code, Error};
use crate::issue::Scope;
use crate::local::quota::lock;
use crate::metrics::TunnelTo;
use crate::tunnel::{Application, Applications};
use crate::vocabulary::applications::Application as Protocol;

/// How old a list may be that an unknown name is looked up in: the cluster isn't asked at its clients' pace.
const FRESH: Duration = Duration::from_secs(15);

/// To how many applications a way is kept, each with a certificate: of more the ones that somebody asked for last.
const KEPT: usize = 64;

/// The applications of one proxy.
pub(super) struct Directory {
    bot: Arc<Bot>,
    wish: Wish,
    /// Those that somebody asked for, by the host that named them, and when that was last.
    known: Mutex<HashMap<String, (Arc<Application>, Instant)>>,
    list: Mutex<List>,
    /// One looks, and all who wait get what it has found.
    looking: tokio::sync::Mutex<()>,
}

/// What the roles saw, and when.
struct List {
    at: Option<Instant>,
    applications: Result<Vec<Listed>, Error>,
}

impl Directory {
    pub(super) fn new(bot: &Arc<Bot>, wish: Wish) -> Self {
        let list = Mutex::new(List { at: None, applications: Ok(Vec::new()) });
        Self { bot: Arc::clone(bot), wish, known: Mutex::default(), list, looking: tokio::sync::Mutex::default() }
    }

    /// Looks which applications there are, and says if there are none.
    ///
    /// # Errors
    /// What keeps us from finding out.
    pub(super) async fn look(&self) -> Result<(), Error> {
        if self.listed("").await?.is_empty() {
            tracing::warn!(
                "the roles of an application-proxy see no application at all: check the role's labels in Teleport"
            );
        }
        Ok(())
    }

    /// What the roles see: as it was known, where `host` is in it.
    async fn listed(&self, host: &str) -> Result<Vec<Listed>, Error> {
        let asked = Instant::now();
        let _looking = self.looking.lock().await;
        if let Some(known) = lock(&self.list).answer(host, asked) {
            return known;
        }
        let looked = tokio::time::timeout(OPENING, self.ask()).await;
        let late = || Error::new(Code::DeadlineExceeded, "the cluster doesn't say which applications there are", "");
        let applications = looked.unwrap_or_else(|_| Err(late()));
        *lock(&self.list) = List { at: Some(Instant::now()), applications: applications.clone() };
        applications
    }

    async fn ask(&self) -> Result<Vec<Listed>, Error> {
        let (bot, request) = (&self.bot, self.wish.request());
        let session = bot.session().await?;
        let roles = match issuing::named_roles(bot, &request)? {
            Some(roles) => roles,
            None => issuing::own_roles(bot, &session).await?,
        };
        let looked: Result<_, Error> =
            async { Ok(known::seer(bot, &session, &roles).await?.applications().await?) }.await;
        if let Err(error) = &looked {
            bot.failed(&session, error).await;
        }
        looked
    }

    async fn found(&self, host: &str) -> Result<Arc<Application>, Error> {
        if let Some((application, last)) = lock(&self.known).get_mut(host) {
            *last = Instant::now();
            return Ok(Arc::clone(application));
        }
        let all = self.listed(host).await?;
        let Some(listed) = all.iter().find(|one| is_named(one, host)) else {
            return Err(known::no_application(host, &all));
        };
        let application = Arc::new(self.way(listed));
        let mut known = lock(&self.known);
        // Somebody else may have found it meanwhile.
        let (application, _) = known.entry(host.to_owned()).or_insert_with(|| (application, Instant::now()));
        let application = Arc::clone(application);
        if known.len() > KEPT {
            let oldest = known.iter().min_by_key(|(_, (_, last))| *last).map(|(host, _)| host.clone());
            if let Some((oldest, _)) = oldest.and_then(|oldest| known.remove(&oldest)) {
                self.drop_certificate(&oldest);
            }
        }
        Ok(application)
    }

    fn way(&self, listed: &Listed) -> Application {
        let kind = TunnelKind::Application { app: listed.name.clone() };
        let wish = Wish { scope: self.scope(&listed.name), ..self.wish.clone() };
        let road = Road::new(&self.bot, &wish, &kind, Alpn::of_application(&listed.uri));
        let traffic = self.bot.metrics.tunnel(TunnelTo::Applications);
        Application::new(&listed.name, Protocol::at(&listed.uri), traffic, road)
    }
}

impl Directory {
    /// Whose certificate that of an application is.
    fn scope(&self, name: &str) -> String {
        format!("{} {name:?}", self.wish.scope)
    }

    fn drop_certificate(&self, application: &Application) {
        self.bot.cache.forget_scope(&Scope::Build(self.scope(application.name())));
    }
}

/// What was issued for it ends with it.
impl Drop for Directory {
    fn drop(&mut self) {
        let known = std::mem::take(&mut *lock(&self.known));
        known.values().for_each(|(application, _)| self.drop_certificate(application));
    }
}

impl List {
    /// What is known that is enough for who asked at `asked`.
    fn answer(&self, host: &str, asked: Instant) -> Option<Result<Vec<Listed>, Error>> {
        let at = self.at?;
        let enough = match &self.applications {
            Ok(all) => at + FRESH > asked || all.iter().any(|one| is_named(one, host)),
            // What failed while somebody waited for it isn't tried again by everybody else who waited.
            Err(_) => at > asked,
        };
        enough.then(|| self.applications.clone())
    }
}

/// Whether a URL's host means it: by its name, or by the host name that Teleport gives it.
fn is_named(listed: &Listed, host: &str) -> bool {
    [&listed.name, &listed.public_addr].iter().any(|name| name.eq_ignore_ascii_case(host))
}

impl Applications for Directory {
    fn find<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Arc<Application>, Error>> {
        Box::pin(self.found(host))
    }

    fn forget(&self, application: &Arc<Application>) {
        lock(&self.known).retain(|_, (known, _)| !Arc::ptr_eq(known, application));
        if let Ok(all) = &mut lock(&self.list).applications {
            all.retain(|listed| listed.name != application.name());
        }
    }
}
