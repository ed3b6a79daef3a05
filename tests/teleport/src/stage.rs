//! A real Teleport as a stage.

use std::path::Path;
use std::time::{Duration, SystemTime};

use e2e::secrets::Secrets;
use e2e::stage::{Flaw, IamOptions, Kind, Method, Phase, Version, Vouched};
use e2e::wait::{LONG, until};
use e2e::{Machine, Stage};
use serde_json::{Value, json};

use crate::cluster::{PATIENCE, Teleport};

fn random(prefix: &str, digits: usize) -> String {
    let digits = std::iter::repeat_with(|| format!("{:x}", fastrand::u8(..16))).take(digits);
    format!("{prefix}{}", digits.collect::<String>())
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Init => "init",
        Phase::UpdateClients => "update_clients",
        Phase::UpdateServers => "update_servers",
        Phase::Standby => "standby",
        _ => panic!("no phase of a rotation: {phase:?}"),
    }
}

/// A token resource that lasts for some seconds.
fn token(name: &str, seconds: u64, spec: &Value) -> Value {
    let expires = SystemTime::now() + Duration::from_secs(seconds);
    let expires = humantime::format_rfc3339_seconds(expires).to_string();
    json!({"kind": "token", "version": "v2", "metadata": {"name": name, "expires": expires}, "spec": spec})
}

impl Stage for Teleport {
    fn version(&self) -> Version {
        self.version()
    }

    fn proxy_address(&self) -> String {
        format!("localhost:{}", self.ports.proxy)
    }

    fn auth_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.auth)
    }

    fn ca_pin(&self) -> String {
        self.tctl.ca_pins().remove(0)
    }

    fn web_ca(&self) -> &Path {
        &self.web_ca
    }

    fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }

    fn add_bot(&self) -> String {
        let name = random("bot", 8);
        // From 19 on it would print a joining URI.
        let legacy: &[&str] = if self.version().major() >= 19 { &["--legacy"] } else { &[] };
        self.tctl.json(&[&["bots", "add", &name, "--roles=api-workers"], legacy].concat());
        name
    }

    fn remove_bot(&self, bot: &str) {
        self.tctl.run(&["bots", "rm", bot]);
    }

    fn issue(&self, bot: &str, kind: Kind) -> String {
        let name = random("", 32);
        self.secrets.add(&name);
        let (seconds, spec) = match kind {
            Kind::Usual => (3600, json!({"roles": ["Bot"], "bot_name": bot, "join_method": "token"})),
            Kind::Expired => (3, json!({"roles": ["Bot"], "bot_name": bot, "join_method": "token"})),
            Kind::ForNode => (3600, json!({"roles": ["Node"], "join_method": "token"})),
        };
        self.tctl.create(&token(&name, seconds, &spec));
        if kind == Kind::Expired {
            until("the token's end", PATIENCE, || (!self.token_exists(&name)).then_some(()));
        }
        name
    }

    fn vouch(&self, bot: &str, method: Method, flaw: Option<Flaw>) -> Option<Vouched> {
        if !self.version().takes(method) {
            return None;
        }
        let (name, rules) = (random(method.name(), 8), self.issuer.rules(method));
        let spec = json!({"roles": ["Bot"], "bot_name": bot, "join_method": method.name(), method.name(): rules});
        let created = self.tctl.try_create(&token(&name, 3600, &spec));
        // What a server doesn't know it leaves out.
        let kept = created.status == Some(0) && {
            let kept = self.tctl.json(&["get", &format!("token/{name}")]);
            rules.as_object().unwrap().keys().all(|key| kept[0]["spec"][method.name()].get(key).is_some())
        };
        if !kept {
            assert!(self.version().is_snapshot(), "{method:?} should be in {}: {created:?}", self.version());
            return None;
        }
        let proof = self.issuer.token(method, flaw);
        self.secrets.add(&proof);
        Some(Vouched { token: name, proof })
    }

    fn admit_aws(&self, bot: &str, options: IamOptions) -> String {
        let name = random("iam", 8);
        let arn = if options.allowed { options.arn.replace("i-0abc", "*") } else { "arn:aws:sts::1:*".to_owned() };
        let spec = json!({"roles": ["Bot"], "bot_name": bot, "join_method": "iam",
            "allow": [{"aws_account": options.account, "aws_arn": arn}]});
        self.tctl.create(&token(&name, 3600, &spec));
        self.cloud.add_customer(options);
        name
    }

    fn token_exists(&self, token: &str) -> bool {
        self.tctl.attempt(&["get", &format!("token/{token}")]).status == Some(0)
    }

    fn generation(&self, bot: &str) -> Option<u64> {
        if self.version().has_bot_instances() {
            self.tctl.generations(bot).into_iter().max()
        } else {
            self.tctl.generation_label(bot)
        }
    }

    fn lock_bot(&self, bot: &str, message: &str) {
        // A lock is in force a moment later, in the order in which locks were made: a second one tells when.
        let witness = Machine::new(self);
        let other = self.add_bot();
        witness.configure(self, &self.issue(&other, Kind::Usual), "");
        witness.oneshot().succeeded();
        for bot in [bot, &other] {
            self.tctl.run(&["lock", &format!("--user=bot-{bot}"), &format!("--message={message}")]);
        }
        until("the lock's effect", LONG, || (witness.oneshot().status != Some(0)).then_some(()));
    }

    fn unlock_all(&self) {
        for lock in self.tctl.json(&["get", "locks"]).as_array().into_iter().flatten() {
            let name = lock["metadata"]["name"].as_str().unwrap();
            self.tctl.run(&["rm", &format!("lock/{name}")]);
        }
    }

    fn rotate(&self, phase: Phase) {
        let phase = phase_name(phase);
        for authority in ["user", "host"] {
            let target = [format!("--type={authority}"), format!("--phase={phase}")];
            self.tctl.run(&["auth", "rotate", "--manual", &target[0], &target[1]]);
        }
        // Of the host CA they tell how far they have followed.
        until(&format!("all servers in phase {phase}"), PATIENCE, || {
            let servers = self.tctl.servers();
            let followed = servers.iter().all(|server| server["spec"]["rotation"]["phase"] == phase);
            (servers.len() >= 2 && followed).then_some(())
        });
    }

    fn hosts_follow_rotations(&self) -> bool {
        true
    }

    fn skip(&self, why: &str) {
        *self.skipped.borrow_mut() = Some(why.to_owned());
    }
}
