//! `machine-id start`: what tbot does as a daemon.

mod diagnostics;
mod hide;
mod options;
mod pid_file;
mod running;
mod signals;
mod supervise;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use machine_id::config::TbotConfig;
use machine_id::error::{Error, Retry};
use sd_notify::NotifyState;

use self::diagnostics::Door;
use self::pid_file::PidFile;
use self::running::{Running, patience, pause};
use self::signals::{End, Signals, Wish, Wishes};
pub(crate) use self::signals::{Held, hold};
use self::supervise::notify;
use crate::args::{self, Start};
use crate::{files, preflight, runtime};

pub(crate) fn run(arguments: &Start, named: Option<PathBuf>, held: &Held) -> Result<ExitCode, Error> {
    let secrets = options::secrets(&arguments.options);
    if !secrets.is_empty() {
        hide::restart_without(&secrets);
    }
    runtime::threaded()?.block_on(work(&Given { arguments, named, door: Door::default() }, held))
}

/// What was typed.
struct Given<'a> {
    arguments: &'a Start,
    named: Option<PathBuf>,
    /// Where diagnostics are served, as what was read last says.
    door: Door,
}

impl Given<'_> {
    fn read(&self) -> Result<TbotConfig, Error> {
        let options = options::given(self.arguments)?;
        let file = match &self.named {
            Some(file) => Some(file.clone()),
            None if options::name_a_cluster(&options) => None,
            None => Some(args::config_or_default(None)),
        };
        let mut config = files::config_with(file.as_deref(), options)?;
        config.identity.key_algorithm = self.arguments.keys.key_algorithm;
        self.door.prepare(&config)?;
        Ok(config)
    }
}

async fn work(given: &Given<'_>, held: &Held) -> Result<ExitCode, Error> {
    let mut signals = Signals::listen(held)?;
    let config = given.read()?;
    let _pid_file = given.arguments.options.pid_file.as_deref().map(PidFile::write).transpose()?;
    if config.oneshot { oneshot(config, &mut signals).await } else { daemon(given, config, &mut signals).await }
}

