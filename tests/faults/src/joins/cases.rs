//! What is joined, by which way, and which fault strikes at which message.

use teleport_double::{Fault, Point};

use crate::world::Method;

/// What a bot does when the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// Joins by a token that works once.
    Token,
    /// Joins by AWS credentials.
    Iam,
    /// Joins again by AWS credentials, with the certificate at hand.
    Member,
    /// Registers a bound key.
    First,
    /// Shows the certificate at hand, and signs with the bound key.
    Rejoin,
    /// The same, where the cluster asks for another key.
    Rotation,
    /// Shows the state of the last join, and signs with the bound key.
    Recovery,
}

impl Exchange {
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Token => Method::Token,
            Self::Iam | Self::Member => Method::Iam,
            Self::First | Self::Rejoin | Self::Rotation | Self::Recovery => Method::BoundKeypair,
        }
    }

    /// Whether there is an identity at hand, which serves on.
    pub(super) const fn has_identity(self) -> bool {
        matches!(self, Self::Member | Self::Rejoin | Self::Rotation)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Iam => "iam",
            Self::Member => "iam, rejoin",
            Self::First => "bound_keypair, first join",
            Self::Rejoin => "bound_keypair, rejoin",
            Self::Rotation => "bound_keypair, rotation",
            Self::Recovery => "bound_keypair, recovery",
        }
    }

    /// The messages between the beginning and the result.
    const fn points(self) -> &'static [Point] {
        match self {
            Self::Token => &[],
            Self::Iam | Self::Member | Self::Rejoin | Self::Recovery => &[Point::JoinChallenge, Point::JoinSolution],
            Self::First => {
                &[Point::JoinRotation, Point::JoinNewKey, Point::JoinNewKeyChallenge, Point::JoinNewKeySolution]
            }
            Self::Rotation => &[
                Point::JoinChallenge,
                Point::JoinSolution,
                Point::JoinRotation,
                Point::JoinNewKey,
                Point::JoinNewKeyChallenge,
                Point::JoinNewKeySolution,
            ],
        }
    }
}

/// A cluster's version, and the ways that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A stream of the old join service, in that version.
    Old(&'static str),
    /// `teleport.join.v1` alone.
    New,
    /// `teleport.join.v1`, and what was there before stands in for it.
    Both,
}

impl Way {
    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::Old(version) => version,
            Self::New | Self::Both => "18.8.0",
        }
    }
}

/// What is joined by which way.
const EXCHANGES: [(Exchange, Way); 16] = [
    (Exchange::Token, Way::New),
    (Exchange::Token, Way::Both),
    (Exchange::Iam, Way::Old("15.4.0")),
    (Exchange::Iam, Way::New),
    (Exchange::Member, Way::Old("17.4.0")),
    (Exchange::Member, Way::New),
    (Exchange::First, Way::Old("18.1.0")),
    (Exchange::First, Way::New),
    (Exchange::Rejoin, Way::Old("18.1.0")),
    (Exchange::Rejoin, Way::New),
    (Exchange::Rejoin, Way::Both),
    (Exchange::Rotation, Way::Old("18.1.0")),
    (Exchange::Rotation, Way::New),
    (Exchange::Recovery, Way::Old("18.1.0")),
    (Exchange::Recovery, Way::New),
    (Exchange::Recovery, Way::Both),
];

/// A fault by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Reset,
    Stall,
    Garbage,
    Status,
}

/// One fault at one message.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) exchange: Exchange,
    pub(super) way: Way,
    pub(super) point: Point,
    pub(super) fault: Fault,
}

impl Case {
    pub(super) const fn kind(&self) -> Kind {
        match self.fault {
            Fault::Hang | Fault::StallReply => Kind::Stall,
            Fault::Garbage | Fault::Truncated => Kind::Garbage,
            Fault::Grpc { .. } => Kind::Status,
            _ => Kind::Reset,
        }
    }

    /// The row that it belongs to.
    pub(super) fn family(&self) -> String {
        let way = match self.way {
            Way::Old(_) => "the old stream",
            Way::New => "teleport.join.v1",
            Way::Both => "either way",
        };
        format!("joining by {way}: {}", self.exchange.name())
    }

    /// Whether the fault comes before the server has done anything, and the bot may try the other way.
    pub(super) fn may_be_stood_in_for(&self) -> bool {
        self.way == Way::Both && matches!(self.point, Point::Join | Point::JoinInit)
    }

    /// Whether the fault comes before the bot has signed anything, so that it knows that nothing can have come of it.
    pub(super) const fn is_early(&self) -> bool {
        let begun = matches!(self.point, Point::Join | Point::JoinInit | Point::JoinChallenge);
        let registers = matches!(self.exchange, Exchange::First)
            && matches!(self.point, Point::JoinRotation | Point::JoinNewKey | Point::JoinNewKeyChallenge);
        begun || registers
    }
}

/// Each fault at each message; in the quick part one at each, and all that lose an answer.
pub(super) fn cases(quick: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut drawn = 0_usize;
    for (exchange, way) in EXCHANGES {
        let first: &[Point] = if matches!(way, Way::Old(_)) { &[Point::Join] } else { &[Point::Join, Point::JoinInit] };
        for &point in first.iter().chain(exchange.points()).chain(&[Point::JoinResult]) {
            let mut faults = everywhere();
            if quick {
                // One stall of a dozen: each takes half a minute.
                let stalls = drawn % 12 == 5;
                let index = if stalls { 1 } else { [0, 2, 3][drawn % 3] };
                faults = faults.into_iter().skip(index).take(1).collect();
                drawn += 1;
            } else {
                faults.extend([2, 7, 14].map(status));
            }
            if point == Point::JoinResult {
                faults.extend([Fault::DropReply, Fault::Truncated]);
                let stalls = exchange == Exchange::Recovery || exchange == Exchange::Rejoin;
                faults.extend((!quick || stalls && way == Way::New).then_some(Fault::StallReply));
            }
            cases.extend(faults.into_iter().map(|fault| Case { exchange, way, point, fault }));
        }
    }
    cases
}

fn everywhere() -> Vec<Fault> {
    vec![Fault::Refuse, Fault::Hang, Fault::Garbage, status(13)]
}

fn status(code: i32) -> Fault {
    Fault::Grpc { code, message: "something is the matter with the backend".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_part_strikes_at_each_message_that_the_full_one_knows_and_each_kind_is_there() {
        let places = |quick: bool| {
            let mut all: Vec<_> =
                cases(quick).iter().map(|case| format!("{} {:?}", case.family(), case.point)).collect();
            all.dedup();
            all
        };
        assert_eq!(places(true), places(false));
        assert_eq!(places(true).len(), 82);
        for kind in [Kind::Reset, Kind::Stall, Kind::Garbage, Kind::Status] {
            assert!(cases(true).iter().any(|case| case.kind() == kind), "{kind:?}");
        }
        assert!(cases(true).len() < 130 && cases(false).len() > 400, "{} {}", cases(true).len(), cases(false).len());
    }
}
