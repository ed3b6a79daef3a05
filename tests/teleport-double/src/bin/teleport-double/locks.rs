//! Locks that come and go while the double runs, as somebody writes them into a file.

use std::path::Path;
use std::time::Duration;

use teleport_double::Double;

/// How often the file is looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// Follows a file for ever: each line is the user of a bot that is locked (`bot-api`); what isn't there any more isn't
/// locked. A file that can't be read is an empty one.
pub(crate) async fn follow(double: &Double, file: &Path) {
    let mut before = String::new();
    loop {
        let now = std::fs::read_to_string(file).unwrap_or_default();
        if now != before {
            double.unlock_all();
            for user in now.lines().map(str::trim).filter(|user| !user.is_empty()) {
                double.lock_user(user, "locked by a file of locks");
            }
            before = now;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
