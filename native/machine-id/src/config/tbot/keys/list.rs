//! The list itself. `name = example`, and a sentence where it isn't as in tbot.

use super::Fate::{Differs, Done, NotBuilt, Said};
use super::{Fate, Key, Scope};

macro_rules! keys {
    ($($scope:ident { $($name:literal = $example:literal $(: $fate:expr)? $(, unless $harmless:expr)?;)+ })+) => {
        pub(super) const KEYS: &[Key] = &[$($(Key {
            scope: Scope::$scope,
            name: $name,
            fate: keys!(@fate $($fate)?),
            harmless: keys!(@harmless $($harmless)?),
            example: $example,
        },)+)+];
    };
    (@fate) => { Done };
    (@fate $fate:expr) => { $fate };
    (@harmless) => { &[] };
    (@harmless $harmless:expr) => { &$harmless };
}

/// Words that YAML and Go take for no.
const NO: [&str; 7] = ["false", "False", "FALSE", "no", "off", "n", "No"];

const DIAGNOSTICS: Fate = Differs(
    "an IP address or localhost; served from the start on, so `/readyz` says 503 until everything is written \
     ([metrics.md](metrics.md))",
);
const NO_UPDATER: Fate =
    Said("does nothing here: teleport-update doesn't update this program; for probes there is diag_addr");
const NO_PID_FILE: Fate = Said("does nothing here: no file of the configuration's holds the process id");
const LISTEN: Fate = Differs("a Unix socket is for the bot's own user; of a TCP port a warning says who can connect");
const TEMPLATE_OPTIONS: &str = "its options are refused by name, as by tbot from 14 on; the name alone is done";

