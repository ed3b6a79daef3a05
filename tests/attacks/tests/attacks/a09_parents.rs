//! Somebody who can change a directory above the lease's exchanges it.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use e2e::Cluster;
use machine_id::acl::{self, Acl, Entry, Permissions, Qualifier};
use machine_id::config::{AclMode, DirectoryConfig, SymlinkMode};
use machine_id::destination::Destination;
use machine_id::error::Code;

use crate::agent::{Agent, chmod};

const SOMEBODY: u32 = 65533;

/// A lease of the plugin and a destination in each of tbot's modes are refused before anything is sent or made.
fn refused_everywhere(agent: &Agent, parent: &Path, fact: &str) {
    let directory = parent.join("below/lease");
    let error = agent.acquire(1, &directory).unwrap_err();
    assert_eq!(error.code(), Code::DestinationUnsafe, "{error}");
    assert!(error.message().contains(fact), "{error}");
    for symlinks in [SymlinkMode::Secure, SymlinkMode::TrySecure, SymlinkMode::Insecure] {
        for acls in [AclMode::Off, AclMode::Try, AclMode::Required] {
            let config = DirectoryConfig { symlinks, acls, ..DirectoryConfig::private(directory.clone()) };
            let error = Destination::create_or_open(&config).unwrap_err();
            assert!(error.to_string().contains(fact), "{symlinks:?} {acls:?}: {error}");
        }
    }
    assert!(!directory.exists());
}

fn parent(agent: &Agent) -> std::path::PathBuf {
    let parent = agent.path("workspace/shared");
    fs::create_dir_all(parent.join("below")).unwrap();
    parent
}

#[test]
fn a09_a_parent_that_everybody_can_change() {
    let agent = Agent::alone();
    let parent = parent(&agent);
    chmod(&parent, 0o777);
    refused_everywhere(&agent, &parent, "everybody could replace");
    // With the sticky bit only the owners of entries can.
    chmod(&parent, 0o1777);
    assert_eq!(agent.acquire(2, &parent.join("below/lease")).unwrap_err().code(), Code::ClusterUnreachable);
}

#[test]
fn a09_a_parent_that_a_group_can_change() {
    if !e2e::users::root_for("a09_a_parent_that_a_group_can_change") {
        return;
    }
    let agent = Agent::alone();
    let parent = parent(&agent);
    chown(&parent, None, Some(SOMEBODY)).unwrap();
    chmod(&parent, 0o2775);
    refused_everywhere(&agent, &parent, "group 65533 could replace");
}

#[test]
fn a09_a_parent_that_an_acl_lets_others_change() {
    let agent = Agent::alone();
    let parent = parent(&agent);
    for who in [Qualifier::User(SOMEBODY), Qualifier::Group(SOMEBODY)] {
        let entry = |who, permissions| Entry { who, permissions };
        let list = Acl::new(vec![
            entry(Qualifier::Owner, Permissions::ALL),
            entry(who, Permissions::ALL),
            entry(Qualifier::OwningGroup, Permissions::NONE),
            entry(Qualifier::Mask, Permissions::ALL),
            entry(Qualifier::Other, Permissions::NONE),
        ]);
        acl::set(&fs::File::open(&parent).unwrap(), &parent, &list).unwrap();
        refused_everywhere(&agent, &parent, "by its ACL could replace");
    }
}

#[test]
fn a09_a_parent_of_another_user() {
    if !e2e::users::root_for("a09_a_parent_of_another_user") {
        return;
    }
    let agent = Agent::alone();
    let parent = parent(&agent);
    chown(&parent, Some(SOMEBODY), None).unwrap();
    refused_everywhere(&agent, &parent, "belongs to 65533");
    // In a sticky directory too: its owner can exchange entries of others.
    chmod(&parent, 0o1777);
    refused_everywhere(&agent, &parent, "belongs to 65533");
}

#[test]
fn a09_a_release_says_that_the_directory_was_exchanged() {
    let cluster = Cluster::start();
    let agent = Agent::at(&cluster);
    let (directory, elsewhere) = (agent.path("workspace/lease"), agent.path("workspace/elsewhere"));
    agent.acquire(1, &directory).unwrap();
    fs::rename(&directory, &elsewhere).unwrap();
    assert_eq!(agent.release(1)["directory"], "absent");
    agent.acquire(2, &directory).unwrap();
    fs::rename(&directory, agent.path("workspace/moved")).unwrap();
    fs::create_dir(&directory).unwrap();
    e2e::machine::put(&directory.join("ssh_config"), "Host *\n  ProxyCommand evil\n");
    assert_eq!(agent.release(2)["directory"], "not_ours");
    assert!(directory.join("ssh_config").exists(), "what isn't ours is left alone");
    agent.acquire(3, &agent.path("workspace/third")).unwrap();
    assert_eq!(agent.release(3)["directory"], "removed");
}
