//! Changing an input: by bits, bytes, blocks and words.

/// No input grows beyond this.
const LONGEST: usize = 64 * 1024;

/// What parsers trip over.
const WORDS: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"-",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!",
    b"|\n",
    b">\n",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"18446744073709551616",
    b"9223372036854775807",
    b"NaN",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x92\xa9",
    b"../",
    b"/",
    b"%",
    b"%25",
    b"$(",
    b"`",
    b"-----BEGIN CERTIFICATE-----",
    b"-----END CERTIFICATE-----",
    b"-----BEGIN OPENSSH PRIVATE KEY-----",
    b"ssh-rsa ",
    b"AAAA",
    b"====",
    b"sha256:",
    b"2026-11-25T13:00:00Z",
    b"9999-12-31T23:59:59Z",
    b"1h0m0s",
    b"\xff\xff\xff\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"https://",
    b"[::1]:",
    b":65536",
    b"version",
    b"v2",
];

/// A changed copy of `seed`; `other` is another input to take parts from.
#[must_use]
pub fn mutate(seed: &[u8], other: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.usize(..4) {
        change(&mut bytes, other, random);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut fastrand::Rng) {
    let at = random.usize(..=bytes.len());
    let end = (at + random.usize(..=64)).min(bytes.len());
    match random.u8(..9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.u8(..8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.u8(..);
            }
        }
        2 => drop(bytes.drain(at..end)),
        3 => drop(
            bytes.splice(at..at, WORDS.get(random.usize(..WORDS.len())).copied().unwrap_or_default().iter().copied()),
        ),
        4 => drop(
            bytes.splice(at..end, WORDS.get(random.usize(..WORDS.len())).copied().unwrap_or_default().iter().copied()),
        ),
        5 => bytes.truncate(at),
        6 => {
            let part: Vec<u8> = bytes.get(at..end).unwrap_or_default().to_vec();
            let times = 1 << random.u8(..8);
            drop(bytes.splice(at..at, part.repeat(times).into_iter().take(LONGEST)));
        }
        7 => {
            let from = random.usize(..=other.len());
            let until = (from + random.usize(..=256)).min(other.len());
            drop(bytes.splice(at..at, other.get(from..until).unwrap_or_default().iter().copied()));
        }
        _ => {
            // A number becomes another one.
            if let Some(byte) = bytes.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
                *byte = b'0' + random.u8(..10);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_change_but_never_grow_without_bound() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut bytes = b"seed".to_vec();
        let mut changed = 0;
        for _ in 0..2000 {
            let next = mutate(&bytes, b"other", &mut random);
            changed += usize::from(next != bytes);
            assert!(next.len() <= LONGEST);
            bytes = next;
        }
        assert!(changed > 1000);
    }
}
