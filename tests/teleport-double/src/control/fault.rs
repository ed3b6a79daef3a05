//! Faults that tests ask for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Point {
    /// A TCP connection to the proxy's port.
    ProxyConnection,
    /// A TCP connection to the auth server's port.
    AuthConnection,
    /// `GET /webapi/find`.
    Find,
    /// `GET /webapi/ping`.
    WebPing,
    /// `GET /webapi/auth/export`.
    Export,
    /// The upgrade through a balancer.
    Upgrade,
    /// An upgrade to a WebSocket.
    WebSocket,
    /// A join, whichever way it comes in. Where it is a stream, this is its opening; what lets the join take effect
    /// ([`Fault::DropReply`], [`Fault::Certificate`], …) strikes at its result.
    Join,
    /// A stream's answer to the first message: `ServerInit` of `teleport.join.v1`.
    JoinInit,
    /// A stream's challenge, just before it is sent.
    JoinChallenge,
    /// The answer to a challenge, received and not yet looked at.
    JoinSolution,
    /// The demand for a new bound key, just before it is sent.
    JoinRotation,
    /// The new bound key, received and not yet looked at.
    JoinNewKey,
    /// The challenge for a new bound key, just before it is sent.
    JoinNewKeyChallenge,
    /// The answer to that challenge, received and not yet looked at.
    JoinNewKeySolution,
    /// A stream's result. All strike before the server commits anything, but for [`Fault::DropReply`],
    /// [`Fault::StallReply`] and [`Fault::Truncated`], which strike after that.
    JoinResult,
    /// gRPC `Ping`.
    Ping,
    /// gRPC `GetClusterCACert`.
    CaCert,
    /// gRPC `GetDomainName`.
    DomainName,
    /// `GenerateUserCerts` without role requests.
    Renew,
    /// `GenerateUserCerts` with role requests.
    Impersonate,
    /// `GetCertAuthority` and `GetCertAuthorities`.
    CertAuthority,
    /// `CreateAppSession`.
    AppSession,
    /// `GetRole`.
    GetRole,
    /// `ListResources`.
    ListResources,
    /// `WatchEvents`.
    Watch,
    /// The list of leaf clusters.
    RemoteClusters,
    /// `ProxySSH`.
    ProxySsh,
    /// `SubmitHeartbeat`.
    Heartbeat,
    /// A request to the Kubernetes API.
    Kube,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Connections: reset as soon as they are accepted. Requests: the connection is cut.
    Refuse,
    /// Connections: nothing is ever said, TLS included.
    HangBeforeTls,
    /// Connections: nothing is said after the handshake. Requests: no reply.
    Hang,
    /// Connections: reset after the server has written this many bytes.
    ResetAfter(usize),
    /// The answer comes late.
    Delay(Duration),
    /// Answered with this HTTP status, in gRPC too; seconds for `Retry-After`.
    Http {
        /// The status.
        status: u16,
        /// The value of `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// gRPC: answered with this status. HTTP: 500 with the message.
    Grpc {
        /// The numeric gRPC code.
        code: i32,
        /// The message.
        message: String,
    },
    /// A body that is none of what was asked for.
    Garbage,
    /// The right body, cut in half.
    Truncated,
    /// The request takes effect, but the connection is cut instead of a reply.
    DropReply,
    /// The request takes effect, but nothing is ever said.
    StallReply,
    /// A certificate that isn't what was asked for.
    Certificate(CertificateFault),
    /// No CA where some are due.
    NoAuthorities,
    /// The same CA this many times.
    ManyAuthorities(usize),
    /// A CA of somebody else's after our own: PEM, and its SSH key as a line.
    ForeignAuthority {
        /// The certificate.
        pem: String,
        /// The key.
        ssh_line: String,
    },
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// For another key.
    WrongKey,
    /// Ended an hour ago.
    Expired,
    /// Begins in an hour.
    NotYetValid,
    /// For these principals.
    Principals(Vec<String>),
    /// For another user.
    User(String),
    /// Signed by the host CA.
    WrongAuthority,
    /// Without a generation, as of a server before 16.2.
    NoGeneration,
    /// For these roles, too.
    MoreRoles(Vec<String>),
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next time only.
    Once,
    /// This many times.
    Count(u32),
    /// Until cleared.
    Always,
}

#[derive(Debug)]
struct Planned {
    point: Point,
    fault: Fault,
    left: Option<u32>,
}

/// The faults planned for one double. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Planned>>>);

impl Faults {
    /// Plans a fault. Several at one point strike one after the other; a [`Fault::Delay`] goes with the next one.
    pub fn inject(&self, point: Point, fault: Fault, times: Times) {
        let left = match times {
            Times::Once => Some(1),
            Times::Count(count) => Some(count),
            Times::Always => None,
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Planned { point, fault, left });
    }

    /// Forgets all planned faults.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The delay and the fault for what happens now at `point`.
    pub(crate) fn take(&self, point: Point) -> (Duration, Option<Fault>) {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut delay = Duration::ZERO;
        let mut fault = None;
        for plan in planned.iter_mut().filter(|plan| plan.point == point && plan.left != Some(0)) {
            match &plan.fault {
                Fault::Delay(by) => delay += *by,
                _ if fault.is_some() => continue,
                other => fault = Some(other.clone()),
            }
            plan.left = plan.left.map(|left| left - 1);
        }
        planned.retain(|plan| plan.left != Some(0));
        (delay, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_asked_and_a_delay_goes_with_it() {
        let faults = Faults::default();
        faults.inject(Point::Join, Fault::Delay(Duration::from_secs(1)), Times::Always);
        faults.inject(Point::Join, Fault::Garbage, Times::Once);
        faults.inject(Point::Join, Fault::Hang, Times::Count(2));
        assert_eq!(faults.take(Point::Find), (Duration::ZERO, None));
        let taken: Vec<_> = (0..4).map(|_| faults.take(Point::Join)).collect();
        let second = Duration::from_secs(1);
        let expected = [Some(Fault::Garbage), Some(Fault::Hang), Some(Fault::Hang), None];
        assert_eq!(taken, expected.map(|fault| (second, fault)));
    }
}
