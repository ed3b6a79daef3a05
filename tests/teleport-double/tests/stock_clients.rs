//! Real ssh against a real sshd through the transport service, and real kubectl. Skipped, loudly, without them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "test code")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use support::*;
use teleport_api::transport::proxy_ssh_request::Frame as Sent;
use teleport_api::transport::proxy_ssh_response::Frame as Received;
use teleport_api::transport::transport_service_client::TransportServiceClient;
use teleport_api::transport::{Frame, ProxySshRequest, TargetHost};
use teleport_double::{Double, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tonic::Code;

async fn role_of(double: &Double, held: &Held, change: impl FnOnce(&mut teleport_api::auth::UserCertsRequest)) -> Held {
    let mut request = user_certs("bot-api", held, &["api-workers"]);
    change(&mut request);
    let certs = auth(double, held, held).await.generate_user_certs(request).await.unwrap().into_inner();
    Held::from_certs(certs, held)
}

async fn transport(double: &Double, held: &Held, role: &Held) -> TransportServiceClient<tonic::transport::Channel> {
    let alpn = ["teleport-proxy-ssh-grpc", "h2"];
    let config = client_config(&[held.host_ca().to_owned()], &alpn, &[&role.tls], Some(&role.key_pem));
    TransportServiceClient::new(channel(&double.proxy_address(), "localhost", config).await.unwrap())
}

fn target(host_port: &str, cluster: &str) -> ProxySshRequest {
    let target = TargetHost { host_port: host_port.to_owned(), cluster: cluster.to_owned() };
    ProxySshRequest { dial_target: Some(target), frame: None }
}

#[tokio::test]
async fn targets_are_refused_with_the_codes_of_the_real_proxy() {
    let double = Double::builder().bot("api", &["api-workers"]).node("node1", "127.0.0.1:13022").start().await.unwrap();
    let held = join(&double, "api", "ecdsa").await;
    let role = role_of(&double, &held, |_| {}).await;
    let mut client = transport(&double, &held, &role).await;
    let cases = [
        ("node1.example.test:0", "example.test", Code::Unavailable),
        ("node1:22", "example.test", Code::Unavailable),
        ("node1", "example.test", Code::InvalidArgument),
        ("node1:0", "", Code::NotFound),
        ("node1:0", "other", Code::NotFound),
    ];
    for (host, cluster, code) in cases {
        let requests = futures_util::stream::iter([target(host, cluster)]);
        let refused = match client.proxy_ssh(requests).await {
            Err(status) => status,
            Ok(replies) => replies.into_inner().message().await.unwrap_err(),
        };
        assert_eq!(refused.code(), code, "{host} {cluster}: {refused}");
    }
    double.lock_user("bot-api", "");
    let config =
        client_config(&[held.host_ca().to_owned()], &["teleport-proxy-ssh-grpc"], &[&role.tls], Some(&role.key_pem));
    let mut stream = tls(&double.proxy_address(), "localhost", config).await.unwrap();
    assert_ne!(stream.read_u8().await.ok(), Some(0), "closed before HTTP/2 settings");
}

struct Sshd(std::process::Child);

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn sshd(directory: &Path, double: &Double, port: u16) -> Sshd {
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(directory.join("host")));
    let public = std::fs::read_to_string(directory.join("host.pub")).unwrap();
    let names = ["node1", "node1.example.test", "localhost"];
    std::fs::write(directory.join("host-cert.pub"), double.sign_host_certificate(&public, &names).unwrap()).unwrap();
    std::fs::write(directory.join("ca.pub"), double.user_ca_ssh_line()).unwrap();
    let path = |name: &str| directory.join(name).display().to_string();
    let config = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {}\nHostCertificate {}\nTrustedUserCAKeys {}\nUsePAM no\n\
         StrictModes no\nPermitRootLogin yes\nPidFile none\n",
        path("host"),
        path("host-cert.pub"),
        path("ca.pub")
    );
    std::fs::write(directory.join("sshd_config"), config).unwrap();
    let _ = std::fs::create_dir_all("/run/sshd");
    let log = std::fs::File::create(directory.join("sshd.log")).unwrap();
    let child =
        Command::new("/usr/sbin/sshd").args(["-D", "-e", "-f", &path("sshd_config")]).stderr(log).spawn().unwrap();
    Sshd(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_ssh_logs_in_at_a_stock_sshd_through_the_transport_service() {
    if !Path::new("/usr/sbin/sshd").exists() {
        eprintln!("SKIPPED: no sshd here");
        return;
    }
    let login = run(Command::new("id").arg("-un")).trim().to_owned();
    let directory = tempfile::tempdir().unwrap();
    let port = teleport_double::free_port();
    let double = Double::builder()
        .role(Role::new("api-workers").logins(&[&login]))
        .bot("api", &["api-workers"])
        .node("node1", &format!("127.0.0.1:{port}"))
        .start()
        .await
        .unwrap();
    let _sshd = sshd(directory.path(), &double, port);
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::task::yield_now().await;
    }
    let held = join(&double, "api", "ed25519").await;
    let role = role_of(&double, &held, |_| {}).await;
    let mut client = transport(&double, &held, &role).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tunnel = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut from, mut to) = listener.accept().await.unwrap().0.into_split();
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        sender.send(target("node1:0", "example.test")).await.unwrap();
        let requests = futures_util::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|request| (request, receiver))
        });
        let mut replies = client.proxy_ssh(requests).await.unwrap().into_inner();
        assert!(replies.message().await.unwrap().unwrap().details.is_some());
        tokio::spawn(async move {
            let mut buffer = vec![0; 16384];
            while let Ok(count) = from.read(&mut buffer).await {
                let frame = Some(Sent::Ssh(Frame { payload: buffer[..count].to_vec() }));
                if count == 0 || sender.send(ProxySshRequest { dial_target: None, frame }).await.is_err() {
                    return;
                }
            }
        });
        while let Ok(Some(reply)) = replies.message().await {
            if let Some(Received::Ssh(frame)) = reply.frame {
                to.write_all(&frame.payload).await.unwrap();
            }
        }
    });
    let file = |name: &str| directory.path().join(name);
    let key = ssh_key::PrivateKey::from(ed25519(&role.key_pem));
    let pem = key.to_openssh(ssh_key::LineEnding::LF).unwrap();
    std::fs::write(file("key"), pem.as_bytes()).unwrap();
    std::fs::set_permissions(file("key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(file("key-cert.pub"), &role.ssh).unwrap();
    let known = format!("@cert-authority *.example.test {}\n", double.host_ca_ssh_line());
    std::fs::write(file("known_hosts"), known).unwrap();
    let option = |name: &str, path: &Path| format!("-o{name}={}", path.display());
    let mut ssh = tokio::process::Command::new("ssh");
    ssh.args(["-F", "none", "-oBatchMode=yes", "-oHostKeyAlias=node1.example.test", "-oStrictHostKeyChecking=yes"])
        .arg(option("UserKnownHostsFile", &file("known_hosts")))
        .arg(option("IdentityFile", &file("key")))
        .arg(option("CertificateFile", &file("key-cert.pub")))
        .args(["-p", &tunnel.to_string(), &format!("{login}@127.0.0.1"), "echo through the cluster"])
        .stdin(Stdio::null());
    let output = ssh.output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let log = std::fs::read_to_string(file("sshd.log")).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "through the cluster\n", "{errors}\n{log}");
}

