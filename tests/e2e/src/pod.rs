//! A pod as Kubernetes would start it, in Linux namespaces: each container has a root directory of its own, its mounts, its
//! variables and its user; the network is shared. Only root can make one.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use yaml_rust2::{Yaml, YamlLoader};

use crate::machine::put;
use crate::{Outcome, Process, users};

/// What an image would bring.
const IMAGE: &[&str] = &["usr", "bin", "lib", "lib64", "sbin", "etc"];
/// Where images of agents have a home of their user.
const HOME: &str = "/home/jenkins";

/// The volumes of a running pod.
#[derive(Debug)]
pub struct Pod {
    spec: Yaml,
    directory: tempfile::TempDir,
    user: u32,
}

/// A projected service account token, as the pod asks for it.
#[derive(Debug)]
pub struct ServiceAccountToken {
    /// Whom it is of.
    pub account: String,
    /// Whom it is for.
    pub audience: String,
    /// How long it is valid.
    pub seconds: u64,
}

fn text(yaml: &Yaml, what: &str) -> String {
    yaml.as_str().unwrap_or_else(|| panic!("{what} isn't text: {yaml:?}")).to_owned()
}

fn list(yaml: &Yaml) -> impl Iterator<Item = &Yaml> {
    yaml.as_vec().into_iter().flatten()
}

fn number(yaml: &Yaml, what: &str) -> u64 {
    yaml.as_i64().and_then(|number| u64::try_from(number).ok()).unwrap_or_else(|| panic!("{what}: {yaml:?}"))
}

impl Pod {
    /// A pod of a file with its definition. `sign` makes the service account tokens of its volumes.
    ///
    /// # Panics
    /// When the definition has something that isn't known here.
    #[must_use]
    pub fn start(definition: &str, sign: impl Fn(&ServiceAccountToken) -> String) -> Self {
        let pod = YamlLoader::load_from_str(definition).unwrap().remove(0);
        assert_eq!(pod["kind"].as_str(), Some("Pod"));
        let spec = pod["spec"].clone();
        let user = number(&spec["securityContext"]["runAsUser"], "runAsUser").try_into().unwrap();
        let directory = tempfile::Builder::new().prefix("e2e-pod-").tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let pod = Self { spec, directory, user };
        let known = std::fs::read_to_string("/etc/passwd").unwrap();
        let others = known.lines().filter(|line| line.split(':').nth(2) != Some(&user.to_string()));
        let others: String = others.map(|line| format!("{line}\n")).collect();
        put(&pod.volume("passwd"), &format!("{others}jenkins:x:{user}:{user}::{HOME}:/bin/sh\n"));
        for volume in list(&pod.spec["volumes"]) {
            let path = pod.volume(&text(&volume["name"], "a volume's name"));
            std::fs::create_dir(&path).unwrap();
            if !volume["emptyDir"].is_badvalue() {
                // Root's, and everybody's: as the kubelet makes it.
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
            }
            for source in list(&volume["projected"]["sources"]) {
                pod.project(&path, &source["serviceAccountToken"], &sign);
            }
        }
        pod
    }

    fn project(&self, volume: &Path, source: &Yaml, sign: impl Fn(&ServiceAccountToken) -> String) {
        let asked = ServiceAccountToken {
            account: text(&self.spec["serviceAccountName"], "serviceAccountName"),
            audience: text(&source["audience"], "audience"),
            seconds: number(&source["expirationSeconds"], "expirationSeconds"),
        };
        let file = volume.join(text(&source["path"], "path"));
        put(&file, &sign(&asked));
        // For the one user that all containers run as.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        chown(&file, Some(self.user), Some(self.user)).unwrap();
    }

    /// Where a volume is, outside of the pod.
    #[must_use]
    pub fn volume(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn container(&self, name: &str) -> &Yaml {
        let found = list(&self.spec["containers"]).find(|container| container["name"].as_str() == Some(name));
        found.unwrap_or_else(|| panic!("there is no container {name}"))
    }

    /// The variables that the definition gives a container.
    ///
    /// # Panics
    /// When there is no such container.
    #[must_use]
    pub fn variables(&self, container: &str) -> Vec<(String, String)> {
        let pair = |one: &Yaml| (text(&one["name"], "a variable"), text(&one["value"], "its value"));
        list(&self.container(container)["env"]).map(pair).collect()
    }

    /// Starts a shell command in a container, with its variables and more of them, and more files of its image at their
    /// own paths.
    ///
    /// # Panics
    /// When it can't be started.
    #[must_use]
    pub fn start_in(&self, container: &str, image: &[&Path], more: &[(&str, &str)], shell: &str) -> Process {
        let definition = self.container(container);
        let root = self.directory.path().join(format!("root-{container}"));
        std::fs::create_dir_all(&root).unwrap();
        let mut script = format!("set -e; mount --make-rprivate /; R={}; mount -t tmpfs none $R; ", root.display());
        for name in IMAGE.iter().filter(|name| Path::new("/").join(name).exists()) {
            script += &format!("mkdir $R/{name}; mount --bind /{name} $R/{name}; ");
        }
        script += "mkdir -m 1777 $R/tmp; mkdir $R/dev $R/proc; mount --rbind /dev $R/dev; mount -t proc none $R/proc; ";
        // Images of agents know their user.
        script += &format!("mount --bind {} $R/etc/passwd; ", self.volume("passwd").display());
        script += &format!("mkdir -p $R{HOME}; chown {0}:{0} $R{HOME}; ", self.user);
        for file in image.iter().map(|file| file.display()) {
            script += &format!("mkdir -p $R$(dirname {file}); touch $R{file}; mount --bind {file} $R{file}; ");
        }
        for mount in list(&definition["volumeMounts"]) {
            let path = text(&mount["mountPath"], "mountPath");
            let volume = self.volume(&text(&mount["name"], "a mount's name"));
            script += &format!("mkdir -p $R{path}; mount --bind {} $R{path}; ", volume.display());
            if mount["readOnly"].as_bool() == Some(true) {
                script += &format!("mount -o remount,bind,ro $R{path}; ");
            }
        }
        let user = self.user;
        script += &format!("exec chroot $R setpriv --reuid={user} --regid={user} --clear-groups sh -c \"$INSIDE\"");
        let working = text(&definition["workingDir"], "workingDir");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "sh", "-c", &script]).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", HOME);
        command.env("INSIDE", format!("cd {working} && {shell}"));
        command.envs(self.variables(container)).envs(more.iter().copied());
        Process::spawn(command)
    }

    /// Runs a shell command in a container to its end.
    ///
    /// # Panics
    /// When it can't be started or takes too long.
    pub fn run_in(&self, container: &str, image: &[&Path], more: &[(&str, &str)], shell: &str) -> Outcome {
        self.start_in(container, image, more, shell).wait(crate::wait::LONG)
    }
}

/// Whether pods can be made here; if not, that is said. In a container, root often may not.
///
/// # Panics
/// When there is no `unshare`.
#[must_use]
pub fn can_be_made(what: &str) -> bool {
    if !users::root_for(what) {
        return false;
    }
    let mut tried = Command::new("unshare");
    tried.args(["--mount", "--pid", "--fork", "sh", "-c", "mount -t tmpfs none /mnt"]);
    let may = tried.output().unwrap().status.success();
    if !may {
        users::skipped(&format!("this root may make no namespaces: {what}"));
    }
    may
}
