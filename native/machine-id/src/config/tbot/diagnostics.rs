//! `diag_addr`: where health and metrics are served.

use std::net::SocketAddr;

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::read::listen::tcp;
use crate::config::read::tree::{Section, Value};
use crate::config::read::value::shown;

/// Reads it; an empty one is none, as in tbot.
pub(super) fn read(section: &mut Section, diagnostics: &mut Diagnostics) -> Option<(Place, SocketAddr)> {
    let tree = section.take("diag_addr")?;
    match &tree.value {
        Value::Null => return None,
        Value::Text(text) | Value::Plain(text) if text.is("") => return None,
        _ => {}
    }
    let place = tree.place.clone();
    let address = tree.parse(diagnostics, |text| {
        tcp(text).ok_or_else(|| format!("is {}, which is no IP address with a port; write 127.0.0.1:PORT", shown(text)))
    })?;
    if !address.ip().is_loopback() {
        let message = "can be read by everybody who reaches this machine: how the bot and its outputs stand";
        diagnostics.warn(&place, message);
    }
    Some((place, address))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, read, v2};

    fn served(value: &str) -> (Option<String>, Vec<String>) {
        let rest = "onboarding: {join_method: iam, token: t}\nservices: [{type: identity, destination: {type: directory, path: /o}}]\n";
        let config = read(&v2(&format!("diag_addr: {value}\n{rest}"))).unwrap();
        (config.diagnostics.map(|address| address.to_string()), config.warnings)
    }

    #[test]
    fn an_address_is_read_as_tbot_writes_it_and_an_open_one_is_said() {
        for (value, address) in
            [("127.0.0.1:3001", "127.0.0.1:3001"), ("localhost:0", "127.0.0.1:0"), ("'[::1]:3001'", "[::1]:3001")]
        {
            assert_eq!(served(value), (Some(address.to_owned()), Vec::new()), "{value}");
        }
        for value in ["0.0.0.0:3001", "':3001'", "10.0.0.7:3001"] {
            let (address, said) = served(value);
            assert!(address.is_some() && said[0].contains("diag_addr: can be read by everybody"), "{value}: {said:?}");
        }
        assert_eq!(served("''"), (None, Vec::new()));
        assert_eq!(served(""), (None, Vec::new()));
    }

    #[test]
    fn what_is_no_address_is_a_fault_at_its_line() {
        for value in ["3001", "127.0.0.1", "host.example.com:3001", "127.0.0.1:99999", "http://127.0.0.1:3001"] {
            let found = faults(&v2(&format!("diag_addr: {value}\nonboarding: {{join_method: iam, token: t}}\n")));
            let [fault] = found.as_slice() else { panic!("{value}: {found:?}") };
            assert!(fault.contains(": diag_addr: is ") && fault.ends_with("write 127.0.0.1:PORT"), "{fault}");
        }
    }
}
