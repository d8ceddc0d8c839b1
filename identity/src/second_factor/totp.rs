//! Codes by time (RFC 6238): SHA-1, six digits, thirty seconds, which is what every authenticator app reads.

use chrono::{DateTime, Utc};
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use httpkit::Problem;
use kernel::{SealKey, UserId};
use serde::Serialize;
use totp_rs::{Builder, Totp};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::account::EmailAddress;

/// RFC 4226 §4 recommends 160 bits.
const SECRET_BYTES: usize = 20;
/// How the account is called in the app.
const ISSUER: &str = "Tenantry";
/// A clock may be one step off either way.
const SKEW_STEPS: u16 = 1;

/// What an authenticator app is given; shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpSecret)]
pub(super) struct Shown {
    /// The secret, for typing.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// The secret as the apps read it.
    #[schema(
        example = "otpauth://totp/Tenantry:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Tenantry"
    )]
    uri: String,
    /// The same as a QR code, an SVG document.
    qr_svg: String,
}

/// A new secret: sealed for the table, and as it is shown.
pub(super) fn generate(
    seal: &SealKey,
    user: UserId,
    email: &EmailAddress,
) -> Result<(Vec<u8>, Shown), Problem> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    kernel::secret::fill(&mut *secret).map_err(Problem::internal)?;
    let sealed = seal.seal(&*secret, &context(user));
    let totp = Builder::new()
        .with_secret(&secret[..])
        .with_skew(SKEW_STEPS)
        .with_issuer(Some(ISSUER))
        .with_account_name(email.as_str());
    let totp = totp.build().map_err(Problem::internal)?;
    let uri = totp.to_url().map_err(Problem::internal)?;
    let code = QRBuilder::new(uri.as_str()).build();
    let code = code.map_err(|error| Problem::internal(error.to_string()))?;
    let shown = Shown {
        secret: totp.secret().to_base32(),
        qr_svg: SvgBuilder::default().to_str(&code),
        uri,
    };
    Ok((sealed.map_err(Problem::internal)?, shown))
}

/// The time step whose code this is, if it is one of now.
pub(super) fn step_of(
    seal: &SealKey,
    user: UserId,
    sealed: &[u8],
    code: &str,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Problem> {
    let secret = seal.open(sealed, &context(user)).map(Zeroizing::new);
    let secret = secret.map_err(Problem::internal)?;
    let totp: Totp = Builder::new()
        .with_secret(secret.as_slice())
        .with_skew(SKEW_STEPS)
        .build()
        .map_err(Problem::internal)?;
    let seconds = u64::try_from(now.timestamp()).map_err(Problem::internal)?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let step = totp.check(&code, seconds).map(i64::try_from);
    step.transpose().map_err(Problem::internal)
}

/// Binds a sealed secret to its person.
fn context(user: UserId) -> Vec<u8> {
    format!("totp:{user}").into_bytes()
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    /// RFC 6238 appendix B: the secret of the SHA-1 rows; six of the eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seal = SealKey::parse("k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let user = Ids::system().next();
        let sealed = seal.seal(b"12345678901234567890", &context(user)).unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let at = |shift| {
                let now = DateTime::from_timestamp(seconds + shift, 0).unwrap();
                step_of(&seal, user, &sealed, code, now).unwrap()
            };
            assert_eq!(at(0), Some(seconds / 30), "{code}");
            assert_eq!(at(30), Some(seconds / 30), "{code}");
            assert_eq!(at(90), None, "{code}");
        }
    }

    #[test]
    fn what_is_shown_can_be_read_by_an_app() {
        let seal = SealKey::parse("k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let user = Ids::system().next();
        let email = serde_json::from_value("ada@example.com".into()).unwrap();
        let (sealed, shown) = generate(&seal, user, &email).unwrap();
        let read = Totp::from_url(&shown.uri).unwrap();
        let code = read.generate(3_000).to_string();
        let now = DateTime::from_timestamp(3_000, 0).unwrap();
        let step = step_of(&seal, user, &sealed, &code, now).unwrap();
        assert_eq!(step, Some(100));
        assert!(shown.qr_svg.starts_with("<svg"), "{}", shown.qr_svg);
        assert_eq!(read.issuer(), Some(ISSUER));
    }
}
