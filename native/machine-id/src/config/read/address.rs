//! Addresses as people write them: `host`, `host:port`, `[v6]:port`, `https://host:port`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::value::shown;

/// Reads an address; `default_port` is used where neither a port nor `https://` is written.
///
/// # Errors
/// Says what is wrong; never repeats what stands before an `@`, which may be a password.
pub(crate) fn parse_address(text: &str, default_port: u16) -> Result<(String, u16), String> {
    let (rest, default_port) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (rest, 443),
        Some((scheme, _)) if scheme.len() < 10 => {
            return Err(format!("has the scheme {scheme:?}; write https:// or none"));
        }
        Some(_) => return Err("isn't an address; write host:port".to_owned()),
        None => (text, default_port),
    };
    if rest.contains('@') {
        return Err("names a user or password; write host:port".to_owned());
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#']) {
        return Err("has a path; write host:port".to_owned());
    }
    let (host, port) = split_port(rest)?;
    check_host(host)?;
    let port = match port {
        None => default_port,
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 && port.bytes().all(|b| b.is_ascii_digit()) => number,
            _ => return Err(format!("has the port {}; write a number from 1 to 65535", shown(port))),
        },
    };
    Ok((host.strip_suffix('.').unwrap_or(host).to_owned(), port))
}

fn split_port(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((host, after)) = rest.split_once(']') else {
            return Err("has a [ without ]; write [2001:db8::1]:443".to_owned());
        };
        if host.parse::<Ipv6Addr>().is_err() {
            return Err("has no IPv6 address between [ and ]; write [2001:db8::1]:443".to_owned());
        }
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err("has text after ]; write [2001:db8::1]:443".to_owned()),
        };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            Err("has more than one colon; write host:port, or [2001:db8::1]:443 for IPv6".to_owned())
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

fn check_host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("has no host name; write host:port".to_owned());
    }
    if host.parse::<Ipv4Addr>().is_ok() || host.parse::<Ipv6Addr>().is_ok() {
        return Ok(());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if let Some(character) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || ['.', '-', '_'].contains(c))) {
        return Err(format!("has the character {character:?} in the host name; write letters, digits, '-' and '.'"));
    }
    let labels_fit = name
        .split('.')
        .all(|label| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-'));
    let all_digits = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if name.len() > 253 || !labels_fit || all_digits {
        return Err(format!("has no valid host name or IP address in {}; write host:port", shown(host)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse_address;

    #[test]
    fn the_usual_ways_to_write_an_address_are_understood() {
        for (text, host, port) in [
            ("teleport.example.com:443", "teleport.example.com", 443),
            ("teleport.example.com", "teleport.example.com", 3025),
            ("https://teleport.example.com", "teleport.example.com", 443),
            ("https://teleport.example.com:3080/", "teleport.example.com", 3080),
            ("localhost:13080", "localhost", 13080),
            ("10.0.0.1:3025", "10.0.0.1", 3025),
            ("[2001:db8::1]:443", "2001:db8::1", 443),
            ("[::1]", "::1", 3025),
            ("::1", "::1", 3025),
            ("proxy.example.com.:443", "proxy.example.com", 443),
            ("my_host:1", "my_host", 1),
        ] {
            assert_eq!(parse_address(text, 3025), Ok((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            ":443",
            "host:",
            "host:0",
            "host:65536",
            "host:+1",
            "host:44a",
            "http://host",
            "ssh://host:22",
            "a b:443",
            "host/path",
            "host?x",
            "https://",
            "[::1",
            "[::1]443",
            "[host]:1",
            "1:2:3",
            "1.2.3",
            "-a.example",
            "a..b",
            "é.example",
            "host\n:443",
            "fe80::1%eth0",
        ] {
            assert!(parse_address(text, 443).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        assert!(!parse_address("https://bot:hunter2@host", 443).unwrap_err().contains("hunter2"));
        assert!(!parse_address("hunter2://x@host", 443).unwrap_err().contains("x@host"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|[a-f0-9.:\\[\\]@/%-]{0,80}") {
            if let Ok((host, port)) = parse_address(&text, 443) {
                prop_assert!(port > 0 && !host.is_empty() && !host.contains(['/', '@', '[', ' ']));
            }
        }
    }
}
