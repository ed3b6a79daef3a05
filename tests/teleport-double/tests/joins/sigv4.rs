//! A signer of its own, and the request that a good client sends.

use ring::hmac;
use sha2::{Digest, Sha256};
use teleport_double::IamOptions;

/// Parts of a request to STS; [`Sts::text`] signs them.
#[derive(Clone)]
pub(crate) struct Sts {
    pub(crate) line: String,
    pub(crate) host: String,
    pub(crate) region: String,
    pub(crate) challenge: String,
    pub(crate) accept: String,
    pub(crate) body: String,
    pub(crate) unsigned: Vec<&'static str>,
    pub(crate) options: IamOptions,
    pub(crate) at: std::time::SystemTime,
}

impl Sts {
    pub(crate) fn new(challenge: &str, options: &IamOptions) -> Self {
        Self {
            line: "POST / HTTP/1.1".to_owned(),
            host: "sts.eu-central-1.amazonaws.com".to_owned(),
            region: "eu-central-1".to_owned(),
            challenge: challenge.to_owned(),
            accept: "application/json".to_owned(),
            body: "Action=GetCallerIdentity&Version=2011-06-15".to_owned(),
            unsigned: Vec::new(),
            options: options.clone(),
            at: std::time::SystemTime::now(),
        }
    }

    pub(crate) fn at_host(mut self, host: &str, region: &str) -> Self {
        (self.host, self.region) = (host.to_owned(), region.to_owned());
        self
    }

    pub(crate) fn text(&self) -> String {
        let stamp = humantime::format_rfc3339_seconds(self.at).to_string().replace(['-', ':'], "");
        let mut headers = vec![
            ("Accept", self.accept.clone()),
            ("Content-Length", self.body.len().to_string()),
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
            ("Host", self.host.clone()),
            ("X-Amz-Date", stamp.clone()),
        ];
        headers.extend(self.options.session_token.clone().map(|token| ("X-Amz-Security-Token", token)));
        headers.push(("X-Teleport-Challenge", self.challenge.clone()));
        let signed: Vec<_> = headers.iter().filter(|(name, _)| !self.unsigned.contains(name)).collect();
        let names = signed.iter().map(|(name, _)| name.to_lowercase()).collect::<Vec<_>>().join(";");
        let values: String = signed.iter().map(|(name, value)| format!("{}:{value}\n", name.to_lowercase())).collect();
        let mut line = self.line.split(' ');
        let (method, path) = (line.next().unwrap(), line.next().unwrap());
        let digest = |text: &str| hex::encode(Sha256::digest(text));
        let canonical = format!("{method}\n{path}\n\n{values}\n{names}\n{}", digest(&self.body));
        let scope = format!("{}/{}/sts/aws4_request", &stamp[..8], self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", digest(&canonical));
        let secret = format!("AWS4{}", self.options.secret_access_key);
        let steps = scope.split('/').chain([to_sign.as_str()]);
        let signature = steps.fold(secret.into_bytes(), |key, part| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec()
        });
        let (id, signature) = (&self.options.access_key_id, hex::encode(signature));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{}\r\n{headers}Authorization: {authorization}\r\n\r\n{}", self.line, self.body)
    }
}
