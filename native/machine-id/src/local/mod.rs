//! Clients of this machine at sockets of ours. They aren't trusted: nothing of theirs holds up a thread of the runtime
//! ([`threads`] are there for that), and none takes what others need ([`quota`]).

pub(crate) mod limits;
pub(crate) mod peer;
pub(crate) mod quota;
pub(crate) mod threads;
