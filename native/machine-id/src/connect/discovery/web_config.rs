//! The cluster's name as proxies tell it to browsers: before version 11 discovery doesn't name it.

use http::Request;
use http_body_util::Full;
use serde::Deserialize;

use crate::connect::error::{ConnectError, TransportError};
use crate::connect::limits;
use crate::connect::net::address::Address;
use crate::connect::route::connector::Connector;

/// `var GRV_CONFIG = {…};`
#[derive(Deserialize)]
struct WebConfig {
    #[serde(rename = "proxyCluster")]
    cluster: String,
}

impl Connector {
    /// Reads the script that configures a proxy's web pages.
    ///
    /// # Errors
    /// [`TransportError::NotTeleport`] when it names no cluster.
    pub(in crate::connect) async fn name_for_browsers(&self, web: &Address) -> Result<String, ConnectError> {
        let stream = self.web(web).await?;
        let reply = self.http(stream, web, Request::get("/web/config.js"), Full::default()).await?;
        parse(&reply.body)
            .map_err(|reason| ConnectError::Transport(TransportError::NotTeleport { address: web.to_string(), reason }))
    }
}

fn parse(script: &[u8]) -> Result<String, String> {
    let script = String::from_utf8_lossy(script);
    let object = script.split_once('=').map_or("", |(_, value)| value).trim().trim_end_matches(';');
    match serde_json::from_str::<WebConfig>(object) {
        Ok(config) if !config.cluster.is_empty() => Ok(config.cluster),
        Ok(_) => Err("neither its discovery nor its web configuration names a cluster".to_owned()),
        Err(error) => {
            let reason = limits::quote(&error.to_string());
            Err(format!("its discovery names no cluster, and its web configuration can't be read ({reason})"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_script_of_a_version_10_proxy_names_its_cluster() {
        let script = br#"var GRV_CONFIG = {"auth":{"second_factor":"off"},"proxyCluster":"example.test"};"#;
        assert_eq!(parse(script).as_deref(), Ok("example.test"));
        assert!(parse(br#"var GRV_CONFIG = {"proxyCluster":""};"#).is_err());
        assert!(parse(b"<html>").is_err());
    }

    proptest! {
        #[test]
        fn no_script_panics(script in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&script);
        }
    }
}
