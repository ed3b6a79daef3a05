//! Readers, as real getfacl sees them.

use std::process::Command;

use super::super::{InitPlan, InitRequest};
use super::{
    AclMode, Code, Destination, DestinationError, DirectoryConfig, Fault, Path, chmod, fs, mode, open, private,
    scratch, skipped,
};
use crate::acl::AclVerdict;
use crate::config::{GroupRef, Reader, UserRef};

fn with_readers(path: &Path, acls: AclMode, readers: &[u32]) -> DirectoryConfig {
    DirectoryConfig {
        acls,
        readers: readers.iter().map(|uid| Reader::User(UserRef::Id(*uid))).collect(),
        ..private(path)
    }
}

/// The entries, without comments; none when getfacl isn't installed.
fn getfacl(path: &Path) -> Option<Vec<String>> {
    let output = Command::new("getfacl").args(["-n", "-p", "-c", "-E"]).arg(path).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn setfacl(arguments: &[&str], path: &Path) -> bool {
    Command::new("setfacl").args(arguments).arg(path).status().is_ok_and(|status| status.success())
}

fn tools() -> bool {
    let there = Command::new("getfacl").arg("--version").output().is_ok();
    if !there {
        skipped("needs getfacl and setfacl (package acl)");
    }
    there
}

#[test]
fn readers_get_the_directory_the_files_and_what_ssh_reads_and_nobody_else_does() {
    if !tools() {
        return;
    }
    let scratch = scratch();
    let path = scratch.path().join("p/d");
    let destination = Destination::create_or_open(&with_readers(&path, AclMode::Required, &[61001, 61002])).unwrap();
    let mut stage = destination.begin().unwrap();
    let [key, _] = stage.pair().keys;
    stage.commit(&[("key", b"k"), ("key-cert.pub", b"c"), ("cockroach/node.key", b"n")]).unwrap();
    let directory = ["user::rwx", "user:61001:r-x", "user:61002:r-x", "group::---", "mask::r-x", "other::---"];
    let file = ["user::rw-", "user:61001:r--", "user:61002:r--", "group::---", "mask::r--", "other::---"];
    for at in [path.as_path(), key.parent().unwrap(), &path.join("cockroach")] {
        assert_eq!(getfacl(at).unwrap(), directory, "{}", at.display());
    }
    for at in [path.join("key"), key.clone(), path.join(".previous-cert.pub"), path.join("cockroach/node.key")] {
        assert_eq!(getfacl(&at).unwrap(), file, "{}", at.display());
    }
    assert_eq!(getfacl(&path.join(".lock")).unwrap(), ["user::rw-", "group::---", "other::---"]);
    assert_eq!(mode(&scratch.path().join("p")), 0o711, "readers must get through a parent we made");
    assert_eq!(destination.verify().unwrap(), AclVerdict::AsAsked);
}

#[test]
fn readers_of_a_directory_prepared_by_tbot_init_keep_their_access_without_being_configured() {
    if !tools() {
        return;
    }
    let scratch = scratch();
    let path = scratch.path().join("d");
    fs::create_dir(&path).unwrap();
    super::put(&path.join("key"), "tbot's");
    chmod(&path, 0o700);
    assert!(setfacl(&["--set", "u::rwx,u:61001:r-x,g::---,m::r-x,o::---"], &path));
    assert!(setfacl(&["--set", "u::rw-,u:61001:rw-,g::---,m::rw-,o::---"], &path.join("key")));
    for acls in [AclMode::Try, AclMode::Required] {
        let destination = Destination::create_or_open(&with_readers(&path, acls, &[])).unwrap();
        assert_eq!(destination.readers(), [61001]);
        assert_eq!(destination.verify().unwrap(), AclVerdict::AsAsked);
        destination.commit(&[("key", b"ours")]).unwrap();
        assert!(getfacl(&path.join("key")).unwrap().contains(&"user:61001:r--".to_owned()));
        assert_eq!(destination.verify().unwrap(), AclVerdict::AsAsked);
    }
}

#[test]
fn an_inherited_default_list_widens_nothing() {
    if !tools() {
        return;
    }
    let scratch = scratch();
    assert!(setfacl(&["-d", "-m", "u:61001:rwx,g::rwx,o::rwx,m::rwx"], scratch.path()));
    for (name, acls, readers) in
        [("a", AclMode::Try, vec![]), ("b", AclMode::Required, vec![61002]), ("c", AclMode::Off, vec![])]
    {
        let path = scratch.path().join(name).join("d");
        let destination = Destination::create_or_open(&with_readers(&path, acls, &readers)).unwrap();
        destination.commit(&[("key", b"k"), ("f/x", b"k")]).unwrap();
        destination.replace("one", b"k").unwrap();
        for file in ["key", "f/x", "one"] {
            let at = path.join(file);
            let seen = getfacl(&at).unwrap();
            if acls == AclMode::Off {
                assert_eq!(mode(&at), 0o600, "{seen:?}");
            } else {
                assert!(!seen.iter().any(|entry| entry.contains("61001")), "{seen:?}");
                assert_eq!(mode(&at) & 0o007, 0);
            }
        }
        assert_eq!(mode(&path) & 0o007, 0);
    }
}

#[test]
fn users_that_nobody_asked_for_are_refused_when_required_and_a_reader_that_may_write_always() {
    if !tools() {
        return;
    }
    let scratch = scratch();
    let path = scratch.path();
    assert!(setfacl(&["-m", "u:61009:r-x"], path));
    let error = Destination::create_or_open(&with_readers(path, AclMode::Required, &[61001])).unwrap_err();
    assert_eq!(error.code(), Code::DestinationUnsafe);
    assert!(error.to_string().contains("user 61009 has r-x, not asked for by its ACL"), "{error}");
    assert!(error.hint().contains("setfacl -b"), "{}", error.hint());
    let tolerant = Destination::create_or_open(&with_readers(path, AclMode::Try, &[61001])).unwrap();
    assert!(getfacl(path).unwrap().contains(&"user:61001:r-x".to_owned()), "the missing reader was added");
    let AclVerdict::Differs(all) = tolerant.verify().unwrap() else { panic!("61009 isn't seen") };
    assert_eq!(all[0].1.to_string(), "user 61009 has r-x, not asked for");
    assert!(setfacl(&["-m", "u:61001:rwx"], path));
    let error = Destination::create_or_open(&with_readers(path, AclMode::Try, &[61001])).unwrap_err();
    assert!(error.to_string().contains("user 61001 may write to the directory"), "{error}");
    assert!(setfacl(&["-b"], path) && setfacl(&["-m", "g:61001:r-x"], path));
    let error = open(path).unwrap_err();
    assert!(error.to_string().contains("group 61001 has r-x"), "{error}");
}

#[test]
fn a_reader_that_was_taken_out_is_refused_until_its_entries_are_removed() {
    if !tools() {
        return;
    }
    let scratch = scratch();
    let path = scratch.path().join("d");
    let both = Destination::create_or_open(&with_readers(&path, AclMode::Required, &[61001, 61002])).unwrap();
    both.commit(&[("key", b"k"), ("cockroach/node.key", b"n")]).unwrap();
    let fewer = with_readers(&path, AclMode::Required, &[61001]);
    let error = Destination::create_or_open(&fewer).unwrap_err();
    assert!(error.to_string().contains("user 61002 has r-x, not asked for"), "{error}");
    assert!(setfacl(&["-R", "-x", "u:61002"], &path));
    let destination = Destination::create_or_open(&fewer).unwrap();
    destination.commit(&[("key", b"l"), ("cockroach/node.key", b"m")]).unwrap();
    assert_eq!(destination.readers(), [61001]);
    assert_eq!(destination.verify().unwrap(), AclVerdict::AsAsked);
}

#[test]
fn a_file_opened_up_afterwards_shows_in_the_verdict() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    destination.commit(&[("key", b"k")]).unwrap();
    chmod(&scratch.path().join("key"), 0o644);
    let AclVerdict::Differs(all) = destination.verify().unwrap() else { panic!("not seen") };
    let all: Vec<String> =
        all.iter().map(|(path, what)| format!("{}: {what}", path.file_name().unwrap().display())).collect();
    assert_eq!(all, ["key: the owning group has r--", "key: everybody has r--"]);
}

