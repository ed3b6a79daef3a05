//! A role that is taken by a call to STS.

/// As a profile or the environment has it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    /// How the session is called; it ends the ARN that the cluster sees.
    pub(super) session: Option<String>,
    pub(super) external_id: Option<String>,
    /// In seconds; STS' own is an hour.
    pub(super) duration: Option<u32>,
}
