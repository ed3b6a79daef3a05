//! `machine-id init`: prepares a directory for the bot and its readers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use machine_id::config::{AclMode, DirectoryConfig, Reader, SymlinkMode, UserRef};
use machine_id::destination::{InitPlan, InitRequest};
use machine_id::error::{Code, Error};
use nix::unistd::{Group, User};

use crate::args::Init;
use crate::{files, stdout};

pub(crate) fn run(arguments: &Init, config: Option<&Path>) -> Result<ExitCode, Error> {
    let bot = arguments.bot_user.as_deref().map(user).transpose()?;
    let owner = arguments.owner.as_deref().map(owner).transpose()?;
    for directory in directories(arguments, config)? {
        let path = directory.path.clone();
        let plan = InitPlan::new(&InitRequest { directory, owner, bot })?;
        if let Some(advice) = plan.advice() {
            eprintln!("machine-id: note: {advice}");
        }
        if arguments.dry_run {
            stdout::say(&plan.commands().join("\n"))?;
        } else {
            plan.apply()?;
            stdout::say(&format!("{} is ready", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The directory given, or every destination of the configuration.
fn directories(arguments: &Init, config: Option<&Path>) -> Result<Vec<DirectoryConfig>, Error> {
    let named: Vec<Reader> = arguments.reader_user.iter().map(|name| Reader::User(user_ref(name))).collect();
    let mut all = match (&arguments.destination_dir, config) {
        (Some(path), _) => vec![DirectoryConfig {
            path: absolute(path)?,
            acls: AclMode::Required,
            symlinks: SymlinkMode::Secure,
            readers: Vec::new(),
        }],
        (None, Some(file)) => files::config(file)?.outputs.into_iter().map(|output| output.destination).collect(),
        (None, None) => {
            return Err(Error::new(
                Code::RequestInvalid,
                "no directory is given",
                "use --destination-dir DIR, or -c FILE to prepare the destinations of a configuration",
            ));
        }
    };
    for directory in &mut all {
        directory
            .readers
            .extend(named.iter().filter(|user| !directory.readers.contains(user)).cloned().collect::<Vec<_>>());
        if !directory.readers.is_empty() && directory.acls != AclMode::Off {
            directory.acls = AclMode::Required;
        }
    }
    Ok(all)
}

fn absolute(path: &PathBuf) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| {
        Error::new(Code::RequestInvalid, format!("{}: {error}", path.display()), "give an absolute path")
    })
}

fn user_ref(name: &str) -> UserRef {
    name.parse().map_or_else(|_| UserRef::Name(name.to_owned()), UserRef::Id)
}

/// User and primary group.
fn user(name: &str) -> Result<(u32, u32), Error> {
    let found = match user_ref(name) {
        UserRef::Id(uid) => User::from_uid(uid.into()),
        UserRef::Name(name) => User::from_name(&name),
    };
    let unknown =
        || Error::new(Code::RequestInvalid, format!("there is no user {name:?}"), "create it first (useradd)");
    let found = found.map_err(|_| unknown())?.ok_or_else(unknown)?;
    Ok((found.uid.as_raw(), found.gid.as_raw()))
}

/// `USER` or `USER:GROUP`.
fn owner(text: &str) -> Result<(u32, u32), Error> {
    let Some((name, group)) = text.split_once(':') else { return user(text) };
    let (uid, _) = user(name)?;
    let unknown =
        || Error::new(Code::RequestInvalid, format!("there is no group {group:?}"), "create it first (groupadd)");
    let gid = match group.parse::<u32>() {
        Ok(gid) => gid,
        Err(_) => Group::from_name(group).map_err(|_| unknown())?.ok_or_else(unknown)?.gid.as_raw(),
    };
    Ok((uid, gid))
}
