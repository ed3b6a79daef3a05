//! Which application a request is for.

use http::uri::{Authority, Scheme};
use http::{HeaderMap, Method, Uri, header};

/// The longest name that DNS has; no application has a longer one.
const LONGEST: usize = 253;
/// The port of HTTP in TLS.
const TLS: u16 = 443;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The host that is named, in lower case, as names of applications are.
    pub(super) host: String,
    /// A way through which the client speaks by itself.
    pub(super) way: bool,
    /// Through which it will speak TLS, as far as the port says.
    pub(super) tls: bool,
}

impl Wanted {
    /// What the head of a request says. An absolute URL counts more than `Host` (RFC 9112, section 3.2.2).
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub(super) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Self, &'static str> {
        if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS) {
            return Err("only URLs with http:// lead to applications");
        }
        let named;
        let authority = match uri.authority() {
            Some(authority) => authority,
            None => {
                named = host(headers)?;
                &named
            }
        };
        let host = authority.host().to_ascii_lowercase();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if host.is_empty() || host.len() > LONGEST || !host.bytes().all(plain) {
            return Err("the host isn't the name of an application; write http://APPLICATION/");
        }
        let way = *method == Method::CONNECT;
        Ok(Self { host, way, tls: way && authority.port_u16() == Some(TLS) })
    }
}

/// The host that the header names, where the target of the request names none.
fn host(headers: &HeaderMap) -> Result<Authority, &'static str> {
    const NONE: &str = "the request names no application; write http://APPLICATION/";
    let mut all = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (all.next(), all.next()) else { return Err(NONE) };
    Authority::try_from(host.as_bytes()).map_err(|_| NONE)
}

/// A door for the fuzzer: method, target and host, separated by line feeds.
#[cfg(feature = "fuzzing")]
pub fn fuzz(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (method, uri, host) =
        (Method::from_bytes(part()), Uri::try_from(part()), http::HeaderValue::from_bytes(part()));
    let (Ok(method), Ok(uri)) = (method, uri) else { return };
    let headers = host.into_iter().map(|host| (header::HOST, host)).collect();
    if let Ok(wanted) = Wanted::of(&method, &uri, &headers) {
        assert!(!wanted.host.is_empty() && wanted.host.len() <= LONGEST, "{wanted:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn wanted(method: &str, target: &str, hosts: &[&str]) -> Result<Wanted, &'static str> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        Wanted::of(&method.parse().unwrap(), &target.parse().unwrap(), &headers)
    }

    #[test]
    fn the_host_of_a_url_names_an_application() {
        for (method, target, hosts, host, way, tls) in [
            ("GET", "http://grafana/api?a=b", &[][..], "grafana", false, false),
            ("GET", "http://Grafana:80/", &["other"], "grafana", false, false),
            ("GET", "https://grafana/", &[], "grafana", false, false),
            ("GET", "http://user:secret@grafana/", &[], "grafana", false, false),
            ("GET", "/api", &["grafana:8080"], "grafana", false, false),
            ("GET", "http://grafana.example.com/", &[], "grafana.example.com", false, false),
            ("CONNECT", "grafana:80", &["grafana:80"], "grafana", true, false),
            ("CONNECT", "grafana:443", &[], "grafana", true, true),
        ] {
            let expected = Wanted { host: host.to_owned(), way, tls };
            assert_eq!(wanted(method, target, hosts), Ok(expected), "{method} {target}");
        }
    }

    #[test]
    fn what_names_no_application_is_refused_with_what_to_write() {
        for (method, target, hosts, words) in [
            ("GET", "/api", &[][..], "names no application"),
            ("GET", "/api", &["a", "b"], "names no application"),
            ("GET", "/api", &["a b"], "names no application"),
            ("OPTIONS", "*", &[], "names no application"),
            ("GET", "ftp://grafana/", &[], "only URLs with http://"),
            ("GET", "http://[::1]/", &[], "isn't the name of an application"),
            ("GET", "/", &[""], "no"),
        ] {
            let refused = wanted(method, target, hosts).unwrap_err();
            assert!(refused.contains(words), "{method} {target}: {refused}");
        }
        assert!(wanted("GET", &format!("http://{}/", "a".repeat(254)), &[]).is_err());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_plain_name_or_refused(target in ".*", host in ".*") {
            let (Ok(uri), Ok(host)) = (target.parse::<Uri>(), HeaderValue::from_str(&host)) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(header::HOST, host)]);
            for method in [Method::GET, Method::CONNECT] {
                if let Ok(wanted) = Wanted::of(&method, &uri, &headers) {
                    prop_assert!(!wanted.host.is_empty() && wanted.host.len() <= LONGEST);
                    prop_assert!(wanted.host.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()));
                }
            }
        }
    }
}
