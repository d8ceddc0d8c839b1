//! Work that one instance does for all: a row of `leases` that it keeps alive. The catalog's clock alone decides.

use std::time::Duration;

use crate::catalog;
use crate::error::Error;
use crate::state::Resolver;

/// Takes a lease or prolongs it; false when another instance has it.
pub(crate) async fn take(resolver: &Resolver, name: &str, length: Duration) -> Result<bool, Error> {
    let sql = "insert into leases (name, holder, expires_at) values ($1, $2, now() + make_interval(secs => $3))
        on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
        where leases.expires_at < now() or leases.holder = excluded.holder";
    let client = resolver.catalog.get().await?;
    let seconds = length.as_secs_f64();
    let taken = catalog::execute(&client, sql, &[&name, &resolver.instance, &seconds]).await?;
    Ok(taken == 1)
}

/// Lets another instance have it at once.
pub(crate) async fn give_back(resolver: &Resolver, name: &str) -> Result<(), Error> {
    let client = resolver.catalog.get().await?;
    let sql = "delete from leases where name = $1 and holder = $2";
    catalog::execute(&client, sql, &[&name, &resolver.instance]).await?;
    Ok(())
}
