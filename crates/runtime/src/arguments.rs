//! What a service's binary can be asked besides serving: `--healthcheck` (for containers without a shell),
//! `--version`, `--help`.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::common::{Common, Listeners};
use crate::config::{SHARED_PREFIX, Variables, describe};

/// Longer than every health check may take.
const HEALTHCHECK_TIMEOUT: Duration = Duration::from_secs(4);

/// What the arguments ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Serve,
    Healthcheck,
    Version,
    Help,
}

/// The one setting that `--healthcheck` needs.
#[derive(Deserialize)]
struct Admin {
    admin_listen: SocketAddr,
}

/// Reads the arguments, or returns the one it does not know.
pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Request, String> {
    let request = match arguments.next().as_deref() {
        None => Request::Serve,
        Some("--healthcheck") => Request::Healthcheck,
        Some("--version") => Request::Version,
        Some("--help") => Request::Help,
        Some(other) => return Err(other.to_owned()),
    };
    arguments.next().map_or(Ok(request), Err)
}

/// Answers everything but [`Request::Serve`].
pub(crate) fn answer<C: DeserializeOwned>(
    name: &str,
    prefix: &str,
    request: Request,
) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout().lock();
    match request {
        Request::Version => writeln!(stdout, "{name} {}", env!("CARGO_PKG_VERSION"))?,
        Request::Help => stdout.write_all(help::<C>(name, prefix).as_bytes())?,
        Request::Healthcheck => {
            let admin: Admin = Variables::of_process(prefix).split_for::<Admin>().read()?;
            return Ok(if ready(admin.admin_listen) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        Request::Serve => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn help<C: DeserializeOwned>(name: &str, prefix: &str) -> String {
    let mut text = format!(
        "{name} is configured by environment variables alone.\n\nusage: {name} [--healthcheck | --version | --help]\n\n"
    );
    let sections = [
        describe::<Listeners>(prefix),
        describe::<C>(prefix),
        describe::<Common>(SHARED_PREFIX),
    ];
    for (variable, required) in sections.into_iter().flatten() {
        let note = if required { "required" } else { "optional" };
        text.push_str(&format!("  {variable:<40} {note}\n"));
    }
    text
}

/// Asks the service's own readiness, as a load balancer would.
fn ready(admin: SocketAddr) -> bool {
    let address = SocketAddr::new(reachable(admin.ip()), admin.port());
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, HEALTHCHECK_TIMEOUT)?;
        stream.set_read_timeout(Some(HEALTHCHECK_TIMEOUT))?;
        write!(
            stream,
            "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(&status == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn reachable(listening: IpAddr) -> IpAddr {
    match listening {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: &[&str]) -> Result<Request, String> {
        read(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn knows_its_arguments_and_refuses_others() {
        assert_eq!(asked(&[]), Ok(Request::Serve));
        assert_eq!(asked(&["--healthcheck"]), Ok(Request::Healthcheck));
        assert_eq!(asked(&["--port"]), Err("--port".to_owned()));
        assert_eq!(asked(&["--help", "me"]), Err("me".to_owned()));
    }

    #[test]
    fn help_names_every_variable() {
        let text = help::<Admin>("identity", "IDENTITY_");
        for variable in [
            "IDENTITY_LISTEN",
            "IDENTITY_ADMIN_LISTEN",
            "TENANTRY_SERVICE_SECRET",
        ] {
            assert!(text.contains(variable), "{variable}");
        }
    }
}
