//! The mail server: where it is, and how sure one must be that it is the right one.

use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::SenderError;

/// How a certificate begins (RFC 7468 §5).
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// How the conversation is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    /// Not at all: for a server on the same machine.
    None,
    /// `STARTTLS` where the server offers it; who sits between can take the offer out.
    IfOffered,
    /// `STARTTLS`, or nothing is sent.
    Upgraded,
    /// TLS from the first byte.
    FromTheStart,
}

/// A way to the server at `url`. `authority` are certificates in PEM that count beside those of the system.
pub(super) fn transport(
    url: &SecretString,
    authority: Option<&[u8]>,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, SenderError> {
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())?;
    if let Some(authority) = authority {
        let url = Url::parse(url.expose_secret()).map_err(SenderError::Url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        // The library takes a file without any for one with none to add.
        if !authority.windows(PEM.len()).any(|part| part == PEM) {
            return Err(SenderError::NoAuthority);
        }
        let trusted = Certificate::from_pem(authority)?;
        let known = TlsParameters::builder(host).add_root_certificate(trusted);
        builder = builder.tls(tls(secrecy(&url), known.build()?));
    }
    Ok(builder.timeout(Some(super::SEND_TIMEOUT)).build())
}

/// What the address asks for; the library reads it in the same way.
fn secrecy(url: &Url) -> Secrecy {
    let tls = url.query_pairs().find(|(name, _)| name == "tls");
    match (url.scheme(), tls.as_ref().map(|(_, value)| &**value)) {
        ("smtps", _) => Secrecy::FromTheStart,
        (_, Some("required")) => Secrecy::Upgraded,
        (_, Some("opportunistic")) => Secrecy::IfOffered,
        _ => Secrecy::None,
    }
}

fn tls(secrecy: Secrecy, parameters: TlsParameters) -> Tls {
    match secrecy {
        Secrecy::None => Tls::None,
        Secrecy::IfOffered => Tls::Opportunistic(parameters),
        Secrecy::Upgraded => Tls::Required(parameters),
        Secrecy::FromTheStart => Tls::Wrapper(parameters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_says_how_secret_it_is() {
        for (url, expected) in [
            ("smtp://localhost:25", Secrecy::None),
            ("smtp://mail.example?tls=opportunistic", Secrecy::IfOffered),
            (
                "smtp://user:pass@mail.example?tls=required",
                Secrecy::Upgraded,
            ),
            ("smtps://mail.example", Secrecy::FromTheStart),
        ] {
            assert_eq!(secrecy(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[tokio::test]
    async fn addresses_that_say_something_else_are_refused() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        for url in [
            "http://mail.example",
            "smtp://mail.example?tls=perhaps",
            "mail.example",
            "",
        ] {
            assert!(transport(&SecretString::from(url), None).is_err(), "{url}");
        }
        let url = SecretString::from("smtps://mail.example");
        assert!(transport(&url, Some(b"no certificate")).is_err());
    }
}
