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

/// How long a failure to list them is the answer.
const AGAIN: Duration = Duration::from_secs(5);

/// After how long it is looked again what a host names: an administrator may have given it to another application.
const AGED: Duration = Duration::from_secs(300);

/// To how many applications a way is kept, each with a certificate: of more the ones that somebody asked for last.
const KEPT: usize = 64;

/// The applications of one proxy.
pub(super) struct Directory {
    bot: Arc<Bot>,
    wish: Wish,
    /// Those that somebody asked for, by the host that named them, and when that was last.
    known: Mutex<HashMap<String, Known>>,
    list: Mutex<List>,
    /// One looks, and all who wait get what it has found.
    looking: tokio::sync::Mutex<()>,
}

/// An application that somebody asked for.
struct Known {
    application: Arc<Application>,
    listed: Listed,
    /// When somebody asked for it last.
    last: Instant,
    /// When it was listed so.
    looked: Instant,
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
        if self.listed(None).await?.is_empty() {
            tracing::warn!(
                "the roles of an application-proxy see no application at all: check the role's labels in Teleport"
            );
        }
        Ok(())
    }

    /// What the roles see: as it was known, where `host` is in it; none: as it is now.
    async fn listed(&self, host: Option<&str>) -> Result<Vec<Listed>, Error> {
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
        if let Some(application) = self.known(host).await {
            return Ok(application);
        }
        let all = self.listed(Some(host)).await?;
        let Some(listed) = named(&all, host) else {
            return Err(known::no_application(host, &all));
        };
        let new = || {
            let (application, now) = (Arc::new(self.way(listed)), Instant::now());
            Known { application, listed: listed.clone(), last: now, looked: now }
        };
        let mut known = lock(&self.known);
        // Somebody else may have found it meanwhile.
        let application = Arc::clone(&known.entry(host.to_owned()).or_insert_with(new).application);
        if known.len() > KEPT {
            let oldest = known.iter().min_by_key(|(_, known)| known.last).map(|(host, _)| host.clone());
            if let Some(oldest) = oldest.and_then(|oldest| known.remove(&oldest)) {
                self.drop_certificate(&oldest.application);
            }
        }
        Ok(application)
    }

    /// What was found before, if it still is what the host names. Where that can't be found out it stays.
    async fn known(&self, host: &str) -> Option<Arc<Application>> {
        let now = Instant::now();
        let application = {
            let mut known = lock(&self.known);
            let found = known.get_mut(host)?;
            found.last = now;
            let application = Arc::clone(&found.application);
            if now.duration_since(found.looked) < AGED {
                return Some(application);
            }
            // One looks; the others go on meanwhile.
            found.looked = now;
            application
        };
        let Ok(all) = self.listed(None).await else { return Some(application) };
        let mut known = lock(&self.known);
        let is_same = known.get(host).is_none_or(|old| named(&all, host) == Some(&old.listed));
        if is_same {
            return Some(application);
        }
        known.remove(host);
        self.drop_certificate(&application);
        None
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
        known.values().for_each(|known| self.drop_certificate(&known.application));
    }
}

impl List {
    /// What is known that is enough for who asked at `asked`.
    fn answer(&self, host: Option<&str>, asked: Instant) -> Option<Result<Vec<Listed>, Error>> {
        let at = self.at?;
        let enough = match &self.applications {
            Ok(all) => at + FRESH > asked || host.is_some_and(|host| named(all, host).is_some()),
            // What has failed isn't tried again by everybody who asks.
            Err(_) => at + AGAIN > asked,
        };
        enough.then(|| self.applications.clone())
    }
}

/// What a URL's host means: an application's name, or else the host name that Teleport gives one.
fn named<'a>(all: &'a [Listed], host: &str) -> Option<&'a Listed> {
    let by = |name: fn(&Listed) -> &String| all.iter().find(|one| name(one).eq_ignore_ascii_case(host));
    by(|one| &one.name).or_else(|| by(|one| &one.public_addr))
}

impl Applications for Directory {
    fn find<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Arc<Application>, Error>> {
        Box::pin(self.found(host))
    }

    fn forget(&self, application: &Arc<Application>) {
        lock(&self.known).retain(|_, known| !Arc::ptr_eq(&known.application, application));
        if let Ok(all) = &mut lock(&self.list).applications {
            all.retain(|listed| listed.name != application.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_before_the_host_name_of_another_application() {
        let listed = |name: &str, public_addr: &str| Listed {
            name: name.to_owned(),
            public_addr: public_addr.to_owned(),
            uri: "http://localhost:1".to_owned(),
        };
        let all = [listed("a", "grafana"), listed("grafana", "grafana.example.com")];
        let found = |host| named(&all, host).map(|one| one.name.as_str());
        assert_eq!(found("Grafana"), Some("grafana"));
        assert_eq!(found("grafana.EXAMPLE.com"), Some("grafana"));
        assert_eq!(found("a"), Some("a"));
        assert_eq!(found("b"), None);
    }
}
