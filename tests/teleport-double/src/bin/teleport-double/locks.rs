//! Locks that come and go while the double runs, as somebody writes them into a file.

use teleport_double::Double;

/// Each line is the user of a bot that is locked (`bot-api`); what isn't there any more isn't locked.
pub(crate) fn follow(double: &Double, users: &[&str]) {
    double.unlock_all();
    for user in users {
        double.lock_user(user, "locked by a file of locks");
    }
}
