//! JSON that is nested very deeply, from a Java thread with the smallest stack that there is.

use std::path::Path;
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
    let library = e2e::program::build("machine-id-jni").join("libmachine_id_jni.so");
    let mut java = Command::new("java");
    // Less isn't taken. A crash leaves its report in the scratch directory.
    java.current_dir(&scratch).args(["-Xss136k", "-Xmx64m", "-cp"]).arg(&classes);
    java.arg(format!("-Dlibrary={}", library.display())).arg(format!("-Dwork={}", scratch.path().display()));
    let outcome = java.arg("io.jenkins.plugins.machineid.agent.SmallStack").output().unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    let errors = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success() && said.contains("held"), "{}: {said}\n{errors}", outcome.status);
}
