//! Every recorded certificate, and what is no certificate.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::identity::fixtures::{self, grpc_reply, join_reply, now, tbot_directory};

fn at(text: &str) -> SystemTime {
    humantime::parse_rfc3339(text).unwrap()
}

fn fixture_key(name: &str) -> KeyPair {
    KeyPair::from_pem(&fixtures::read(&format!("keys/{name}.key"))).unwrap()
}

#[test]
fn every_recorded_join_reply_is_read_and_fits_its_key() {
    for (name, key, user, from, until) in [
        ("auth_direct_join_ok", "ecdsa", "bot-direct1", "2026-11-21T08:40:39Z", "2026-11-21T09:41:39Z"),
        ("join_ok_ecdsa", "ecdsa", "bot-fx1", "2026-11-21T08:24:53Z", "2026-11-21T20:25:53Z"),
        ("join_ok_ed25519", "ed25519", "bot-fx2", "2026-11-21T08:24:53Z", "2026-11-21T09:25:53Z"),
        ("join_ok_expires_100h", "rsa", "bot-fx11", "2026-11-21T08:24:54Z", "2026-11-21T20:25:54Z"),
        ("join_ok_rsa", "rsa", "bot-facts", "2026-11-21T08:24:16Z", "2026-11-21T20:25:16Z"),
        ("join_ok_tls_key_der", "rsa", "bot-fx7", "2026-11-21T08:24:54Z", "2026-11-21T09:25:54Z"),
        ("join_ok_tls_key_missing", "rsa", "bot-fx6", "2026-11-21T08:24:54Z", "2026-11-21T09:25:54Z"),
    ] {
        let certificates = join_reply(name).certificates;
        certificates.check(&fixture_key(key), now()).unwrap();
        let (ssh, tls) = (certificates.ssh_facts().unwrap(), certificates.tls_facts().unwrap());
        assert_eq!((ssh.key_id.as_str(), tls.user.as_str()), (user, user), "{name}");
        assert_eq!((tls.valid_from, tls.valid_until), (at(from), at(until)), "{name}");
        assert_eq!((ssh.valid_from, ssh.valid_until), (at(from), at(until)), "{name}");
        assert_eq!((ssh.generation, tls.generation), (Some(1), Some(1)), "{name}");
        assert!(ssh.renewable && tls.renewable, "{name}");
        assert_eq!((&ssh.roles, &tls.roles), (&vec![user.to_owned()], &vec![user.to_owned()]), "{name}");
        assert_eq!(tls.cluster.as_deref(), Some("example.test"), "{name}");
        assert_eq!((ssh.impersonator, tls.impersonator.clone()), (None, None), "{name}");
        assert!(ssh.principals.contains(&"-teleport-internal-join".to_owned()) && ssh.principals.len() == 2, "{name}");
        assert_eq!(ssh.principals.len(), tls.principals.len(), "{name}");
    }
}

#[test]
fn a_renewal_raises_the_generation() {
    let certificates = grpc_reply("renew");
    certificates.check(&fixture_key("ecdsa"), now()).unwrap();
    assert_eq!(certificates.ssh_facts().unwrap().generation, Some(2));
    assert_eq!(certificates.tls_facts().unwrap().generation, Some(2));
    assert!(certificates.tls_facts().unwrap().renewable);
}

#[test]
fn impersonated_certificates_say_so_and_cannot_be_renewed() {
    for (name, kube) in [("impersonate", Some("kube1")), ("kube_usage", Some("kube1"))] {
        let certificates = grpc_reply(name);
        certificates.check(&fixture_key("ecdsa"), now()).unwrap();
        let (ssh, tls) = (certificates.ssh_facts().unwrap(), certificates.tls_facts().unwrap());
        assert_eq!(
            (ssh.roles.as_slice(), tls.roles.as_slice()),
            (&["api-workers".to_owned()][..], &["api-workers".to_owned()][..])
        );
        assert_eq!((ssh.impersonator.as_deref(), tls.impersonator.as_deref()), (Some("bot-fx1"), Some("bot-fx1")));
        assert!(ssh.disallow_reissue && tls.disallow_reissue && !ssh.renewable && !tls.renewable);
        assert_eq!((ssh.generation, tls.generation), (None, None));
        assert_eq!(tls.kube_cluster.as_deref(), kube, "{name}");
        assert_eq!(tls.kube_groups, ["system:masters"], "{name}");
        assert_eq!(tls.route_to_cluster.as_deref(), Some("example.test"));
        assert_eq!(ssh.route_to_cluster.as_deref(), Some("example.test"));
    }
    assert_eq!(grpc_reply("kube_usage").tls_facts().unwrap().usage, ["usage:kube"]);
    assert!(grpc_reply("impersonate").tls_facts().unwrap().usage.is_empty());
}

#[test]
fn the_directories_of_tbot_are_read() {
    for (name, generation) in [("storage", Some(1)), ("identity", None), ("kubernetes", None)] {
        let (key, certificates) = tbot_directory(name);
        certificates.check(&key, now()).unwrap();
        let tls = certificates.tls_facts().unwrap();
        assert_eq!(tls.user, "bot-tbotfx");
        assert_eq!(tls.generation, generation, "{name}");
    }
}

#[test]
fn what_tctl_signs_is_read_too() {
    let tls = TlsFacts::parse(&fixtures::read("tbot/auth-sign/tls.crt")).unwrap();
    let ssh = SshFacts::parse(&fixtures::read("tbot/auth-sign/openssh-cert.pub")).unwrap();
    assert_eq!((tls.user.as_str(), ssh.key_id.as_str()), ("longuser", "longuser"));
    assert_eq!((tls.valid_until, ssh.generation), (at("2036-11-18T08:43:58Z"), None));
    let key = KeyPair::from_pem(&fixtures::read("tbot/auth-sign/tls.key")).unwrap();
    assert!(tls.is_for(&key) && !ssh.is_for(&key));
}

