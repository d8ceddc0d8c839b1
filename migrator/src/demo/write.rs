//! A story put into a tenant's database: rows and the events that tell of them, in one transaction, so that
//! analytics counts exactly what the tables hold.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use events::Envelope;
use events::outbox::{self, NewRow};
use events::topic::task::TaskStatus;
use fractional_index::FractionalIndex;
use kernel::{BoardId, ColumnId, ProjectId, TenantId, UserId};
use tokio_postgres::{Client, NoTls, Transaction};
use uuid::Uuid;

use super::content;
use super::history::{Story, Task};
use crate::address::Address;

/// A tenant's database, written to as the operator.
#[derive(Debug)]
pub(super) struct Ledger {
    client: Client,
}

/// A project that is still without a history.
#[derive(Debug)]
pub(super) struct Blank {
    pub(super) board: BoardId,
    pub(super) columns: Vec<(TaskStatus, ColumnId)>,
}

impl Ledger {
    /// Connects, and makes sure that this is the tenant's database.
    pub(super) async fn open(address: &Address, tenant: TenantId) -> anyhow::Result<Self> {
        let (client, connection) = address.config().connect(NoTls).await?;
        tokio::spawn(connection);
        let sql = "select tenant_id from tenant_identity";
        let found: Uuid = client.query_one(sql, &[]).await?.try_get(0)?;
        anyhow::ensure!(
            found == tenant.uuid(),
            "{address:?} belongs to another tenant"
        );
        Ok(Self { client })
    }

    /// The project's first board.
    pub(super) async fn board(&self, project: ProjectId) -> anyhow::Result<BoardId> {
        let sql = "select id from boards where project_id = $1 order by order_key, id limit 1";
        let row = self.client.query_one(sql, &[&project.uuid()]).await?;
        Ok(row.try_get::<_, Uuid>(0)?.into())
    }

    /// Where a story would be put; none if the project has one.
    pub(super) async fn blank(&self, project: ProjectId) -> anyhow::Result<Option<Blank>> {
        let used = "select from tasks where project_id = $1 limit 1";
        if self
            .client
            .query_opt(used, &[&project.uuid()])
            .await?
            .is_some()
        {
            return Ok(None);
        }
        let board = self.board(project).await?;
        let sql = "select category, id from columns where board_id = $1 order by order_key, id";
        let rows = self.client.query(sql, &[&board.uuid()]).await?;
        let column = |row: &tokio_postgres::Row| -> anyhow::Result<(TaskStatus, ColumnId)> {
            let category: &str = row.try_get(0)?;
            Ok((category.parse()?, row.try_get::<_, Uuid>(1)?.into()))
        };
        let columns = rows.iter().map(column).collect::<anyhow::Result<_>>()?;
        Ok(Some(Blank { board, columns }))
    }

    /// The task that `title` names.
    pub(super) async fn task(&self, project: ProjectId, title: &str) -> anyhow::Result<Uuid> {
        let sql = "select id from tasks where project_id = $1 and title = $2 limit 1";
        let row = self
            .client
            .query_one(sql, &[&project.uuid(), &title])
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Writes everything or nothing.
    pub(super) async fn write(
        &mut self,
        people: &[(UserId, &content::Person)],
        stories: &[(ProjectId, BoardId, Story)],
        start: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let transaction = self.client.transaction().await?;
        for (id, person) in people {
            // Identity's events bring them too, perhaps later than now.
            let sql = "insert into people (id, name, role) values ($1, $2, $3) on conflict (id) do nothing";
            let role = person.role.to_string();
            transaction
                .execute(sql, &[&id.uuid(), &person.name, &role])
                .await?;
        }
        let mut events: Vec<&Envelope> = Vec::new();
        for (project, board, story) in stories {
            project_row(&transaction, *project, story.tasks.len(), start).await?;
            tasks(&transaction, *project, *board, &story.tasks).await?;
            events.extend(&story.events);
        }
        events.sort_by_key(|event| event.time);
        let statement = transaction.prepare(outbox::INSERT).await?;
        for event in events {
            let row = NewRow::from(event);
            transaction
                .execute(
                    &statement,
                    &[&row.id, &row.kind, &row.tenant_id, &row.event],
                )
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

async fn project_row(
    transaction: &Transaction<'_>,
    project: ProjectId,
    tasks: usize,
    start: DateTime<Utc>,
) -> anyhow::Result<()> {
    let sql =
        "update projects set created_at = $2, start_date = $3, next_task_number = $4 where id = $1";
    let next = i32::try_from(tasks)?.saturating_add(1);
    transaction
        .execute(sql, &[&project.uuid(), &start, &start.date_naive(), &next])
        .await?;
    Ok(())
}

async fn tasks(
    transaction: &Transaction<'_>,
    project: ProjectId,
    board: BoardId,
    tasks: &[Task],
) -> anyhow::Result<()> {
    let statement = transaction
        .prepare(
            "insert into tasks (id, project_id, board_id, column_id, number, title, description, status, priority,
                order_key, due_date, created_by, completed_at, version, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .await?;
    let mut keys = HashMap::new();
    for (number, task) in (1_i32..).zip(tasks) {
        let key = keys
            .entry(task.column)
            .or_insert_with(FractionalIndex::default);
        *key = FractionalIndex::new_after(key);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 16] = [
            &task.id.uuid(),
            &project.uuid(),
            &board.uuid(),
            &task.column.uuid(),
            &number,
            &task.title,
            &task.description,
            &task.status.as_ref(),
            &task.priority.as_ref(),
            &key.to_string(),
            &task.due,
            &task.created_by.uuid(),
            &task.completed_at,
            &task.version,
            &task.created_at,
            &task.updated_at,
        ];
        transaction.execute(&statement, &values).await?;
        around(transaction, task).await?;
    }
    Ok(())
}

async fn around(transaction: &Transaction<'_>, task: &Task) -> anyhow::Result<()> {
    let id = task.id.uuid();
    for (person, at) in &task.assignees {
        let sql = "insert into task_assignees (task_id, user_id, assigned_at) values ($1, $2, $3)";
        transaction.execute(sql, &[&id, &person.uuid(), at]).await?;
    }
    for comment in &task.comments {
        let sql = "insert into comments (id, task_id, author_id, body, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $5)";
        let (own, author) = (comment.id.uuid(), comment.author.uuid());
        transaction
            .execute(sql, &[&own, &id, &author, &comment.body, &comment.at])
            .await?;
    }
    Ok(())
}
