//! An application that a proxy leads to, and who knows them.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::error::Error;
use crate::metrics::Traffic;
use crate::tunnel::far::{Far, Upstream};
use crate::tunnel::tell::Teller;
use crate::vocabulary::applications::Application as Protocol;

/// Who knows the applications that the clients of a proxy may get to.
pub trait Applications: Send + Sync + 'static {
    /// The one that a URL names by its host.
    ///
    /// # Errors
    /// [`crate::error::Code::TargetUnknown`], with the names that there are; what keeps us from finding out.
    fn find<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Arc<Application>, Error>>;

    /// The cluster doesn't know it any more.
    fn forget(&self, application: &Arc<Application>);
}

/// One of them.
pub struct Application {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    pub(super) far: Far,
}

impl Application {
    /// An application, which speaks `protocol`; what goes there is counted by `traffic`.
    #[must_use]
    pub fn new(name: &str, protocol: Protocol, traffic: Traffic, upstream: impl Upstream) -> Self {
        let teller = Arc::new(Teller::new(format!("application {name:?}"), Arc::default()));
        Self { name: name.to_owned(), protocol, far: Far::new(Box::new(upstream), teller, traffic) }
    }

    /// Its name in Teleport.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
