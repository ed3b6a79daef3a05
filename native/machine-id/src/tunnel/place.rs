//! Where the tunnels of a lease begin: names in its directory that their clients take.

use crate::config::TunnelKind;
use crate::vocabulary::databases::{Client, Database};

/// The port that PostgreSQL's clients take by themselves; further databases have the next ones.
const POSTGRES: usize = 5432;
/// How long a socket's name can be: sixteen tunnels have no more digits.
pub(crate) const LONGEST_NAME: usize = ".s.PGSQL.5432".len();

/// The names of the sockets of a lease's tunnels, by what they lead to and what is spoken there. Who knows these can derive
/// them.
pub(crate) fn socket_names<'a>(tunnels: impl IntoIterator<Item = (&'a TunnelKind, &'a str)>) -> Vec<String> {
    let (mut databases, mut applications, mut postgres) = (0, 0, POSTGRES);
    let name = |(kind, protocol): (&TunnelKind, &str)| match kind {
        TunnelKind::Database { .. } => {
            databases += 1;
            if Database::of(protocol).and_then(|known| known.client) != Some(Client::Postgres) {
                return format!("db-{databases}.sock");
            }
            postgres += 1;
            format!(".s.PGSQL.{}", postgres - 1)
        }
        TunnelKind::Application { .. } => {
            applications += 1;
            format!("app-{applications}.sock")
        }
    };
    tunnels.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::limits;

    fn database() -> TunnelKind {
        TunnelKind::Database { service: "d".to_owned(), username: "u".to_owned(), database: "d".to_owned() }
    }

    #[test]
    fn sockets_are_called_as_their_clients_look_for_them() {
        let (database, application) = (database(), TunnelKind::Application { app: "a".to_owned() });
        let tunnels = [
            (&database, "postgres"),
            (&application, "http"),
            (&database, "mysql"),
            (&database, "cockroachdb"),
            (&application, "tcp"),
        ];
        let expected = [".s.PGSQL.5432", "app-1.sock", "db-2.sock", ".s.PGSQL.5433", "app-2.sock"];
        assert_eq!(socket_names(tunnels), expected);
    }

    #[test]
    fn no_name_is_longer_than_there_is_room_kept_for() {
        let (database, application) = (database(), TunnelKind::Application { app: "a".to_owned() });
        for (kind, protocol) in [(&database, "postgres"), (&database, "mysql"), (&application, "http")] {
            let names = socket_names((0..limits::TUNNELS).map(|_| (kind, protocol)));
            assert!(names.iter().all(|name| name.len() <= LONGEST_NAME), "{names:?}");
        }
    }
}
