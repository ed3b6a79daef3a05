//! What the users of tunnels find in their environment.

use std::collections::BTreeMap;
use std::path::Path;

use super::listener::Begins;
use crate::config::TunnelKind;
use crate::vocabulary::databases::{Client, Database};

/// A tunnel that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Where it leads to.
    pub kind: TunnelKind,
    /// What is spoken there, as the database's resource says, or `http` or `tcp` for an application.
    pub protocol: String,
    /// Where it begins.
    pub begins: Begins,
}

/// The variables: of each tunnel one by its name, and those of a client's own where there is exactly one database of its
/// kind. Nothing in them is secret.
#[must_use]
pub fn environment(tunnels: &[Reached]) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for reached in tunnels {
        let kind = match &reached.kind {
            TunnelKind::Database { .. } => "DATABASE",
            TunnelKind::Application { .. } => "APPLICATION",
        };
        let name = format!("MACHINE_ID_{kind}_{}", word(reached.kind.name()));
        // A second one to the same service, as for another user, must not take the first one's place.
        let free = (2..).map(|number| format!("{name}_{number}")).find(|other| !variables.contains_key(other));
        let name = if variables.contains_key(&name) { free.unwrap_or(name) } else { name };
        variables.insert(name, url(reached));
    }
    for client in [Client::Postgres, Client::MySql] {
        let is_its = |reached: &&Reached| {
            Database::of(&reached.protocol).is_some_and(|database| database.client == Some(client))
        };
        let mut ours = tunnels.iter().filter(is_its);
        if let (Some(only), None) = (ours.next(), ours.next()) {
            let own = of_client(client, only).into_iter();
            variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        }
    }
    variables
}

/// `pg-main` as `PG_MAIN`.
fn word(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(letter).collect()
}

/// What to connect to: a URL by TCP; the path of a Unix socket, or a URL where clients take one with a socket in it.
fn url(reached: &Reached) -> String {
    let known = Database::of(&reached.protocol);
    let scheme = known.map_or(reached.protocol.as_str(), |database| database.scheme);
    let address = match &reached.begins {
        Begins::Tcp(address) => address.to_string(),
        Begins::Unix(path) => match libpq_place(path) {
            Some((directory, port)) if known.is_some_and(|known| known.client == Some(Client::Postgres)) => {
                format!("{}:{port}", encoded(&directory))
            }
            _ => return path.display().to_string(),
        },
    };
    match &reached.kind {
        TunnelKind::Database { username, database, .. } => {
            format!("{scheme}://{}@{address}/{}", encoded(username), encoded(database))
        }
        TunnelKind::Application { .. } => format!("{scheme}://{address}"),
    }
}

/// A socket's directory and port as libpq is told of them; none where its name isn't libpq's.
fn libpq_place(path: &Path) -> Option<(String, String)> {
    let port = path.file_name()?.to_str()?.strip_prefix(".s.PGSQL.")?;
    Some((path.parent()?.display().to_string(), port.to_owned()))
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn of_client(client: Client, reached: &Reached) -> Vec<(&'static str, String)> {
    let TunnelKind::Database { username, database, .. } = &reached.kind else { return Vec::new() };
    match (client, &reached.begins) {
        (Client::Postgres, begins) => {
            let (host, port) = match begins {
                Begins::Tcp(address) => (address.ip().to_string(), address.port().to_string()),
                Begins::Unix(path) => match libpq_place(path) {
                    Some(place) => place,
                    None => return Vec::new(),
                },
            };
            vec![("PGHOST", host), ("PGPORT", port), ("PGUSER", username.clone()), ("PGDATABASE", database.clone())]
        }
        (Client::MySql, Begins::Tcp(address)) => {
            vec![("MYSQL_HOST", address.ip().to_string()), ("MYSQL_TCP_PORT", address.port().to_string())]
        }
        (Client::MySql, Begins::Unix(path)) => vec![("MYSQL_UNIX_PORT", path.display().to_string())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(service: &str, protocol: &str, begins: Begins) -> Reached {
        let kind = TunnelKind::Database {
            service: service.to_owned(),
            username: "ci@corp".to_owned(),
            database: "orders".to_owned(),
        };
        Reached { kind, protocol: protocol.to_owned(), begins }
    }

    fn port(port: u16) -> Begins {
        Begins::Tcp(([127, 0, 0, 1], port).into())
    }

    #[test]
    fn a_second_tunnel_to_a_service_has_a_number() {
        let tunnels: Vec<_> = ["pg-main", "pg_main", "pg-main"]
            .into_iter()
            .zip(1..)
            .map(|(name, at)| database(name, "postgres", port(at)))
            .collect();
        let variables = environment(&tunnels);
        for (name, at) in [("PG_MAIN", 1), ("PG_MAIN_2", 2), ("PG_MAIN_3", 3)] {
            let url = &variables[&format!("MACHINE_ID_DATABASE_{name}")];
            assert!(url.contains(&format!("127.0.0.1:{at}/")), "{name}: {url}");
        }
    }

    #[test]
    fn each_tunnel_has_a_variable_and_the_only_one_of_a_kind_its_clients_own() {
        let app = Reached {
            kind: TunnelKind::Application { app: "grafana".to_owned() },
            protocol: "http".to_owned(),
            begins: port(3),
        };
        let socket = Begins::Unix("/run/x/.s.PGSQL.5432".into());
        let tunnels = [database("pg-main", "postgres", socket), database("my", "mysql", port(2)), app];
        let variables = environment(&tunnels);
        let expected = [
            ("MACHINE_ID_APPLICATION_GRAFANA", "http://127.0.0.1:3"),
            ("MACHINE_ID_DATABASE_MY", "mysql://ci%40corp@127.0.0.1:2/orders"),
            ("MACHINE_ID_DATABASE_PG_MAIN", "postgresql://ci%40corp@%2Frun%2Fx:5432/orders"),
            ("MYSQL_HOST", "127.0.0.1"),
            ("MYSQL_TCP_PORT", "2"),
            ("PGDATABASE", "orders"),
            ("PGHOST", "/run/x"),
            ("PGPORT", "5432"),
            ("PGUSER", "ci@corp"),
        ];
        let got: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn of_two_databases_of_a_kind_neither_is_the_clients_own() {
        let tunnels = [database("a", "postgres", port(1)), database("b", "cockroachdb", port(2))];
        let names: Vec<_> = environment(&tunnels).into_keys().collect();
        assert_eq!(names, ["MACHINE_ID_DATABASE_A", "MACHINE_ID_DATABASE_B"]);
    }
}
