//! The limits of what is read and kept. A caller that knows them refuses in its own forms what would be refused here.

use std::time::Duration;

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr;)+) => {
        $($(#[$doc])* pub const $name: $type = $value;)+

        /// Every limit with its name; the vocabulary has it in lower case.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, u64)] = &[$((stringify!($name), $value),)+];
    };
}

limits! {
    /// Shortest lifetime of a certificate, in seconds.
    LIFETIME_MIN_SECONDS: u64 = 60;
    /// Longest lifetime of a certificate that can be asked for, in seconds: 7 days, what Teleport gives bots from 17.4 on.
    /// A cluster shortens by itself what is too long for it.
    LIFETIME_MAX_SECONDS: u64 = 7 * 24 * 3600;
    /// Lifetime of certificates where none is given, in seconds, as tbot's.
    LIFETIME_DEFAULT_SECONDS: u64 = 3600;
    /// Shortest renewal interval, in seconds; the longest is shorter than the lifetime.
    RENEWAL_INTERVAL_MIN_SECONDS: u64 = 1;
    /// How long acquiring a lease may take where nothing is said, in milliseconds.
    DEADLINE_DEFAULT_MS: u64 = 60_000;
    /// And at most, in milliseconds.
    DEADLINE_MAX_MS: u64 = 3_600_000;
    /// How long a check of a connection takes at most, in seconds: an administrator waits in front of a page.
    CHECK_SECONDS: u64 = 60;
    /// Longest time-out of a command that prints an ID token, in seconds; the shortest is one.
    COMMAND_MAX_SECONDS: u64 = 600;
    /// Most words of such a command.
    COMMAND_WORDS: usize = 100;
    /// Most identities of an engine.
    IDENTITIES: usize = 1000;
    /// Most roles of an identity, a lease or an output.
    ROLES: usize = 1000;
    /// Most CA pins of a cluster.
    CA_PINS: usize = 100;
    /// Longest CA certificate, in bytes of PEM.
    CA_PEM_BYTES: usize = 256 << 10;
    /// Most outputs of a lease or of a `tbot.yaml`.
    OUTPUTS: usize = 100;
    /// Most tunnels of a lease.
    TUNNELS: usize = 16;
    /// Lowest TCP port that a listener of a lease has: those below are the system's.
    TUNNEL_PORT_MIN: u64 = 1024;
    /// And the highest.
    TUNNEL_PORT_MAX: u64 = 65535;
    /// Most users that may read a directory.
    READERS: usize = 100;
    /// Most Kubernetes clusters (or selectors) of an output.
    KUBERNETES_CLUSTERS: usize = 100;
    /// Most labels of a selector of Kubernetes clusters.
    KUBERNETES_LABELS: usize = 100;
    /// Longest name in Teleport, of a user, of a variable, in bytes.
    NAME_BYTES: usize = 255;
    /// Longest id of an identity, in characters.
    IDENTITY_ID_LENGTH: usize = 64;
    /// Fewest hex digits of a lease's id.
    LEASE_ID_MIN_LENGTH: usize = 32;
    /// Most hex digits of a lease's id.
    LEASE_ID_MAX_LENGTH: usize = 64;
    /// Longest path, in bytes.
    PATH_BYTES: usize = 4095;
    /// Longest path of a Unix socket, in bytes: no client has room for more in its address (unix(7)).
    SOCKET_PATH_BYTES: usize = 107;
    /// Longest JSON text of a call, in bytes.
    REQUEST_BYTES: usize = 1 << 20;
    /// Longest head of a message over pipes, in bytes, with the white space that fills it up.
    BRIDGE_HEAD_BYTES: usize = 16 << 10;
    /// Longest reply over pipes, in bytes.
    BRIDGE_REPLY_BYTES: usize = 8 << 20;
    /// Most certificates that are kept of a lease; of more the first and the newest.
    LEASE_CERTIFICATES: usize = 500;
    /// And most bytes of them, as JSON.
    LEASE_CERTIFICATES_BYTES: usize = 256 << 10;
    /// Requests of those who aren't members yet that a Teleport proxy takes at once from one address.
    PROXY_REQUESTS_AT_ONCE: u64 = 480;
    /// And in a minute, on average.
    PROXY_REQUESTS_PER_MINUTE: u64 = 120;
    /// How many of them a join is.
    JOIN_REQUESTS: u64 = 2;
    /// Joins that a controller that vouches for its builds lets go at once, where there was none for a while.
    JOINS_AT_ONCE: u64 = 200;
    /// Then one after each such interval, in milliseconds.
    JOIN_INTERVAL_MS: u64 = 1000;
}

/// Shortest lifetime of a certificate.
pub const LIFETIME_MIN: Duration = Duration::from_secs(LIFETIME_MIN_SECONDS);
/// Longest lifetime of a certificate that can be asked for.
pub const LIFETIME_MAX: Duration = Duration::from_secs(LIFETIME_MAX_SECONDS);
/// Lifetime of certificates where none is given.
pub const LIFETIME_DEFAULT: Duration = Duration::from_secs(LIFETIME_DEFAULT_SECONDS);
