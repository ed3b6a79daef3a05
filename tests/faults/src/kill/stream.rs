//! Joins by streams.

use super::Scenario;
use crate::Failure;
use crate::world::{Method, World};

/// Joins by streams, to be cut at each call.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// In the table.
    pub name: &'static str,
    /// How its bots join.
    pub method: Method,
    /// The cluster's.
    pub version: &'static str,
    /// The ways before `teleport.join.v1` are there.
    pub legacy: bool,
    /// What is cut.
    pub scenarios: &'static [Scenario],
    /// Whether it is part of the quick part.
    pub quick: bool,
}

impl Stream {
    /// A cluster with bots that join so.
    ///
    /// # Errors
    /// As [`World::start`].
    pub async fn world(&self) -> Result<World, Failure> {
        World::of_version(self.version, self.legacy, self.method).await
    }
}

/// All.
pub const STREAMS: [Stream; 5] = [
    Stream {
        name: "bound_keypair by teleport.join.v1",
        method: Method::BoundKeypair,
        version: "18.8.0",
        legacy: false,
        scenarios: &Scenario::BOUND,
        quick: true,
    },
    Stream {
        name: "token by teleport.join.v1",
        method: Method::Token,
        version: "18.8.0",
        legacy: false,
        scenarios: &[Scenario::Join],
        quick: true,
    },
    Stream {
        name: "iam by the old stream",
        method: Method::Iam,
        version: "15.4.0",
        legacy: true,
        scenarios: &[Scenario::Join],
        quick: true,
    },
    Stream {
        name: "iam by teleport.join.v1",
        method: Method::Iam,
        version: "18.8.0",
        legacy: false,
        scenarios: &[Scenario::Join],
        quick: false,
    },
    Stream {
        name: "bound_keypair by the old stream",
        method: Method::BoundKeypair,
        version: "18.1.0",
        legacy: true,
        scenarios: &Scenario::BOUND,
        quick: false,
    },
];
