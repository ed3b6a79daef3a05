//! The library in a JVM, as on an agent: what calls cost by JMH, what loading it and keeping it costs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::library::configuration;
use crate::place::Place;
use crate::report::Report;
use crate::sample::Sample;

/// A heap that is there from the start, so that memory which grows is the library's.
const JVM: [&str; 4] = ["-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"];

pub(crate) fn measure(place: &Place, report: &mut Report) {
    match Jvm::prepare(place) {
        Ok(jvm) => {
            jvm.calls(place, report);
            jvm.load(place, report);
            jvm.memory(place, report);
        }
        Err(why) => report.missing("the library in a JVM", &why),
    }
}

/// The compiled benchmarks and how to run them.
struct Jvm {
    library: PathBuf,
    class_path: String,
}

impl Jvm {
    /// Compiles them. The error says what isn't there.
    fn prepare(place: &Place) -> Result<Self, String> {
        let library = place.library.clone().ok_or("LIBRARY isn't given, and isn't built")?;
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let jars = place.directory.path().join("class-path");
        let mut maven = Command::new("mvn");
        maven.args(["-q", "-B", "-f"]).arg(sources.join("java/pom.xml")).arg("dependency:build-classpath");
        run(maven.arg(format!("-Dmdep.outputFile={}", jars.display())))?;
        let jars = std::fs::read_to_string(jars).map_err(|error| format!("mvn gave no class path: {error}"))?;
        let classes = place.directory.path().join("classes");
        let package = "io/jenkins/plugins/machineid/agent";
        let plugin = sources.join("../../plugin-java/plugin/src/main/java").join(package);
        let ours = sources.join("java/src").join(package);
        let mut javac = Command::new("javac");
        javac.args(["-nowarn", "--release", "17", "-cp", &jars, "-processorpath", &jars, "-d"]).arg(&classes);
        javac.args(["MachineIdNative.java", "NativeApi.java"].map(|name| plugin.join(name)));
        javac.args(["Engine.java", "LeaseBenchmark.java", "Probe.java"].map(|name| ours.join(name)));
        run(&mut javac)?;
        Ok(Self { library, class_path: format!("{}:{jars}", classes.display()) })
    }

    /// What the Java side asks for.
    fn properties(&self, place: &Place, config: &Path) -> [String; 3] {
        let leases = place.directory.path().display();
        let (library, config) = (self.library.display(), config.display());
        [format!("-Dlibrary={library}"), format!("-Dconfig={config}"), format!("-Dleases={leases}")]
    }

    fn java(&self, place: &Place, config: &Path) -> Command {
        let mut java = Command::new("java");
        java.args(JVM).args(self.properties(place, config)).args(["-cp", &self.class_path]);
        java
    }

    fn calls(&self, place: &Place, report: &mut Report) {
        let config = configuration(place, 1);
        let result = place.directory.path().join("jmh.json");
        let mut jmh = Command::new("java");
        jmh.args(["-cp", &self.class_path, "org.openjdk.jmh.Main", "-f", "1", "-wi", "2", "-foe", "true"]);
        jmh.args(if place.quick { ["-i", "1", "-w", "1", "-r", "1"] } else { ["-i", "5", "-w", "2", "-r", "2"] });
        jmh.args([
            "-jvmArgsAppend",
            &[&JVM.map(str::to_owned)[..], &self.properties(place, &config)].concat().join(" "),
        ]);
        jmh.args(["-rf", "json", "-rff"]).arg(&result);
        if let Err(why) = run(&mut jmh) {
            return report.missing("calls through JNI", &why);
        }
        let measured: Vec<Measured> = serde_json::from_slice(&std::fs::read(result).unwrap()).unwrap();
        for (name, what, unit, scale) in [
            ("acquire", "warm acquire through JNI", "ms", 1e3),
            ("release", "warm release through JNI", "ms", 1e3),
            ("status", "status through JNI", "µs", 1.0),
            ("empty", "an empty call through JNI", "ns", 1e-3),
        ] {
            let found = measured.iter().find(|one| one.benchmark.ends_with(&format!(".{name}"))).unwrap();
            let metric = &found.primary_metric;
            let at =
                |percentile: &str| metric.score_percentiles.get(percentile).copied().unwrap_or(metric.score) / scale;
            let budget = if name == "acquire" { "by JMH; budget 1 ms" } else { "by JMH" };
            if name == "empty" {
                report.alone(what, unit, &Sample::once(metric.score / scale), "by JMH, the mean");
                continue;
            }
            // JMH keeps percentiles, not each value: these three stand for the spread.
            report.alone(
                what,
                unit,
                &Sample::new(vec![at("0.0"), at("50.0"), at("90.0")]),
                "by JMH: least, 50 %, 90 %",
            );
            report.alone("  at the 99th percentile", unit, &Sample::once(at("99.0")), budget);
        }
    }

    fn load(&self, place: &Place, report: &mut Report) {
        let times: Vec<f64> =
            (0..place.rounds(11)).map(|_| number(self.java(place, Path::new("")).args([PROBE, "load"]))).collect();
        report.alone("loading the library into a JVM", "ms", &Sample::new(times), "a fresh JVM each; budget 30 ms");
    }

    fn memory(&self, place: &Place, report: &mut Report) {
        for count in [1, 10] {
            let config = configuration(place, count);
            let added = number(self.java(place, &config).args([PROBE, "memory", &count.to_string()]));
            let note = if count == 10 { "budget 8 MiB" } else { "" };
            report.alone(&format!("memory added to a JVM, identities: {count}"), "MiB", &Sample::once(added), note);
        }
    }
}

const PROBE: &str = "io.jenkins.plugins.machineid.agent.Probe";

/// What JMH says of a benchmark.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    benchmark: String,
    primary_metric: Metric,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    score: f64,
    score_percentiles: std::collections::BTreeMap<String, f64>,
}

fn number(command: &mut Command) -> f64 {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program} can't be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let tail: Vec<_> = text.lines().rev().take(3).collect();
    Err(format!("{program} failed: {}", tail.into_iter().rev().collect::<Vec<_>>().join(" / ")))
}
