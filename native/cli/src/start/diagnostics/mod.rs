//! `diag_addr`: health and metrics by HTTP, as tbot serves them ([`answer`]).
//!
//! Nothing is served without it. The port is taken before anything is sent, so that one in use costs no token, and kept
//! when the configuration is read again.

mod answer;
mod http;
mod readiness;
mod services;

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use machine_id::config::TbotConfig;
use machine_id::error::{Code, Error};

use self::answer::answer;
use self::readiness::Readiness;
pub(super) use self::services::Services;
use super::running::Running;

/// How often it is looked how the services stand. Nobody is asked.
const EVERY: Duration = Duration::from_secs(1);

/// The door that is open, and the one that the configuration that was read last wants.
#[derive(Debug, Default)]
pub(super) struct Door {
    open: RefCell<Option<Taken>>,
    /// None: nothing was read since.
    wanted: RefCell<Option<Option<Taken>>>,
}

/// A port that is taken.
#[derive(Clone, Debug)]
struct Taken {
    asked: SocketAddr,
    listener: Arc<TcpListener>,
}

impl Door {
    /// Takes the port of a configuration that was read; served from the next [`Self::serve`] on.
    ///
    /// # Errors
    /// Somebody else has it, or it isn't ours to take.
    pub(super) fn prepare(&self, config: &TbotConfig) -> Result<(), Error> {
        // What ends after one pass is asked by nobody; tbot serves nothing then either.
        let address = config.diagnostics.filter(|_| !config.oneshot);
        let held = [self.open.borrow().clone(), self.wanted.take().flatten()];
        let wanted = address.map(|asked| match held.into_iter().flatten().find(|held| held.asked == asked) {
            Some(held) => Ok(held),
            None => Taken::of(asked, config.places.diagnostics.as_deref()),
        });
        self.wanted.replace(Some(wanted.transpose()?));
        Ok(())
    }

    /// The configuration that was read last isn't used: a port that only it wants is free again.
    pub(super) fn forget(&self) {
        self.wanted.take();
    }

    /// Serves how `running` stands at the door that its configuration wants, for ever; none: nothing runs yet.
    pub(super) async fn serve(&self, running: Option<&Running>) -> Infallible {
        let before = self.open.borrow().as_ref().map(|open| open.asked);
        if let Some(wanted) = self.wanted.take() {
            self.open.replace(wanted);
        }
        let open = self.open.borrow().clone();
        let Some(Taken { asked, listener }) = open else { return std::future::pending().await };
        let listener = match listener.try_clone().and_then(tokio::net::TcpListener::from_std) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!("no diagnostics can be served: {error}");
                return std::future::pending().await;
            }
        };
        if before != Some(asked)
            && let Ok(address) = listener.local_addr()
        {
            tracing::info!("diagnostics are served at http://{address}: /livez, /readyz, /readyz/NAME, /metrics");
        }
        let readiness = RefCell::new(Readiness::default());
        let look = || {
            if let Some(running) = running {
                readiness.borrow_mut().look(running);
            }
        };
        let watch = async {
            loop {
                look();
                tokio::time::sleep(EVERY).await;
            }
        };
        let answered = |path: &str| {
            if path.starts_with("/readyz") {
                look();
            }
            answer(path, &readiness.borrow(), || running.map_or_else(String::new, |running| running.engine.metrics()))
        };
        tokio::select! {
            never = watch => never,
            never = http::serve(&listener, &answered) => never,
        }
    }
}

impl Taken {
    fn of(asked: SocketAddr, place: Option<&str>) -> Result<Self, Error> {
        let bound = TcpListener::bind(asked).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
        match bound {
            Ok(listener) => Ok(Self { asked, listener: Arc::new(listener) }),
            Err(error) => Err(cannot(asked, place, &error)),
        }
    }
}

fn cannot(asked: SocketAddr, place: Option<&str>, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let (why, hint) = match error.kind() {
        ErrorKind::AddrInUse => (
            "another program has this port already".to_owned(),
            format!("write another port, or end that program (`ss -ltnp 'sport = :{}'` names it)", asked.port()),
        ),
        ErrorKind::AddrNotAvailable => {
            ("this machine doesn't have this address".to_owned(), "write 127.0.0.1:PORT".to_owned())
        }
        ErrorKind::PermissionDenied => {
            ("this user may not take this port".to_owned(), "write a port from 1024 on".to_owned())
        }
        _ => (error.to_string(), "write another address or port".to_owned()),
    };
    Error::new(Code::DestinationDenied, format!("diagnostics can't be served at {asked}: {why}"), hint)
        .at(place.unwrap_or("diag_addr"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told_with_its_place_and_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let error = Taken::of(address, Some("tbot.yaml:3: diag_addr")).unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with(&format!("tbot.yaml:3: diag_addr: diagnostics can't be served at {address}: ")),
            "{said}"
        );
        assert!(said.contains("another program has this port") && said.contains("write another port"), "{said}");
        assert_eq!(error.code(), Code::DestinationDenied);
        let foreign = Taken::of("192.0.2.1:1".parse().unwrap(), None).unwrap_err().to_string();
        assert!(foreign.contains("diag_addr: ") && foreign.contains("doesn't have this address"), "{foreign}");
    }

    #[test]
    fn a_port_of_a_configuration_that_is_not_used_is_free_again() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let door = Door::default();
        let taken = Taken::of(address, None).unwrap();
        door.wanted.replace(Some(Some(taken)));
        assert!(TcpListener::bind(address).is_err());
        door.forget();
        TcpListener::bind(address).unwrap();
    }
}
