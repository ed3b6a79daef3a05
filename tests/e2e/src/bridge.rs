//! `machine-id bridge` as the Jenkins plugin runs it: a child process, messages over its pipes.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use machine_id::destination::digest_of;
use serde_json::{Value, json};

use crate::wait::{LONG, until};
use crate::{Machine, Outcome, Stage, program};

/// The running program; killed when dropped.
#[derive(Debug)]
pub struct Bridge {
    child: Child,
    input: Option<ChildStdin>,
    replies: Receiver<(u64, Value)>,
    next: u64,
    early: Vec<(u64, Value)>,
}

fn part(bytes: &[u8]) -> Vec<u8> {
    [u32::try_from(bytes.len()).unwrap().to_be_bytes().as_slice(), bytes].concat()
}

/// A message; its head is filled up as the plugin does it.
#[must_use]
pub fn message(id: u64, call: &str, engine: i64, body: &[u8]) -> Vec<u8> {
    let head = json!({"id": id, "call": call, "engine": engine}).to_string() + "      ";
    [part(head.as_bytes()), part(body)].concat()
}

fn read_part(from: &mut ChildStdout) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let mut part = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()?];
    from.read_exact(&mut part).ok()?;
    Some(part)
}

impl Bridge {
    /// Starts it on a machine, and waits for its first message.
    ///
    /// # Panics
    /// When it doesn't come.
    #[must_use]
    pub fn start(machine: &Machine) -> Self {
        let mut command = machine.command(program::program().to_str().unwrap());
        command.arg("bridge");
        Self::of(command)
    }

    /// The same by any command.
    ///
    /// # Panics
    /// When the first message doesn't come.
    #[must_use]
    pub fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, mut output) = (child.stdin.take(), child.stdout.take().unwrap());
        let (send, replies) = channel();
        std::thread::spawn(move || {
            while let (Some(head), Some(body)) = (read_part(&mut output), read_part(&mut output)) {
                let head: Value = serde_json::from_slice(&head).unwrap();
                let body = serde_json::from_slice(&body).unwrap();
                if send.send((head["id"].as_u64().unwrap(), body)).is_err() {
                    return;
                }
            }
        });
        let mut bridge = Self { child, input, replies, next: 1, early: Vec::new() };
        assert_eq!(bridge.reply(0)["ok"]["abi"], machine_id::vocabulary::ABI);
        bridge
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// Nobody reads them.
    ///
    /// # Panics
    /// When its input is closed.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.input.as_mut().unwrap().write_all(bytes)
    }

    /// Asks for something; the id of the call.
    ///
    /// # Panics
    /// When it has ended.
    pub fn send(&mut self, call: &str, engine: i64, body: &[u8]) -> u64 {
        let id = self.next;
        self.next += 1;
        self.write(&message(id, call, engine, body)).unwrap();
        id
    }

    /// The reply to a call.
    ///
    /// # Panics
    /// When it doesn't come.
    pub fn reply(&mut self, id: u64) -> Value {
        if let Some(at) = self.early.iter().position(|(other, _)| *other == id) {
            return self.early.swap_remove(at).1;
        }
        loop {
            let (other, reply) = self.replies.recv_timeout(LONG).expect("a reply");
            if other == id {
                return reply;
            }
            self.early.push((other, reply));
        }
    }

    /// Whether no reply can come any more.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        matches!(self.replies.recv_timeout(LONG), Err(std::sync::mpsc::RecvTimeoutError::Disconnected))
    }

    /// Asks for something and waits for the reply.
    pub fn ask(&mut self, call: &str, engine: i64, body: &[u8]) -> Value {
        let id = self.send(call, engine, body);
        self.reply(id)
    }

    /// What a call gives that succeeds.
    ///
    /// # Panics
    /// When it fails.
    pub fn ok(&mut self, call: &str, engine: i64, body: &[u8]) -> Value {
        let reply = self.ask(call, engine, body);
        reply.get("ok").cloned().unwrap_or_else(|| panic!("{call}: {reply}"))
    }

    /// Opens an engine; its number.
    ///
    /// # Panics
    /// When it can't be opened.
    pub fn open(&mut self, config: &Value) -> i64 {
        self.ok("open", 0, config.to_string().as_bytes())["engine"].as_i64().unwrap()
    }

    /// Closes its input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Kills it.
    ///
    /// # Panics
    /// When it has ended.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end, and says what it has written to standard error.
    ///
    /// # Panics
    /// When it doesn't end in time.
    pub fn wait(mut self) -> Outcome {
        let status = until("the end of machine-id bridge", LONG, || self.child.try_wait().unwrap());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let name = "machine-id bridge".to_owned();
        Outcome { name, status: status.code(), signal: status.signal(), stdout: String::new(), stderr }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration with the identity `api`, which joins by a token, as the plugin sends it to a machine.
///
/// # Panics
/// When the cluster's CA can't be read.
#[must_use]
pub fn config(machine: &Machine, cluster: &dyn Stage, token: &str) -> Value {
    let ca = fs::read_to_string(cluster.web_ca()).unwrap();
    let join = json!({"method": "token", "token": token});
    configured(machine, &json!({"address": cluster.proxy_address(), "ca_pem": ca}), &join)
}

/// The same for any cluster and join.
///
/// # Panics
/// When the program can't be copied.
#[must_use]
pub fn configured(machine: &Machine, cluster: &Value, join: &Value) -> Value {
    let helper = helper(machine);
    let digest: String = digest_of(&helper).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    let identity = json!({"id": "api", "cluster": cluster, "join": join});
    let (abi, root) = (machine_id::vocabulary::ABI, machine.path("agent/machine-id"));
    json!({"abi": abi, "root": root, "helper": helper, "helper_sha256": digest, "identities": [identity]})
}

/// The program, unpacked below the machine's own directory.
fn helper(machine: &Machine) -> PathBuf {
    let helper = machine.path("agent/machine-id/lib/machine-id");
    if !helper.exists() {
        fs::create_dir_all(helper.parent().unwrap()).unwrap();
        program::copy(program::program(), &helper);
    }
    helper
}

/// A request for a lease in a directory.
#[must_use]
pub fn order(lease: &str, directory: &Path) -> Vec<u8> {
    json!({"lease": lease, "identity": "api", "directory": directory}).to_string().into_bytes()
}
