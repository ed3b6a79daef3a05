//! The protocols of databases, by the words that Teleport's resources have for them: what a proxy is asked for, and what clients
//! make of them. Their one list.

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Database {
    /// Teleport's word for it.
    pub word: &'static str,
    /// What a proxy is asked for in TLS (protocol L1).
    pub alpn: &'static str,
    /// The scheme of URLs that clients take.
    pub scheme: &'static str,
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

const fn database(word: &'static str, alpn: &'static str) -> Database {
    Database { word, alpn, scheme: word, client: None, named: false }
}

const POSTGRES: Database = Database {
    scheme: "postgresql",
    client: Some(Client::Postgres),
    named: true,
    ..database("postgres", "teleport-postgres")
};

impl Database {
    /// All that a proxy routes.
    pub const ALL: &[Self] = &[
        POSTGRES,
        // The same protocol, but roles don't name its databases.
        Self { word: "cockroachdb", named: false, ..POSTGRES },
        Self { client: Some(Client::MySql), ..database("mysql", "teleport-mysql") },
        Self { named: true, ..database("mongodb", "teleport-mongodb") },
        database("oracle", "teleport-oracle"),
        database("redis", "teleport-redis"),
        database("sqlserver", "teleport-sqlserver"),
        database("snowflake", "teleport-snowflake"),
        database("cassandra", "teleport-cassandra"),
        Self { scheme: "http", ..database("elasticsearch", "teleport-elasticsearch") },
        Self { scheme: "http", ..database("opensearch", "teleport-opensearch") },
        database("dynamodb", "teleport-dynamodb"),
        database("clickhouse", "teleport-clickhouse"),
        Self { scheme: "http", ..database("clickhouse-http", "teleport-clickhouse") },
        database("spanner", "teleport-spanner"),
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
            assert!(database.alpn.starts_with("teleport-") && !database.scheme.is_empty(), "{database:?}");
        }
    }
}
