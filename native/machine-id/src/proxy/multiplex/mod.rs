//! Many SSH connections over one: whoever keeps an identity fresh serves a Unix socket in the destination's directory,
//! and ssh gets its connection from there (`ProxyUseFdpass`).
//!
//! The server side is [`Link`] (the connection to the proxy) and [`Serving`] (the socket); the client side, which is
//! made to start in a millisecond, is [`connect`] and [`hand_over`]. Between them goes what [`wire`] says.
//!
//! Clients aren't trusted: [`crate::local`] and [`foreign`] see to it that nothing of theirs holds up a thread of the
//! runtime, [`limits`] that none takes what others need.

mod alarm;
mod client;
mod foreign;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod limits;
mod link;
mod server;
mod session;
mod wire;

pub use alarm::Alarm;
pub use client::{Answer, connect, hand_over, takes_descriptors};
pub use link::Link;
pub use server::{Serving, Switch};
pub use wire::SOCKET;

#[cfg(test)]
mod tests;
