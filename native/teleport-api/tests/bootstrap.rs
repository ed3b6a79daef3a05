//! The checked-in Rust is what the `.proto` files generate.
//!
//! With `BLESS=1` in the environment the checked-in files are rewritten instead.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use tonic_prost_build::configure;

const PROTO_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
const CHECKED_IN_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/generated");
const PROTO_FILES: [&str; 7] = [
    "auth.proto",
    "join.proto",
    "joinservice.proto",
    "machineid.proto",
    "transport.proto",
    "trust.proto",
    "types.proto",
];

#[test]
fn checked_in_code_is_up_to_date() -> Result<(), Box<dyn Error>> {
    let out_dir = tempfile::tempdir()?;
    generate(out_dir.path())?;
    let generated = read_dir(out_dir.path())?;

    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        return bless(&generated);
    }

    let checked_in = read_dir(Path::new(CHECKED_IN_DIR))?;
    let problems: Vec<String> = generated
        .keys()
        .chain(checked_in.keys().filter(|name| !generated.contains_key(*name)))
        .filter_map(|name| problem(name, checked_in.get(name), generated.get(name)))
        .collect();
    assert!(
        problems.is_empty(),
        "src/generated does not match proto/*.proto:\n{}\n\
         run `BLESS=1 cargo test -p teleport-api --test bootstrap` and commit the result",
        problems.join("\n"),
    );
    Ok(())
}

#[test]
fn every_proto_file_is_compiled() -> Result<(), Box<dyn Error>> {
    let names: Vec<String> = read_dir(Path::new(PROTO_DIR))?.into_keys().collect();
    assert_eq!(names, PROTO_FILES);
    Ok(())
}

fn generate(out_dir: &Path) -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(PROTO_FILES, [PROTO_DIR])?;
    configure()
        .build_transport(false)
        .btree_map(".")
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .emit_rerun_if_changed(false)
        .out_dir(out_dir)
        .compile_fds(descriptors)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "source files, written by a developer on request")]
fn bless(generated: &BTreeMap<String, String>) -> Result<(), Box<dyn Error>> {
    let dir = Path::new(CHECKED_IN_DIR);
    fs::create_dir_all(dir)?;
    for name in read_dir(dir)?.keys().filter(|name| !generated.contains_key(*name)) {
        fs::remove_file(dir.join(name))?;
    }
    for (name, text) in generated {
        fs::write(dir.join(name), text)?;
    }
    Ok(())
}

/// What is wrong with one file, with the first differing line.
fn problem(name: &str, checked_in: Option<&String>, generated: Option<&String>) -> Option<String> {
    let (checked_in, generated) = match (checked_in, generated) {
        (Some(checked_in), Some(generated)) => (checked_in, generated),
        (None, _) => return Some(format!("  {name}: missing")),
        (_, None) => return Some(format!("  {name}: no longer generated")),
    };
    if checked_in == generated {
        return None;
    }
    let difference = checked_in.lines().zip(generated.lines()).enumerate().find(|(_, (old, new))| old != new);
    Some(match difference {
        Some((index, (old, new))) => {
            format!("  {name}: line {} is\n    {old}\n  but should be\n    {new}", index + 1)
        }
        None => format!("  {name}: of different length"),
    })
}

fn read_dir(dir: &Path) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, fs::read_to_string(entry.path())?);
    }
    Ok(files)
}
