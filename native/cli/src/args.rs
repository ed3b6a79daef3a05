//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use machine_id::config::KeyAlgorithm;

/// Short-lived Teleport identities for machines.
///
/// Reads the same /etc/tbot.yaml that tbot reads (config versions v1 and v2).
#[derive(Debug, Parser)]
#[command(
    name = "machine-id",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  machine-id start --oneshot -c /etc/tbot.yaml       write all outputs once and end
  machine-id start -c /etc/tbot.yaml                 keep them fresh until SIGTERM
  machine-id run -c /etc/tbot.yaml -- sh -c 'ssh -F \"$MACHINE_ID_SSH_CONFIG\" jenkins@node1.example.com hostname'
  machine-id status -c /etc/tbot.yaml --json
  machine-id init --destination-dir /opt/machine-id --bot-user teleport --reader-user jenkins --dry-run

Logs go to standard error; MACHINE_ID_LOG sets the level (error, warn, info, debug)."
)]
pub(crate) struct Cli {
    /// Logs as JSON, one object a line.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Join, write the outputs of the configuration and keep them fresh.
    #[command(after_help = "\
SIGHUP reads the configuration again, SIGTERM ends cleanly. Under systemd use Type=notify-reload.

Examples:
  machine-id start -c /etc/tbot.yaml
  machine-id start --oneshot -c ./tbot.yaml")]
    Start(Start),
    /// Run a command with certificates of its own, which are removed when it ends.
    #[command(after_help = "\
The command finds its certificates through the environment: MACHINE_ID_DIR, MACHINE_ID_SSH_CONFIG,
MACHINE_ID_BIN, MACHINE_ID_EXPIRES_AT, TELEPORT_PROXY, TELEPORT_IDENTITY_FILE, GIT_SSH_COMMAND, and KUBECONFIG for a
Kubernetes output. Its exit status is passed on, and so are signals.

Examples:
  machine-id run -c /etc/tbot.yaml -- git clone git@git.example.com:team/project.git
  machine-id run -c /etc/tbot.yaml --output kubernetes -- kubectl get pods")]
    Run(Run),
    /// Prepare a directory: create it, set the owner, grant readers by POSIX ACL.
    #[command(after_help = "\
Examples:
  machine-id init --destination-dir /opt/machine-id --bot-user teleport --reader-user jenkins
  machine-id init --destination-dir /opt/machine-id --reader-user jenkins --dry-run     only print the commands")]
    Init(Init),
    /// Show the identity, its expiry and generation, and the state of each destination.
    Status(Status),
    /// Carry one SSH connection through the proxy: the ProxyCommand of the generated ssh_config.
    ProxySsh(ProxySsh),
    /// Carry bytes to the SSH server of a proxy older than version 13: what proxy-ssh has ssh call.
    #[command(hide = true)]
    ProxyTls(ProxyRouteArguments),
    /// List the SSH hosts that a destination's roles see, those with certain labels.
    #[command(after_help = "\
One a line, sorted, as ssh takes it: NAME.CLUSTER, or UUID.CLUSTER where several hosts have one name. In a block and
under `machine-id run` no option is needed, and MACHINE_ID_BIN is this program. Exit status 1 when there is none.

Examples:
  for host in $(\"$MACHINE_ID_BIN\" hosts env=prod); do ssh -F \"$MACHINE_ID_SSH_CONFIG\" \"jenkins@$host\" uptime; done
  machine-id hosts --destination-dir /opt/machine-id --proxy teleport.example.com:443 env=prod role=db --json")]
    Hosts(Hosts),
    /// Print an ExecCredential: the exec plugin of the generated kubeconfig.
    KubeCredentials(KubeCredentials),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration, in tbot's format.
    #[arg(short, long, value_name = "FILE", default_value = "/etc/tbot.yaml")]
    pub(crate) config: PathBuf,
}

/// Not in the configuration: tbot refuses files with keys it doesn't know.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for
    /// databases. With ed25519, TLS clients don't read the file `key` of an identity output.
    #[arg(long, value_name = "NAME")]
    pub(crate) key_algorithm: Option<KeyAlgorithm>,
}

#[derive(Debug, Args)]
pub(crate) struct Start {
    #[command(flatten)]
    pub(crate) file: ConfigFile,
    #[command(flatten)]
    pub(crate) keys: Keys,
    /// Write everything once, then end.
    #[arg(long)]
    pub(crate) oneshot: bool,
    /// The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token. Other
    /// users of the machine see a command line; join_uri in the configuration they don't.
    #[arg(long, value_name = "URI")]
    pub(crate) join_uri: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) file: ConfigFile,
    #[command(flatten)]
    pub(crate) keys: Keys,
    /// Which output: its name, its directory's last part, or its type; the first one if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) output: Option<String>,
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The configuration that names the destination, if --destination-dir doesn't.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory to prepare.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) destination_dir: Option<PathBuf>,
    /// The user that machine-id runs as: it writes.
    #[arg(long, value_name = "USER")]
    pub(crate) bot_user: Option<String>,
    /// A user that may read; can be repeated.
    #[arg(long, value_name = "USER")]
    pub(crate) reader_user: Vec<String>,
    /// The owner of the directory, as user or user:group; the bot user if not given.
    #[arg(long, value_name = "USER[:GROUP]")]
    pub(crate) owner: Option<String>,
    /// Only print what would be done, as shell commands.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) file: ConfigFile,
    /// As one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the proxy is reached.
#[derive(Debug, Args)]
pub(crate) struct ProxyRouteArguments {
    /// The directory with the certificates.
    #[arg(long, value_name = "DIR")]
    pub(crate) destination_dir: PathBuf,
    /// The proxy, host:port.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) proxy: String,
    /// The Teleport cluster of the host.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: String,
    /// The proxy's SSH port, host:port, where the cluster's protocols don't share one port.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ssh_proxy: Option<String>,
    /// A load balancer ends TLS in front of the proxy.
    #[arg(long)]
    pub(crate) connection_upgrade: bool,
    /// Major version of the proxy, where it is older than 13.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) server_version: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ProxySsh {
    #[command(flatten)]
    pub(crate) way: ProxyRouteArguments,
    /// Pass a connected descriptor to ssh and end, as `ProxyUseFdpass yes` demands.
    #[arg(long)]
    pub(crate) fdpass: bool,
    /// What ssh asks for: `%r@%h:%p`. In the host's place may stand labels that one host has, LABEL=VALUE, joined by +.
    #[arg(value_name = "USER@HOST:PORT")]
    pub(crate) target: String,
}

#[derive(Debug, Args)]
pub(crate) struct Hosts {
    /// The directory with the certificates; $MACHINE_ID_DIR if not given.
    #[arg(long, value_name = "DIR")]
    pub(crate) destination_dir: Option<OsString>,
    /// The proxy, host:port; $TELEPORT_PROXY if not given.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) proxy: Option<OsString>,
    /// The Teleport cluster; the certificate's own if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// As JSON, with name, UUID and labels of each.
    #[arg(long)]
    pub(crate) json: bool,
    /// Labels that a host must have, all of them; all hosts if none is given.
    #[arg(value_name = "LABEL=VALUE")]
    pub(crate) labels: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct KubeCredentials {
    /// The directory with the certificates.
    #[arg(long, value_name = "DIR")]
    pub(crate) destination_dir: PathBuf,
    /// The Kubernetes cluster, where the directory has certificates for several.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
}
