//! The end of a tenant: waiting until the resolver has erased it, and the certificate of that.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::TenantId;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::{Error, Operator};

const POLL: Duration = Duration::from_millis(100);

/// The proof that nothing of a tenant is left.
#[derive(Clone, Debug, Serialize)]
pub struct Certificate {
    /// Which tenant it was.
    pub tenant_id: TenantId,
    /// The name it answered to.
    pub subdomain: String,
    /// When the last of it went.
    pub erased_at: DateTime<Utc>,
    /// What was removed, by service.
    pub report: Value,
}

/// The certificate of an erased tenant.
pub async fn certificate(
    operator: &Operator,
    tenant: TenantId,
) -> Result<Option<Certificate>, Error> {
    const STEP: &str = "read the certificate";
    let sql = "select e.subdomain, e.erased_at, e.report from tenant_erasures e join tenants t on t.id = e.tenant_id
        where e.tenant_id = $1 and t.status = 'deleted'";
    let connection = operator.registry.connection().await?;
    let row = connection.query_opt(sql, &[&tenant.uuid()]).await;
    let Some(row) = row.map_err(Error::sql(STEP))? else {
        return Ok(None);
    };
    let read = || -> Result<Certificate, tokio_postgres::Error> {
        Ok(Certificate {
            tenant_id: tenant,
            subdomain: row.try_get(0)?,
            erased_at: row.try_get(1)?,
            report: row.try_get(2)?,
        })
    };
    read().map(Some).map_err(Error::sql(STEP))
}

/// Waits until the tenant is erased.
pub async fn erased(
    operator: &Operator,
    tenant: TenantId,
    patience: Duration,
) -> Result<Certificate, Error> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(certificate) = certificate(operator, tenant).await? {
            return Ok(certificate);
        }
        if Instant::now() >= deadline {
            return Err(Error::Stuck(format!(
                "{tenant} is not erased after {} s: a service or its database is away, and the resolver goes on trying; \
                 see its log, and `migrator tenants show {tenant}` later",
                patience.as_secs()
            )));
        }
        tokio::time::sleep(POLL).await;
    }
}
