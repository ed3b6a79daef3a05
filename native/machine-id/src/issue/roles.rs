//! Whether what came back has no more roles than what was asked for. Whatever a server does with a subset of a bot's
//! roles (teleport-17-to-20: from 20 on it is to drop them), nothing with more than was asked for is handed out.

use super::error::IssueError;
use crate::identity::CertificateFacts;

/// Compares the roles in both certificates with those that were asked for. Fewer are the server's right.
///
/// # Errors
/// [`IssueError::MoreRoles`].
pub(super) fn compare(asked: &[String], facts: &CertificateFacts) -> Result<(), IssueError> {
    let more = beyond(asked, &facts.ssh.roles, &facts.tls.roles);
    if more.is_empty() { Ok(()) } else { Err(IssueError::MoreRoles { more, asked: asked.to_vec() }) }
}

fn beyond(asked: &[String], ssh: &[String], tls: &[String]) -> Vec<String> {
    let mut more: Vec<String> = ssh.iter().chain(tls).filter(|role| !asked.contains(role)).cloned().collect();
    more.sort_unstable();
    more.dedup();
    more
}

#[cfg(test)]
mod tests {
    use super::beyond;

    #[test]
    fn one_role_more_in_either_certificate_is_too_much_and_fewer_are_not() {
        let roles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (asked, ssh, tls, more) in [
            (&["a"][..], &["a"][..], &["a"][..], &[][..]),
            (&["a", "b"], &["b"], &["a"], &[]),
            (&["a"], &["a", "admin"], &["a"], &["admin"]),
            (&["a"], &["a"], &["admin", "a"], &["admin"]),
            (&["a"], &["c", "b"], &["c"], &["b", "c"]),
            (&["a"], &[], &[], &[]),
        ] {
            assert_eq!(beyond(&roles(asked), &roles(ssh), &roles(tls)), roles(more), "{asked:?} {ssh:?} {tls:?}");
        }
    }
}
