//! `GET /webapi/auth/export` (protocol section J).

use super::reply::{self, Reply};
use crate::control::{Core, Fault};

/// The authority asked for, as PEM or as SSH lines.
pub(crate) fn export(core: &Core, query: &str, fault: Option<&Fault>) -> Reply {
    let kind = query.split('&').find_map(|pair| pair.strip_prefix("type=")).unwrap_or_default();
    let state = core.state();
    let cluster = &core.settings.cluster;
    let mut text: String = match kind {
        "tls-host" => state.host.trusted().map(|keys| keys.pem.clone()).collect(),
        "tls-user" => state.user.trusted().map(|keys| keys.pem.clone()).collect(),
        "db" => state.database.trusted().map(|keys| keys.pem.clone()).collect(),
        "host" => state
            .host
            .trusted()
            .map(|keys| format!("@cert-authority {cluster},*.{cluster} {} type=host\n", keys.ssh_line))
            .collect(),
        "user" => state
            .user
            .trusted()
            .map(|keys| format!("cert-authority {} clustername={cluster}&type=user\n", keys.ssh_line))
            .collect(),
        other => {
            return reply::error(400, &format!("{other:?} authority type is not supported"));
        }
    };
    if let (Some(Fault::ForeignAuthority { pem, .. }), "tls-host") = (fault, kind) {
        text.push_str(pem);
    }
    reply::text(200, &text)
}
