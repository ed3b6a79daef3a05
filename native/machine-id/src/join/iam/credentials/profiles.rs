//! The profiles of both files, as one.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::join::iam::error::IamError;
use crate::join::iam::lookup::Lookup;

use super::context::Context;
use super::ini::{self, Section};

const CONFIG: (&str, &str) = ("AWS_CONFIG_FILE", "config");
const CREDENTIALS: (&str, &str) = ("AWS_SHARED_CREDENTIALS_FILE", "credentials");

/// What both files say.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// `[default]` and `[profile NAME]`.
    config: Vec<Section>,
    /// `[NAME]`; wins.
    credentials: Vec<Section>,
}

impl Profiles {
    /// Reads both. A file that isn't there is an empty one.
    pub(super) async fn read(context: &Context<'_>) -> Result<Self, IamError> {
        Ok(Self { config: section(context, CONFIG).await?, credentials: section(context, CREDENTIALS).await? })
    }

    /// From the texts of `config` and `credentials`.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn of_texts(config: &str, credentials: &str) -> Result<Self, usize> {
        Ok(Self { config: ini::read(config)?, credentials: ini::read(credentials)? })
    }

    /// The profile `name`, if either file has it.
    pub(super) fn get(&self, name: &str) -> Option<Profile<'_>> {
        let in_config = |section: &&Section| match section.name.strip_prefix("profile ") {
            Some(named) => named == name,
            None => section.name == name && name == "default",
        };
        let config = self.config.iter().filter(in_config);
        let sections: Vec<&Section> = config.chain(self.credentials.iter().filter(|one| one.name == name)).collect();
        (!sections.is_empty()).then(|| Profile { name: name.to_owned(), sections })
    }
}

/// One profile.
pub(super) struct Profile<'a> {
    pub(super) name: String,
    /// Later ones win.
    sections: Vec<&'a Section>,
}

impl Profile<'_> {
    /// The value of `key`, if there is one.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let all = self.sections.iter().rev().flat_map(|section| section.keys.iter().rev());
        let mut values = all.filter(|(name, _)| name == key).map(|(_, value)| value.expose());
        values.next().filter(|value| !value.is_empty())
    }
}

/// The selected profile's name, and the variable that selects it.
pub(super) fn selected(lookup: Lookup<'_>) -> (String, Option<&'static str>) {
    let set = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().find_map(|name| Some((lookup.get(name)?, Some(*name))));
    set.unwrap_or_else(|| ("default".to_owned(), None))
}

async fn section(context: &Context<'_>, (variable, name): (&str, &str)) -> Result<Vec<Section>, IamError> {
    let set = context.lookup.get(variable).map(PathBuf::from);
    let home = || Some(PathBuf::from(context.lookup.get("HOME")?).join(".aws").join(name));
    let Some(path) = set.or_else(home) else { return Ok(Vec::new()) };
    let failed = |reason: String| IamError::source(format!("the file {}", path.display()), reason);
    match context.file(path.clone()).await? {
        Ok(text) => ini::read(text.expose()).map_err(|line| failed(format!("its line {line} can't be read"))),
        // A user without a home has none either.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(failed(error.to_string())),
    }
}
