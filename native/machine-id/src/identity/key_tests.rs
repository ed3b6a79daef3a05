//! Checks of [`KeyPair`] against the recorded keys, `ssh-keygen` and rustls.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;
use crate::identity::fixtures;

const ALL: [KeyAlgorithm; 4] =
    [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa4096];

#[test]
fn each_recorded_key_has_its_recorded_public_forms() {
    for name in ["rsa", "ecdsa", "ed25519"] {
        let key = KeyPair::from_pem(&fixtures::read(&format!("keys/{name}.key"))).unwrap();
        assert_eq!(key.ssh_public_line(), fixtures::read(&format!("keys/{name}.ssh.pub")).trim_end(), "{name}");
        assert_eq!(key.public_pem(), fixtures::read(&format!("keys/{name}.spki.pem")), "{name}");
    }
}

#[test]
fn an_rsa_key_is_written_as_tbot_writes_it_whatever_it_was_read_from() {
    let pkcs1 = fixtures::read("keys/rsa.pkcs1.key");
    for text in [&pkcs1, &fixtures::read("keys/rsa.key")] {
        assert_eq!(KeyPair::from_pem(text).unwrap().ssh_private_pem().expose(), pkcs1);
    }
    let tbot = fixtures::read("tbot/identity/key");
    assert_eq!(KeyPair::from_pem(&tbot).unwrap().ssh_private_pem().expose(), tbot);
}

#[test]
fn every_kind_of_new_key_is_read_by_ssh_keygen_openssl_ring_and_ourselves() {
    let directory = tempfile::tempdir().unwrap();
    for algorithm in ALL {
        let key = KeyPair::generate(algorithm).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        let file = directory.path().join("key");
        private_file(&file, key.ssh_private_pem().expose());
        let seen = run(Command::new("ssh-keygen").args(["-y", "-P", "", "-f"]).arg(&file));
        assert_eq!(seen.trim_end(), key.ssh_public_line(), "{algorithm:?}");

        private_file(&file, key.tls_private_pem().expose());
        let seen = run(Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(&file));
        assert_eq!(seen, key.public_pem(), "{algorithm:?}");

        let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.pkcs8_der().to_vec()));
        let signer = rustls::crypto::ring::sign::any_supported_type(&der).unwrap();
        assert_eq!(signer.public_key().unwrap().as_ref(), key.public_der(), "{algorithm:?}");

        for pem in [key.ssh_private_pem(), key.tls_private_pem(), key.pkcs8_pem()] {
            let again = KeyPair::from_pem(pem.expose()).unwrap();
            assert_eq!(again.algorithm(), algorithm);
            assert_eq!(again.ssh_private_pem().expose(), key.ssh_private_pem().expose());
        }
    }
}

#[test]
fn keys_that_ssh_keygen_makes_are_read_in_all_its_formats() {
    let directory = tempfile::tempdir().unwrap();
    for (kind, bits, format) in [
        ("ecdsa", "256", "PEM"),
        ("ecdsa", "256", "PKCS8"),
        ("ecdsa", "256", "RFC4716"),
        ("ed25519", "256", "RFC4716"),
        ("rsa", "2048", "PEM"),
        ("rsa", "2048", "PKCS8"),
        ("rsa", "2048", "RFC4716"),
    ] {
        let file = directory.path().join(format!("{kind}-{format}"));
        run(Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", "", "-t", kind, "-b", bits, "-m", format, "-f"])
            .arg(&file));
        let key = KeyPair::from_pem(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
        assert_eq!(key.ssh_public_line(), public.trim_end(), "{kind} {format}");
    }
}

#[test]
fn keys_of_other_kinds_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (["-t", "ecdsa", "-b", "384", "-N", ""], "ecdsa-sha2-nistp384"),
        (["-t", "rsa", "-b", "3072", "-N", ""], "3072 bits"),
        (["-t", "ed25519", "-a", "1", "-N", "secret"], "encrypted"),
    ] {
        let file = directory.path().join(expected.replace(' ', "-"));
        run(Command::new("ssh-keygen").args(["-q", "-f"]).arg(&file).args(arguments));
        let error = KeyPair::from_pem(&std::fs::read_to_string(&file).unwrap()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = KeyPair::from_pem("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n").unwrap_err();
    assert_eq!(error.to_string(), "unsupported private key: PEM block \"CERTIFICATE\"");
    assert!(KeyPair::from_pem("").is_err() && KeyPair::from_pem(&"x".repeat(100_000)).is_err());
}

#[test]
fn debug_shows_the_algorithm_alone() {
    let key = KeyPair::generate(KeyAlgorithm::Ed25519).unwrap();
    assert_eq!(format!("{key:?}"), "KeyPair { algorithm: Ed25519, .. }");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}", label in "(RSA |EC |OPENSSH |)PRIVATE KEY", body in "[A-Za-z0-9+/=\n]{0,300}") {
        let _ = KeyPair::from_pem(&text);
        let _ = KeyPair::from_pem(&format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"));
    }

    #[test]
    fn no_damaged_key_panics(at in 0_usize..2000, byte in 32_u8..127) {
        for name in ["keys/rsa.pkcs1.key", "keys/ecdsa.key", "keys/ed25519.key"] {
            let mut text = fixtures::read(name).into_bytes();
            let at = at % text.len();
            text[at] = byte;
            let _ = KeyPair::from_pem(&String::from_utf8(text).unwrap());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a file for another program in a test")]
fn private_file(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