keys! {
    Top {
        "version" = "v2";
        "onboarding" = "{join_method: iam, token: t}";
        "storage" = "{type: memory}";
        "auth_server" = "a.example.com:3025";
        "proxy_server" = "p.example.com:443";
        "join_uri" = "tbot+proxy+token://t:@p.example.com:443";
        "oneshot" = "true";
        "certificate_ttl" = "1h";
        "credential_ttl" = "1h";
        "renewal_interval" = "20m": Differs("the bot's identity; an output is renewed after half of its lifetime");
        "debug" = "true": Said("does nothing here; set the variable MACHINE_ID_LOG=debug"), unless NO;
        "diag_addr" = "127.0.0.1:3001": DIAGNOSTICS;
        "diag_socket_for_updater" = "/run/s": NO_UPDATER;
        "pid_file" = "/run/tbot.pid": NO_PID_FILE;
        "pid-file" = "/run/tbot.pid": NO_PID_FILE;
        "leeway" = "2m": Said("does nothing here: certificates are renewed long before they end"), unless ["1m0s", "1m", "60s"];
        "scope" = "/a": Said("does nothing here: which scope the bot is of, the cluster knows by its token");
        "insecure" = "true": NotBuilt(
            "the server's certificate is always verified; remove it, and name by ca_path the CA of the proxy's web \
             certificate (where the address is an auth server's, ca_pins do, too)"
        ), unless NO;
        "fips" = "true": NotBuilt("no FIPS build exists; remove it"), unless NO;
    }
    TopV1 {
        "destinations" = "[{directory: /o}]";
    }
    TopV2 {
        "outputs" = "[{type: identity, destination: {type: directory, path: /o}}]";
        "services" = "[{type: identity, destination: {type: directory, path: /o}}]";
    }
    Onboarding {
        "token" = "t";
        "join_method" = "token";
        "join_uri" = "tbot+proxy+token://t:@p.example.com:443";
        "ca_pins" = "['sha256:1111111111111111111111111111111111111111111111111111111111111111']";
        "ca_path" = "/etc/ca.pem": Differs("a CA that is trusted beside the system's, also for a proxy's web certificate");
    }
    Directory {
        "type" = "directory";
        "path" = "/o";
        "symlinks" = "insecure": Differs(
            "`try-secure` is as `secure`; `insecure` follows links on the way, never one in a file's place"
        );
        "acls" = "required": Differs("`required` also refuses users whom nobody asked for");
        "readers" = "[{user: 1}]": Differs("they may read the files; tbot lets them write, too");
    }
    Reader {
        "user" = "1";
        "group" = "1";
    }
    Secret {
        "name" = "s": NotBuilt("the destination `kubernetes_secret` is refused by name");
        "namespace" = "n": NotBuilt("with it");
        "labels" = "{a: b}": NotBuilt("with it");
        "kubeconfig_path" = "/k": NotBuilt("with it");
        "kubeconfig_context" = "c": NotBuilt("with it");
    }
    StorageV1 {
        "directory" = "/s";
        "memory" = "{}";
    }
    DestinationV1 {
        "directory" = "/o";
        "memory" = "{}": Differs("makes nothing, and a warning says so");
        "roles" = "[a]";
        "kinds" = "[ssh]": Said("does nothing, in tbot either; remove it");
        "configs" = "[identity]";
        "app" = "a";
        "database" = "{service: s}";
        "kubernetes_cluster" = "k";
        "cluster" = "leaf";
    }
    DatabaseV1 {
        "service" = "s";
        "username" = "u";
        "database" = "d";
    }
    TemplateV1 {
        "ssh_client" = "{proxy_port: 1}": NotBuilt(TEMPLATE_OPTIONS);
        "identity" = "{file_name: f}": NotBuilt(TEMPLATE_OPTIONS);
        "tls" = "{prefix: p}": NotBuilt(TEMPLATE_OPTIONS);
        "tls_cas" = "{host_ca_path: p}": NotBuilt(TEMPLATE_OPTIONS);
        "mongo" = "{prefix: p}": NotBuilt(TEMPLATE_OPTIONS);
        "cockroach" = "{dir_name: d}": NotBuilt(TEMPLATE_OPTIONS);
        "kubernetes" = "{cluster_addr: a}": NotBuilt(TEMPLATE_OPTIONS);
        "ssh_host_cert" = "{principals: [a]}": NotBuilt("certificates for hosts aren't built; refused by name");
    }
    Output {
        "type" = "identity";
        "destination" = "{type: directory, path: /o}": Differs("`{type: memory}` makes nothing, and a warning says so");
        "roles" = "[a]";
        "name" = "n": Differs("also for `run --output`");
        "credential_ttl" = "30m";
        "certificate_ttl" = "30m";
        "renewal_interval" = "10m": Said("does nothing here: an output is renewed after half of its lifetime");
    }
    Identity {
        "ssh_config" = "off";
        "allow_reissue" = "true";
        "cluster" = "leaf";
    }
    Application {
        "app_name" = "a";
        "specific_tls_naming" = "true";
    }
    Database {
        "service" = "s";
        "username" = "u";
        "database" = "d";
        "format" = "mongo";
    }
    Kubernetes {
        "kubernetes_cluster" = "k";
        "disable_exec_plugin" = "true";
    }
    KubernetesV2 {
        "selectors" = "[{name: k}]";
        "disable_exec_plugin" = "true";
        "context_name_template" = "'{{.KubeName}}'";
        "relay_server" = "r:443": NotBuilt("relays aren't built here; remove it");
    }
    Selector {
        "name" = "k";
        "labels" = "{a: b}";
        "default_namespace" = "n";
    }
    DatabaseTunnel {
        "listen" = "unix:///r/s": LISTEN;
        "service" = "s";
        "username" = "u";
        "database" = "d";
    }
    ApplicationTunnel {
        "listen" = "unix:///r/s": LISTEN;
        "app_name" = "a";
    }
    ApplicationProxy {
        "listen" = "unix:///r/s": LISTEN;
        "credential_lifetime" = "{credential_ttl: 30m}";
    }
    SshMultiplexer {
        "proxy_command" = "[fdpass-teleport]";
        "enable_resumption" = "true": Said(
            "does nothing here: an SSH connection that is cut isn't resumed (Teleport's resumption isn't built)"
        ), unless NO;
        "proxy_templates_path" = "/t": NotBuilt("proxy templates aren't built here; remove it, and name hosts as NAME.CLUSTER");
        "relay_server" = "r:443": NotBuilt("relays aren't built here; remove it");
        "relay_addr" = "r:443": NotBuilt("relays aren't built here; remove it");
    }
}

/// Outputs and services of tbot that aren't built, with their own keys: a file that has one is refused by its name.
pub(in crate::config::tbot) const NOT_BUILT_TYPES: &[(&str, &[&str])] = &[
    ("ssh_host", &["principals", "ca_type"]),
    (
        "kubernetes/argo-cd",
        &[
            "selectors",
            "secret_namespace",
            "secret_name_prefix",
            "secret_labels",
            "secret_annotations",
            "project",
            "namespaces",
            "cluster_resources",
            "cluster_name_template",
        ],
    ),
    ("spiffe-svid", &["svid", "include_federated_trust_bundles", "jwts"]),
    ("spiffe-workload-api", &["listen", "svids", "attestors", "jwt_svid_ttl"]),
    ("workload-identity-x509", &["selector", "include_federated_trust_bundles"]),
    ("workload-identity-jwt", &["selector", "audiences"]),
    ("workload-identity-api", &["listen", "selector", "attestors"]),
    (
        "workload-identity-aws-roles-anywhere",
        &[
            "selector",
            "role_arn",
            "profile_arn",
            "trust_anchor_arn",
            "region",
            "session_duration",
            "session_renewal_interval",
            "credential_profile_name",
            "artifact_name",
            "overwrite_credential_file",
        ],
    ),
    ("ssh-proxy", &["listen"]),
    ("unstable_client_credential", &[]),
    ("example", &["message"]),
];
