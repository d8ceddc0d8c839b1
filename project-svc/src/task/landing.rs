//! Where a tree of tasks comes down in another project, or once more in its own: columns, numbers, labels and fields.

use events::topic::task::TaskStatus;
use httpkit::Problem;
use kernel::{BoardId, ColumnId, LabelId, ProjectId, TaskId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, raw_sql};
use serde_json::{Map, Value, json};
use tenancy::UnitOfWork;
use uuid::Uuid;

use super::home::HomeProject;
use super::place::{self, TARGET, Target};
use super::routes::no_such_column;
use super::row::TaskRow;
use crate::field::{self, Definition};
use crate::order::{OrderKey, Place};

/// A project that is ready to take tasks: its row and the columns of one of its boards are locked, in this order.
pub(super) struct Landing {
    pub(super) project: HomeProject,
    /// Where the first task goes.
    root: ColumnId,
    columns: Vec<Target>,
    labels: Vec<(LabelId, LabelId)>,
    definitions: Vec<Definition>,
    next_number: i32,
}

/// Locks projects for a change of their trees, always in the same order.
pub(super) async fn lock_projects(
    db: &impl ConnectionTrait,
    projects: &[ProjectId],
) -> Result<(), DbErr> {
    let ids: Vec<Uuid> = projects.iter().map(|id| id.uuid()).collect();
    let lock = raw_sql!(
        Postgres,
        "select id from projects where id = any({ids}) order by id for no key update"
    );
    db.query_all_raw(lock).await?;
    Ok(())
}

impl Landing {
    /// Makes the project ready for a task of this status, in the column asked for or the first that fits.
    pub(super) async fn prepare(
        unit: &UnitOfWork,
        project: HomeProject,
        from: ProjectId,
        asked: Option<ColumnId>,
        status: TaskStatus,
    ) -> Result<Self, Problem> {
        let home = find_column(unit, project.id, asked, status).await?;
        let home = home.ok_or_else(no_such_column)?;
        Ok(Self {
            root: home.column_id,
            columns: lock_columns(unit, home.board_id).await?,
            labels: same_labels(unit, from, project.id).await?,
            definitions: field::definitions(unit, project.id).await?,
            next_number: 0,
            project,
        })
    }

    /// Takes numbers for so many tasks.
    pub(super) async fn take_numbers(
        &mut self,
        db: &impl ConnectionTrait,
        count: usize,
    ) -> Result<(), Problem> {
        let (id, count) = (
            self.project.id,
            i32::try_from(count).map_err(Problem::internal)?,
        );
        let taken = db.query_one_raw(raw_sql!(
            Postgres,
            "update projects set next_task_number = next_task_number + {count}
             where id = {id} and deleted_at is null returning next_task_number - {count} as number"
        ));
        let row = taken.await?.ok_or_else(Problem::not_found)?;
        self.next_number = row.try_get("", "number")?;
        Ok(())
    }

    /// The next of the numbers that were taken.
    pub(super) fn number(&mut self) -> i32 {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        number
    }

    /// 409 when a column takes no more than fits. Asked once for all tasks that come.
    pub(super) async fn check_limits(
        &self,
        db: &impl ConnectionTrait,
        rows: &[TaskRow],
    ) -> Result<(), Problem> {
        for column in &self.columns {
            let coming = rows
                .iter()
                .enumerate()
                .filter(|(place, row)| self.column_of(*place, row) == Some(column.column_id));
            let coming = i64::try_from(coming.count()).map_err(Problem::internal)?;
            if coming > 0 {
                place::check_limit_for(db, column, coming).await?;
            }
        }
        Ok(())
    }

    /// The place of the task that is the `place`th to come: the first where it was asked for, the others in the first
    /// column of their status, or with the first one.
    pub(super) async fn spot(
        &self,
        db: &impl ConnectionTrait,
        place: usize,
        row: &TaskRow,
        id: TaskId,
    ) -> Result<(&Target, OrderKey), Problem> {
        let column = self.column_of(place, row);
        let target = self
            .columns
            .iter()
            .find(|one| Some(one.column_id) == column);
        let target = target.ok_or_else(|| Problem::internal("a locked column is not there"))?;
        let key = place::make_room(db, target.column_id, id, &Place::Last).await?;
        Ok((target, key))
    }

    fn column_of(&self, place: usize, row: &TaskRow) -> Option<ColumnId> {
        let fits = self
            .columns
            .iter()
            .find(|column| column.category == row.task.status);
        match fits {
            Some(column) if place > 0 => Some(column.column_id),
            Some(_) | None => Some(self.root),
        }
    }

    /// The labels of the same names; the others are lost.
    pub(super) fn labels(&self, row: &TaskRow) -> Vec<LabelId> {
        let own = row.labels();
        let same = self.labels.iter().filter(|(from, _)| own.contains(from));
        let mut labels: Vec<_> = same.map(|(_, to)| *to).collect();
        labels.sort_unstable();
        labels
    }

    /// The values that fit fields of the same keys, by id and by key; the others are lost.
    pub(super) fn fields(&self, row: &TaskRow) -> (Value, Map<String, Value>) {
        field::fitting(&self.definitions, &row.fields_by_key).onto(&json!({}))
    }
}

#[derive(FromQueryResult)]
struct Home {
    column_id: ColumnId,
    board_id: BoardId,
}

async fn find_column(
    db: &impl ConnectionTrait,
    project: ProjectId,
    asked: Option<ColumnId>,
    status: TaskStatus,
) -> Result<Option<Home>, DbErr> {
    Home::find_by_statement(raw_sql!(
        Postgres,
        "select c.id as column_id, c.board_id from columns c join boards b on b.id = c.board_id
         where b.project_id = {project} and ({asked}::uuid is null or c.id = {asked})
         order by c.category = {status} desc, c.category = 'todo' desc, b.order_key, b.id, c.order_key, c.id limit 1"
    ))
    .one(db)
    .await
}

/// Always in the same order: moves of single cards lock one of them each.
async fn lock_columns(db: &impl ConnectionTrait, board: BoardId) -> Result<Vec<Target>, DbErr> {
    let sql = format!(
        "select {TARGET} from columns c where c.board_id = $1 order by c.id for no key update of c"
    );
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [board.into()]);
    let mut columns = Target::find_by_statement(statement).all(db).await?;
    columns.sort_by(|one, other| one.order_key.cmp(&other.order_key));
    Ok(columns)
}

/// Pairs of labels of two projects that have the same name.
async fn same_labels(
    db: &impl ConnectionTrait,
    from: ProjectId,
    to: ProjectId,
) -> Result<Vec<(LabelId, LabelId)>, DbErr> {
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "select s.id as source, t.id as target from labels s
         join labels t on t.project_id = {to} and lower(t.name) = lower(s.name)
         where s.project_id = {from} for key share of t"
    ));
    let rows = rows.await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "source")?, row.try_get("", "target")?)))
        .collect()
}
