use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::users::uid_of;
use super::{Acl, Difference, Entry, Object, Permissions, Qualifier, differences, encode, for_directory, for_file};
use super::{Readers, name_of, to_setfacl};

use crate::config::UserRef;

/// Users alone.
fn users(users: &[u32]) -> Readers {
    Readers { users: users.to_vec(), groups: Vec::new() }
}

#[test]
fn the_kernels_form_of_a_file_with_one_reader_is_as_linux_documents_it() {
    let bytes = encode::to_bytes(&for_file(&users(&[1000])));
    let expected = [
        "02000000",
        "01000600ffffffff",
        "02000400e8030000",
        "04000000ffffffff",
        "10000400ffffffff",
        "20000000ffffffff",
    ];
    assert_eq!(hex::encode(bytes), expected.concat());
}

#[test]
fn without_readers_there_is_no_mask_so_that_the_mode_bits_say_all() {
    let acl = for_directory(&users(&[]));
    assert_eq!(acl.entries().len(), 3);
    assert_eq!(acl.get(Qualifier::Mask), None);
}

#[test]
fn the_setfacl_commands_are_what_an_administrator_would_type() {
    let path = PathBuf::from("/opt/it's here");
    let readers = Readers { users: vec![4_000_000_007], groups: vec![4_000_000_008] };
    assert_eq!(
        to_setfacl(&for_directory(&readers), &path),
        r"setfacl --set u::rwx,u:4000000007:r-x,g::---,g:4000000008:r-x,m::r-x,o::--- '/opt/it'\''s here'"
    );
    assert_eq!(to_setfacl(&for_file(&users(&[])), Path::new("/key")), "setfacl --set u::rw-,g::---,o::--- '/key'");
}

#[test]
fn the_mask_limits_what_named_users_and_groups_get() {
    let entry = |who, permissions| Entry { who, permissions };
    let acl = Acl::new(vec![
        entry(Qualifier::Owner, Permissions::ALL),
        entry(Qualifier::User(5), Permissions::ALL),
        entry(Qualifier::OwningGroup, Permissions::READ_WRITE),
        entry(Qualifier::Mask, Permissions::NONE),
        entry(Qualifier::Other, Permissions::NONE),
    ]);
    assert_eq!(differences(Object::Directory, &acl, 0, &users(&[5])), [Difference::ReaderMissing(5)]);
    assert_eq!(differences(Object::Directory, &acl, 0, &users(&[])), []);
}

#[test]
fn what_tbot_gives_a_reader_of_a_file_is_no_difference() {
    let mut entries = for_file(&users(&[5])).entries().to_vec();
    for entry in &mut entries {
        if matches!(entry.who, Qualifier::User(_) | Qualifier::Mask) {
            entry.permissions = Permissions::READ_WRITE;
        }
    }
    assert_eq!(differences(Object::File, &Acl::new(entries), 0, &users(&[5])), []);
}

#[test]
fn each_kind_of_difference_is_found_and_told() {
    let entry = |who, permissions| Entry { who, permissions };
    let acl = Acl::new(vec![
        entry(Qualifier::User(4_000_000_001), Permissions::READ),
        entry(Qualifier::OwningGroup, Permissions::READ),
        entry(Qualifier::Group(4_000_000_009), Permissions::READ),
        entry(Qualifier::Mask, Permissions::ALL),
        entry(Qualifier::Other, Permissions::READ),
    ]);
    let told: Vec<String> =
        differences(Object::File, &acl, 0, &users(&[4_000_000_002])).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "reader 4000000002 has no access",
            "user 4000000001 has r--, not asked for",
            "the owning group has r--",
            "group 4000000009 has r--",
            "everybody has r--",
        ]
    );
}

#[test]
fn users_are_found_by_name_and_by_number() {
    assert_eq!(uid_of(&UserRef::Name("root".to_owned())).unwrap(), 0);
    assert_eq!(uid_of(&UserRef::Name("4000000001".to_owned())).unwrap(), 4_000_000_001);
    assert_eq!(uid_of(&UserRef::Id(7)).unwrap(), 7);
    assert!(uid_of(&UserRef::Name("no-such-user".to_owned())).is_err());
    assert_eq!((name_of(0), name_of(4_000_000_001)), ("root".to_owned(), "4000000001".to_owned()));
}

proptest! {
    #[test]
    fn any_bytes_are_a_list_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = encode::from_bytes(&bytes);
    }

    #[test]
    fn a_list_survives_the_kernels_form(ids in proptest::collection::btree_set(any::<u32>(), 0..20)) {
        let users: Vec<u32> = ids.into_iter().collect();
        let acl = for_directory(&Readers { groups: users.clone(), users });
        prop_assert_eq!(encode::from_bytes(&encode::to_bytes(&acl)), Some(acl));
    }
}
