//! A connection to one tenant's database, for reading; writes go through [`UnitOfWork`].
//!
//! Dropping it gives it back. A future dropped in the middle of a statement is no harm: the
//! connection is made clean or closed before anybody else gets it. One whose first statement finds it
//! dead is replaced: the server was restarted, which is nobody's mistake.

use kernel::TenantId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::pool::Lease;
use crate::session::Session;
use crate::{Pools, UnitOfWork};

/// What a query that only reads begins with.
const SELECT: &str = "select";

/// A connection to one tenant's database. Sessions are shared with later users: set nothing that
/// outlives a transaction.
pub struct TenantConnection {
    tenant: TenantId,
    session: Session,
    pools: Pools,
}

impl TenantConnection {
    pub(crate) fn new(tenant: TenantId, lease: Lease, pools: Pools) -> Self {
        Self {
            tenant,
            session: Session::new(lease),
            pools,
        }
    }

    /// The tenant whose database this is.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Begins a transaction, named after the request in PostgreSQL's log.
    pub async fn begin(self) -> Result<UnitOfWork, DbErr> {
        UnitOfWork::begin(self.tenant, self.session, &self.pools).await
    }

    /// Whether a query that failed is to be asked again: it was the first, found the connection dead, and
    /// only reads.
    async fn asks_again(&self, statement: &Statement) -> bool {
        let reads = statement.sql.trim_start().get(..SELECT.len());
        reads.is_some_and(|word| word.eq_ignore_ascii_case(SELECT))
            && self.session.died_unused().await
            && self.pools.replace(self.tenant, &self.session).await
    }

    /// Whether the tenant was not evicted since the connection was acquired.
    pub(crate) async fn is_current(&self) -> bool {
        self.session.is_current().await
    }

    /// The connection is closed when it is dropped: its session has state worth nothing to others.
    pub(crate) fn condemn(&mut self) {
        self.session.lease_mut().condemn();
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for TenantConnection {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.session.execute(&statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.session.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self.session.query_one(&statement).await {
            Err(_) if self.asks_again(&statement).await => self.session.query_one(&statement).await,
            answer => answer,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self.session.query_all(&statement).await {
            Err(_) if self.asks_again(&statement).await => self.session.query_all(&statement).await,
            answer => answer,
        }
    }
}