fn ed25519(pkcs8: &[u8]) -> ssh_key::private::Ed25519Keypair {
    use ed25519_dalek::pkcs8::DecodePrivateKey;
    let pem = std::str::from_utf8(pkcs8).unwrap();
    ssh_key::private::Ed25519Keypair::from(ed25519_dalek::SigningKey::from_pkcs8_pem(pem).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_kubectl_lists_pods_and_others_are_refused() {
    let double = Double::builder().bot("api", &["api-workers"]).kube("kube1").kube("kube2").start().await.unwrap();
    let held = join(&double, "api", "ecdsa").await;
    let role = role_of(&double, &held, |request| request.kubernetes_cluster = "kube1".to_owned()).await;
    for (held_by, status) in [(None, "[00] access denied"), (Some(&held), "[00] access denied")] {
        let (chain, key) =
            held_by.map_or((vec![], None), |held: &Held| (vec![held.tls.as_str()], Some(&held.key_pem[..])));
        let config = client_config(&[double.host_ca_pem()], &["http/1.1"], &chain, key);
        let stream = tls(&double.proxy_address(), &double.kube_server_name(), config).await.unwrap();
        let (head, body) = exchange(stream, &request("GET", "/version", "")).await;
        assert!(head.contains(" 403 ") && body.contains(status), "{head} {body}");
    }
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        eprintln!("SKIPPED: no kubectl here");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let encode = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": {
            "server": format!("https://{}", double.proxy_address()),
            "tls-server-name": double.kube_server_name(),
            "certificate-authority-data": encode(double.host_ca_pem().as_bytes()),
        } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "c" } }],
        "users": [{ "name": "c", "user": {
            "client-certificate-data": encode(role.tls.as_bytes()),
            "client-key-data": encode(&role.key_pem),
        } }],
    });
    let path = directory.path().join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    let kubectl = |arguments: &'static [&'static str]| {
        let (path, home) = (path.clone(), directory.path().to_owned());
        async move {
            let mut command = tokio::process::Command::new("kubectl");
            command.arg("--kubeconfig").arg(path).args(arguments).env("HOME", home);
            let output = command.output().await.unwrap();
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        }
    };
    let pods = kubectl(&["get", "pods"]).await;
    assert!(pods.contains("NAME") && pods.contains("worker-0"), "{pods}");
    let names = kubectl(&["get", "ns", "-o", "name"]).await;
    assert_eq!(names.trim(), "namespace/default", "{names}");
    let who = kubectl(&["auth", "whoami", "-o", "json"]).await;
    // Debian 12's kubectl can't ask yet.
    if !who.contains("unknown") {
        assert!(who.contains("\"bot-api\"") && who.contains("system:masters"), "{who}");
    }
    double.lock_user("bot-api", "");
    let locked = kubectl(&["get", "pods"]).await;
    assert!(locked.contains("access denied"), "{locked}");
}
