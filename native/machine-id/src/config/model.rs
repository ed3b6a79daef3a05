//! The types that both configuration texts are parsed into.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::kubernetes::KubernetesOutput;
use crate::method::{JoinMethod, Settings};
use crate::secret::Secret;
use crate::vocabulary::words;

/// Where the cluster is and how its servers are recognised.
#[derive(Debug)]
pub struct ClusterConfig {
    /// Host name or IP address as the administrator wrote it.
    pub host: String,
    /// TCP port; 443 where none was written for a proxy, 3025 for an auth server.
    pub port: u16,
    /// What listens there.
    pub kind: AddressKind,
    /// Pins of the cluster's host CA; empty: none asked for.
    pub ca_pins: Vec<CaPin>,
    /// A CA to trust for this cluster beside the system's roots.
    pub ca: Option<CaSource>,
}

words! {
    /// What listens at the configured address.
    pub enum AddressKind {
        /// A Teleport proxy's web port (`proxy_server`).
        Proxy = "proxy",
        /// An auth server (`auth_server`), though a proxy's address is often written there: found out by asking.
        AuthOrProxy = "auth",
    }
}

impl AddressKind {
    /// The port where none is written.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Proxy => 443,
            Self::AuthOrProxy => 3025,
        }
    }
}

/// `sha256:` and 64 hex digits: SHA-256 over the SubjectPublicKeyInfo of the host CA (protocol B2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaPin(pub [u8; 32]);

/// Where a CA certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaSource {
    /// A PEM file, read when the connection is made.
    File(PathBuf),
    /// The PEM text itself.
    Pem(String),
}

/// How the bot proves who it is when it joins.
#[derive(Debug)]
pub struct JoinConfig {
    /// The join method.
    pub method: JoinMethod,
    /// The token: for method `token` the secret itself, else the name of a token resource.
    pub token: TokenSource,
    /// The method's own settings.
    pub settings: Arc<Settings>,
}

/// Where the token is.
#[derive(Debug)]
pub enum TokenSource {
    /// The token itself.
    Value(Secret),
    /// A file that holds it; read at each join, surrounding white space trimmed.
    File(PathBuf),
    /// None configured: only a stored identity can be used.
    Absent,
    /// One was configured and has been used: its hash is kept with the identity that it brought, nothing else.
    Used,
}

words! {
    /// The key algorithms a bot may use (protocol B1).
    #[derive(Default)]
    pub enum KeyAlgorithm {
        /// ECDSA on NIST P-256.
        #[default]
        EcdsaP256 = "ecdsa-p256",
        /// Ed25519.
        Ed25519 = "ed25519",
        /// RSA, 2048 bits.
        Rsa2048 = "rsa-2048",
        /// RSA, 4096 bits.
        Rsa4096 = "rsa-4096",
    }
}

/// A directory we write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryConfig {
    /// Absolute path.
    pub path: PathBuf,
    /// What to do about POSIX ACLs.
    pub acls: AclMode,
    /// What to do about symbolic links in the path.
    pub symlinks: SymlinkMode,
    /// Users that may read, beside the owner.
    pub readers: Vec<UserRef>,
}

impl DirectoryConfig {
    /// A private directory: no readers, no links.
    #[must_use]
    pub const fn private(path: PathBuf) -> Self {
        Self { path, acls: AclMode::Try, symlinks: SymlinkMode::Secure, readers: Vec::new() }
    }
}

words! {
    /// tbot's `acls:`.
    #[derive(Default)]
    pub enum AclMode {
        /// Never look at or set ACLs.
        Off = "off",
        /// Use them where readers are named; warn when what is there is not what was asked.
        #[default]
        Try = "try",
        /// Refuse to work when they can't be set or aren't as asked.
        Required = "required",
    }
}

words! {
    /// tbot's `symlinks:`. It is about links alone: a directory on the way that others can change is refused in each mode.
    #[derive(Default)]
    pub enum SymlinkMode {
        /// Refuse any symbolic link on the way to and in the directory.
        #[default]
        Secure = "secure",
        /// As secure; kept for tbot's name of the weaker fallback, which we never need.
        TrySecure = "try-secure",
        /// Links on the way to the directory are followed; never a link in place of the directory or a file.
        Insecure = "insecure",
    }
}

/// A local user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// By number.
    Id(u32),
    /// By name, looked up when used.
    Name(String),
}

