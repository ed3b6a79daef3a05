//! Who can read what: by cause, since one cause shows at every file.

use std::path::{Path, PathBuf};

use machine_id::acl::{AclVerdict, Difference};

/// One part for each thing that differs: one cause shows at every file.
pub(super) fn by_cause<'a>(differences: impl Iterator<Item = (&'a Path, String)>) -> String {
    let mut causes: Vec<(String, &Path, usize)> = Vec::new();
    for (path, what) in differences {
        match causes.iter_mut().find(|(known, ..)| *known == what) {
            Some((.., more)) => *more += 1,
            None => causes.push((what, path, 0)),
        }
    }
    let part = |(what, path, more): &(String, &Path, usize)| match more {
        0 => format!("{what}: {}", path.display()),
        more => format!("{what}: {} and {more} more", path.display()),
    };
    causes.iter().map(part).collect::<Vec<_>>().join("; ")
}

/// Readers who can't read what they should.
pub(super) fn lacking(verdict: &AclVerdict) -> Option<String> {
    told(verdict, |_, difference| !difference.widens())
}

/// Readers whom a directory above stops, to be noted beside the rest: they may get in by another way, as a bind mount.
pub(super) fn stopped(stops: &[(PathBuf, Difference)]) -> Option<String> {
    let causes = by_cause(stops.iter().map(|(path, what)| (path.as_path(), what.to_string())));
    let note = format!("; note: {causes}, which is above it; give it search permission (x) if they come this way");
    Some(note).filter(|_| !stops.is_empty())
}

/// What others can read although nobody has asked for that: they get into the directory, and into a file with a name by
/// which it `counts`.
pub(super) fn exposed(verdict: &AclVerdict, directory: &Path, counts: impl Fn(&str) -> bool) -> Option<String> {
    let AclVerdict::Differs(differences) = verdict else { return None };
    let entered = differences.iter().any(|(path, difference)| path == directory && difference.lets_enter());
    let counts = |path: &Path| {
        let name = path.strip_prefix(directory).ok().and_then(Path::to_str).unwrap_or_default();
        path != directory && counts(name)
    };
    told(verdict, |path, difference| entered && counts(path) && difference.lets_read())
}

fn told(verdict: &AclVerdict, which: impl Fn(&Path, &Difference) -> bool) -> Option<String> {
    let AclVerdict::Differs(differences) = verdict else { return None };
    let chosen = differences.iter().filter(|(path, difference)| which(path, difference));
    Some(by_cause(chosen.map(|(path, what)| (path.as_path(), what.to_string())))).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use machine_id::acl::Permissions;

    use super::*;

    #[test]
    fn one_cause_is_told_once_however_many_files_show_it() {
        let found =
            [("/d", "reader ann has no access"), ("/d/key", "everybody has r"), ("/d/key", "reader ann has no access")];
        let told = by_cause(found.iter().map(|(path, what)| (Path::new(path), (*what).to_owned())));
        assert_eq!(told, "reader ann has no access: /d and 1 more; everybody has r: /d/key");
    }

    #[test]
    fn a_file_is_exposed_where_its_directory_can_be_entered() {
        let all = |granted| Difference::OtherAccess(Permissions::from_bits(granted).unwrap());
        let found = |directory: u16, file: u16| {
            AclVerdict::Differs(vec![("/d".into(), all(directory)), ("/d/key".into(), all(file))])
        };
        let exposed = |verdict: &AclVerdict| exposed(verdict, Path::new("/d"), |name| name == "key");
        assert!(exposed(&found(5, 4)).unwrap().contains("/d/key"));
        assert_eq!((exposed(&found(4, 4)), exposed(&found(5, 2)), exposed(&AclVerdict::AsAsked)), (None, None, None));
        let other = AclVerdict::Differs(vec![("/d".into(), all(5)), ("/d/known_hosts".into(), all(4))]);
        assert_eq!(exposed(&other), None);
        assert_eq!(lacking(&other), None);
        let lacks = AclVerdict::Differs(vec![("/d/key".into(), Difference::ReaderMissing(4_000_000))]);
        assert!(lacking(&lacks).unwrap().contains("has no access: /d/key"));
    }
}
