//! What can be typed. What `start` takes is in [`start`].

pub(crate) mod start;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use machine_id::config::KeyAlgorithm;
use machine_id::error::{Code, Error};

pub(crate) use start::{LogFormat, Start};

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

docs/compatibility.md lists which commands and options of tbot are supported. Logs go to standard error; MACHINE_ID_LOG sets the level (error, warn, info, debug)."
)]
pub(crate) struct Cli {
    /// The configuration file, in tbot's format; /etc/tbot.yaml if not given.
    #[arg(short, long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log more: MACHINE_ID_LOG=debug.
    #[arg(short, long, global = true)]
    debug: bool,
    /// Log format: text, or JSON with one object per line.
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// The same as --log-format json.
    #[arg(long, global = true)]
    log_json: bool,
    /// Refused: the server's certificate is always verified.
    #[arg(long, global = true, hide = true)]
    insecure: bool,
    /// Refused: no FIPS build exists.
    #[arg(long, global = true, hide = true)]
    fips: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Join, write the outputs of the configuration and keep them fresh.
    #[command(after_help = "\
SIGHUP reads the configuration again and renews, SIGUSR1 renews, SIGTERM ends cleanly. Under systemd use
Type=notify-reload. Options override the file. If they include an address and -c isn't given, no file is read.

Examples:
  machine-id start -c /etc/tbot.yaml
  machine-id start --oneshot -c ./tbot.yaml
  machine-id start --proxy-server teleport.example.com:443 --token /etc/tbot.token --join-method token \
    --data-dir /var/lib/machine-id --destination-dir /opt/machine-id
  machine-id start identity --proxy-server teleport.example.com:443 --join-method iam --token iam-bot \
    --storage memory:// --destination /opt/machine-id")]
    Start(Box<Start>),
    /// Run a command with its own certificates, which are removed when it ends.
    #[command(after_help = "\
The command finds its certificates through the environment: MACHINE_ID_DIR, MACHINE_ID_SSH_CONFIG,
MACHINE_ID_BIN, MACHINE_ID_EXPIRES_AT, TELEPORT_PROXY, TELEPORT_IDENTITY_FILE, GIT_SSH_COMMAND, and KUBECONFIG for a
Kubernetes output. Signals are forwarded to the command, and its exit status is returned.

Examples:
  machine-id run -c /etc/tbot.yaml -- git clone git@git.example.com:team/project.git
  machine-id run -c /etc/tbot.yaml --output kubernetes -- kubectl get pods")]
    Run(Run),
    /// Prepare a directory: create it, set its owner, and give readers access by POSIX ACL.
    #[command(after_help = "\
Examples:
  machine-id init --destination-dir /opt/machine-id --bot-user teleport --reader-user jenkins
  machine-id init --destination-dir /opt/machine-id --reader-user jenkins --dry-run     only print the commands")]
    Init(Init),
    /// Show the identity, its expiry and generation, and the state of each destination.
    #[command(after_help = crate::status::EXIT_STATUS)]
    Status(Status),
    /// Carry one SSH connection through the proxy: the ProxyCommand of the generated ssh_config.
    ProxySsh(ProxySsh),
    /// Carry bytes to the SSH server of a proxy older than version 13: what proxy-ssh has ssh call.
    #[command(hide = true)]
    ProxyTls(ProxyRouteArguments),
    /// Carry one SSH connection by the socket of an ssh-multiplexer: the ProxyCommand of its ssh_config.
    #[command(hide = true, name = crate::mux_command::NAME)]
    MuxCommand(MuxCommand),
    /// List the SSH hosts that a destination's roles can see; with labels, only the hosts that have them.
    #[command(after_help = "\
Prints one host per line, sorted, in the form for ssh: NAME.CLUSTER, or UUID.CLUSTER if several hosts have the same
name. In a Jenkins block and under `machine-id run` no option is needed, and MACHINE_ID_BIN is this program. The exit
status is 1 if no host matches.

Examples:
  for host in $(\"$MACHINE_ID_BIN\" hosts env=prod); do ssh -F \"$MACHINE_ID_SSH_CONFIG\" \"jenkins@$host\" uptime; done
  machine-id hosts --destination-dir /opt/machine-id --proxy teleport.example.com:443 env=prod role=db --json")]
    Hosts(Hosts),
    /// Print an ExecCredential: the exec plugin of the generated kubeconfig.
    KubeCredentials(KubeCredentials),
    /// Do the library's work for an agent's JVM over pipes: what the Jenkins plugin starts where it can't load the library.
    #[command(hide = true)]
    Bridge,
    /// Print the version.
    Version,
}

impl Cli {
    /// The configuration that is named: on the command line, or by tbot's variable.
    pub(crate) fn named_config(&self) -> Option<PathBuf> {
        let by_variable = || std::env::var_os("TBOT_CONFIG_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
        self.config.clone().or_else(by_variable)
    }

    pub(crate) fn log_json(&self) -> bool {
        self.log_json || self.log_format == Some(LogFormat::Json)
    }

    /// Whether more is to be logged, as tbot's option and variable say it.
    pub(crate) fn debug(&self) -> bool {
        self.debug
            || std::env::var("TBOT_DEBUG")
                .is_ok_and(|text| ["1", "t", "true"].contains(&text.to_ascii_lowercase().as_str()))
    }

    /// tbot's switches that mustn't be passed over.
    pub(crate) fn refused(&self) -> Option<Error> {
        let switches = [
            (
                self.insecure,
                "--insecure isn't built here: the server's certificate is always verified",
                "leave it out, and name by ca_path in the configuration the CA of the proxy's web certificate",
            ),
            (self.fips, "--fips isn't built here: no FIPS build exists", "leave it out"),
        ];
        let given = switches.into_iter().find(|(given, ..)| *given)?;
        Some(Error::new(Code::Unsupported, given.1, given.2))
    }
}

/// Where the configuration is unless something is said.
const DEFAULT_CONFIG: &str = "/etc/tbot.yaml";

/// The configuration for commands that need one.
pub(crate) fn config_or_default(named: Option<PathBuf>) -> PathBuf {
    named.unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG))
}