#[test]
fn groups_read_and_connect_as_users_do() {
    if !tools() {
        return;
    }
    let scratch = scratch();
    let path = scratch.path().join("d");
    let readers = vec![Reader::Group(GroupRef::Id(61005)), Reader::User(UserRef::Id(61001))];
    let config = DirectoryConfig { acls: AclMode::Required, readers, ..private(&path) };
    let destination = Destination::create_or_open(&config).unwrap();
    destination.commit(&[("key", b"k")]).unwrap();
    let directory = ["user::rwx", "user:61001:r-x", "group::---", "group:61005:r-x", "mask::r-x", "other::---"];
    assert_eq!(getfacl(&path).unwrap(), directory);
    let file = ["user::rw-", "user:61001:r--", "group::---", "group:61005:r--", "mask::r--", "other::---"];
    assert_eq!(getfacl(&path.join("key")).unwrap(), file);
    assert_eq!(destination.verify().unwrap(), AclVerdict::AsAsked);
    // tbot has given it the right to write to files, and a script the mode.
    assert!(setfacl(&["-m", "g:61005:rw-,m::rw-"], &path.join("key")));
    chmod(&path, 0o775);
    Destination::create_or_open(&config).unwrap().commit(&[("key", b"l")]).unwrap();
    assert_eq!(
        (getfacl(&path).unwrap(), getfacl(&path.join("key")).unwrap()),
        (directory.map(str::to_owned).to_vec(), file.map(str::to_owned).to_vec())
    );
    assert!(setfacl(&["-m", "g:61005:rwx,m::rwx,o::r-x"], &path));
    let error = Destination::create_or_open(&config).unwrap_err();
    assert!(error.to_string().contains("group 61005 has rwx"), "{error}");
}

