//! Which machine wrote a store: a copied directory would make two bots of one, and the second renewal locks both.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What marks a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineMark {
    /// A hash of `/etc/machine-id` (that id itself is to stay on the machine, says machine-id(5)).
    pub machine: Option<String>,
    /// The kernel's id of this boot.
    pub boot: Option<String>,
}

impl MachineMark {
    /// The mark of this machine; what the system doesn't tell is left out.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let machine = first_line(Path::new("/etc/machine-id"));
        Self {
            machine: machine.map(|id| hex::encode(Sha256::digest(format!("jenkins machine-id store\n{id}")))),
            boot: first_line(Path::new("/proc/sys/kernel/random/boot_id")),
        }
    }

    /// False only where both are known to be different machines.
    #[must_use]
    pub fn same_machine(&self, other: &Self) -> bool {
        match (&self.machine, &other.machine) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        }
    }
}

fn first_line(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(256).read_to_string(&mut text).ok()?;
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}