/// Not in the configuration: tbot refuses files with keys it doesn't know.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for
    /// databases. With ed25519, TLS clients don't read the file `key` of an identity output.
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) key_algorithm: Option<KeyAlgorithm>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) keys: Keys,
    /// The output to use: its name, the last part of its directory, or its type; the first one if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) output: Option<String>,
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The directory to prepare; if not given, the destinations in the configuration that -c names.
    #[arg(long, value_name = "DIR")]
    pub(crate) destination_dir: Option<PathBuf>,
    /// The user that machine-id runs as, which can write.
    #[arg(long, value_name = "USER")]
    pub(crate) bot_user: Option<String>,
    /// A user who may read; can be repeated.
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
    /// Print one JSON object.
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
    /// Pass a connected descriptor to ssh and exit, as `ProxyUseFdpass yes` requires.
    #[arg(long)]
    pub(crate) fdpass: bool,
    /// The target from ssh: `%r@%h:%p`. Labels that exactly one host has can replace the host name: LABEL=VALUE, joined
    /// by +.
    #[arg(value_name = "USER@HOST:PORT")]
    pub(crate) target: String,
}

#[derive(Debug, Args)]
pub(crate) struct MuxCommand {
    /// The socket, as tbot's v1.sock.
    #[arg(value_name = "PATH")]
    pub(crate) socket: PathBuf,
    /// The target from ssh: `%h:%p|CLUSTER`.
    #[arg(value_name = "HOST:PORT|CLUSTER")]
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
    /// Print JSON, with the name, UUID and labels of each host.
    #[arg(long)]
    pub(crate) json: bool,
    /// Labels that a host must have (all of them); if none is given, all hosts are listed.
    #[arg(value_name = "LABEL=VALUE")]
    pub(crate) labels: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct KubeCredentials {
    /// The directory with the certificates.
    #[arg(long, value_name = "DIR")]
    pub(crate) destination_dir: PathBuf,
    /// The Kubernetes cluster, if the directory has certificates for several.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
}