async fn oneshot(config: TbotConfig, signals: &mut Signals) -> Result<ExitCode, Error> {
    let running = Running::open(config, None)?;
    running.engine.report_once();
    let ended = tokio::select! {
        outcome = running.write_all() => Ok(outcome),
        number = signals.end.next() => Err(number),
    };
    let mut good = true;
    if let Ok(outcome) = &ended {
        running.note.keep(running.trouble(outcome)).await;
        good = outcome.is_err() || running.say_state();
    }
    close(running.engine.close(), &mut signals.end).await;
    match ended {
        Ok(outcome) => outcome.map(|()| if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        Err(number) => Ok(ExitCode::from(128 + number)),
    }
}

async fn daemon(given: &Given<'_>, config: TbotConfig, signals: &mut Signals) -> Result<ExitCode, Error> {
    let mut running = tokio::select! {
        opened = opened(given, config) => opened?,
        never = given.door.serve(None) => match never {},
        _ = signals.end.next() => {
            tracing::error!("ended before anything could be written");
            return Ok(ExitCode::FAILURE);
        }
    };
    running.engine.sweep().await;
    loop {
        let (wishes, end) = signals.split();
        let next = tokio::select! {
            outcome = running.keep() => Next::End(outcome),
            never = given.door.serve(Some(&running)) => match never {},
            fresh = reloaded(wishes, given, &running) => Next::Reload(fresh),
            _ = end.next() => Next::End(Ok(())),
        };
        let outcome = match next {
            Next::Reload(fresh) => {
                let before = std::mem::replace(&mut running, *fresh);
                if before.note != running.note {
                    before.note.keep(None).await;
                }
                if !let_go(before, given, &running, &mut signals.end).await {
                    continue;
                }
                Ok(())
            }
            Next::End(outcome) => outcome,
        };
        let fresh = running.is_fresh();
        notify(&[NotifyState::Stopping]);
        if let Err(error) = &outcome {
            running.note.keep(running.trouble(&Err(error.clone()))).await;
        }
        // Its readiness isn't told any more, but it lives.
        tokio::select! {
            () = close(running.engine.close(), &mut signals.end) => {}
            never = given.door.serve(None) => match never {},
        }
        outcome?;
        if fresh {
            tracing::info!("ended; the outputs stay until they expire");
            return Ok(ExitCode::SUCCESS);
        }
        tracing::error!("ended, and not all outputs are fresh");
        return Ok(ExitCode::FAILURE);
    }
}

/// Opens a configuration. What may pass by itself, as a full disk, is waited for as a cluster is that is away, and each cause
/// is said once.
async fn opened(given: &Given<'_>, mut config: TbotConfig) -> Result<Running, Error> {
    let mut backoff = patience();
    let mut said: Vec<Error> = Vec::new();
    loop {
        let mut faults = preflight::standing(&config, &[]);
        if faults.is_empty() {
            match Running::begin(config) {
                Err(error) if error.retry() != Retry::No => faults.push(error),
                other => return other,
            }
        }
        if faults.iter().any(|error| error.retry() == Retry::No) {
            preflight::told(std::mem::take(&mut faults))?;
        }
        for error in faults {
            notify(&[NotifyState::Status(&format!("not ready: {error}"))]);
            if !said.contains(&error) {
                tracing::warn!("nothing can be written yet: {error}");
                said.push(error);
            }
        }
        pause(&mut backoff).await;
        // Who makes room may do so by another place.
        config = given.read()?;
    }
}

/// Closes what was at work before, beside what is now; whether somebody wants the end meanwhile.
async fn let_go(before: Running, given: &Given<'_>, running: &Running, end: &mut End) -> bool {
    let ended = async {
        let closing = before.engine.close();
        tokio::pin!(closing);
        tokio::select! {
            () = &mut closing => return false,
            _ = end.next() => {}
        }
        close(closing, end).await;
        true
    };
    tokio::select! {
        ended = ended => ended,
        never = given.door.serve(Some(running)) => match never {},
    }
}

/// A join under way that can't be made again is waited for, unless somebody insists.
async fn close(closing: impl Future<Output = ()>, end: &mut End) {
    /// What is told when it takes longer.
    const SOON: Duration = Duration::from_millis(500);
    tokio::pin!(closing);
    tokio::select! {
        () = &mut closing => return,
        () = tokio::time::sleep(SOON) => {}
    }
    tracing::warn!(
        "waiting for the answer to a join or a renewal: without it the bot would need a fresh token; send the signal \
         again to end all the same"
    );
    tokio::select! {
        () = closing => {}
        _ = end.next() => {}
    }
}

/// What ends a round of the daemon.
enum Next {
    End(Result<(), Error>),
    Reload(Box<Running>),
}

/// Renews when that is wished, and returns with a configuration that was read again; one that can't be used is
/// reported, and the one at work goes on.
async fn reloaded(mut wishes: Wishes<'_>, given: &Given<'_>, running: &Running) -> Box<Running> {
    loop {
        if wishes.next().await == Wish::Renew {
            tracing::info!("SIGUSR1: everything is renewed now");
            running.renew_all().await;
            continue;
        }
        if running.only_in_memory {
            tracing::error!(
                "the configuration isn't read again: the bot's identity is in the memory of this process alone and would \
                 be lost; restart with a fresh token"
            );
            running.renew_all().await;
            continue;
        }
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now().ok());
        notify(&states);
        match given.read().and_then(|config| Running::open(config, Some(running))) {
            Ok(fresh) => {
                tracing::info!("configuration read again, everything is renewed now");
                return Box::new(fresh.renewing());
            }
            Err(error) => {
                given.door.forget();
                tracing::error!("the configuration was changed, but can't be used; the old one stays: {error}");
                notify(&[NotifyState::Ready, NotifyState::Status("the changed configuration can't be used")]);
                running.renew_all().await;
            }
        }
    }
}
