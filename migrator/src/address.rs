//! Where a database is and who connects to it. Printing an address never shows its password.

use std::fmt;
use std::str::FromStr;

use tokio_postgres::Config;
use url::Url;

/// A `postgres://` URL, checked once.
#[derive(Clone)]
pub struct Address {
    url: Url,
    config: Config,
}

/// The text is no `postgres://` URL.
#[derive(Debug, thiserror::Error)]
#[error("must be postgres://user:password@host:port/database")]
pub struct Malformed;

impl Address {
    /// The role that connects.
    pub fn user(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// Its password, decoded.
    pub fn password(&self) -> Option<&str> {
        self.config
            .get_password()
            .and_then(|password| std::str::from_utf8(password).ok())
    }

    /// The database's name.
    pub fn database(&self) -> Option<&str> {
        self.config.get_dbname()
    }

    /// The server's host.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or("localhost")
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(5432)
    }

    /// The same server and role, another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut next = self.clone();
        next.url.set_path(name);
        next.config.dbname(name);
        next
    }

    /// The same role and database on another server.
    pub fn with_server(&self, host: &str, port: u16) -> Result<Self, Malformed> {
        let mut url = self.url.clone();
        let changed = url.set_host(Some(host)).is_ok() && url.set_port(Some(port)).is_ok();
        if changed {
            url.as_str().parse()
        } else {
            Err(Malformed)
        }
    }

    /// For tokio-postgres and deadpool.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// For sqlx, password included.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl FromStr for Address {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_not_a_url| Malformed)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.host_str().is_none() {
            return Err(Malformed);
        }
        let config = text
            .parse::<Config>()
            .map_err(|_not_for_postgres| Malformed)?;
        if config.get_user().is_none() || config.get_dbname().is_none() {
            return Err(Malformed);
        }
        Ok(Self { url, config })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, database) = (
            self.user().unwrap_or_default(),
            self.database().unwrap_or_default(),
        );
        write!(
            f,
            "postgres://{user}@{}:{}/{database}",
            self.host(),
            self.port()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_decoded_and_can_be_exchanged() {
        let address: Address = "postgres://admin:p%40ss@db:5433/postgres".parse().unwrap();
        assert_eq!(
            (address.user(), address.password()),
            (Some("admin"), Some("p@ss"))
        );
        let other = address
            .with_database("catalog")
            .with_server("127.0.0.1", 6000)
            .unwrap();
        assert_eq!(
            format!("{other:?}"),
            "postgres://admin@127.0.0.1:6000/catalog"
        );
        assert_eq!(other.config().get_dbname(), Some("catalog"));
        assert_eq!(other.password(), Some("p@ss"));
    }

    #[test]
    fn what_is_no_database_is_refused() {
        for text in ["", "mysql://a@b/c", "postgres:///c", "postgres://a@b"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
