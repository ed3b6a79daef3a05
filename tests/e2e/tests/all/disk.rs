//! Destinations and stores that aren't safe or can't be written.

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use e2e::Stage;
use e2e::unsent::{self, ready};
use e2e::users;
use e2e::wait::{LONG, until};
use nix::sys::signal::Signal;

#[test]
fn a_destination_that_is_a_symbolic_link() {
    let (cluster, machine, token) = ready();
    std::fs::create_dir(machine.path("elsewhere")).unwrap();
    symlink("elsewhere", machine.path("out")).unwrap();
    unsent::refused(&cluster, &machine, &token, "destination_unsafe", &["out", "symbolic link to elsewhere"]);
    assert_eq!(machine.names("elsewhere"), [""; 0]);
}

#[test]
fn a_store_that_is_a_symbolic_link() {
    let (cluster, machine, token) = ready();
    std::fs::create_dir(machine.path("elsewhere")).unwrap();
    symlink("elsewhere", machine.path("bot")).unwrap();
    unsent::refused(&cluster, &machine, &token, "destination_unsafe", &["bot", "symbolic link"]);
    assert_eq!(machine.names("elsewhere"), [""; 0]);
}

#[test]
fn a_file_in_the_destination_that_is_a_symbolic_link() {
    let (cluster, machine, token) = ready();
    std::fs::create_dir(machine.path("out")).unwrap();
    std::fs::set_permissions(machine.path("out"), std::fs::Permissions::from_mode(0o700)).unwrap();
    e2e::machine::put(&machine.path("victim"), "untouched");
    for name in ["out/key", "out/ssh_config", "out/.lock", "out/.ssh-a", "out/.previous-cert.pub"] {
        symlink(machine.path("victim"), machine.path(name)).unwrap();
        let words = ["tbot.yaml:", "outputs[0].destination.path", name, "symbolic link"];
        unsent::refused(&cluster, &machine, &token, "destination_unsafe", &words);
        assert_eq!(machine.read("victim"), "untouched");
        std::fs::remove_file(machine.path(name)).unwrap();
    }
    std::fs::create_dir(machine.path("out/identity")).unwrap();
    let words = ["out/identity is a directory, not a regular file"];
    unsent::refused(&cluster, &machine, &token, "destination_unsafe", &words);
    std::fs::remove_dir(machine.path("out/identity")).unwrap();
    // No file of this output's.
    symlink(machine.path("victim"), machine.path("out/kubeconfig.yaml")).unwrap();
    machine.oneshot().succeeded();
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_destination_and_a_store_as_mkdir_makes_them_are_closed_and_that_is_said() {
    let (_cluster, machine, _) = ready();
    for name in ["out", "bot"] {
        std::fs::create_dir(machine.path(name)).unwrap();
        std::fs::set_permissions(machine.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run = machine.oneshot().succeeded();
    assert_eq!((mode(&machine.path("out")), mode(&machine.path("bot"))), (0o700, 0o700));
    assert!(run.stderr.contains("had mode 0755"), "{}", run.stderr);
}

#[test]
fn a_destination_with_other_files_that_everybody_may_change() {
    let (cluster, machine, token) = ready();
    std::fs::create_dir(machine.path("out")).unwrap();
    e2e::machine::put(&machine.path("out/README"), "of the team");
    std::fs::set_permissions(machine.path("out"), std::fs::Permissions::from_mode(0o777)).unwrap();
    unsent::refused(&cluster, &machine, &token, "destination_unsafe", &["tbot.yaml:", "out", "0777", "0700"]);
    assert_eq!(machine.names("out"), ["README"]);
}

#[test]
fn what_a_later_output_needs_is_known_before_the_first_one_is_written() {
    let (cluster, machine, token) = ready();
    let config = machine.read("tbot.yaml");
    e2e::machine::put(&machine.path("file"), "");
    let below = format!("path: {}", machine.path("file/x").display());
    for (output, status, code, words) in [
        (below.as_str(), 1, "destination_unsafe", "is a regular file, not a directory"),
        ("path: /later, readers: [{user: no-such}]", 2, "config_invalid", "there is no user \"no-such\""),
        ("path: /later, readers: [{group: no-such}]", 2, "config_invalid", "there is no group \"no-such\""),
    ] {
        let kind = "- type: application\n  app_name: a\n";
        machine.write_config(&format!("{config}{kind}  destination: {{type: directory, {output}}}\n"));
        machine.oneshot().refused(status, code, &["outputs[1].destination.path: ", words]);
        assert!(cluster.token_exists(&token), "the token is used up");
    }
}

#[test]
fn a_destination_below_a_directory_that_everybody_may_write() {
    let (cluster, machine, token) = ready();
    std::fs::create_dir(machine.path("open")).unwrap();
    std::fs::set_permissions(machine.path("open"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let config = machine.read("tbot.yaml");
    let (out, below) = (machine.path("out"), machine.path("open/out"));
    machine.write_config(&config.replace(out.to_str().unwrap(), below.to_str().unwrap()));
    unsent::refused(&cluster, &machine, &token, "destination_unsafe", &["0777"]);
}

#[test]
fn a_destination_of_another_user() {
    if !users::root_for("a destination owned by another user is refused") {
        return;
    }
    let (cluster, machine, token) = ready();
    std::fs::create_dir(machine.path("out")).unwrap();
    std::fs::set_permissions(machine.path("out"), std::fs::Permissions::from_mode(0o700)).unwrap();
    chown(machine.path("out"), Some(1), Some(1)).unwrap();
    unsent::refused(&cluster, &machine, &token, "destination_unsafe", &["out", "belongs to daemon", "root"]);
}

#[test]
fn a_destination_that_is_a_file() {
    let (cluster, machine, token) = ready();
    e2e::machine::put(&machine.path("out"), "a file");
    unsent::refused(&cluster, &machine, &token, "destination_unsafe", &["out", "not a directory"]);
}

/// A small file system in memory, unmounted at the end.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn new(path: &'a Path, size: &str) -> Self {
        std::fs::create_dir(path).unwrap();
        let options = format!("size={size},mode=0700");
        users::prepare("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", path.to_str().unwrap()]);
        Self(path)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// Whether this root may mount: in a container it often may not.
fn may_mount() -> bool {
    let directory = tempfile::tempdir().unwrap();
    let mount = ["-t", "tmpfs", "tmpfs", directory.path().to_str().unwrap()];
    let may = std::process::Command::new("mount").args(mount).output().is_ok_and(|output| output.status.success());
    if may {
        let _ = std::process::Command::new("umount").arg(directory.path()).status();
    } else {
        users::skipped("this root may not mount: a full disk");
    }
    may
}

#[test]
fn a_destination_on_a_full_disk_keeps_the_old_files_and_works_again_with_space() {
    if !users::root_for("a destination on a full disk") || !may_mount() {
        return;
    }
    let (cluster, machine, _) = ready();
    let out = machine.path("out");
    let _mounted = Mounted::new(&out, "256k");
    machine.oneshot().succeeded();
    let before = machine.read("out/key");
    // Fills what is left.
    let _ = machine.tool("sh", &["-c", "cat /dev/zero > out/filler 2>/dev/null"]);
    machine.oneshot().refused(1, "disk_full", &["out", "space"]);
    assert_eq!(machine.read("out/key"), before, "the old files are gone");
    machine.tool("ssh-keygen", &["-L", "-f", "out/key-cert.pub"]).succeeded();
    std::fs::remove_file(out.join("filler")).unwrap();
    machine.oneshot().succeeded();
    assert_ne!(machine.read("out/key"), before);
    assert_eq!(cluster.counters().joined, 1);
}

#[test]
fn a_store_on_a_full_disk_uses_no_token_up() {
    if !users::root_for("a store on a full disk") || !may_mount() {
        return;
    }
    let (cluster, machine, token) = ready();
    let bot = machine.path("bot");
    let mounted = Mounted::new(&bot, "1m");
    let _ = machine.tool("sh", &["-c", "cat /dev/zero > bot/filler 2>/dev/null"]);
    unsent::refused(&cluster, &machine, &token, "disk_full", &["bot", "space"]);
    std::fs::remove_file(bot.join("filler")).unwrap();
    machine.oneshot().succeeded();
    drop(mounted);
}

#[test]
fn a_daemon_waits_for_space_as_it_waits_for_a_cluster() {
    if !users::root_for("a daemon on a full disk") || !may_mount() {
        return;
    }
    for full in ["out", "bot"] {
        let (cluster, machine, token) = ready();
        let directory = machine.path(full);
        let mounted = Mounted::new(&directory, "1m");
        let _ = machine.tool("sh", &["-c", &format!("cat /dev/zero > {full}/filler 2>/dev/null")]);
        let mut daemon = machine.start(&["start", "-c", "tbot.yaml"]);
        until("the complaint", LONG, || daemon.stderr().contains("[disk_full]").then_some(()));
        assert!(daemon.runs() && cluster.token_exists(&token), "{}", daemon.stderr());
        std::fs::remove_file(directory.join("filler")).unwrap();
        until("the output", LONG, || machine.path("out/key").exists().then_some(()));
        assert_eq!(daemon.stderr().matches("[disk_full]").count(), 1, "{}", daemon.stderr());
        daemon.signal(Signal::SIGTERM);
        daemon.wait(LONG).succeeded();
        drop(mounted);
    }
}

#[test]
fn a_daemon_that_waits_for_space_goes_where_the_configuration_now_says() {
    if !users::root_for("a daemon on a full disk, moved") || !may_mount() {
        return;
    }
    let (_cluster, machine, _) = ready();
    let (full, roomy) = (machine.path("out"), machine.path("roomy"));
    let _mounted = Mounted::new(&full, "1m");
    let _ = machine.tool("sh", &["-c", "cat /dev/zero > out/filler 2>/dev/null"]);
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the complaint", LONG, || daemon.stderr().contains("[disk_full]").then_some(()));
    let config = machine.read("tbot.yaml");
    machine.write_config(&config.replace(full.to_str().unwrap(), roomy.to_str().unwrap()));
    until("the output", LONG, || roomy.join("key").exists().then_some(()));
}
