//! Directories and files as people and their scripts make them.

use std::os::unix::fs::{chown, symlink};

use super::{
    AclMode, Code, Destination, DestinationError, DirectoryConfig, Fault, Path, SymlinkMode, chmod, fs, is_root, mode,
    open, private, put, scratch, skipped,
};

#[test]
fn an_empty_directory_and_one_of_ours_are_closed_whatever_their_mode() {
    for seen in [0o755, 0o750, 0o701, 0o777, 0o2770, 0o2775] {
        for set_up in ["", "lost+found", ".lock", "tbot"] {
            let scratch = scratch();
            match set_up {
                "" => {}
                "lost+found" => fs::create_dir(scratch.path().join("lost+found")).unwrap(),
                "tbot" => ["key", "tlscert", "identity"].iter().for_each(|name| put(&scratch.path().join(name), "x")),
                _ => open(scratch.path()).unwrap().commit(&[("key", b"k")]).unwrap(),
            }
            chmod(scratch.path(), seen);
            let looked = Destination::open_existing(&private(scratch.path()));
            // Our own group is nobody else.
            assert_eq!(looked.is_ok(), seen & 0o002 == 0, "{seen:o}");
            super::super::Fitness::of(&private(scratch.path())).unwrap();
            assert_eq!(mode(scratch.path()), seen, "looking changes nothing");
            open(scratch.path()).unwrap().commit(&[("key", b"k")]).unwrap();
            assert_eq!(mode(scratch.path()) & 0o777, 0o700, "{seen:o} {set_up}");
        }
    }
}

#[test]
fn where_other_files_are_the_directory_stays_as_it_is_unless_others_could_change_it() {
    let scratch = scratch();
    put(&scratch.path().join("README"), "of the team");
    for seen in [0o755, 0o750, 0o711] {
        chmod(scratch.path(), seen);
        for set in [&b"k"[..], b"l"] {
            open(scratch.path()).unwrap().commit(&[("identity", set), ("key", set), ("tlscert", set)]).unwrap();
            assert_eq!((mode(scratch.path()), mode(&scratch.path().join("identity"))), (seen, 0o600));
        }
    }
    for seen in [0o777, 0o757, 0o1777] {
        chmod(scratch.path(), seen);
        let error = open(scratch.path()).unwrap_err();
        assert_eq!(error.code(), Code::DestinationUnsafe);
        assert_eq!(error.to_string(), format!("{} has mode {seen:04o}, want 0700", scratch.path().display()));
        assert!(error.hint().contains(&format!("chmod 0700 '{}'", scratch.path().display())), "{}", error.hint());
        assert!(error.hint().contains("MACHINE_ID_TRUSTED_PARENTS="), "{}", error.hint());
    }
    // Who asks that lists be as required takes no word of the mode bits for it.
    chmod(scratch.path(), 0o755);
    let required = DirectoryConfig { acls: AclMode::Required, ..private(scratch.path()) };
    assert!(matches!(Destination::create_or_open(&required), Err(DestinationError::TooOpen { .. })));
}

#[test]
fn what_a_third_user_could_put_there_is_not_taken_over() {
    if !is_root() {
        return skipped("needs root to give files away");
    }
    let scratch = scratch();
    let path = scratch.path().join("d");
    open(&path).unwrap().commit(&[("key", b"k")]).unwrap();
    put(&path.join("known_hosts"), "x");
    chown(path.join("known_hosts"), Some(61001), None).unwrap();
    chmod(&path, 0o777);
    assert!(matches!(open(&path), Err(DestinationError::TooOpen { .. })));
    assert_eq!(mode(&path), 0o777);
    // Where nobody could, a script of root's has given it away.
    chmod(&path, 0o755);
    open(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn a_shared_sticky_directory_is_never_closed() {
    let scratch = scratch();
    put(&scratch.path().join(".lock"), "");
    chmod(scratch.path(), 0o1777);
    assert!(matches!(open(scratch.path()), Err(DestinationError::TooOpen { .. })));
    assert_eq!(mode(scratch.path()), 0o1777);
}

#[test]
fn files_whose_mode_or_owner_a_script_has_changed_are_refreshed_and_read_all_the_same() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    destination.commit(&[("key", b"old"), ("cockroach/node.key", b"old")]).unwrap();
    for name in ["key", "cockroach/node.key"] {
        chmod(&scratch.path().join(name), 0o644);
    }
    chmod(&scratch.path().join("cockroach"), 0o777);
    if is_root() {
        chown(scratch.path().join("cockroach/node.key"), Some(61001), Some(61001)).unwrap();
    }
    destination.commit(&[("key", b"new"), ("cockroach/node.key", b"new")]).unwrap();
    for name in ["key", "cockroach/node.key"] {
        let at = scratch.path().join(name);
        assert_eq!((mode(&at), fs::read(&at).unwrap()), (0o600, b"new".to_vec()), "{name}");
    }
    assert_eq!(mode(&scratch.path().join("cockroach")), 0o700);

    destination.replace("identity.json", b"state").unwrap();
    chmod(&scratch.path().join("identity.json"), 0o644);
    let looking = Destination::open_existing(&private(scratch.path())).unwrap().unwrap();
    assert_eq!(looking.read("identity.json", 99).unwrap().as_deref(), Some(&b"state".to_vec()));
    assert_eq!(mode(&scratch.path().join("identity.json")), 0o644, "looking changes nothing");
    assert_eq!(destination.read("identity.json", 99).unwrap().as_deref(), Some(&b"state".to_vec()));
    assert_eq!(mode(&scratch.path().join("identity.json")), 0o600);
}

#[test]
fn what_others_could_have_written_is_not_read_back() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    for seen in [0o602, 0o666, 0o622, 0o777] {
        destination.replace("identity.json", b"state").unwrap();
        chmod(&scratch.path().join("identity.json"), seen);
        let error = destination.read("identity.json", 99).unwrap_err();
        assert_eq!(error.code(), Code::DestinationUnsafe, "{seen:o}");
        assert!(error.hint().starts_with("others could have changed it: look at it"), "{}", error.hint());
    }
    // What is only written is simply replaced.
    destination.replace("identity.json", b"state").unwrap();
    assert!(destination.read("identity.json", 99).unwrap().is_some());
}

