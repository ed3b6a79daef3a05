//! What is spoken at applications.

use super::words;

words! {
    /// The protocol of an application.
    pub enum Application {
        /// A web application.
        Http = "http",
        /// Any other.
        Tcp = "tcp",
    }
}

impl Application {
    /// The one of an application at `uri`, as its resource says.
    #[must_use]
    pub fn at(uri: &str) -> Self {
        if uri.starts_with("tcp://") { Self::Tcp } else { Self::Http }
    }
}
