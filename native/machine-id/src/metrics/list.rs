//! The list of metrics: each name, its kind, its labels and what it means stand here once. `docs/metrics.md` is compared
//! with it. Names follow Prometheus' rules: a prefix, base units (seconds, bytes), `_total` for what is counted.

use crate::vocabulary::words;

words! {
    /// The kinds of Prometheus' text format.
    pub enum Kind {
        /// Only grows.
        Counter = "counter",
        /// As it is now.
        Gauge = "gauge",
        /// How many took how long.
        Histogram = "histogram",
    }
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in the text.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its labels; the values of each are a closed list or words of the configuration.
    pub labels: &'static [&'static str],
    /// What it means, without a full stop.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:ident, [$($label:literal),*], $help:literal;)+) => {
        $(pub(super) const $constant: Metric =
            Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };)+

        /// All of them, in the order of the text.
        pub const METRICS: &[Metric] = &[$($constant,)+];
    };
}

metrics! {
    BUILD = "machine_id_build_info", Gauge, ["version"], "Always 1; the label is the version of machine-id";
    STATE = "machine_id_identity_state", Gauge, ["identity", "state"], "1 for the state that the bot's identity is in, 0 for all others";
    REMAINING = "machine_id_identity_remaining_seconds", Gauge, ["identity"], "Time left until the bot's identity expires, negative afterwards; absent before the first join";
    TROUBLE = "machine_id_identity_trouble", Gauge, ["identity", "code"], "1 for the error that keeps the identity from working as it should; absent while there is none";
    CONNECTED = "machine_id_cluster_connected", Gauge, ["identity"], "1 while there is a connection to the cluster's auth server";
    LEASES = "machine_id_leases", Gauge, ["identity"], "Leases that have certificates, standing outputs included";
    UNUSABLE = "machine_id_leases_unusable", Gauge, ["identity"], "Leases whose certificates have expired or are stopped by a lock";
    FAILING = "machine_id_leases_failing", Gauge, ["identity"], "Leases whose last refresh has failed, or that can't be refreshed as things are";
    LATE = "machine_id_leases_late", Gauge, ["identity"], "Leases that are overdue for a refresh by half of the time that was left to mend it";
    LEASE_REMAINING = "machine_id_lease_remaining_seconds", Gauge, ["identity"], "Time left until the first certificate of a lease expires, negative afterwards; absent without leases";
    JOINS = "machine_id_joins_total", Counter, ["identity", "method", "code"], "Joins that were tried, by what came of them";
    RENEWALS = "machine_id_renewals_total", Counter, ["identity", "code"], "Renewals of the bot's identity, by what came of them";
    ISSUANCES = "machine_id_issuances_total", Counter, ["identity", "target", "code"], "Role certificates asked of the cluster, by what came of them";
    ACQUIRES = "machine_id_acquires_total", Counter, ["identity", "code"], "Leases asked for, by what came of them";
    ACQUIRE_TIME = "machine_id_acquire_duration_seconds", Histogram, ["identity", "outcome"], "How long whoever asked for a lease waited";
    REFRESHES = "machine_id_refreshes_total", Counter, ["identity", "code"], "Refreshes of leases in place, by what came of them";
    HEARTBEATS = "machine_id_heartbeats_total", Counter, ["identity", "code"], "Heartbeats sent to the cluster, by what came of them";
    REFUSALS = "machine_id_refusals_total", Counter, ["door", "reason"], "Requests that were refused here, before the cluster was asked";
    SSH_SESSIONS = "machine_id_ssh_sessions_total", Counter, ["code"], "SSH connections asked for at the sockets for ssh, by what came of them";
    SSH_OPEN = "machine_id_ssh_sessions_open", Gauge, [], "SSH connections that are carried now";
    SSH_BYTES = "machine_id_ssh_bytes_total", Counter, ["direction"], "Bytes of SSH connections that were carried, as ssh sees them";
    TUNNEL_CONNECTIONS = "machine_id_tunnel_connections_total", Counter, ["kind", "code"], "Connections made to tunnels, by what came of them";
    TUNNEL_OPEN = "machine_id_tunnel_connections_open", Gauge, ["kind"], "Connections of tunnels that are carried now";
    TUNNEL_BYTES = "machine_id_tunnel_bytes_total", Counter, ["kind", "direction"], "Bytes that tunnels have carried, as the client sees them";
}

/// Upper bounds of the acquire histogram, in seconds: from the cache, over a near cluster, over a far one, by retries.
pub(super) const ACQUIRE_BOUNDS: [f64; 10] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_as_prometheus_wants_them() {
        let word = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        for (index, metric) in METRICS.iter().enumerate() {
            let Metric { name, kind, labels, help } = metric;
            assert!(!METRICS[..index].iter().any(|other| other.name == *name), "{name} twice");
            assert!(name.starts_with("machine_id_") && word(name), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(*kind == Kind::Histogram, name.ends_with("_duration_seconds"), "{name}");
            assert!(labels.iter().all(|label| word(label) && *label != "le"), "{name}");
            assert!(!help.ends_with('.') && !help.contains('\n'), "{name}");
        }
    }
}