/// One bot identity: the cluster, how to join it, what it may be used for.
#[derive(Debug)]
pub struct IdentityConfig {
    /// Name among the identities of an engine; file-name safe (letters, digits, `-`, `_`, `.`).
    pub id: String,
    /// The cluster.
    pub cluster: ClusterConfig,
    /// How to join.
    pub join: JoinConfig,
    /// Algorithm of all keys made for this identity; none: ECDSA P-256, and RSA-2048 for databases.
    pub key_algorithm: Option<KeyAlgorithm>,
    /// Wished lifetime of the bot's own certificates (`certificate_ttl`).
    pub lifetime: Duration,
    /// Fixed renewal interval; none: a jittered point after half of the lifetime.
    pub renewal_interval: Option<Duration>,
    /// Roles that may be asked for; empty: whatever the bot may take.
    pub roles: Vec<String>,
    /// Longest lifetime of a role certificate.
    pub max_ttl: Duration,
    /// Where the identity is kept.
    pub storage: DirectoryConfig,
}

words! {
    /// The kinds of outputs, by tbot's names.
    pub enum OutputType {
        /// SSH and the Teleport API.
        Identity = "identity",
        /// Kubernetes clusters.
        Kubernetes = "kubernetes",
        /// A database.
        Database = "database",
        /// A web application.
        Application = "application",
    }
}

/// What a certificate is for, and so which files are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OutputKind {
    /// SSH and the Teleport API.
    Identity,
    /// Kubernetes clusters.
    Kubernetes(KubernetesOutput),
    /// A database.
    Database {
        /// Name of the database service in Teleport.
        service: String,
        /// Database user; empty: named at connection time.
        username: String,
        /// Database name; empty: named at connection time.
        database: String,
        /// Which extra files; none: no extra ones.
        format: Option<DatabaseFormat>,
    },
    /// A web application.
    Application {
        /// Name of the application in Teleport.
        app: String,
        /// Also write `tls.key`, `tls.crt`, `tls.cas`.
        specific_tls_naming: bool,
    },
}

impl OutputKind {
    /// Its kind, without what it is for.
    #[must_use]
    pub const fn output_type(&self) -> OutputType {
        match self {
            Self::Identity => OutputType::Identity,
            Self::Kubernetes(_) => OutputType::Kubernetes,
            Self::Database { .. } => OutputType::Database,
            Self::Application { .. } => OutputType::Application,
        }
    }
}

words! {
    /// Extra files of a database output (protocol G1).
    pub enum DatabaseFormat {
        /// `tls.crt`, `tls.key`, `tls.cas`.
        Tls = "tls",
        /// `mongo.crt`, `mongo.cas`.
        Mongo = "mongo",
        /// `cockroach/{node.key,node.crt,ca.crt}`.
        Cockroach = "cockroach",
    }
}

/// A standing output: certificates of a kind kept fresh in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    /// What for.
    pub kind: OutputKind,
    /// Where to.
    pub destination: DirectoryConfig,
    /// Roles; empty: all that the bot may take.
    pub roles: Vec<String>,
    /// Name for `run --output`; none: the directory's last part.
    pub name: Option<String>,
    /// Leaf cluster to route to; none: the root cluster.
    pub route_to_cluster: Option<String>,
    /// Lifetime of the output's certificates; none: the identity's.
    pub ttl: Option<Duration>,
}

/// What a `tbot.yaml` says.
#[derive(Debug)]
pub struct TbotConfig {
    /// The bot. Its id is `default`.
    pub identity: IdentityConfig,
    /// Standing outputs.
    pub outputs: Vec<OutputConfig>,
    /// Stop after the first round.
    pub oneshot: bool,
    /// Things that are accepted but do nothing, to be shown once.
    pub warnings: Vec<String>,
}

/// What the library is opened with.
#[derive(Debug)]
pub struct EngineConfig {
    /// The engine's own directory: identities, lease table.
    pub root: PathBuf,
    /// The helper binary `machine-id`, written into `ssh_config` and kubeconfig.
    pub helper: HelperConfig,
    /// The identities that may be used.
    pub identities: Vec<IdentityConfig>,
}

/// The helper binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelperConfig {
    /// Where it is.
    pub path: PathBuf,
    /// What it has to be: it is never run or handed out without having been compared.
    pub content: HelperContent,
}

/// How the helper's content is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelperContent {
    /// By its SHA-256.
    Sha256([u8; 32]),
    /// It is the program that this process runs.
    ThisProcess,
}
