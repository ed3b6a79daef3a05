//! "Did you mean": the allowed word nearest to the one that was written.

/// The word of `allowed` that `word` was probably meant to be.
pub(in crate::config) fn nearest<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let folded = fold(word);
    if folded.is_empty() || folded.len() > 60 {
        return None;
    }
    let (distance, best) =
        allowed.iter().map(|candidate| (distance(&folded, &fold(candidate)), *candidate)).min_by_key(|(d, _)| *d)?;
    (distance <= 2 && distance * 3 <= folded.len()).then_some(best)
}

/// `unknown …; did you mean …?`, or the list of what is allowed.
pub(in crate::config) fn suggestion(word: &str, allowed: &[&str]) -> String {
    match nearest(word, allowed) {
        Some(best) => format!("did you mean {best:?}?"),
        None => format!("allowed: {}", allowed.join(", ")),
    }
}

fn fold(word: &str) -> Vec<char> {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Edit distance (insert, delete, replace, each 1; swapped neighbours 1).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let allowed = ["ca_pins", "ca_path", "join_method", "token"];
        assert_eq!(nearest("ca_pin", &allowed), Some("ca_pins"));
        assert_eq!(nearest("joinMethod", &allowed), Some("join_method"));
        assert_eq!(nearest("tokne", &allowed), Some("token"));
    }

    #[test]
    fn another_word_finds_nothing() {
        assert_eq!(nearest("colour", &["token", "storage"]), None);
        assert_eq!(nearest("", &["token"]), None);
    }
}
