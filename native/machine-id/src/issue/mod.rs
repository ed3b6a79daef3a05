//! Role certificates: requests, cache, single flight.

mod cache;
mod certificate;

pub use cache::{CacheKey, IssueCache};
pub use certificate::{RoleCertificate, Scope, Target};