#[test]
fn an_unknown_reader_is_named() {
    let scratch = scratch();
    for (reader, what) in [
        (Reader::User(UserRef::Name("no-such".to_owned())), "user"),
        (Reader::Group(GroupRef::Name("no-such".to_owned())), "group"),
    ] {
        let config = DirectoryConfig { readers: vec![reader], ..private(scratch.path()) };
        let error = Destination::create_or_open(&config).unwrap_err();
        assert_eq!(error.to_string(), format!("there is no {what} \"no-such\" on this machine"));
    }
}

#[test]
fn a_file_system_without_lists_is_an_error_only_when_they_are_required() {
    // procfs and sysfs have none, but can't be written; ramfs has none and can.
    let scratch = scratch();
    let mounted = super::is_root()
        && Command::new("mount")
            .args(["-t", "ramfs", "-o", "mode=0700", "machine-id-test"])
            .arg(scratch.path())
            .status()
            .is_ok_and(|s| s.success());
    if !mounted {
        return skipped("needs root and the right to mount a ramfs");
    }
    let path = scratch.path().join("d");
    let required = Destination::create_or_open(&with_readers(&path, AclMode::Required, &[61001]));
    let tried = Destination::create_or_open(&with_readers(&path, AclMode::Try, &[61001]))
        .and_then(|destination| destination.commit(&[("key", b"k")]).and_then(|()| destination.verify()));
    let key = mode(&path.join("key"));
    let _ = Command::new("umount").arg("-l").arg(scratch.path()).status();
    assert_eq!(required.unwrap_err().code(), Code::AclUnsupported);
    assert!(matches!(tried.unwrap(), AclVerdict::Differs(_)));
    assert_eq!(key, 0o600);
}

#[test]
fn init_prepares_a_directory_for_another_user_that_can_then_work_in_it() {
    if !tools() || !super::is_root() {
        return skipped("needs root and getfacl");
    }
    let scratch = scratch();
    chmod(scratch.path(), 0o755);
    for (name, owner) in [("own", None), ("root", Some((0, 0)))] {
        let path = scratch.path().join(name);
        // What a run as root left before the bot had a user of its own.
        open(&path).unwrap().commit(&[("key", b"root's")]).unwrap();
        chmod(&path, 0o755);
        let request = InitRequest {
            directory: with_readers(&path, AclMode::Required, &[61001]),
            owner,
            bot: Some((65534, 65534)),
        };
        let plan = InitPlan::new(&request).unwrap();
        let commands = plan.commands();
        plan.apply().unwrap();
        let after = (getfacl(&path).unwrap(), getfacl(&path.join("key")).unwrap());
        plan.apply().unwrap();
        assert_eq!((getfacl(&path).unwrap(), getfacl(&path.join("key")).unwrap()), after, "twice is once");
        assert_eq!(after.1, ["user::rw-", "user:61001:r--", "group::---", "mask::r--", "other::---"]);

        // The commands shown do the same.
        assert!(setfacl(&["-b"], &path) && setfacl(&["-b"], &path.join("key")));
        let script = commands.join("\n");
        assert!(Command::new("sh").args(["-ec", &script]).status().unwrap().success(), "{script}");
        assert_eq!((getfacl(&path).unwrap(), getfacl(&path.join("key")).unwrap()), after, "{script}");

        let child = super::disk::as_nobody("destination::tests::acls::as_the_bot", &path);
        let Some(text) = child else { return };
        assert!(text.contains("1 passed"), "{text}");
        assert!(getfacl(&path.join("key")).unwrap().contains(&"user:61001:r--".to_owned()));
    }
}

#[test]
#[ignore = "run by init_prepares_a_directory_for_another_user_that_can_then_work_in_it"]
fn as_the_bot() {
    let Some(directory) = std::env::var_os("MACHINE_ID_TEST_DIRECTORY") else { return };
    let config = with_readers(Path::new(&directory), AclMode::Required, &[61001]);
    let destination = Destination::create_or_open(&config).unwrap();
    destination.commit(&[("key", b"bot's"), ("key-cert.pub", b"bot's")]).unwrap();
    assert_eq!(destination.verify().unwrap(), AclVerdict::AsAsked);
}

#[test]
fn init_refuses_an_owner_who_could_replace_the_bots_files() {
    let scratch = scratch();
    let request = InitRequest {
        directory: with_readers(&scratch.path().join("d"), AclMode::Try, &[]),
        owner: Some((61001, 61001)),
        bot: Some((61002, 61002)),
    };
    assert!(matches!(InitPlan::new(&request), Err(DestinationError::ForeignOwner { owner: 61001, .. })));
    assert!(!scratch.path().join("d").exists());
}
