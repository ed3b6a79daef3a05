//! Which command of `tctl` helps, by the server's version (join-methods 0; teleport-17-to-20).

use crate::version::Version;

/// How to get a token for one more place of a bot, or again for the same one.
pub(crate) fn fresh_token(version: &Version, bot: &str) -> String {
    let bot = if bot.is_empty() { "NAME" } else { bot };
    let anew = format!("`tctl bots rm {bot}`, `tctl bots add {bot} --roles=…`");
    let instance = format!("`tctl bots instances add {bot}`");
    if version.is_unknown() {
        format!("{instance}; up to version 16.1 {anew}")
    } else if version.prints_joining_uris() {
        format!("{instance}, whose joining URI can be configured as it is, or with --legacy a token")
    } else if version.has_bot_instances() {
        instance
    } else {
        anew
    }
}

/// How to let a bot take roles.
pub(crate) fn more_roles(version: &Version, bot: &str) -> String {
    let update = format!("give it roles on the cluster (`tctl bots update {bot} --add-roles=…`)");
    let anew =
        format!("make it anew on the cluster with roles (`tctl bots rm {bot}`, `tctl bots add {bot} --roles=…`)");
    if version.is_unknown() {
        format!("{update}; up to version 16.1 {anew}")
    } else if version.has_bot_instances() {
        update
    } else {
        anew
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_is_told_the_command_that_it_has() {
        let told = |version: &str| fresh_token(&Version::parse(version), "ci");
        for version in ["9.3.26", "15.4.2", "16.0.0-dev", "16.1.7"] {
            assert_eq!(told(version), "`tctl bots rm ci`, `tctl bots add ci --roles=…`", "{version}");
        }
        for version in ["16.2.0", "17.7.1", "18.8.0"] {
            assert_eq!(told(version), "`tctl bots instances add ci`", "{version}");
        }
        for version in ["19.0.0", "20.1.0"] {
            assert!(told(version).contains("--legacy"), "{version}");
        }
        assert!(told("").contains("instances add") && told("").contains("bots rm"));
        assert!(fresh_token(&Version::parse("17"), "").contains("add NAME"));
        let roles = |version: &str| more_roles(&Version::parse(version), "ci");
        for (version, updates, anew) in [("16.1.7", false, true), ("16.2.0", true, false), ("", true, true)] {
            let seen = (roles(version).contains("bots update ci --add-roles"), roles(version).contains("bots rm ci"));
            assert_eq!(seen, (updates, anew), "{version}");
        }
    }
}
