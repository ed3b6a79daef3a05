//! What is to be delivered: certificates of some kinds into directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::config::{
    AclMode, AcquireRequest, DirectoryConfig, LeaseTunnel, OutputConfig, OutputKind, Scope, SymlinkMode,
};
use crate::output::{ClusterFacts, OutputError, PlacedOutput, environment, file_word};

/// One set of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// What for.
    pub kind: OutputKind,
    /// Where to.
    pub directory: DirectoryConfig,
}

/// A lease that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    /// The caller's name for the lease.
    pub lease: String,
    /// Id of the identity.
    pub identity: String,
    /// Roles; empty: those configured, or all that the bot may take.
    pub roles: Vec<String>,
    /// Wished lifetime; none: the identity's.
    pub ttl: Option<Duration>,
    /// The files; the first is the lease's main directory.
    pub placements: Vec<Placement>,
    /// Kept after the lease ends, and not counted as the lease's own directory.
    pub standing: bool,
    /// The helper program is put into the lease's directory: the lease works where only that is to be seen, as in
    /// a container that shares the workspace.
    pub portable: bool,
    /// Who shares the key pairs.
    pub scope: Scope,
    /// How long acquiring may take.
    pub deadline: Duration,
    /// Leaf cluster to route to.
    pub route_to_cluster: Option<String>,
    /// Listeners that live as long as the lease.
    pub tunnels: Vec<LeaseTunnel>,
    /// It joins by an ID token of its own, as [`super::Engine::acquire_given`] says: nothing keeps it fresh by itself.
    pub given: bool,
}

/// Name of the helper inside the directory of a lease that is [portable](LeaseRequest::portable).
pub(super) const PROGRAM: &str = "machine-id";
/// How long a standing output may take to be written the first time.
const STANDING_DEADLINE: Duration = Duration::from_secs(120);

impl LeaseRequest {
    /// A standing output of a configuration.
    #[must_use]
    pub fn standing(identity: &str, output: &OutputConfig) -> Self {
        Self {
            lease: standing_id(&output.destination.path),
            identity: identity.to_owned(),
            roles: output.roles.clone(),
            ttl: output.ttl,
            placements: vec![Placement { kind: output.kind.clone(), directory: output.destination.clone() }],
            standing: true,
            portable: false,
            scope: Scope::Agent,
            deadline: STANDING_DEADLINE,
            route_to_cluster: output.route_to_cluster.clone(),
            tunnels: Vec::new(),
            given: false,
        }
    }

    /// Whether two requests would write the same directory.
    pub(super) fn shares_directory(&self, other: &Self) -> bool {
        self.placements
            .iter()
            .any(|ours| other.placements.iter().any(|theirs| ours.directory.path == theirs.directory.path))
    }

    /// The variables for whatever uses the lease; `helper` is the program that its files call.
    pub(super) fn environment(
        &self,
        cluster: &ClusterFacts,
        helper: &Path,
        expires_at: SystemTime,
    ) -> Result<BTreeMap<String, String>, OutputError> {
        let mut placed = Vec::with_capacity(self.placements.len());
        placed
            .extend(self.placements.iter().map(|one| PlacedOutput { kind: &one.kind, directory: &one.directory.path }));
        environment(&placed, cluster, helper, expires_at)
    }

    /// Whether what is asked for is the same. Where a tunnel may have any port, the one that it has got may be named as well.
    pub(super) fn asks_alike(&self, other: &Self) -> bool {
        let any = |request: &Self| {
            let tunnels = request.tunnels.iter().cloned();
            let tunnels = tunnels.map(|tunnel| LeaseTunnel { port: tunnel.port.map(|_| 0), ..tunnel }).collect();
            Self { tunnels, ..request.clone() }
        };
        any(self) == any(other)
    }

    /// The lease's main directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.placements.first().map_or(Path::new(""), |placement| placement.directory.path.as_path())
    }
}

impl From<AcquireRequest> for LeaseRequest {
    fn from(request: AcquireRequest) -> Self {
        let acls = if request.readers.is_empty() { AclMode::Try } else { AclMode::Required };
        let placements = request.outputs.iter().enumerate().map(|(index, kind)| Placement {
            kind: kind.clone(),
            directory: DirectoryConfig {
                path: if index == 0 { request.directory.clone() } else { below(&request.directory, kind) },
                acls,
                symlinks: SymlinkMode::Insecure,
                readers: request.readers.clone(),
            },
        });
        Self {
            placements: placements.collect(),
            lease: request.lease,
            identity: request.identity,
            roles: request.roles,
            ttl: request.ttl,
            standing: request.standing,
            portable: !request.standing,
            scope: request.scope,
            deadline: request.deadline,
            route_to_cluster: request.route_to_cluster,
            tunnels: request.tunnels,
            given: false,
        }
    }
}

/// The directory of a further output of a lease: `<type>-<target>`, whatever the target's name holds.
fn below(directory: &Path, kind: &OutputKind) -> PathBuf {
    let target = match kind {
        OutputKind::Identity(_) | OutputKind::Multiplexer(_) => "ssh",
        OutputKind::Kubernetes(output) => output.names().next().unwrap_or("labels"),
        OutputKind::Database { service, .. } => service,
        OutputKind::Application { app, .. } => app,
    };
    directory.join(format!("{}-{}", kind.output_type(), file_word(target)))
}

/// A lease id for a directory that is the same in every process.
fn standing_id(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    use std::os::unix::ffi::OsStrExt;
    hex::encode(Sha256::digest(path.as_os_str().as_bytes())).chars().take(32).collect()
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
