//! Calls to addresses that customers name: nothing inside is to be reached this way.
//!
//! Which address a name stands for is judged where the connection is made, after DNS, and the connection goes to the very
//! address that was judged; no proxy of the environment stands between, and nothing is followed.

use std::error::Error;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response};
use url::{Host, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What of the address space is not the public internet (IANA special-purpose registries).
const SPECIAL: [&str; 24] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
];
/// All of IPv6 that is given out as public addresses.
const GLOBAL_UNICAST: &str = "2000::/3";

/// The address, or all that the name stands for, is not to be called.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the address is not one to call")]
pub struct AddressRefused;

impl AddressRefused {
    /// Whether it is what a call failed for.
    pub fn caused(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.is::<Self>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// Why there is no answer. What exactly went wrong is for the log: it would tell who asks what there is inside.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The form of the address is refused.
    #[error(transparent)]
    Address(#[from] AddressRefused),
    /// No answer came; also where the name stood for refused addresses alone ([`AddressRefused::caused`]).
    #[error("call outside")]
    Http(#[source] reqwest::Error),
}

impl From<reqwest::Error> for OutboundError {
    fn from(error: reqwest::Error) -> Self {
        // The address may hold a secret.
        Self::Http(error.without_url())
    }
}

/// The way out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    http: Client,
    reachable: Reachable,
}

impl Outbound {
    /// `own` are networks of the operator's that may be called too, even without TLS. `timeout` is from the first byte
    /// sent to the last one read.
    pub fn new(own: &[IpNet], timeout: Duration) -> Result<Self, reqwest::Error> {
        let reachable = Reachable(own.into());
        let http = Client::builder()
            .no_proxy()
            .user_agent("tenantry")
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(Policy::none())
            .dns_resolver(Arc::new(reachable.clone()))
            .build()?;
        Ok(Self { http, reachable })
    }

    /// The client, to build requests for [`Outbound::send`] with.
    pub fn client(&self) -> &Client {
        &self.http
    }

    /// Whether an address has a form that may be called; what its name stands for is seen when it is.
    pub fn may_call(&self, url: &Url) -> bool {
        let plain = url.username().is_empty() && url.password().is_none();
        let address = match url.host() {
            None => return false,
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        let reachable = address.is_none_or(|address| self.reachable.covers(address));
        let secure = url.scheme() == "https" || url.scheme() == "http" && self.is_own(url);
        plain && reachable && secure
    }

    /// Whether it is written as an address in one of the operator's networks.
    pub fn is_own(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => self.reachable.is_own(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.reachable.is_own(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => false,
        }
    }

    /// Calls. The body is still to be read, by who knows how much of it is wanted.
    pub async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        if !self.may_call(request.url()) {
            return Err(AddressRefused.into());
        }
        Ok(self.http.execute(request).await?)
    }
}

/// Where a call may go: the public internet, and what the operator added.
#[derive(Debug, Clone)]
struct Reachable(Arc<[IpNet]>);

impl Reachable {
    fn covers(&self, address: IpAddr) -> bool {
        self.is_own(address) || is_public(address)
    }

    fn is_own(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Resolve for Reachable {
    fn resolve(&self, name: Name) -> Resolving {
        let reachable = self.clone();
        Box::pin(async move {
            // The port is the one of the address that is called.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found
                .filter(|address| reachable.covers(address.ip()))
                .collect();
            if found.is_empty() {
                return Err(Box::<dyn Error + Send + Sync>::from(AddressRefused));
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    let within = |network: &str| {
        let network: Result<IpNet, _> = network.parse();
        network.is_ok_and(|network| network.contains(&address))
    };
    if SPECIAL.into_iter().any(within) {
        return false;
    }
    // An IPv4 address in the clothes of an IPv6 one is outside of what is given out.
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address != Ipv6Addr::UNSPECIFIED && within(GLOBAL_UNICAST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound(own: &[&str]) -> Outbound {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own: Vec<IpNet> = own.iter().map(|network| network.parse().unwrap()).collect();
        Outbound::new(&own, Duration::from_secs(10)).unwrap()
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn no_way_of_writing_an_inner_address_passes() {
        let outbound = outbound(&[]);
        for bad in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://169.254.169.254/latest",
            "https://100.64.0.1/",
            "https://192.0.0.1/",
            "https://198.18.0.1/",
            "https://10.0.0.1/",
            "https://172.31.0.1/",
            "https://192.168.1.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://ok.example@127.0.0.1/",
            "https://user:password@login.example.com/",
            "http://login.example.com/",
            "http://8.8.8.8/",
            "ftp://login.example.com/",
            "gopher://login.example.com/",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            assert!(!outbound.may_call(&url(bad)), "{bad}");
        }
        for good in [
            "https://login.example.com/",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
        ] {
            assert!(outbound.may_call(&url(good)), "{good}");
        }
    }

    #[test]
    fn own_networks_are_open_and_need_no_tls() {
        let outbound = outbound(&["127.0.0.0/8"]);
        assert!(outbound.may_call(&url("http://127.0.0.1:9000/")));
        assert!(outbound.may_call(&url("https://127.0.0.1/")));
        // What the name stands for is not known yet.
        assert!(!outbound.may_call(&url("http://localhost/")));
        assert!(!outbound.may_call(&url("http://10.0.0.1/")));
    }

    #[test]
    fn each_network_that_is_not_public_is_refused_from_its_first_to_its_last_address() {
        let reachable = Reachable([].into());
        let others = [
            "::/128",
            "::1/128",
            "::ffff:0:0/96",
            "64:ff9b::/96",
            "100::/64",
            "fc00::/7",
            "fe80::/10",
            "ff00::/8",
        ];
        for text in SPECIAL.into_iter().chain(others) {
            let network: IpNet = text.parse().unwrap();
            for address in [network.network(), network.broadcast()] {
                assert!(!reachable.covers(address), "{address} of {text}");
            }
        }
        for public in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(reachable.covers(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = url(&format!("https://localhost:{port}/"));
        let request = |outbound: &Outbound| outbound.client().get(address.clone()).build().unwrap();
        let inside = outbound(&[]);
        let refused = inside.send(request(&inside)).await.unwrap_err();
        assert!(AddressRefused::caused(&refused), "{refused:?}");
        let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(nobody.is_err(), "somebody connected");
        // The same name where it may: a connection is made, and fails for lack of TLS.
        let own = outbound(&["127.0.0.0/8", "::1/128"]);
        let (failed, connected) = tokio::join!(own.send(request(&own)), async {
            listener.accept().await.map(drop)
        });
        connected.unwrap();
        assert!(!AddressRefused::caused(&failed.unwrap_err()));
    }
}
