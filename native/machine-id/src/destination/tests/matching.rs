//! The promise of `docs/adr/0001-matching-pair.md`, tried.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ssh_key::certificate::{Builder, CertType};
use ssh_key::{Algorithm, Certificate, LineEnding, PrivateKey, PublicKey};

use super::{open, scratch};

/// A private key, its public key and a certificate for it.
fn pair(authority: &PrivateKey) -> [Vec<u8>; 3] {
    let mut rng = ssh_key::rand_core::OsRng;
    let key = PrivateKey::random(&mut rng, Algorithm::Ed25519).unwrap();
    let mut builder = Builder::new_with_random_nonce(&mut rng, key.public_key().clone(), 1, 2_000_000_000).unwrap();
    builder.cert_type(CertType::User).unwrap().valid_principal("jenkins").unwrap();
    let certificate = builder.sign(authority).unwrap().to_openssh().unwrap();
    let private = key.to_openssh(LineEnding::LF).unwrap().as_bytes().to_vec();
    [private, key.public_key().to_openssh().unwrap().into_bytes(), certificate.into_bytes()]
}

fn ssh_config(at: &Path) -> String {
    let at = at.display();
    format!("Host *\n    IdentityFile \"{at}/key\"\n    CertificateFile \"{at}/key-cert.pub\"\n")
}

fn named<'a>(config: &'a str, option: &str) -> &'a str {
    config.lines().find_map(|line| line.trim().strip_prefix(option)).unwrap().trim().trim_matches('"')
}

/// As OpenSSH does it: read the configuration, open the key, open its `.pub`, open the certificate.
fn read_pair(directory: &Path) -> (PublicKey, PublicKey, Certificate) {
    let config = fs::read_to_string(directory.join("ssh_config")).unwrap();
    let identity = named(&config, "IdentityFile");
    let key = PrivateKey::from_openssh(fs::read(identity).unwrap()).unwrap();
    std::thread::yield_now();
    let public = PublicKey::from_openssh(&fs::read_to_string(format!("{identity}.pub")).unwrap()).unwrap();
    let certificate = fs::read_to_string(named(&config, "CertificateFile")).unwrap();
    (key.public_key().clone(), public, Certificate::from_openssh(&certificate).unwrap())
}

#[test]
fn a_reader_of_ssh_config_gets_a_matching_pair_at_every_instant_of_thousands_of_commits() {
    const COMMITS: usize = 2000;
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap().with_durability(super::super::Durability::Volatile);
    let authority = PrivateKey::random(&mut ssh_key::rand_core::OsRng, Algorithm::Ed25519).unwrap();
    let pairs: Vec<_> = (0..50).map(|_| pair(&authority)).collect();
    let write = |pair: &[Vec<u8>; 3]| {
        let stage = destination.begin().unwrap();
        let config = ssh_config(stage.references());
        stage
            .commit(&[
                ("ssh_config", config.as_bytes()),
                ("key", &pair[0]),
                ("key.pub", &pair[1]),
                ("key-cert.pub", &pair[2]),
            ])
            .unwrap();
    };
    write(&pairs[0]);
    let (done, reads, changes) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = None;
                while !done.load(Ordering::Relaxed) {
                    let (key, public, certificate) = read_pair(scratch.path());
                    assert_eq!(certificate.public_key(), key.key_data(), "the certificate is for another key");
                    assert_eq!(public.key_data(), key.key_data());
                    reads.fetch_add(1, Ordering::Relaxed);
                    if last.replace(key.clone()).is_some_and(|last| last != key) {
                        changes.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Lets the readers go even when a commit panics.
        let finish = Finish(&done);
        (0..COMMITS).for_each(|number| write(&pairs[number % pairs.len()]));
        drop(finish);
    });
    let (reads, changes) = (reads.into_inner(), changes.into_inner());
    assert!(reads > 500 && changes > 100, "the readers saw {reads} sets and {changes} changes: not a test");
}

struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_file_that_names_the_generation_changes_last_whatever_the_order_given() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    let stage = destination.begin().unwrap();
    let config = ssh_config(stage.references());
    stage.commit(&[("ssh_config", config.as_bytes()), ("zz", b"z")]).unwrap();
    let changed = |name: &str| {
        use std::os::unix::fs::MetadataExt;
        let seen = fs::metadata(scratch.path().join(name)).unwrap();
        (seen.ctime(), seen.ctime_nsec())
    };
    assert!(changed("ssh_config") >= changed("zz"));
    assert!(named(&config, "IdentityFile").contains("/.g-1-"), "{config}");
}

/// Commits sets in which every file says the same, until killed.
#[test]
#[ignore = "run by a_writer_killed_at_any_point_leaves_a_matching_set_and_the_next_one_cleans_up"]
fn as_a_writer_without_end() {
    let Some(directory) = std::env::var_os("MACHINE_ID_TEST_DIRECTORY") else { return };
    let destination = open(Path::new(&directory)).unwrap();
    loop {
        write_marked(&destination);
    }
}

fn write_marked(destination: &super::Destination) {
    let stage = destination.begin().unwrap();
    let config = ssh_config(stage.references());
    let mark = stage.references().to_str().unwrap().to_owned();
    let mark = mark.as_bytes();
    stage.commit(&[("key", mark), ("ssh_config", config.as_bytes()), ("key-cert.pub", mark)]).unwrap();
}

#[test]
fn a_writer_killed_at_any_point_leaves_a_matching_set_and_the_next_one_cleans_up() {
    let scratch = scratch();
    let path = scratch.path();
    let destination = open(path).unwrap();
    write_marked(&destination);
    let config = || fs::read_to_string(path.join("ssh_config")).unwrap();
    let mut cleaned = 0;
    for round in 0..40 {
        let before = config();
        let mut writer = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "destination::tests::matching::as_a_writer_without_end", "--ignored"])
            .env("MACHINE_ID_TEST_DIRECTORY", path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while config() == before {
            assert!(writer.try_wait().unwrap().is_none(), "the writer ended by itself");
            std::thread::yield_now();
        }
        // Another point of the next commit each time.
        (0..round * 200).for_each(|_| std::thread::yield_now());
        writer.kill().unwrap();
        writer.wait().unwrap();

        let config = config();
        let key = fs::read(named(&config, "IdentityFile")).unwrap();
        assert_eq!(key, fs::read(named(&config, "CertificateFile")).unwrap());
        let leftover = |name: &String| name.starts_with(".s-") || name.starts_with(".t-");
        cleaned += usize::from(super::names(path).iter().any(leftover));
        write_marked(&destination);
        assert!(!super::names(path).iter().any(leftover));
    }
    assert!(cleaned > 3, "only {cleaned} writers were killed in the middle: not a test");
}
