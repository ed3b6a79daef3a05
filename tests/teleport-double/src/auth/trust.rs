//! Reading certificate authorities (protocol section D3).

use prost::Message;
use teleport_api::trust::{GetCertAuthoritiesRequest, GetCertAuthorityRequest};

use super::refusal::Refusal;
use super::wire::Wire;
use crate::ca::AuthorityKind;
use crate::ca::authority::{Authority, CaKeys, Phase};
use crate::ca::identity::Identity;
use crate::control::{Core, Fault, State};

/// The host CA as PEM, one block for each trusted key.
pub(crate) fn cluster_ca_cert(core: &Core, fault: Option<&Fault>) -> Vec<u8> {
    let state = core.state();
    let pem: String = match fault {
        Some(Fault::NoAuthorities) => String::new(),
        Some(Fault::ManyAuthorities(count)) => state.host.active.pem.repeat(*count),
        Some(Fault::ForeignAuthority { pem, .. }) => format!("{}{pem}", state.host.active.pem),
        _ => state.host.trusted().map(|keys| keys.pem.as_str()).collect(),
    };
    Wire::default().bytes(1, pem).finish()
}

/// One authority.
pub(crate) fn authority(
    core: &Core,
    _caller: &Identity,
    body: &[u8],
    fault: Option<&Fault>,
) -> Result<Vec<u8>, Refusal> {
    let request = GetCertAuthorityRequest::decode(body).map_err(|error| Refusal::plain(error.to_string()))?;
    readable(&request.r#type, request.include_key)?;
    let state = core.state();
    let domain = if request.domain.is_empty() { &core.settings.cluster } else { &request.domain };
    all(&state, &request.r#type)
        .into_iter()
        .find(|(authority, _)| authority.cluster == *domain)
        .map(|(authority, kind)| resource(authority, kind, fault).finish())
        .ok_or_else(|| Refusal::not_found(format!("key /authorities/{}/{domain} is not found", request.r#type)))
}

/// All authorities of a type.
pub(crate) fn authorities(
    core: &Core,
    _caller: &Identity,
    body: &[u8],
    fault: Option<&Fault>,
) -> Result<Vec<u8>, Refusal> {
    let request = GetCertAuthoritiesRequest::decode(body).map_err(|error| Refusal::plain(error.to_string()))?;
    readable(&request.r#type, request.include_key)?;
    let state = core.state();
    let mut wire = Wire::default();
    for (authority, kind) in all(&state, &request.r#type) {
        wire = match fault {
            Some(Fault::NoAuthorities) => wire,
            Some(Fault::ManyAuthorities(count)) => {
                (0..*count).fold(wire, |wire, _| wire.message(1, resource(authority, kind, None)))
            }
            _ => wire.message(1, resource(authority, kind, fault)),
        };
    }
    Ok(wire.finish())
}

/// What a bot may read.
pub(super) fn readable(kind: &str, with_keys: bool) -> Result<(), Refusal> {
    match kind {
        "host" | "user" | "db" | "openssh" | "jwt" if !with_keys => Ok(()),
        "host" | "user" | "db" | "openssh" | "jwt" | "saml_idp" | "oidc_idp" => {
            Err(Refusal::denied("access denied to perform action \"read\" on \"cert_authority\""))
        }
        other => Err(Refusal::bad_parameter(format!("{other:?} authority type is not supported"))),
    }
}

pub(super) fn all<'a>(state: &'a State, kind: &str) -> Vec<(&'a Authority, AuthorityKind)> {
    match kind {
        "host" => std::iter::once(&state.host)
            .chain(&state.leaf_host)
            .map(|authority| (authority, AuthorityKind::Host))
            .collect(),
        "user" => vec![(&state.user, AuthorityKind::User)],
        "db" => vec![(&state.database, AuthorityKind::Database)],
        _ => Vec::new(),
    }
}

/// A `types.CertAuthorityV2`, with the fields the recorded ones have.
pub(crate) fn resource(authority: &Authority, kind: AuthorityKind, fault: Option<&Fault>) -> Wire {
    let name = kind.as_str();
    let metadata = Wire::default()
        .bytes(1, &authority.cluster)
        .bytes(2, "default")
        .number(7, authority.revision)
        .bytes(8, format!("00000000-0000-4000-8000-{:012}", authority.revision));
    let mut spec = Wire::default().bytes(1, name).bytes(2, &authority.cluster);
    if authority.phase.is_some() {
        spec = spec.message(8, rotation(authority));
    }
    let ssh = kind != AuthorityKind::Database;
    let active = match fault {
        Some(Fault::NoAuthorities) => Wire::default(),
        Some(Fault::ManyAuthorities(count)) => key_set(std::iter::repeat_n(&*authority.active, *count), ssh),
        _ => key_set(std::iter::once(&*authority.active), ssh),
    };
    let additional = key_set(authority.additional.iter().map(|keys| &**keys), ssh);
    let spec = spec.message(11, active).message(12, additional);
    Wire::default().bytes(1, "cert_authority").bytes(2, name).bytes(3, "v2").message(4, metadata).message(5, spec)
}

fn key_set<'a>(keys: impl Iterator<Item = &'a CaKeys> + Clone, ssh: bool) -> Wire {
    let mut wire = Wire::default();
    if ssh {
        for keys in keys.clone() {
            wire = wire.message(1, Wire::default().bytes(1, format!("{}\n", keys.ssh_line)));
        }
    }
    for keys in keys {
        wire = wire.message(2, Wire::default().bytes(1, &keys.pem));
    }
    wire
}

fn rotation(authority: &Authority) -> Wire {
    let timestamp = |at: Option<std::time::SystemTime>| {
        let since = at.and_then(|at| at.duration_since(std::time::SystemTime::UNIX_EPOCH).ok());
        // Go's zero time, year 1, as the real thing writes it.
        Wire::default().number(1, since.map_or(18_446_744_011_573_954_816, |since| since.as_secs()))
    };
    let phase = authority.phase.unwrap_or(Phase::Standby);
    let state = if phase == Phase::Standby { "standby" } else { "in_progress" };
    let hour_in_nanoseconds = 3_600_000_000_000;
    let schedule = [1, 2, 3].into_iter().fold(Wire::default(), |wire, at| wire.message(at, timestamp(None)));
    Wire::default()
        .bytes(1, state)
        .bytes(2, phase.as_str())
        .bytes(3, "manual")
        .bytes(4, &authority.rotation_id)
        .message(5, timestamp(authority.started))
        .number(6, hour_in_nanoseconds)
        .message(7, timestamp(authority.last_rotated))
        .message(8, schedule)
}