#[test]
fn facts_are_those_that_openssl_and_ssh_keygen_show() {
    let (_, certificates) = tbot_directory("identity");
    let tls = certificates.tls_facts().unwrap();
    let file = fixtures::path("tbot/identity/tlscert");
    let run = |program: &str, arguments: &[&str]| {
        let output = std::process::Command::new(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let file = file.to_str().unwrap();
    let seen = run("openssl", &["x509", "-noout", "-serial", "-fingerprint", "-sha256", "-in", file]);
    assert!(seen.contains(&format!("serial={}\n", tls.serial)), "{seen}");
    let fingerprint = seen.lines().last().unwrap().split_once('=').unwrap().1.replace(':', "").to_lowercase();
    assert_eq!(tls.fingerprint, format!("SHA256:{fingerprint}"));
    let file = fixtures::path("tbot/identity/key-cert.pub");
    let seen = run("ssh-keygen", &["-l", "-f", file.to_str().unwrap()]);
    assert_eq!(seen.split(' ').nth(1), Some(certificates.ssh_facts().unwrap().fingerprint.as_str()));
}

#[test]
fn a_certificate_for_another_key_is_refused() {
    let certificates = join_reply("join_ok_ecdsa").certificates;
    let error = certificates.check(&fixture_key("ed25519"), now()).unwrap_err();
    assert_eq!(error, CertificateError::OtherKey { which: Which::Ssh });
    let mixed = Certificates { ssh: certificates.ssh, tls: join_reply("join_ok_rsa").certificates.tls };
    let error = mixed.check(&fixture_key("ecdsa"), now()).unwrap_err();
    assert_eq!(error, CertificateError::OtherKey { which: Which::Tls });
}

#[test]
fn the_window_of_validity_is_named_when_now_lies_outside() {
    let certificates = join_reply("join_ok_ecdsa").certificates;
    let key = fixture_key("ecdsa");
    let (from, until) = (at("2026-11-21T08:24:53Z"), at("2026-11-21T20:25:53Z"));
    certificates.check(&key, from).unwrap();
    // A clock that is behind by less than a join tolerates.
    certificates.check(&key, from - Duration::from_secs(290)).unwrap();
    certificates.check(&key, until - Duration::from_secs(1)).unwrap();
    assert_eq!(
        certificates.check(&key, until).unwrap_err().to_string(),
        "SSH certificate has expired at 2026-11-21T20:25:53Z, now is 2026-11-21T20:25:53Z"
    );
    let early = certificates.check(&key, from - Duration::from_secs(3600)).unwrap_err();
    assert_eq!(
        early.to_string(),
        "SSH certificate is valid only from 2026-11-21T08:24:53Z, now is 2026-11-21T07:24:53Z"
    );
    assert_eq!(early.code(), Code::ClockSkew);
    assert_eq!(certificates.expires_at().unwrap(), until);
}

#[test]
fn a_host_certificate_is_not_taken_for_a_users() {
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let status = std::process::Command::new("ssh-keygen").args(arguments).current_dir(directory.path()).status();
        assert!(status.unwrap().success());
    };
    run(&["-q", "-t", "ed25519", "-N", "", "-f", "ca"]);
    run(&["-q", "-t", "ed25519", "-N", "", "-f", "host"]);
    run(&["-q", "-s", "ca", "-I", "host", "-h", "host.pub"]);
    let line = std::fs::read_to_string(directory.path().join("host-cert.pub")).unwrap();
    // `ssh-keygen` without -V makes it valid for ever, which the parser has no time for.
    assert!(SshFacts::parse(&line).is_err());
    run(&["-q", "-s", "ca", "-I", "host", "-h", "-V", "+1d", "host.pub"]);
    let line = std::fs::read_to_string(directory.path().join("host-cert.pub")).unwrap();
    assert!(SshFacts::parse(&line).unwrap_err().to_string().contains("it is a host's"));
}

/// The reader of the library below waits for ever for what is announced and not there.
#[test]
fn a_certificate_that_is_cut_short_is_refused_and_not_waited_for() {
    let whole = x509_cert::der::pem::decode_vec(grpc_reply("impersonate").tls.as_bytes()).unwrap().1;
    for length in 0..whole.len() {
        let line_feed = x509_cert::der::pem::LineEnding::LF;
        let text = x509_cert::der::pem::encode_string("CERTIFICATE", line_feed, &whole[..length]).unwrap();
        assert!(TlsFacts::parse(&text).is_err(), "{length}");
        assert!(crate::identity::ca_pin(&text).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}", body in "[A-Za-z0-9+/=\n]{0,400}") {
        let _ = SshFacts::parse(&text);
        let _ = TlsFacts::parse(&text);
        let _ = SshFacts::parse(&format!("ssh-ed25519-cert-v01@openssh.com {body}"));
        let _ = TlsFacts::parse(&format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"));
    }

    #[test]
    fn no_damaged_certificate_panics(at in 0_usize..4000, byte in 32_u8..127) {
        let damaged = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            String::from_utf8(bytes).unwrap()
        };
        let certificates = grpc_reply("impersonate");
        let _ = SshFacts::parse(&damaged(&certificates.ssh));
        let _ = TlsFacts::parse(&damaged(&certificates.tls));
    }
}
