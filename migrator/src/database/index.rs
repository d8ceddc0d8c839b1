//! Steps outside a transaction: one statement about one index, which may have died half way before.
//!
//! What is there decides what is done, so that the step may be repeated after any crash: an index that is
//! not valid is dropped and built anew, one that is valid is only noted.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::{Attempt, Session, batch, history};
use crate::error::Error;
use crate::schema::Migration;
use crate::sql::{IndexStep, index_step};

/// Building waits for transactions that began before it; that holds up nobody else.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the catalog says of an index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Missing,
    Invalid,
    Valid,
}

impl Session {
    pub(super) async fn alone(&self, step: &Migration, at: usize) -> Attempt {
        if at == 0
            && let Err(error) = self.client.batch_execute(history::INSTALL).await
        {
            return (at, Err(error.into()));
        }
        match self.outside(step.name, step.up).await {
            Ok(()) => {
                let note = batch::note(&history::record(step));
                self.recorded(&note, at).await
            }
            Err(error) => (at, Err(error)),
        }
    }

    pub(super) async fn back_alone(&self, step: &Migration, at: usize) -> Attempt {
        match self.outside(step.name, step.down).await {
            Ok(()) => self.recorded(&batch::note(&history::erase(step)), at).await,
            Err(error) => (at, Err(error)),
        }
    }

    async fn outside(&self, version: &'static str, sql: &str) -> Result<(), Error> {
        let patience = format!("set lock_timeout = {}", PATIENCE.as_millis());
        self.client.batch_execute(&patience).await?;
        match index_step(sql) {
            Some(IndexStep::Create(index)) => self.build(version, sql, &index).await?,
            Some(IndexStep::Drop(index)) => {
                if self.standing(&index).await? != Standing::Missing {
                    self.client.batch_execute(sql).await?;
                }
            }
            None => self.client.batch_execute(sql).await?,
        }
        Ok(self.client.batch_execute("reset lock_timeout").await?)
    }

    async fn build(&self, version: &'static str, sql: &str, index: &str) -> Result<(), Error> {
        match self.standing(index).await? {
            Standing::Valid => return Ok(()),
            Standing::Invalid => self.drop_index(index).await?,
            Standing::Missing => {}
        }
        let built = self.client.batch_execute(sql).await;
        match self.standing(index).await? {
            Standing::Valid => Ok(built?),
            standing => {
                if standing == Standing::Invalid {
                    self.drop_index(index).await?;
                }
                built?;
                let index = index.to_owned();
                Err(Error::InvalidIndex { version, index })
            }
        }
    }

    async fn drop_index(&self, index: &str) -> Result<(), Error> {
        let sql = format!("drop index concurrently if exists {index}");
        Ok(self.client.batch_execute(&sql).await?)
    }

    async fn standing(&self, index: &str) -> Result<Standing, Error> {
        let sql = format!(
            "select indisvalid and indisready as valid from pg_index where indexrelid = to_regclass('{}')",
            index.replace('\'', "''")
        );
        for message in self.client.simple_query(&sql).await? {
            if let SimpleQueryMessage::Row(row) = message {
                return Ok(match row.try_get("valid")? {
                    Some("t") => Standing::Valid,
                    _ => Standing::Invalid,
                });
            }
        }
        Ok(Standing::Missing)
    }
}
