//! What `start` takes: tbot's options, and its outputs as subcommands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Keys;

/// How logs look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Start {
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) options: Options,
    /// Write an identity into this directory, instead of the outputs of the file.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) destination_dir: Option<String>,
    #[command(subcommand)]
    pub(crate) output: Option<Output>,
}

/// What may stand before and after an output's name.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write everything once, then end.
    #[arg(long, global = true, overrides_with = "no_oneshot")]
    pub(crate) oneshot: bool,
    #[arg(long, global = true, hide = true)]
    no_oneshot: bool,
    /// The proxy, HOST:PORT; $TELEPORT_PROXY if not given.
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub(crate) proxy_server: Option<String>,
    /// The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server.
    #[arg(short, long, value_name = "ADDRESS", global = true)]
    pub(crate) auth_server: Option<String>,
    /// The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users
    /// of the machine may see the command line, so prefer a file or the variable.
    #[arg(long, value_name = "TOKEN", global = true)]
    pub(crate) token: Option<String>,
    /// How to join, as join_method in the configuration.
    #[arg(long, value_name = "METHOD", global = true)]
    pub(crate) join_method: Option<String>,
    /// Pin of the cluster's CA; can be repeated.
    #[arg(long, value_name = "PIN", global = true)]
    pub(crate) ca_pin: Vec<String>,
    /// The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token;
    /// $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the
    /// configuration or the variable.
    #[arg(long, value_name = "URI", global = true)]
    pub(crate) join_uri: Option<String>,
    /// Lifetime of the certificates, for example 1h.
    #[arg(long, value_name = "TIME", global = true)]
    pub(crate) certificate_ttl: Option<String>,
    /// How often they are renewed, for example 20m.
    #[arg(long, value_name = "TIME", global = true)]
    pub(crate) renewal_interval: Option<String>,
    /// Where the bot's identity is stored: a directory, file:///DIR, or memory://.
    #[arg(long, value_name = "URI", global = true, conflicts_with = "data_dir")]
    pub(crate) storage: Option<String>,
    /// The same as --storage.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<String>,
    /// The same as diag_addr in the configuration.
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub(crate) diag_addr: Option<String>,
    /// Write the process id into this file, and remove the file at the end.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) pid_file: Option<PathBuf>,
}

/// An output beside those of the file, as tbot's subcommands name it.
#[derive(Debug, Subcommand)]
pub(crate) enum Output {
    /// The outputs of the file, or --destination-dir.
    Legacy,
    /// An identity for SSH and for Teleport's API.
    #[command(visible_aliases = ["ssh", "id"])]
    Identity(Identity),
    /// A database.
    #[command(visible_alias = "db")]
    Database(Database),
    /// A Kubernetes cluster.
    #[command(visible_alias = "k8s")]
    Kubernetes(Kubernetes),
    /// Several Kubernetes clusters, by name or labels.
    #[command(name = "kubernetes/v2", visible_alias = "k8s/v2")]
    KubernetesV2(KubernetesV2),
    /// An application.
    #[command(visible_alias = "app")]
    Application(Application),
}

/// Where an output goes.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    /// The directory, or file:///DIR.
    #[arg(long, value_name = "URI")]
    pub(crate) destination: String,
    /// A user who may read it; can be repeated.
    #[arg(long, value_name = "USER")]
    pub(crate) reader_user: Vec<String>,
    /// A group that may read it; can be repeated.
    #[arg(long, value_name = "GROUP")]
    pub(crate) reader_group: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Identity {
    #[command(flatten)]
    pub(crate) destination: Destination,
    /// The leaf cluster to use it for.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// Allow it to be used to issue further certificates.
    #[arg(long, overrides_with = "no_allow_reissue")]
    pub(crate) allow_reissue: bool,
    #[arg(long, hide = true)]
    no_allow_reissue: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Database {
    #[command(flatten)]
    pub(crate) destination: Destination,
    /// The same as format of a database output in the configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) format: Option<String>,
    /// The database service in Teleport.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: String,
    /// The user in the database.
    #[arg(long, value_name = "NAME")]
    pub(crate) username: String,
    /// The database in the service.
    #[arg(long, value_name = "NAME")]
    pub(crate) database: String,
}

#[derive(Debug, Args)]
pub(crate) struct Kubernetes {
    #[command(flatten)]
    pub(crate) destination: Destination,
    /// The cluster's name in Teleport.
    #[arg(long, value_name = "NAME")]
    pub(crate) kubernetes_cluster: String,
    #[command(flatten)]
    pub(crate) plugin: ExecPlugin,
}

#[derive(Debug, Args)]
pub(crate) struct KubernetesV2 {
    #[command(flatten)]
    pub(crate) destination: Destination,
    /// A cluster by its name in Teleport; can be repeated.
    #[arg(long, value_name = "NAME", required_unless_present = "label_selector")]
    pub(crate) name_selector: Vec<String>,
    /// Every cluster with these labels, LABEL=VALUE,LABEL=VALUE; can be repeated.
    #[arg(long, value_name = "LABELS")]
    pub(crate) label_selector: Vec<String>,
    #[command(flatten)]
    pub(crate) plugin: ExecPlugin,
}

/// Whether the kubeconfig calls us.
#[derive(Debug, Args)]
pub(crate) struct ExecPlugin {
    /// Write the certificate into the kubeconfig, so that it works without this program.
    #[arg(long, overrides_with = "no_disable_exec_plugin")]
    pub(crate) disable_exec_plugin: bool,
    #[arg(long, hide = true)]
    no_disable_exec_plugin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Application {
    #[command(flatten)]
    pub(crate) destination: Destination,
    /// The application's name in Teleport.
    #[arg(long, value_name = "NAME")]
    pub(crate) app: String,
    /// Also write tls.crt, tls.key and tls.cas.
    #[arg(long, overrides_with = "no_specific_tls_extensions")]
    pub(crate) specific_tls_extensions: bool,
    #[arg(long, hide = true)]
    no_specific_tls_extensions: bool,
}
