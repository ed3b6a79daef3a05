//! The double as a stage.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use teleport_double::TokenOptions;

use super::{Flaw, IamOptions, Kind, Method, Phase, Stage, Version, Vouched};
use crate::Cluster;
use crate::secrets::Secrets;

impl Stage for Cluster {
    fn version(&self) -> Version {
        Version::new((**self).version())
    }

    fn proxy_address(&self) -> String {
        (**self).proxy_address()
    }

    fn auth_address(&self) -> String {
        (**self).auth_address()
    }

    fn ca_pin(&self) -> String {
        (**self).ca_pin()
    }

    fn web_ca(&self) -> &Path {
        self.web_ca_pem()
    }

    fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }

    fn add_bot(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bot{}", COUNT.fetch_add(1, Ordering::Relaxed));
        (**self).add_bot(&name, &["api-workers"]);
        name
    }

    fn remove_bot(&self, bot: &str) {
        self.delete_bot(bot);
    }

    fn issue(&self, bot: &str, kind: Kind) -> String {
        let role = if kind == Kind::ForNode { "Node" } else { "" };
        let options = TokenOptions { expired: kind == Kind::Expired, role: role.to_owned(), ..TokenOptions::default() };
        let token = self.new_token_with(bot, options);
        self.secrets.add(&token);
        token
    }

    fn vouch(&self, bot: &str, method: Method, flaw: Option<Flaw>) -> Option<Vouched> {
        // It compares ID tokens as texts, and can't see what they say.
        let proof = format!("eyJhbGciOiJFUzI1NiJ9.{bot}.{}", method.name());
        self.secrets.add(&proof);
        let refusal = flaw.map(|flaw| flaw.refusal(method.name(), method.has_given_keys()));
        let id_token = Some((method.name().to_owned(), proof.clone()));
        let options = TokenOptions { id_token, refusal, ..TokenOptions::default() };
        Some(Vouched { token: self.new_token_with(bot, options), proof })
    }

    fn admit_aws(&self, bot: &str, options: IamOptions) -> String {
        self.new_token_with(bot, TokenOptions { iam: Some(options), ..TokenOptions::default() })
    }

    fn token_exists(&self, token: &str) -> bool {
        (**self).token_exists(token)
    }

    fn generation(&self, bot: &str) -> Option<u64> {
        (**self).generation(bot)
    }

    fn lock_bot(&self, bot: &str, message: &str) {
        self.lock_user(&format!("bot-{bot}"), message);
    }

    fn unlock_all(&self) {
        (**self).unlock_all();
    }

    fn rotate(&self, phase: Phase) {
        (**self).rotate(phase).unwrap();
    }

    fn hosts_follow_rotations(&self) -> bool {
        false
    }

    fn skip(&self, why: &str) {
        panic!("the double can show everything: {why}");
    }
}
