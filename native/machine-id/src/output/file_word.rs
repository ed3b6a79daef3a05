//! Names of Teleport's resources in names of files.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Longest name that is kept as it is: with a word before it well below what file systems take.
const LONGEST: usize = 100;
/// How much of another name is kept, to be recognised.
const SHOWN: usize = 60;
/// Digits of the hash.
const HASH: usize = 16;
/// What the name of a Kubernetes cluster's directory begins with.
const KUBE: &str = "kube-";

/// A resource's name as part of a file name, another one for each name: itself where it is made of letters, digits,
/// `-`, `_` and `.`, else what can be kept of it, `~` (which the former don't have) and a hash of the whole.
#[must_use]
pub(crate) fn file_word(name: &str) -> String {
    if !name.is_empty() && name.len() <= LONGEST && name.chars().all(plain) {
        return name.to_owned();
    }
    let kept: String = name.chars().take(SHOWN).map(|c| if plain(c) { c } else { '_' }).collect();
    let hash: String = hex::encode(Sha256::digest(name.as_bytes())).chars().take(HASH).collect();
    format!("{kept}~{hash}")
}

const fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.'
}

/// Whether [`file_word`] may give it.
fn is_file_word(word: &str) -> bool {
    let Some((kept, hash)) = word.rsplit_once('~') else { return file_word(word) == word };
    let is_hash = hash.len() == HASH && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    is_hash && kept.len() <= SHOWN && kept.chars().all(plain)
}

/// Where an output for several Kubernetes clusters keeps the files of one of them.
#[must_use]
pub fn kube_directory(directory: &Path, cluster: &str) -> PathBuf {
    directory.join(kube_folder(cluster))
}

/// The name of that directory.
pub(super) fn kube_folder(cluster: &str) -> String {
    format!("{KUBE}{}", file_word(cluster))
}

/// Whether a directory of that name is a [`kube_directory`], of whichever cluster.
#[must_use]
pub fn is_kube_folder(name: &str) -> bool {
    name.strip_prefix(KUBE).is_some_and(is_file_word)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ordinary_names_are_kept() {
        for name in ["prod", "kube-1.eu_west", "A", ".", ".."] {
            assert_eq!(file_word(name), name);
            assert!(is_kube_folder(&kube_folder(name)));
        }
        assert_eq!(kube_directory(Path::new("/d"), ".."), Path::new("/d/kube-.."));
    }

    #[test]
    fn every_other_name_gets_one_of_its_own_that_is_one_component() {
        let long = ["x".repeat(300), "x".repeat(301), "ä".repeat(300)];
        let odd =
            ["", "../x", "../y", "a/b", "a_b", "a b", "a:b", "a\0b", "arn:aws:eks:eu-west-1:1234:cluster/prod", "~"];
        let names: Vec<&str> = odd.into_iter().chain(long.iter().map(String::as_str)).collect();
        let words: HashSet<String> = names.iter().map(|name| file_word(name)).collect();
        assert_eq!(words.len(), names.len());
        for word in &words {
            assert!(is_kube_folder(&format!("kube-{word}")), "{word}");
            assert!(word.len() <= LONGEST && word.is_ascii() && !word.contains(['/', '\0', ' ']), "{word}");
        }
        assert!(file_word("a/b").starts_with("a_b~"));
    }

    #[test]
    fn names_that_no_cluster_gives_a_directory_are_somebody_elses() {
        let long = format!("kube-{}", "x".repeat(101));
        for name in ["kube", "kube-", "kubeconfig.yaml", "my-kube-prod", "kube-a b", "kube-a~b", "kube-a~", &long] {
            assert!(!is_kube_folder(name), "{name}");
        }
    }

    #[test]
    fn no_name_can_be_made_to_meet_the_word_of_another() {
        let word = file_word("a/b");
        assert_ne!(file_word(&word), word);
    }
}
