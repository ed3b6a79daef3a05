//! What a token wants to be shown: set up by tests, and for bound keys what has become of it.

use std::time::SystemTime;

/// A token of method `iam`: the key that the cluster knows to be AWS's, and who it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamOptions {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key, by which the signature is computed anew.
    pub secret_access_key: String,
    /// Session token of temporary credentials.
    pub session_token: Option<String>,
    /// Account that STS names.
    pub account: String,
    /// ARN that STS names.
    pub arn: String,
    /// Whether an allow rule matches that account and ARN.
    pub allowed: bool,
}

impl Default for IamOptions {
    fn default() -> Self {
        Self {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            account: "111122223333".to_owned(),
            arn: "arn:aws:sts::111122223333:assumed-role/jenkins-agent/i-0abc".to_owned(),
            allowed: true,
        }
    }
}

/// A token of method `azure`: the machine that the cluster takes the proof for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureOptions {
    /// Id of the virtual machine, as in the attested document (see [`attested_document`]).
    pub vm_id: String,
    /// The access token of its managed identity, compared as text.
    pub access_token: String,
    /// The certificates that a client must send with the document on `teleport.join.v1`; any when unset.
    pub intermediate: Option<Vec<u8>>,
    /// The certificate (DER) in the attested document's signature; none when empty.
    pub signer: Vec<u8>,
    /// Whether an allow rule matches the machine.
    pub allowed: bool,
}

impl Default for AzureOptions {
    fn default() -> Self {
        Self {
            vm_id: "9a4c0d2e-0000-4000-8000-000000000001".to_owned(),
            access_token: "azure.access.token".to_owned(),
            intermediate: None,
            signer: Vec::new(),
            allowed: true,
        }
    }
}

/// The body that a double of Azure's metadata service answers for `nonce`: a PKCS#7 message with the certificate
/// `signer` (DER; none when empty), and without a signature. It must reach the cluster byte for byte.
#[must_use]
pub fn attested_document(nonce: &str, vm_id: &str, signer: &[u8]) -> String {
    use base64::Engine;
    let inner = format!(r#"{{"nonce":{},"vmId":{}}}"#, serde_json::json!(nonce), serde_json::json!(vm_id));
    let signature = base64::engine::general_purpose::STANDARD.encode(pkcs7(inner.as_bytes(), signer));
    format!("{{ \"encoding\": \"pkcs7\",\n  \"signature\":\"{signature}\" }}")
}

/// ContentInfo{signedData, [0] SignedData{1, {}, {data, [0] content}, [0] certificates, {}}}.
fn pkcs7(content: &[u8], certificates: &[u8]) -> Vec<u8> {
    const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    const DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    const SET: &[u8] = &[0x31, 0];
    let encapsulated = tlv(0x30, &[DATA, &tlv(0xa0, &tlv(0x04, content))].concat());
    let certificates = if certificates.is_empty() { Vec::new() } else { tlv(0xa0, certificates) };
    let signed = tlv(0x30, &[&[2, 1, 1], SET, &encapsulated, &certificates, SET].concat());
    tlv(0x30, &[SIGNED_DATA, &tlv(0xa0, &signed)].concat())
}

/// One value in DER.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length: &[u8] = length.iter().position(|byte| *byte != 0).map_or(&[0], |at| length.split_at(at).1);
    let long = (value.len() > 127).then(|| 0x80 | u8::try_from(length.len()).unwrap_or_default());
    std::iter::once(tag).chain(long).chain(length.iter().copied()).chain(value.iter().copied()).collect()
}

/// How strictly a token of method `bound_keypair` guards against copies (join-methods 3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecoveryMode {
    /// Recoveries are counted and limited, the join state is asked for.
    #[default]
    Standard,
    /// Recoveries aren't limited, the join state is asked for.
    Relaxed,
    /// Neither.
    Insecure,
}

impl RecoveryMode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Relaxed => "relaxed",
            Self::Insecure => "insecure",
        }
    }
}

/// A token of method `bound_keypair`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundKeypairOptions {
    /// Secret of the first join. Made by the double where neither this nor a key is given; read it with
    /// [`Double::bound_keypair`](super::Double::bound_keypair).
    pub registration_secret: Option<String>,
    /// The key of the first join, as an authorized_keys line.
    pub initial_public_key: Option<String>,
    /// After this the secret isn't taken any more.
    pub must_register_before: Option<SystemTime>,
    /// How many recoveries there may be, the first join included.
    pub recovery_limit: u32,
    /// How strictly recoveries are guarded.
    pub recovery_mode: RecoveryMode,
    /// From then on the next join asks for a new key.
    pub rotate_after: Option<SystemTime>,
    /// No real server: each answer brings the same question again, and never a result.
    pub endless: bool,
}

impl Default for BoundKeypairOptions {
    fn default() -> Self {
        Self {
            registration_secret: None,
            initial_public_key: None,
            must_register_before: None,
            recovery_limit: 1,
            recovery_mode: RecoveryMode::Standard,
            rotate_after: None,
            endless: false,
        }
    }
}

/// What the cluster stores of a token of method `bound_keypair`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundKeypair {
    /// The secret of the first join; empty once a key is bound, and where there never was one.
    pub registration_secret: String,
    /// The bound key, as an authorized_keys line; empty before the first join.
    pub public_key: String,
    /// The bot instance that joined last; empty before the first join.
    pub bot_instance: String,
    /// Recoveries so far, the first join included.
    pub recovery_count: u32,
    /// When the key was replaced last.
    pub rotated_at: Option<SystemTime>,
    /// Counts the joins, so that of two at once only one is committed.
    pub(crate) joins: u64,
}

/// A heartbeat that a bot submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Heartbeat {
    /// User of the certificate that it came with, such as `bot-api`.
    pub user: String,
    /// Bot instance of that certificate.
    pub bot_instance: String,
    /// What was sent; `recorded_at` is the cluster's.
    pub sent: teleport_api::machineid::BotInstanceStatusHeartbeat,
}

/// Why a client ended a join of `teleport.join.v1` without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// The number of the reason.
    pub reason: i32,
    /// The reason in words.
    pub message: String,
}
