//! The protocols of databases, by the words that Teleport's resources have for them: what a proxy is asked for, and what clients
//! make of them. Their one list.

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Database {
    /// Teleport's word for it.
    pub word: &'static str,
    /// What a proxy is asked for in TLS (protocol L1).
    pub alpn: &'static str,
    /// What clients connect to by TCP, with `{address}` (host and port), `{user}` and `{database}` in their places.
    pub tcp: &'static str,
    /// The same by a Unix socket, with `{path}`, `{socket}` (the path, encoded), or `{directory}` and `{number}` as libpq is told
    /// of one.
    pub socket: &'static str,
    /// Whose clients have variables of their own.
    pub client: Option<Client>,
    /// Whether roles say which databases of a server may be used, and not the users alone.
    pub named: bool,
}

super::words! {
    /// Databases whose clients have variables of their own.
    pub enum Client {
        /// libpq's.
        Postgres = "postgres",
        /// MySQL's and MariaDB's.
        MySql = "mysql",
    }
}

/// What libpq takes rather than, or with, what we say: another address, the values of a service, and demands on an encryption
/// and a login that the tunnel's end has not, since the way beyond is encrypted and known by its certificate. They are taken
/// out of a block's environment.
pub const LIBPQ_OTHERS: &[&str] = &[
    "PGHOSTADDR",
    "PGSERVICE",
    "PGSSLMODE",
    // `system` asks for the strictest of the modes.
    "PGSSLROOTCERT",
    "PGSSLCERTMODE",
    "PGREQUIRESSL",
    "PGSSLNEGOTIATION",
    "PGGSSENCMODE",
    "PGCHANNELBINDING",
    "PGREQUIREAUTH",
    "PGREQUIREPEER",
];

/// The path of a socket, where clients take no URL with one.
const PATH: &str = "{path}";

/// One whose clients are told a host and a port, and everything else by options.
const fn database(word: &'static str, alpn: &'static str, tcp: &'static str) -> Database {
    Database { word, alpn, tcp, socket: PATH, client: None, named: false }
}

/// Clients of HTTP take a user in a URL for a login, and what follows for a path.
const HTTP: &str = "http://{address}";

const POSTGRES: Database = Database {
    socket: "postgresql://{user}@{directory}:{number}/{database}",
    client: Some(Client::Postgres),
    named: true,
    ..database("postgres", "teleport-postgres", "postgresql://{user}@{address}/{database}")
};

impl Database {
    /// All that a proxy routes.
    pub const ALL: &[Self] = &[
        POSTGRES,
        // The same protocol, but roles don't name its databases.
        Self { word: "cockroachdb", named: false, ..POSTGRES },
        Self {
            client: Some(Client::MySql),
            ..database("mysql", "teleport-mysql", "mysql://{user}@{address}/{database}")
        },
        // With a user, `mongosh` asks for a password; without the option, it looks for the other members of a replica set.
        Self {
            named: true,
            socket: "mongodb://{socket}/{database}?directConnection=true",
            ..database("mongodb", "teleport-mongodb", "mongodb://{address}/{database}?directConnection=true")
        },
        database("oracle", "teleport-oracle", "oracle://{user}@{address}/{database}"),
        // `redis-cli` takes a user alone for a password, and its databases are numbers.
        database("redis", "teleport-redis", "redis://{address}"),
        database("sqlserver", "teleport-sqlserver", "sqlserver://{user}@{address}?database={database}"),
        database("snowflake", "teleport-snowflake", HTTP),
        database("cassandra", "teleport-cassandra", "cassandra://{address}"),
        database("elasticsearch", "teleport-elasticsearch", HTTP),
        database("opensearch", "teleport-opensearch", HTTP),
        database("dynamodb", "teleport-dynamodb", HTTP),
        database("clickhouse", "teleport-clickhouse", "clickhouse://{user}@{address}/{database}"),
        database("clickhouse-http", "teleport-clickhouse", HTTP),
        database("spanner", "teleport-spanner", "spanner://{address}"),
    ];

    /// The one of a resource.
    #[must_use]
    pub fn of(word: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|database| database.word == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_and_is_asked_for_as_teleports_own() {
        let mut words = std::collections::HashSet::new();
        for database in Database::ALL {
            assert!(words.insert(database.word), "{database:?}");
            assert!(database.alpn.starts_with("teleport-"), "{database:?}");
            assert!(database.tcp.contains("://") && database.tcp.contains("{address}"), "{database:?}");
            let by_socket = ["{path}", "{socket}", "{directory}"].iter().any(|place| database.socket.contains(place));
            assert!(by_socket, "{database:?}");
        }
    }
}
