//! The record of a move in the catalog: written before each stage, so that a crash is found by the next command.

use chrono::{DateTime, Utc};
use kernel::{ClusterId, TenantId};
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::clusters::Place;
use crate::registry::Registry;
use crate::tenants::{Error, Operator, Subject};
use kernel::Clock;

const STEP: &str = "write the journal of the move";

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It may be held any moment.
    Switching,
    /// It lives on the target.
    Switched,
    /// Nothing is left on the source.
    Done,
    /// Nothing is left on the target.
    RolledBack,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Switching => "switching",
            Self::Switched => "switched",
            Self::Done => "done",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// An open record.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    registry: Registry,
    clock: Clock,
    id: Uuid,
}

/// A move that nobody closed.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) id: Uuid,
    pub(super) tenant: TenantId,
    pub(super) source: ClusterId,
    pub(super) target: ClusterId,
    pub(super) holder: String,
    pub(super) started_at: DateTime<Utc>,
}

impl Journal {
    /// Opens a record; refused while there is an open one for the tenant.
    pub(super) async fn begin(
        operator: &Operator,
        subject: &Subject,
        target: &Place,
    ) -> Result<Self, Error> {
        let id = operator.ids.next::<TenantId>().uuid();
        let sql = "insert into tenant_moves (id, tenant_id, source_cluster, target_cluster, stage, holder, started_at)
            values ($1, $2, $3, $4, 'copying', $5, $6)";
        let connection = operator.registry.connection().await?;
        let now = operator.clock.now();
        let (tenant, source, target) = (
            subject.id.uuid(),
            subject.cluster.id.uuid(),
            target.id.uuid(),
        );
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&id, &tenant, &source, &target, &operator.holder, &now];
        match connection.execute(sql, &row).await {
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                Err(Error::Locked(subject.label()))
            }
            begun => begun.map(drop).map_err(Error::sql(STEP)),
        }?;
        Ok(Self::of(operator, id))
    }

    /// The record of a move that a crash left.
    pub(super) fn of(operator: &Operator, id: Uuid) -> Self {
        Self {
            registry: operator.registry.clone(),
            clock: operator.clock.clone(),
            id,
        }
    }

    /// The next stage begins.
    pub(super) async fn stage(&self, stage: Stage) -> Result<(), Error> {
        let sql = "update tenant_moves set stage = $2 where id = $1";
        self.write(sql, &[&self.id, &stage.as_str()]).await
    }

    /// It lives on the target; writes waited so long.
    pub(super) async fn switched(&self, pause_ms: f64) -> Result<(), Error> {
        let sql = "update tenant_moves set stage = $2, pause_ms = $3 where id = $1";
        self.write(sql, &[&self.id, &Stage::Switched.as_str(), &pause_ms])
            .await
    }

    /// Closes the record.
    pub(super) async fn finish(&self, stage: Stage, error: Option<&str>) -> Result<(), Error> {
        let sql = "update tenant_moves set stage = $2, error = $3, finished_at = $4 where id = $1";
        let now = self.clock.now();
        self.write(sql, &[&self.id, &stage.as_str(), &error, &now])
            .await
    }

    async fn write(
        &self,
        sql: &str,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<(), Error> {
        let connection = self.registry.connection().await?;
        let written = connection.execute(sql, values).await;
        written.map(drop).map_err(Error::sql(STEP))
    }
}

/// Whether nobody has closed this one yet.
pub(super) async fn is_open(registry: &Registry, id: Uuid) -> Result<bool, Error> {
    const STEP: &str = "read the journal of moves";
    let sql = "select finished_at is null from tenant_moves where id = $1";
    let connection = registry.connection().await?;
    let row = connection.query_one(sql, &[&id]).await;
    row.and_then(|row| row.try_get(0)).map_err(Error::sql(STEP))
}

/// Moves that nobody closed, of one tenant if asked, oldest first.
pub(super) async fn open(
    registry: &Registry,
    tenant: Option<TenantId>,
) -> Result<Vec<Open>, Error> {
    const STEP: &str = "read the journal of moves";
    let sql =
        "select id, tenant_id, source_cluster, target_cluster, holder, started_at from tenant_moves
        where finished_at is null and ($1::uuid is null or tenant_id = $1) order by started_at";
    let connection = registry.connection().await?;
    let tenant = tenant.map(TenantId::uuid);
    let rows = connection.query(sql, &[&tenant]).await;
    let rows = rows.map_err(Error::sql(STEP))?;
    let read = |row: &tokio_postgres::Row| -> Result<Open, tokio_postgres::Error> {
        let id = |index: usize| row.try_get::<_, Uuid>(index);
        Ok(Open {
            id: id(0)?,
            tenant: id(1)?.into(),
            source: id(2)?.into(),
            target: id(3)?.into(),
            holder: row.try_get(4)?,
            started_at: row.try_get(5)?,
        })
    };
    let open: Result<_, _> = rows.iter().map(read).collect();
    open.map_err(Error::sql(STEP))
}
