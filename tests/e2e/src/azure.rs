//! A double of what a virtual machine in Azure sees: its metadata service, and the place of Microsoft's certificates.

use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, CustomExtension, DnType, Issuer, KeyPair};
use teleport_double::{AzureOptions, attested_document};

use crate::Machine;

/// The machine's surroundings. Change them before the program starts.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What the machine is.
    pub machine: AzureOptions,
    /// Its managed identity, where the service wants to be told which one.
    pub client_id: Option<String>,
    /// Status and body of an answer instead of the usual one, by a part of the path.
    pub instead: Option<(&'static str, u16, &'static str)>,
    issuer: Vec<u8>,
    root: Vec<u8>,
}

impl Surroundings {
    /// A machine whose document is signed below one issuer and its root.
    ///
    /// # Panics
    /// When a certificate can't be made.
    #[must_use]
    pub fn new() -> Self {
        let root = certificate("root", "root", None);
        let issuer = certificate("issuer", "root", Some("root.crt"));
        let signer = certificate("metadata.azure.com", "issuer", Some("issuer.crt"));
        let machine = AzureOptions { signer, intermediate: Some(issuer.clone()), ..AzureOptions::default() };
        Self { machine, client_id: None, instead: None, issuer, root }
    }

    /// Serves on loopback and leads `machine` there. Returns the paths that are asked for.
    ///
    /// # Panics
    /// When there is no port.
    pub fn serve(self, machine: &mut Machine) -> Arc<Mutex<Vec<String>>> {
        machine.keep_secret([self.machine.access_token.clone()]);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let address = machine.serve(move |head| {
            let path = head[0].split(' ').nth(1).unwrap_or_default();
            noted.lock().unwrap().push(path.to_owned());
            Some(match self.instead {
                Some((part, status, body)) if path.contains(part) => (status, body.as_bytes().to_vec()),
                _ => self.usual(path, head.iter().any(|line| line == "metadata: True")),
            })
        });
        machine.set("MACHINE_ID_AZURE_METADATA_URL", &format!("http://{address}/metadata"));
        machine.set("MACHINE_ID_AZURE_CERTIFICATES_URL", &format!("http://{address}/certs/"));
        asked
    }

    fn usual(&self, path: &str, marked: bool) -> (u16, Vec<u8>) {
        let place = path.split('?').next().unwrap_or_default();
        let field = |name: &str| path.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let text = |status, text: &str| (status, text.as_bytes().to_vec());
        match place {
            "/certs/issuer.crt" => (200, self.issuer.clone()),
            "/certs/root.crt" => (200, self.root.clone()),
            _ if !marked => text(400, r#"{"error":"Bad request. Required metadata header not specified"}"#),
            "/metadata/versions" => text(200, r#"{"apiVersions":["2017-03-01","2021-12-13"]}"#),
            "/metadata/identity/oauth2/token" if self.client_id.as_deref() != field("client_id") => text(
                400,
                r#"{"error":"invalid_request","error_description":"Multiple user assigned identities exist"}"#,
            ),
            "/metadata/identity/oauth2/token" => {
                text(200, &format!(r#"{{"access_token":"{}"}}"#, self.machine.access_token))
            }
            "/metadata/attested/document" => {
                let nonce = field("nonce").unwrap_or_default();
                text(200, &attested_document(nonce, &self.machine.vm_id, &self.machine.signer))
            }
            _ => text(404, "no such page"),
        }
    }
}

impl Default for Surroundings {
    fn default() -> Self {
        Self::new()
    }
}

/// DER: of `subject`, by `issuer`, that names where its issuer's is.
fn certificate(subject: &str, issuer: &str, file: Option<&str>) -> Vec<u8> {
    let named = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let mut params = named(subject);
    if let Some(file) = file {
        let url = format!("http://www.microsoft.com/pkiops/certs/{file}");
        let url = [&[0x86, u8::try_from(url.len()).unwrap()], url.as_bytes()].concat();
        // SEQUENCE of SEQUENCE{caIssuers, [6] url}; all of it is shorter than 128 bytes.
        let access = [&[6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2], url.as_slice()].concat();
        let length = u8::try_from(access.len()).unwrap();
        let access = [&[0x30, length + 2, 0x30, length], access.as_slice()].concat();
        params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access));
    }
    let key = KeyPair::generate().unwrap();
    if subject == issuer {
        return params.self_signed(&key).unwrap().der().to_vec();
    }
    let issuer = Issuer::new(named(issuer), KeyPair::generate().unwrap());
    params.signed_by(&key, &issuer).unwrap().der().to_vec()
}
