//! CA lists of recorded replies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::identity::SshKeyType;
use crate::identity::fixtures::{self, join_reply};

fn recorded(kind: AuthorityKind) -> Authority {
    let name = format!("grpc/get_cert_authority_{}.json", kind.as_str());
    let body: serde_json::Value = serde_json::from_str(&fixtures::read(&name)).unwrap();
    let set = |name: &str| {
        let texts = |list: &serde_json::Value, key: &str| -> Vec<String> {
            let decode = |item: &serde_json::Value| STANDARD.decode(item[key].as_str().unwrap()).unwrap();
            let list = list.as_array().cloned().unwrap_or_default();
            list.iter().map(|item| String::from_utf8(decode(item)).unwrap()).collect()
        };
        let keys = &body["Spec"][name];
        KeySet { ssh: texts(&keys["SSH"], "PublicKey"), tls: texts(&keys["TLS"], "Cert") }
    };
    Authority::from_parts(kind, "example.test", &set("ActiveKeys"), &set("AdditionalTrustedKeys"), Rotation::default())
        .unwrap()
}

#[test]
fn the_host_ca_of_a_join_reply_is_told_by_key_in_either_order() {
    // A reply doesn't tell which of its keys sign.
    let untold = |authority: Authority| Authority { ssh_signers: 0, tls_signers: 0, ..authority };
    let (host, user) = (untold(recorded(AuthorityKind::Host)), untold(recorded(AuthorityKind::User)));
    let mut reply = join_reply("join_ok_ecdsa");
    for _ in 0..2 {
        let found =
            Authorities::from_reply("example.test", &reply.certificates, &reply.tls_cas, &reply.ssh_cas).unwrap();
        assert_eq!(found.host, std::slice::from_ref(&host));
        assert_eq!(found.user, user);
        assert_eq!(found.root_host_cas(), host.tls_certs);
        reply.tls_cas.reverse();
        reply.ssh_cas.reverse();
    }
}

#[test]
fn a_reply_without_a_host_ca_is_refused() {
    let reply = join_reply("join_ok_ecdsa");
    let user = recorded(AuthorityKind::User);
    let error = Authorities::from_reply("example.test", &reply.certificates, &user.tls_certs, &user.ssh_keys);
    assert_eq!(error.unwrap_err().to_string(), "the reply of cluster \"example.test\" has no host CA");
}

#[test]
fn the_files_of_tbot_hold_the_same_authorities_as_the_api() {
    let files = fixtures::authorities();
    assert_eq!(files.host, [recorded(AuthorityKind::Host)]);
    assert_eq!(files.user, recorded(AuthorityKind::User));
}

#[test]
fn in_a_rotation_both_keys_are_trusted_the_active_one_first() {
    let (old, new) = (recorded(AuthorityKind::Host), recorded(AuthorityKind::User));
    let active = KeySet { ssh: vec![format!("{} a comment\n", new.ssh_keys[0])], tls: new.tls_certs.clone() };
    let both = KeySet { ssh: old.ssh_keys.clone(), tls: vec![format!("{}{}", old.tls_certs[0], new.tls_certs[0])] };
    let rotation = Rotation { state: "in_progress".to_owned(), phase: "update_clients".to_owned(), id: "1".to_owned() };
    let rotating = Authority::from_parts(AuthorityKind::Host, "c", &active, &both, rotation.clone()).unwrap();
    assert_eq!(rotating.ssh_keys, [new.ssh_keys[0].clone(), old.ssh_keys[0].clone()]);
    assert_eq!(rotating.tls_certs, [new.tls_certs[0].clone(), old.tls_certs[0].clone()]);
    assert_eq!(rotating.rotation, rotation);
    assert_eq!(rotating.pins().unwrap().len(), 2);
}

#[test]
fn the_pin_is_what_openssl_computes() {
    let host = recorded(AuthorityKind::Host);
    let script = "openssl x509 -pubkey -noout -in \"$1\" | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r";
    let file = fixtures::path("tbot/identity/teleport-host-ca.crt");
    let output = std::process::Command::new("sh").args(["-c", script, "sh"]).arg(file).output().unwrap();
    let seen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(seen.split(' ').next(), Some(hex::encode(ca_pin(&host.tls_certs[0]).unwrap()).as_str()));
}

#[test]
fn key_types_of_ssh_cas_are_told() {
    let host = recorded(AuthorityKind::Host);
    assert_eq!(SshKeyType::of_line(&host.ssh_keys[0]).unwrap(), SshKeyType::Rsa);
    for (name, expected) in [("ecdsa", SshKeyType::EcdsaP256), ("ed25519", SshKeyType::Ed25519)] {
        assert_eq!(SshKeyType::of_line(&fixtures::read(&format!("keys/{name}.ssh.pub"))).unwrap(), expected);
    }
    assert!(SshKeyType::of_line("ssh-nonsense AAAA").is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}", body in "[A-Za-z0-9+/=\n]{0,400}") {
        let _ = ca_pin(&text);
        let _ = SshKeyType::of_line(&text);
        let _ = SshKeyType::of_line(&format!("ssh-rsa {body}"));
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        let set = KeySet { ssh: vec![text], tls: vec![pem] };
        let _ = Authority::from_parts(AuthorityKind::Host, "c", &set, &set, Rotation::default());
    }
}
