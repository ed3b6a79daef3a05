//! JSON that is nested very deeply, from a Java thread with the smallest stack that there is.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the class with the natives and the attacker lie, below the repository.
const CLASSES: [&str; 4] = [
    "plugin-java/plugin/src/main/java/io/jenkins/plugins/machineid/agent/MachineIdNative.java",
    "plugin-java/plugin/src/main/java/io/jenkins/plugins/machineid/agent/NativeApi.java",
    "native/jni/tests/java/io/jenkins/plugins/machineid/agent/Checks.java",
    "native/jni/tests/java/io/jenkins/plugins/machineid/agent/SmallStack.java",
];

#[test]
fn a17_deep_json_from_a_small_java_thread_is_an_error_and_no_crash() {
    if !["java", "javac"].iter().all(|tool| Command::new(tool).arg("-version").output().is_ok()) {
        e2e::users::skipped(
            "a17_deep_json_from_a_small_java_thread_is_an_error_and_no_crash: there is no java and javac",
        );
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let classes = scratch.path().join("classes");
    let mut javac = Command::new("javac");
    javac.args(["-nowarn", "--release", "17", "-d"]).arg(&classes).args(CLASSES.map(|file| root.join(file)));
    assert!(javac.status().unwrap().success(), "the classes can't be compiled");
    let mut java = Command::new("java");
    // Less isn't taken. A crash leaves its report in the scratch directory.
    java.current_dir(&scratch).args(["-Xss136k", "-Xmx64m", "-cp"]).arg(&classes);
    java.arg(format!("-Dlibrary={}", library(&root).display())).arg(format!("-Dwork={}", scratch.path().display()));
    let outcome = java.arg("io.jenkins.plugins.machineid.agent.SmallStack").output().unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    let errors = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success() && said.contains("held"), "{}: {said}\n{errors}", outcome.status);
}

/// The library, built as this test is.
fn library(root: &Path) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--offline", "-p", "machine-id-jni"]).current_dir(root);
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    if let Some(name) = profile.file_name().and_then(|name| name.to_str()).filter(|name| *name != "debug") {
        cargo.args(["--profile", name]);
    }
    assert!(cargo.status().unwrap().success(), "the library can't be built");
    profile.join("libmachine_id_jni.so")
}
