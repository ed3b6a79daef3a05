//! What the users of tunnels find in their environment.

use std::collections::BTreeMap;
use std::path::Path;

use super::listener::Begins;
use crate::config::TunnelKind;
use crate::connect;
use crate::vocabulary::databases::{Client, Database, LIBPQ_OTHERS};

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
/// kind. An empty one is to be taken out of the environment: the client would believe it rather than ours. Nothing in them is
/// secret.
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
        variables.insert(name, target(reached));
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

/// How clients find a proxy that leads to applications: its URL, as in `http_proxy`, or the path of its socket. That variable
/// itself isn't set: not all that a command asks for by HTTP are applications.
#[must_use]
pub fn proxy_variable(begins: &Begins) -> (String, String) {
    let place = match begins {
        Begins::Tcp(address) => format!("http://{address}"),
        Begins::Unix(path) => path.display().to_string(),
    };
    ("MACHINE_ID_HTTP_PROXY".to_owned(), place)
}

/// `pg-main` as `PG_MAIN`.
fn word(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(letter).collect()
}

/// What to connect to: a URL by TCP; the path of a Unix socket, or a URL where clients take one with a socket in it.
fn target(reached: &Reached) -> String {
    let TunnelKind::Database { username, database, .. } = &reached.kind else {
        return match &reached.begins {
            Begins::Tcp(address) => format!("{}://{address}", reached.protocol),
            Begins::Unix(path) => path.display().to_string(),
        };
    };
    let known = Database::of(&reached.protocol);
    let mut places = vec![("{user}", encoded(username)), ("{database}", encoded(database))];
    let form = match &reached.begins {
        Begins::Tcp(address) => {
            places.push(("{address}", address.to_string()));
            known.map_or("{address}", |known| known.tcp)
        }
        Begins::Unix(path) => {
            let shown = path.display().to_string();
            let libpq = libpq_place(path);
            places.push(("{socket}", encoded(&shown)));
            // Any name will do as a path, and libpq finds only its own.
            let found = libpq.is_some() || !known.is_some_and(|known| known.client == Some(Client::Postgres));
            let (directory, number) = libpq.unwrap_or_default();
            places.extend([("{directory}", encoded(&directory)), ("{number}", number), ("{path}", shown)]);
            known.filter(|_| found).map_or("{path}", |known| known.socket)
        }
    };
    places.iter().fold(form.to_owned(), |text, (place, value)| text.replace(place, value))
}

/// A socket's directory and port as libpq is told of them; none where its name isn't libpq's.
fn libpq_place(path: &Path) -> Option<(String, String)> {
    let port = path.file_name()?.to_str()?.strip_prefix(".s.PGSQL.")?;
    Some((path.parent()?.display().to_string(), port.to_owned()))
}

/// In a URL.
fn encoded(text: &str) -> String {
    connect::encoded(text).collect()
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
            let ours =
                [("PGHOST", host), ("PGPORT", port), ("PGUSER", username.clone()), ("PGDATABASE", database.clone())];
            ours.into_iter().chain(LIBPQ_OTHERS.iter().map(|name| (*name, String::new()))).collect()
        }
        (Client::MySql, Begins::Tcp(address)) => vec![
            ("MYSQL_HOST", address.ip().to_string()),
            ("MYSQL_TCP_PORT", address.port().to_string()),
            // Of who is told no host: rather none than another server's.
            ("MYSQL_UNIX_PORT", String::new()),
        ],
        // A host, whichever it is, is connected to by TCP.
        (Client::MySql, Begins::Unix(path)) => {
            vec![("MYSQL_UNIX_PORT", path.display().to_string()), ("MYSQL_HOST", String::new())]
        }
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
        let all = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let (unset, set): (Vec<_>, Vec<_>) = all.partition(|(_, value)| value.is_empty());
        assert_eq!(set, expected);
        let unset: Vec<_> = unset.into_iter().map(|(name, _)| name).collect();
        for name in LIBPQ_OTHERS.iter().chain(&["MYSQL_UNIX_PORT"]) {
            assert!(unset.contains(name), "{name} is left to win over ours");
        }
        assert_eq!(unset.len(), LIBPQ_OTHERS.len() + 1);
    }

    #[test]
    fn a_mysql_socket_is_not_beside_a_host_of_somebody_elses() {
        let variables = environment(&[database("my", "mysql", Begins::Unix("/run/x/db-1.sock".into()))]);
        assert_eq!(variables["MYSQL_UNIX_PORT"], "/run/x/db-1.sock");
        assert_eq!(variables["MYSQL_HOST"], "");
    }

    #[test]
    fn each_kind_of_client_is_told_what_it_takes() {
        let socket = || Begins::Unix("/run/x y/db-1.sock".into());
        for (protocol, by_tcp, by_socket) in [
            (
                "mongodb",
                "mongodb://127.0.0.1:7/orders?directConnection=true",
                "mongodb://%2Frun%2Fx%20y%2Fdb-1.sock/orders?directConnection=true",
            ),
            ("redis", "redis://127.0.0.1:7", "/run/x y/db-1.sock"),
            ("mysql", "mysql://ci%40corp@127.0.0.1:7/orders", "/run/x y/db-1.sock"),
            ("elasticsearch", "http://127.0.0.1:7", "/run/x y/db-1.sock"),
            ("sqlserver", "sqlserver://ci%40corp@127.0.0.1:7?database=orders", "/run/x y/db-1.sock"),
        ] {
            for (begins, expected) in [(port(7), by_tcp), (socket(), by_socket)] {
                let variables = environment(&[database("d", protocol, begins)]);
                assert_eq!(variables["MACHINE_ID_DATABASE_D"], expected, "{protocol}");
            }
        }
    }

    #[test]
    fn of_two_databases_of_a_kind_neither_is_the_clients_own() {
        let tunnels = [database("a", "postgres", port(1)), database("b", "cockroachdb", port(2))];
        let names: Vec<_> = environment(&tunnels).into_keys().collect();
        assert_eq!(names, ["MACHINE_ID_DATABASE_A", "MACHINE_ID_DATABASE_B"]);
    }
}
