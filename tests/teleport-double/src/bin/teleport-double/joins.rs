//! How bots join, as the command line says it.

use std::path::PathBuf;

use clap::Args;
use teleport_double::{
    AzureOptions, BoundKeypairOptions, Builder, Double, DoubleError, IamOptions, SignedOptions, TokenOptions,
};

/// Tokens, and which ways and methods there are.
#[derive(Debug, Args)]
pub(crate) struct Joins {
    /// A token of another method: NAME=BOT,METHOD,PROOF. PROOF is the ID token; `KEYID:SECRET` for iam; the registration
    /// secret for bound_keypair; the access token for azure; `valid` or `expired` for token.
    #[arg(long = "token", value_name = "NAME=BOT,METHOD,PROOF")]
    tokens: Vec<String>,
    /// A token for ID tokens that are genuine: NAME=BOT,METHOD,FILE,RULE[,RULE...]. FILE holds the JWKS, and is read at each
    /// join; a rule is `namespace:name` (kubernetes), or a job's path, with `*` and `?`; `;CLAIM=VALUE` may follow.
    #[arg(long = "signed", value_name = "NAME=BOT,METHOD,FILE,RULE")]
    signed: Vec<String>,
    /// A file that gets a line for each join: the bot's user, and the public key of its X.509 certificate in hexadecimal.
    #[arg(long, value_name = "FILE")]
    joined_keys: Option<PathBuf>,
    /// Whether `teleport.join.v1` is served; by default the version says.
    #[arg(long, value_name = "BOOL")]
    join_stream: Option<bool>,
    /// Whether the ways before `teleport.join.v1` are served; by default the version says.
    #[arg(long, value_name = "BOOL")]
    legacy_joins: Option<bool>,
    /// Signature algorithm suite; by default the version says.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Refuse clients that say to be older than this.
    #[arg(long, value_name = "VERSION")]
    min_client_version: Option<String>,
    /// Take FIPS endpoints of STS only.
    #[arg(long)]
    fips: bool,
    /// Grant all roles of a bot to each of its outputs.
    #[arg(long)]
    all_roles: bool,
}

const SIGNED: &str = "token in the form NAME=BOT,METHOD,FILE,RULE";

impl Joins {
    /// Sets up how bots join.
    pub(crate) fn set(&self, mut builder: Builder) -> Builder {
        if let Some(served) = self.join_stream {
            builder = builder.join_stream(served);
        }
        if let Some(file) = &self.joined_keys {
            builder = builder.joined_keys(file);
        }
        if let Some(served) = self.legacy_joins {
            builder = builder.legacy_joins(served);
        }
        if let Some(suite) = &self.suite {
            builder = builder.suite(suite);
        }
        if let Some(version) = &self.min_client_version {
            builder = builder.min_client_version(version);
        }
        if self.fips {
            builder = builder.fips();
        }
        if self.all_roles { builder.all_roles_always() } else { builder }
    }

    /// Makes the tokens asked for.
    pub(crate) fn add_tokens(&self, double: &Double) -> Result<(), DoubleError> {
        for (name, text) in crate::pairs(&self.tokens, "token in the form NAME=BOT,METHOD,PROOF")? {
            add_token(double, name, &text)?;
        }
        for (name, text) in crate::pairs(&self.signed, SIGNED)? {
            let parts: Vec<&str> = text.split(',').collect();
            let [bot, method @ ("kubernetes" | "gitlab" | "generic_oidc"), jwks, allow @ ..] = &*parts else {
                return Err(DoubleError::Unknown { kind: SIGNED, name: text });
            };
            let allow = allow.iter().map(|rule| (*rule).to_owned()).collect();
            let signed = Some(SignedOptions { method: (*method).to_owned(), jwks: jwks.into(), allow });
            let _ = double.new_token_with(bot, TokenOptions { name, signed, ..TokenOptions::default() });
        }
        Ok(())
    }
}

/// `BOT,METHOD,PROOF`.
fn add_token(double: &Double, name: String, text: &str) -> Result<(), DoubleError> {
    let unknown = || DoubleError::Unknown { kind: "token in the form NAME=BOT,METHOD,PROOF", name: text.to_owned() };
    let mut parts = text.splitn(3, ',');
    let (Some(bot), Some(method), Some(proof)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(unknown());
    };
    let mut options = TokenOptions { name, ..TokenOptions::default() };
    match method {
        "iam" => {
            let (id, secret) = proof.split_once(':').ok_or_else(unknown)?;
            let (access_key_id, secret_access_key) = (id.to_owned(), secret.to_owned());
            options.iam = Some(IamOptions { access_key_id, secret_access_key, ..IamOptions::default() });
        }
        "azure" => {
            options.azure = Some(AzureOptions { access_token: proof.to_owned(), ..AzureOptions::default() });
        }
        "token" => options.expired = proof == "expired",
        "bound_keypair" => {
            let registration_secret = Some(proof.to_owned());
            options.bound_keypair = Some(BoundKeypairOptions { registration_secret, ..BoundKeypairOptions::default() });
        }
        _ => options.id_token = Some((method.to_owned(), proof.to_owned())),
    }
    let _ = double.new_token_with(bot, options);
    Ok(())
}
