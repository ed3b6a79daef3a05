//! What a proxy says about itself: `GET /webapi/find` (protocol section A).

use serde::Deserialize;

use crate::connect::net::address::Address;

/// Default ports of the separate listeners.
const SSH_PORT: u16 = 3023;
const TUNNEL_PORT: u16 = 3024;
const KUBE_PORT: u16 = 3026;

/// How the services behind a proxy are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyFacts {
    /// The web port that was asked; HTTPS, and everything with TLS routing.
    pub web: Address,
    /// All protocols share the web port.
    pub tls_routing: bool,
    /// The host by which SSH host certificates and `known_hosts` name the proxy.
    pub public_host: String,
    /// The web port as the cluster announces it to its users.
    pub public: Address,
    /// Where SSH and ProxySSH are served.
    pub ssh: Address,
    /// Where the reverse tunnel is served.
    pub tunnel: Address,
    /// Where Kubernetes is served; none when switched off.
    pub kube: Option<Address>,
    /// A load balancer ends TLS before the proxy: connections need the HTTP upgrade of D1.
    pub upgrade: bool,
}

impl ProxyFacts {
    /// A proxy that wasn't asked: one port for everything, nothing in front of it.
    #[must_use]
    pub fn assumed(proxy: Address) -> Self {
        Self {
            tls_routing: true,
            public_host: proxy.host.clone(),
            public: proxy.clone(),
            ssh: proxy.clone(),
            tunnel: proxy.clone(),
            kube: None,
            upgrade: false,
            web: proxy,
        }
    }

    /// Puts the address that was asked in place of all that it announces: for networks in which those lead elsewhere.
    /// Where protocols have ports of their own, those ports stay, at the host that was asked.
    pub(in crate::connect) fn stay_at_web(&mut self) {
        let web = &self.web;
        let at_web = |address: &Address| {
            if self.tls_routing { web.clone() } else { Address::new(&web.host, address.port) }
        };
        (self.ssh, self.tunnel) = (at_web(&self.ssh), at_web(&self.tunnel));
        self.kube = self.kube.as_ref().map(at_web);
        self.public_host.clone_from(&self.web.host);
        self.public.clone_from(&self.web);
    }
}

/// The parsed reply.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) facts: ProxyFacts,
    /// Empty before version 11.
    pub(crate) cluster: String,
    pub(crate) server_version: String,
}

