//! Role certificates: requests, cache, single flight.

mod cache;
mod certificate;
mod error;
mod request;
mod roles;
mod seen;

pub use cache::{CacheKey, IssueCache};
pub use certificate::{RoleCertificate, Scope, Target};
pub(crate) use request::IssueRequest;
pub use request::issue;
pub(crate) use seen::Seen;
