//! What is told of the device behind a session, and the mail about a sign-in from one that is new.
//!
//! Words for people, taken from what the client says of itself: nothing is decided by them.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use kernel::UserId;
use kernel::secret::sha256;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, raw_sql};

use super::Grant;
use crate::client::Client;
use crate::entity::known_device;
use crate::mail::{self, letters};
use crate::organization;
use crate::state::Identity;

/// A device that was not seen for this long is new again.
const KNOWN_FOR: TimeDelta = TimeDelta::days(180);

/// What a client calls itself, and what that is; the first that fits. Browsers name each other, so order matters.
const PROGRAMS: [(&str, &str); 10] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-requests/", "Python"),
];

/// The same for systems.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// The device in a few words.
pub(crate) fn words(user_agent: Option<&str>) -> String {
    let agent = user_agent.unwrap_or_default();
    let known = |table: &[(&str, &'static str)]| {
        let found = table.iter().find(|(part, _)| agent.contains(part));
        found.map(|(_, name)| *name)
    };
    match (known(&PROGRAMS), known(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "an unknown device".to_owned(),
    }
}

/// Where somebody was, for a mail: the time, the device and the address.
pub(crate) fn seen(client: &Client, now: DateTime<Utc>) -> (String, String, String) {
    let at = now.format("%-d %B %Y, %H:%M UTC").to_string();
    let address = client.address.map(|address| address.to_string());
    (
        at,
        words(client.user_agent.as_deref()),
        address.unwrap_or_else(|| "unknown".to_owned()),
    )
}

/// The network of an address: its neighbours change with the day, the network seldom.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    }
}

fn fingerprint(client: &Client) -> [u8; 32] {
    let network = client.address.map(network).unwrap_or_default();
    sha256(format!(
        "{}\n{network}",
        words(client.user_agent.as_deref())
    ))
}

/// Remembers the device; tells the account's owner by mail when it is new, unless it is the account's first.
pub(super) async fn note(
    identity: &Identity,
    db: &impl ConnectionTrait,
    grant: &Grant,
    client: &Client,
) -> Result<(), Problem> {
    let (user, now) = (&grant.user, identity.clock.now());
    let news = remember(db, user.id, &fingerprint(client), now).await?;
    if !(news.new && news.others) {
        return Ok(());
    }
    let organization = organization::store::by_id(db, grant.tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let (at, device, address) = seen(client, now);
    let letter = letters::NewSignIn {
        name: &user.name,
        organization: &organization.name,
        at,
        device,
        address,
        url: identity.common.tenant_origin(&organization.subdomain),
    };
    mail::post(identity, db, grant.tenant, user.email.clone(), &letter).await
}

/// What is known of a device.
#[derive(Debug, FromQueryResult)]
struct News {
    new: bool,
    others: bool,
}

/// One statement sees the table as it was before: `others` is whether any device was known then.
async fn remember(
    db: &impl ConnectionTrait,
    user: UserId,
    fingerprint: &[u8],
    now: DateTime<Utc>,
) -> Result<News, DbErr> {
    let found = News::find_by_statement(raw_sql!(
        Postgres,
        "with noted as (
             insert into known_devices (user_id, fingerprint, first_seen_at, last_seen_at)
             values ({user}, {fingerprint}, {now}, {now})
             on conflict (user_id, fingerprint) do update set last_seen_at = excluded.last_seen_at
         )
         select not exists (
                 select from known_devices where user_id = {user} and fingerprint = {fingerprint}
             ) as new,
             exists (select from known_devices where user_id = {user}) as others"
    ));
    let missing = || DbErr::RecordNotFound("known device".to_owned());
    found.one(db).await?.ok_or_else(missing)
}

/// Drops devices that were not seen for long.
pub(crate) async fn forget_old(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), DbErr> {
    use sea_orm::ColumnTrait;
    let old = known_device::Column::LastSeenAt.lt(now - KNOWN_FOR);
    let old = known_device::Entity::delete_many().filter(old);
    old.exec(db).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_for_people() {
        let table = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
                "Edge on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.14.1", "curl"),
            ("<script>", "an unknown device"),
        ];
        for (agent, expected) in table {
            assert_eq!(words(Some(agent)), expected, "{agent}");
        }
        assert_eq!(words(None), "an unknown device");
    }

    #[test]
    fn a_version_or_a_neighbour_is_no_new_device() {
        let client = |agent: &str, address: &str| Client {
            address: Some(address.parse().unwrap()),
            user_agent: Some(agent.to_owned()),
            ..Client::default()
        };
        let home = fingerprint(&client("Firefox/140.0 (Linux)", "192.0.2.7"));
        assert_eq!(
            home,
            fingerprint(&client("Firefox/141.0 (Linux)", "192.0.2.9"))
        );
        assert_ne!(
            home,
            fingerprint(&client("Firefox/140.0 (Linux)", "198.51.100.7"))
        );
        assert_ne!(
            home,
            fingerprint(&client("Chrome/140.0 (Linux)", "192.0.2.7"))
        );
        assert_eq!(
            fingerprint(&client("curl/8", "2001:db8:1:2::1")),
            fingerprint(&client("curl/8", "2001:db8:1:ffff::9"))
        );
    }
}