#[derive(Deserialize)]
struct FindReply {
    #[serde(default)]
    cluster_name: String,
    #[serde(default)]
    server_version: String,
    proxy: ProxySettings,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ProxySettings {
    tls_routing_enabled: bool,
    ssh: SshSettings,
    kube: KubeSettings,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SshSettings {
    listen_addr: String,
    tunnel_listen_addr: String,
    web_listen_addr: String,
    public_addr: String,
    ssh_public_addr: String,
    ssh_tunnel_public_addr: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct KubeSettings {
    enabled: bool,
    public_addr: String,
    listen_addr: String,
}

/// Reads the reply of the web port at `web`.
///
/// # Errors
/// A sentence part on what is not as a Teleport proxy answers.
pub(crate) fn parse(body: &[u8], web: &Address) -> Result<Found, String> {
    let reply: FindReply =
        serde_json::from_slice(body).map_err(|error| format!("its answer is not a Teleport proxy's ({error})"))?;
    let ProxySettings { tls_routing_enabled: tls_routing, ssh, kube } = reply.proxy;
    let public = Address::parse(&ssh.public_addr, web.port);
    let public_host = public.as_ref().map_or_else(|| web.host.clone(), |address| address.host.clone());
    let own = |text: &str, port: u16| Address::parse(text, port).map(|address| address.or_host_of(web));
    let on_public = |port: u16| public.as_ref().map(|address| Address::new(&address.host, port));
    let (ssh_address, tunnel) = if tls_routing {
        let shared = public.clone().or_else(|| own(&ssh.web_listen_addr, web.port)).unwrap_or_else(|| web.clone());
        (shared.clone(), shared)
    } else {
        let port = |text: &str, default| Address::parse(text, default).map_or(default, |address| address.port);
        let ssh_port = port(&ssh.listen_addr, SSH_PORT);
        let tunnel_port = port(&ssh.tunnel_listen_addr, TUNNEL_PORT);
        let ssh_address = own(&ssh.ssh_public_addr, SSH_PORT)
            .or_else(|| on_public(ssh_port))
            .or_else(|| own(&ssh.listen_addr, SSH_PORT))
            .unwrap_or_else(|| Address::new(&web.host, SSH_PORT));
        let tunnel = own(&ssh.ssh_tunnel_public_addr, TUNNEL_PORT)
            .or_else(|| own(&ssh.ssh_public_addr, SSH_PORT).map(|address| Address::new(&address.host, tunnel_port)))
            .or_else(|| on_public(tunnel_port))
            .or_else(|| own(&ssh.tunnel_listen_addr, TUNNEL_PORT))
            .unwrap_or_else(|| Address::new(&web.host, TUNNEL_PORT));
        (ssh_address, tunnel)
    };
    let kube_address = if tls_routing {
        Address::new(&public_host, public.as_ref().map_or(web.port, |address| address.port))
    } else {
        own(&kube.public_addr, KUBE_PORT).unwrap_or_else(|| {
            Address::new(&public_host, Address::parse(&kube.listen_addr, KUBE_PORT).map_or(KUBE_PORT, |a| a.port))
        })
    };
    Ok(Found {
        facts: ProxyFacts {
            web: web.clone(),
            tls_routing,
            public_host,
            public: public.unwrap_or_else(|| web.clone()),
            ssh: ssh_address,
            tunnel,
            kube: kube.enabled.then_some(kube_address),
            upgrade: false,
        },
        cluster: reply.cluster_name,
        server_version: reply.server_version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../../../../tests/fixtures/teleport-15/http/webapi_find.response.txt");

    fn web() -> Address {
        Address::new("proxy.example.com", 443)
    }

    #[test]
    fn the_recorded_answer_gives_one_address_for_everything() {
        let (_, body) = RECORDED.split_once("\r\n\r\n").or_else(|| RECORDED.split_once("\n\n")).unwrap();
        let found = parse(body.as_bytes(), &Address::new("localhost", 13080)).unwrap();
        let shared = Address::new("localhost", 13080);
        assert_eq!(found.cluster, "example.test");
        assert_eq!(found.server_version, "15.0.0-dev");
        assert!(found.facts.tls_routing);
        assert_eq!((&found.facts.ssh, &found.facts.kube), (&shared, &Some(shared.clone())));
        assert_eq!(found.facts.public_host, "localhost");
    }

    #[test]
    fn separate_listeners_are_chosen_in_the_documented_order() {
        let with = |ssh: &str, kube: &str| {
            let body = format!(r#"{{"cluster_name":"c","proxy":{{"ssh":{{{ssh}}},"kube":{{"enabled":true{kube}}}}}}}"#);
            parse(body.as_bytes(), &web()).unwrap().facts
        };
        let facts = with(r#""listen_addr":"0.0.0.0:3023","tunnel_listen_addr":"0.0.0.0:3024""#, "");
        assert_eq!(facts.ssh, Address::new("proxy.example.com", 3023));
        assert_eq!(facts.tunnel, Address::new("proxy.example.com", 3024));
        assert_eq!(facts.kube, Some(Address::new("proxy.example.com", 3026)));
        let facts = with(r#""listen_addr":"0.0.0.0:4023","public_addr":"pub.example.com:443""#, "");
        assert_eq!(facts.ssh, Address::new("pub.example.com", 4023));
        let facts = with(
            r#""ssh_public_addr":"ssh.example.com:5023","public_addr":"pub.example.com:443""#,
            r#","public_addr":"kube.example.com:4026""#,
        );
        assert_eq!(facts.ssh, Address::new("ssh.example.com", 5023));
        assert_eq!(facts.kube, Some(Address::new("kube.example.com", 4026)));
    }

    #[test]
    fn a_client_that_stays_where_it_was_sent_uses_none_of_the_announced_hosts() {
        let facts = |routing: bool| {
            let ssh = r#""ssh_public_addr":"a.invalid:5023","ssh_tunnel_public_addr":"b.invalid:5024","public_addr":"c.invalid:444""#;
            let body = format!(
                r#"{{"cluster_name":"c","proxy":{{"tls_routing_enabled":{routing},"ssh":{{{ssh}}},"kube":{{"enabled":true,"public_addr":"d.invalid:4026"}}}}}}"#
            );
            let mut facts = parse(body.as_bytes(), &web()).unwrap().facts;
            facts.stay_at_web();
            facts
        };
        let host = "proxy.example.com";
        let shared = facts(true);
        assert_eq!(shared, ProxyFacts { kube: Some(web()), ..ProxyFacts::assumed(web()) });
        let separate = facts(false);
        assert_eq!((separate.ssh, separate.tunnel), (Address::new(host, 5023), Address::new(host, 5024)));
        assert_eq!((separate.kube, separate.public), (Some(Address::new(host, 4026)), web()));
        assert_eq!(separate.public_host, host);
    }

    #[test]
    fn an_answer_of_something_else_is_named_as_such() {
        assert!(parse(b"<html>", &web()).unwrap_err().contains("not a Teleport proxy's"));
        assert!(parse(br#"{"status":"ok"}"#, &web()).is_err());
    }
}
