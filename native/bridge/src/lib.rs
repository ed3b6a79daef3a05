//! The calls of `contract/README.md` on the library, for callers in other languages: bytes in, bytes out.
//!
//! [`calls`] does them, and knows nothing of how bytes come and go. There are two ways: `native/jni` binds them in the
//! JVM's own process, and [`serve`] reads them from pipes, where the library can't be loaded; a further platform needs
//! one of the two.

pub mod calls;
mod funnel;
mod handles;
pub mod message;
mod opened;
mod reply;
pub mod runtime;
mod serve;

#[cfg(feature = "fuzzing")]
pub mod fuzzing;
#[cfg(test)]
mod tests;

pub use calls::Call;
pub use funnel::install as keep_panics_silent;
pub use serve::{ServeError, serve};
