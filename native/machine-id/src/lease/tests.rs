use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::owner::{Liveness, parse_stat};
use super::{CertificateHistory, Claim, Ended, Fate, LeaseError, LeaseId, LeaseRecord, LeaseTable, MARKER, Owner};
use crate::clock::{FixedClock, SharedClock};
use crate::config::DirectoryConfig;
use crate::error::{Code, Fault};

const ID: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "ffffffffffffffffffffffffffffffff";

fn epoch(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

struct Agent {
    scratch: tempfile::TempDir,
    clock: Arc<FixedClock>,
}

impl Agent {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        Self { scratch, clock: Arc::new(FixedClock::at(epoch(1_700_000_000))) }
    }

    fn table(&self) -> LeaseTable {
        let root = DirectoryConfig::private(self.scratch.path().join("root"));
        let clock: SharedClock = Arc::<FixedClock>::clone(&self.clock);
        LeaseTable::open(&root, clock).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn record_file(&self, id: &str) -> PathBuf {
        self.scratch.path().join(format!("root/leases/{id}.json"))
    }

    /// Changes a stored record as another process would have written it.
    #[expect(clippy::disallowed_methods, reason = "makes what the code under test must cope with")]
    fn rewrite(&self, id: &str, change: impl Fn(&mut serde_json::Value)) {
        let mut value = serde_json::from_slice(&fs::read(self.record_file(id)).unwrap()).unwrap();
        change(&mut value);
        fs::write(self.record_file(id), value.to_string()).unwrap();
    }
}

fn take(table: &LeaseTable, id: &str, path: &Path, standing: bool) -> Result<LeaseRecord, LeaseError> {
    let destination = DirectoryConfig::private(path.to_owned());
    let (id, expires) = (LeaseId::parse(id)?, epoch(1_700_003_600));
    let claim =
        Claim { id: &id, identity: "api", destination: &destination, within: None, expires, standing, given: false };
    let (record, destination) = table.take(&claim)?;
    destination.commit(&[("key", b"k")])?;
    Ok(record)
}

fn id(text: &str) -> LeaseId {
    LeaseId::parse(text).unwrap()
}

#[test]
fn a_lease_is_taken_listed_extended_and_released_once() {
    let agent = Agent::new();
    let (table, path) = (agent.table(), agent.path("lease"));
    let record = take(&table, ID, &path, false).unwrap();
    assert_eq!((record.created, record.owner.pid), (epoch(1_700_000_000), std::process::id()));
    let mode = fs::metadata(agent.record_file(ID)).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(table.list().unwrap(), [record]);
    table.extend(&id(ID), epoch(1_700_009_999), &CertificateHistory::default()).unwrap();
    assert_eq!(agent.table().list().unwrap()[0].expires, epoch(1_700_009_999));
    assert!(table.release(&id(ID)).unwrap().record.is_some());
    assert!(!path.exists());
    assert!(table.release(&id(ID)).unwrap().record.is_none());
    assert!(matches!(table.extend(&id(ID), epoch(1), &CertificateHistory::default()), Err(LeaseError::Unknown { .. })));
}

#[test]
fn taking_the_same_lease_again_is_fine_and_another_use_of_its_id_is_a_conflict() {
    let agent = Agent::new();
    let table = agent.table();
    take(&table, ID, &agent.path("lease"), false).unwrap();
    agent.clock.advance(Duration::from_secs(60));
    let again = take(&table, ID, &agent.path("lease"), false).unwrap();
    assert_eq!(again.created, epoch(1_700_000_000));
    let error = take(&table, ID, &agent.path("elsewhere"), false).unwrap_err();
    assert_eq!(error.code(), Code::LeaseConflict);
    assert!(!agent.path("elsewhere").exists());
    let error = take(&table, OTHER, &agent.path("lease"), false).unwrap_err();
    assert!(matches!(error, LeaseError::Occupied { .. }), "{error}");
    assert!(!agent.record_file(OTHER).exists());
    assert!(agent.path("lease/key").exists());
}

#[test]
fn a_record_that_others_could_have_written_ends_no_lease_and_keeps_nobody_out() {
    let agent = Agent::new();
    let (path, standing) = (agent.path("lease"), agent.path("standing"));
    take(&agent.table(), ID, &path, false).unwrap();
    take(&agent.table(), OTHER, &standing, true).unwrap();
    // Its process is gone.
    agent.rewrite(ID, |record| record["owner"]["started"] = 1.into());
    for name in ["root", "root/leases"] {
        fs::set_permissions(agent.path(name), fs::Permissions::from_mode(0o777)).unwrap();
    }
    for id in [ID, OTHER] {
        fs::set_permissions(agent.record_file(id), fs::Permissions::from_mode(0o777)).unwrap();
    }
    // The storage is closed by who opens it.
    fs::set_permissions(agent.path("root"), fs::Permissions::from_mode(0o700)).unwrap();
    let table = agent.table();
    assert_eq!(fs::metadata(agent.path("root/leases")).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(table.list().unwrap().is_empty() && table.sweep().unwrap().is_empty());
    assert!(path.join("key").exists(), "a directory was removed by a record that others could have written");
    // What is held goes on, what is asked to be ended says why it isn't.
    assert!(table.is_ours(&id(OTHER)).is_err());
    assert_eq!(table.release(&id(ID)).unwrap_err().code(), Code::DestinationUnsafe);
    // Who knows the directory ends it by its mark, and who takes a lease again writes its record anew.
    assert_eq!(table.discard(&id(ID), &path).unwrap().directory, Fate::Removed);
    take(&table, OTHER, &standing, true).unwrap();
    assert_eq!(fs::metadata(agent.record_file(OTHER)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(table.list().unwrap().len(), 1);
}

#[test]
fn a_directory_with_something_in_it_is_refused_and_left_alone() {
    let agent = Agent::new();
    let path = agent.path("precious");
    fs::create_dir_all(path.join("work")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let error = take(&agent.table(), ID, &path, false).unwrap_err();
    assert_eq!(error.code(), Code::LeaseConflict);
    assert!(agent.table().list().unwrap().is_empty());
    agent.table().sweep().unwrap();
    assert!(path.join("work").exists());
}

#[test]
fn a_directory_with_only_what_a_killed_writer_left_is_taken_and_a_mark_is_never_replaced() {
    let agent = Agent::new();
    let path = agent.path("lease");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    put(&path.join(".t-0123456789abcdef"), "half a mark");
    take(&agent.table(), ID, &path, false).unwrap();
    assert!(!path.join(".t-0123456789abcdef").exists());
    assert!(matches!(take(&agent.table(), OTHER, &path, false), Err(LeaseError::Occupied { .. })));
    assert_eq!(fs::read(path.join(MARKER)).unwrap(), ID.as_bytes());
}

#[test]
fn a_directory_with_a_name_that_is_no_text_is_not_empty() {
    use std::os::unix::ffi::OsStrExt;
    let agent = Agent::new();
    let path = agent.path("lease");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let odd = path.join(std::ffi::OsStr::from_bytes(b"work-\xff"));
    put(&odd, "somebody's");
    assert!(matches!(take(&agent.table(), ID, &path, false), Err(LeaseError::Occupied { .. })));
    assert!(odd.exists());
}

#[test]
fn of_two_leases_that_want_a_new_directory_at_once_one_gets_it() {
    for _ in 0..50 {
        let agent = Agent::new();
        let start = std::sync::Barrier::new(2);
        let taken = std::thread::scope(|scope| {
            let both = [ID, OTHER].map(|id| {
                let (table, agent, start) = (agent.table(), &agent, &start);
                scope.spawn(move || {
                    start.wait();
                    take(&table, id, &agent.path("shared"), false).is_ok()
                })
            });
            both.map(|one| one.join().unwrap())
        });
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    }
}

#[test]
fn a_lock_file_that_was_deleted_is_made_again_so_that_all_processes_take_the_same() {
    let agent = Agent::new();
    let table = agent.table();
    take(&table, ID, &agent.path("lease"), false).unwrap();
    let lock = agent.path("root/leases/.lock-f");
    fs::remove_file(&lock).unwrap();
    assert!(table.release(&id(ID)).unwrap().record.is_some());
    assert!(lock.exists());
}

#[test]
fn directories_that_lead_elsewhere_are_refused() {
    let agent = Agent::new();
    let table = agent.table();
    let claim_in = |path: &str, within: &str| {
        let destination = DirectoryConfig::private(PathBuf::from(path));
        let (id, within) = (id(ID), Path::new(within));
        let claim = Claim {
            id: &id,
            identity: "api",
            destination: &destination,
            within: Some(within),
            expires: epoch(1),
            standing: false,
            given: false,
        };
        table.take(&claim).map(|_| ()).unwrap_err()
    };
    for (path, within) in [
        ("relative/x", "relative"),
        ("/tmp/a/../b", "/tmp/a"),
        ("/tmp/a", "/tmp/a"),
        ("/tmp/ab", "/tmp/a"),
        ("/tmp/a/b", "/tmp/x/.."),
        ("/", "/"),
        ("/tmp/a/\n", "/tmp/a"),
    ] {
        assert_eq!(claim_in(path, within).code(), Code::RequestInvalid, "{path} in {within}");
    }
    assert!(table.list().unwrap().is_empty());
}

#[test]
fn only_lower_case_hex_of_32_to_64_digits_is_an_id() {
    for good in [ID, &"a".repeat(64)] {
        assert_eq!(LeaseId::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "../../etc/passwd", &ID[1..], &"a".repeat(65), &ID.to_uppercase(), &ID.replace('0', "/")] {
        assert_eq!(LeaseId::parse(bad).unwrap_err().code(), Code::RequestInvalid, "{bad}");
    }
}

#[test]
fn a_dead_process_s_leases_are_swept_and_a_live_one_s_are_not() {
    let agent = Agent::new();
    let table = agent.table();
    take(&table, ID, &agent.path("dead"), false).unwrap();
    take(&table, OTHER, &agent.path("live"), false).unwrap();
    assert!(table.sweep().unwrap().is_empty());
    // Same number, another start: the process is gone and its number was given again.
    agent.rewrite(ID, |record| record["owner"]["started"] = 1.into());
    let swept = table.sweep().unwrap();
    assert_eq!(swept.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), [ID]);
    assert!(!agent.path("dead").exists() && agent.path("live/key").exists());
    assert_eq!(table.list().unwrap().len(), 1);
}

#[test]
fn a_dead_process_s_lease_that_waits_for_a_statement_is_left_alone_while_its_certificates_are_of_use() {
    let agent = Agent::new();
    let table = agent.table();
    for (id, path) in [(ID, "waiting"), (OTHER, "plain")] {
        take(&table, id, &agent.path(path), false).unwrap();
        agent.rewrite(id, |record| record["owner"]["started"] = 1.into());
    }
    agent.rewrite(ID, |record| record["given"] = true.into());
    assert_eq!(table.sweep().unwrap().iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), [OTHER]);
    // The build is still there, its turn has come.
    take(&table, ID, &agent.path("waiting"), false).unwrap();
    agent.rewrite(ID, |record| {
        record["owner"]["started"] = 1.into();
        record["given"] = true.into();
    });
    agent.clock.advance(Duration::from_secs(3601));
    assert_eq!(table.sweep().unwrap().len(), 1);
    assert!(!agent.path("waiting").exists());
}

#[test]
fn a_lease_opened_up_by_its_build_is_cleaned_all_the_same() {
    let agent = Agent::new();
    let (table, path) = (agent.table(), agent.path("lease"));
    take(&table, ID, &path, false).unwrap();
    for at in [path.clone(), path.join("key"), path.join(MARKER)] {
        fs::set_permissions(at, fs::Permissions::from_mode(0o777)).unwrap();
    }
    assert!(table.release(&id(ID)).unwrap().record.is_some());
    assert!(!path.exists());
}

#[test]
fn nothing_is_deleted_without_the_mark_of_the_same_lease() {
    let agent = Agent::new();
    let table = agent.table();
    let victim = agent.path("victim");
    fs::create_dir(&victim).unwrap();
    for mark in [None, Some(OTHER), Some(""), Some("0123456789abcdef0123456789abcdef\n")] {
        take(&table, ID, &agent.path("lease"), false).unwrap();
        let marker = victim.join(MARKER);
        let _ = fs::remove_file(&marker);
        if let Some(mark) = mark {
            put(&marker, mark);
        }
        put(&victim.join("work"), "precious");
        agent.rewrite(ID, |record| record["directory"] = victim.to_str().unwrap().into());
        assert!(table.release(&id(ID)).unwrap().record.is_some());
        assert!(victim.join("work").exists(), "{mark:?}");
        fs::remove_dir_all(agent.path("lease")).unwrap();
    }
}

#[test]
fn a_lease_s_directory_swapped_with_a_link_is_left_alone() {
    let agent = Agent::new();
    let (table, victim, path) = (agent.table(), agent.path("victim"), agent.path("lease"));
    take(&table, ID, &path, false).unwrap();
    fs::rename(&path, &victim).unwrap();
    symlink(&victim, &path).unwrap();
    assert!(table.release(&id(ID)).unwrap().record.is_some());
    assert!(victim.join("key").exists());
}

#[test]
fn a_standing_directory_outlives_its_lease_and_is_kept_by_one_process() {
    let agent = Agent::new();
    let (table, path) = (agent.table(), agent.path("standing"));
    take(&table, ID, &path, true).unwrap();
    assert!(!path.join(MARKER).exists());
    let mut other = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", other.id())).unwrap();
    let (started, _) = parse_stat(&stat).unwrap();
    let pid = other.id();
    agent.rewrite(ID, |record| {
        record["owner"]["pid"] = pid.into();
        record["owner"]["started"] = started.into();
    });
    let error = take(&table, OTHER, &path, true).unwrap_err();
    assert!(error.to_string().ends_with(&format!("is kept by lease {ID} of process {pid}")), "{error}");
    other.kill().unwrap();
    other.wait().unwrap();
    take(&table, OTHER, &path, true).unwrap();
    assert_eq!(table.sweep().unwrap().len(), 1);
    assert!(table.release(&id(OTHER)).unwrap().record.is_some());
    assert!(path.join("key").exists());
}

#[test]
fn an_owner_in_another_container_is_judged_by_its_certificates_alone() {
    let agent = Agent::new();
    let table = agent.table();
    take(&table, ID, &agent.path("lease"), false).unwrap();
    agent.rewrite(ID, |record| {
        record["owner"]["pid"] = 4_194_304.into();
        record["owner"]["namespace"] = "pid:[1]".into();
    });
    assert!(table.sweep().unwrap().is_empty());
    agent.clock.advance(Duration::from_secs(3600 + 3601));
    assert_eq!(table.sweep().unwrap().len(), 1);
}

#[test]
fn another_boot_of_the_same_machine_means_dead_and_of_another_machine_out_of_sight() {
    let this = Owner::this_process().unwrap();
    assert_eq!(this.liveness(&this), Liveness::Alive);
    let rebooted = Owner { boot: "another".to_owned(), ..this.clone() };
    assert_eq!(rebooted.liveness(&this), Liveness::Dead);
    let elsewhere = Owner { host: "elsewhere".to_owned(), ..rebooted };
    assert_eq!(elsewhere.liveness(&this), Liveness::OutOfSight);
}

#[test]
fn records_that_are_not_records_are_passed_over() {
    let agent = Agent::new();
    let table = agent.table();
    take(&table, ID, &agent.path("lease"), false).unwrap();
    for contents in ["", "{", "[]", "{\"lease\":1}", &"x".repeat(400_000)] {
        put(&agent.record_file(OTHER), contents);
        assert_eq!(table.list().unwrap().len(), 1, "{contents:.20}");
    }
    // A record copied under another id isn't that id's.
    fs::copy(agent.record_file(ID), agent.record_file(OTHER)).unwrap();
    assert_eq!(table.list().unwrap().len(), 1);
    assert!(table.release(&id(OTHER)).unwrap().record.is_none());
    assert!(!agent.record_file(OTHER).exists());
}

#[test]
fn several_tables_on_one_directory_take_and_release_at_once() {
    let agent = Agent::new();
    std::thread::scope(|scope| {
        for worker in 0..4_u32 {
            let (table, agent) = (agent.table(), &agent);
            scope.spawn(move || {
                for round in 0..25_u32 {
                    let name = format!("{worker:016x}{round:016x}");
                    take(&table, &name, &agent.path(&name), false).unwrap();
                    assert!(table.sweep().unwrap().is_empty());
                    assert!(table.release(&id(&name)).unwrap().record.is_some());
                }
            });
        }
    });
    assert!(agent.table().list().unwrap().is_empty());
}

#[test]
fn a_process_name_with_spaces_and_parentheses_does_not_hide_the_start_time() {
    let tail = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21";
    assert_eq!(parse_stat(&format!("77 (a) b (c)) {tail}")), Some((4242, 'S')));
    assert_eq!(parse_stat("77 (a S 1"), None);
    assert_eq!(parse_stat(""), None);
}

proptest! {
    #[test]
    fn any_text_is_a_record_or_passed_over(text in ".{0,200}") {
        let _ = LeaseRecord::from_json(&id(ID), text.as_bytes());
        let _ = parse_stat(&text);
    }
}

#[expect(clippy::disallowed_methods, reason = "makes what the code under test must cope with")]
fn put(path: &Path, contents: &str) {
    fs::write(path, contents).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn told(ended: Ended) -> (bool, Fate) {
    (ended.record.is_some(), ended.directory)
}

#[test]
fn ending_a_lease_says_what_became_of_its_directory() {
    let agent = Agent::new();
    let (table, path) = (agent.table(), agent.path("lease"));
    take(&table, ID, &path, false).unwrap();
    assert_eq!(told(table.release(&id(ID)).unwrap()), (true, Fate::Removed));
    assert_eq!(table.release(&id(ID)).unwrap(), Ended::NOTHING);
    take(&table, ID, &path, false).unwrap();
    fs::rename(&path, agent.path("elsewhere")).unwrap();
    assert_eq!(told(table.release(&id(ID)).unwrap()), (true, Fate::Absent));
    take(&table, OTHER, &path, false).unwrap();
    fs::rename(&path, agent.path("moved")).unwrap();
    fs::rename(agent.path("elsewhere"), &path).unwrap();
    assert_eq!(told(table.release(&id(OTHER)).unwrap()), (true, Fate::NotOurs));
    assert!(path.join("key").exists());
    take(&table, OTHER, &agent.path("standing"), true).unwrap();
    assert_eq!(table.release(&id(OTHER)).unwrap().directory, Fate::Kept);
}

#[test]
fn a_lease_that_the_table_has_lost_is_discarded_by_its_mark_and_nothing_else_is() {
    let agent = Agent::new();
    let (table, path) = (agent.table(), agent.path("lease"));
    take(&table, ID, &path, false).unwrap();
    fs::remove_file(agent.record_file(ID)).unwrap();
    assert_eq!(table.discard(&id(OTHER), &path).unwrap().directory, Fate::NotOurs);
    assert_eq!(told(table.discard(&id(ID), &path).unwrap()), (false, Fate::Removed));
    assert!(!path.exists());
    assert_eq!(table.discard(&id(ID), &path).unwrap(), Ended::NOTHING);
    // One that it knows, under another path than the caller's: both are ended.
    take(&table, ID, &path, false).unwrap();
    let ended = table.discard(&id(ID), &agent.path("elsewhere")).unwrap();
    assert_eq!(told(ended), (true, Fate::Absent));
    assert!(!path.exists());
    for unusable in ["/", "relative", "/a/../b"] {
        let error = table.discard(&id(ID), Path::new(unusable)).unwrap_err();
        assert_eq!(error.code(), Code::RequestInvalid, "{unusable}");
    }
}

#[test]
fn what_a_build_has_closed_is_removed_all_the_same() {
    let agent = Agent::new();
    let (table, path) = (agent.table(), agent.path("lease"));
    take(&table, ID, &path, false).unwrap();
    fs::create_dir_all(path.join("a/b")).unwrap();
    fs::create_dir(path.join("a/b/c")).unwrap();
    for closed in ["a/b/c", "a/b", "a", ""] {
        fs::set_permissions(path.join(closed), fs::Permissions::from_mode(0o000)).unwrap();
    }
    assert_eq!(told(table.release(&id(ID)).unwrap()), (true, Fate::Removed));
    assert!(!path.exists());
}