#[test]
fn a_link_in_place_of_the_directory_is_followed_where_links_are_allowed_and_never_to_remove() {
    let scratch = scratch();
    let (real, link) = (scratch.path().join("real"), scratch.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink("real", &link).unwrap();
    for symlinks in [SymlinkMode::Secure, SymlinkMode::TrySecure] {
        let error = Destination::create_or_open(&DirectoryConfig { symlinks, ..private(&link) }).unwrap_err();
        assert_eq!(error.code(), Code::DestinationUnsafe);
        assert!(error.to_string().ends_with("/link is a symbolic link to real"), "{error}");
        assert!(error.hint().ends_with("or allow it with `symlinks: insecure`"), "{}", error.hint());
    }
    let insecure = |path: &Path| DirectoryConfig { symlinks: SymlinkMode::Insecure, ..private(path) };
    let destination = Destination::create_or_open(&insecure(&link)).unwrap();
    destination.commit(&[("key", b"k")]).unwrap();
    assert_eq!(fs::read(real.join("key")).unwrap(), b"k");
    let _ = super::super::remove_marked(&link, "key", "k");
    assert!(real.join("key").exists() && link.is_symlink());
    // A link that leads to what isn't there is a path to be made.
    symlink("made", scratch.path().join("dangling")).unwrap();
    Destination::create_or_open(&insecure(&scratch.path().join("dangling"))).unwrap();
    assert_eq!(mode(&scratch.path().join("made")), 0o700);
    if is_root() {
        std::os::unix::fs::lchown(&link, Some(61001), None).unwrap();
        let error = Destination::create_or_open(&insecure(&link)).unwrap_err();
        assert!(matches!(error, DestinationError::ForeignParent { owner: 61001, .. }), "{error}");
    }
}

#[test]
fn a_parent_of_a_group_of_administrators_without_members_is_as_good_as_roots() {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let alone = groups.lines().any(|line| line.starts_with("staff:") && line.ends_with(':'));
    if !is_root() || !alone {
        return skipped("needs root and an empty group staff");
    }
    let staff = nix::unistd::Group::from_name("staff").unwrap().unwrap().gid.as_raw();
    let scratch = scratch();
    let parent = scratch.path().join("local");
    fs::create_dir(&parent).unwrap();
    chown(&parent, None, Some(staff)).unwrap();
    chmod(&parent, 0o2775);
    open(&parent.join("d")).unwrap();
    chown(&parent, None, Some(61001)).unwrap();
    chmod(&parent, 0o2775);
    assert!(matches!(open(&parent.join("d")), Err(DestinationError::OpenParent { .. })));
}

#[test]
fn a_full_disk_is_told_by_a_directory_that_is_there() {
    let scratch = scratch();
    let path = scratch.path().join("d/.t-0123456789abcdef");
    let error = DestinationError::io("written", &path)(nix::errno::Errno::ENOSPC);
    assert_eq!(
        error.to_string(),
        format!("{}/d can't be written: No space left on device (os error 28)", scratch.path().display())
    );
    assert_eq!(error.hint(), format!("make space: see `df -h '{0}'` and `df -i '{0}'`", scratch.path().display()));
}
