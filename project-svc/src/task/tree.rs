//! The tree of subtasks: a parent is of the same project, nothing is below itself, and neither depth nor number is
//! without end. Whoever hangs a task somewhere holds the project's row.

use httpkit::Problem;
use kernel::{ProjectId, TaskId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use uuid::Uuid;

/// Levels of a tree, the root counted.
pub(super) const MOST_LEVELS: i32 = 8;
/// Tasks of a tree, the root counted: it is moved, copied and deleted as a whole.
pub(super) const MOST_TASKS: i64 = 500;

/// What hanging a task under a parent would make.
#[derive(Debug, Default, PartialEq, Eq, FromQueryResult)]
struct Hanging {
    /// How deep the parent lies; none when it is no task of the project.
    parent_level: Option<i32>,
    /// Whether the parent is the task, or below it.
    circle: bool,
    /// Levels of what comes along, the task itself counted.
    height: i32,
    /// Tasks of the parent's tree and of what comes along.
    size: i64,
}

/// Locks the project: trees are changed by one transaction at a time.
pub(super) async fn lock(db: &impl ConnectionTrait, project: ProjectId) -> Result<(), DbErr> {
    let lock = raw_sql!(
        Postgres,
        "select id from projects where id = {project} for no key update"
    );
    db.query_one_raw(lock).await?;
    Ok(())
}

/// Passes when `task`, or a new one, may be hung under `parent`. Holds under the project's lock.
pub(super) async fn check(
    db: &impl ConnectionTrait,
    project: ProjectId,
    task: Option<TaskId>,
    parent: TaskId,
) -> Result<(), Problem> {
    // What lies in the trash counts: it may come back.
    let hanging = Hanging::find_by_statement(raw_sql!(
        Postgres,
        "with recursive above (id, parent_id, level) as (
             select id, parent_id, 1 from tasks
             where id = {parent} and project_id = {project} and deleted_at is null
             union all
             select t.id, t.parent_id, a.level + 1 from above a join tasks t on t.id = a.parent_id
             where a.level < 32),
         below (id, level) as (
             select {task}::uuid, 1
             union all
             select t.id, b.level + 1 from below b join tasks t on t.parent_id = b.id where b.level < 32),
         whole (id, level) as (
             select id, 1 from above where parent_id is null
             union all
             select t.id, w.level + 1 from whole w join tasks t on t.parent_id = w.id where w.level < 32)
         select (select max(level) from above) as parent_level,
             exists (select from above where id = {task}) as circle,
             (select max(level) from below) as height,
             (select count(*) from whole) + (select count(*) from below) as size"
    ));
    let hanging = hanging.one(db).await?.unwrap_or_default();
    judge(&hanging)
}

fn judge(hanging: &Hanging) -> Result<(), Problem> {
    let refuse = |code: &str, detail: String| Err(Problem::field("/parent_id", code, detail));
    let Some(parent_level) = hanging.parent_level else {
        return refuse("unknown_reference", "is no task of this project".to_owned());
    };
    if hanging.circle {
        return refuse("circle", "is the task itself, or below it".to_owned());
    }
    if parent_level.saturating_add(hanging.height) > MOST_LEVELS {
        return refuse("too_deep", format!("makes more than {MOST_LEVELS} levels"));
    }
    if hanging.size > MOST_TASKS {
        return refuse(
            "too_many",
            format!("makes a tree of more than {MOST_TASKS} tasks"),
        );
    }
    Ok(())
}

/// A task and all that is below it and not in the trash, each behind its parent.
pub(super) async fn whole(db: &impl ConnectionTrait, root: TaskId) -> Result<Vec<TaskId>, DbErr> {
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "with recursive whole (id, level) as (
             select {root}::uuid, 1
             union all
             select t.id, w.level + 1 from whole w join tasks t on t.parent_id = w.id
             where t.deleted_at is null and w.level < 32)
         select id from whole order by level, id"
    ));
    let rows = rows.await?;
    rows.iter().map(|row| row.try_get("", "id")).collect()
}

/// Locks these tasks and all that is below them, always in the same order.
pub(super) async fn lock_whole(db: &impl ConnectionTrait, roots: &[TaskId]) -> Result<(), DbErr> {
    let roots: Vec<Uuid> = roots.iter().map(|id| id.uuid()).collect();
    let lock = raw_sql!(
        Postgres,
        "with recursive whole (id, level) as (
             select unnest({roots}::uuid[]), 1
             union all
             select t.id, w.level + 1 from whole w join tasks t on t.parent_id = w.id
             where t.deleted_at is null and w.level < 32)
         select t.id from tasks t where t.id in (select id from whole) order by t.id for no key update"
    );
    db.query_all_raw(lock).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_end_somewhere() {
        let hanging = |parent_level, circle, height, size| Hanging {
            parent_level,
            circle,
            height,
            size,
        };
        let code = |hanging| judge(&hanging).unwrap_err().body().errors[0].code.clone();
        assert!(judge(&hanging(Some(7), false, 1, 500)).is_ok());
        assert!(judge(&hanging(Some(1), false, 7, 8)).is_ok());
        assert_eq!(code(hanging(None, false, 1, 1)), "unknown_reference");
        assert_eq!(code(hanging(Some(2), true, 1, 3)), "circle");
        assert_eq!(code(hanging(Some(8), false, 1, 9)), "too_deep");
        assert_eq!(code(hanging(Some(1), false, 8, 9)), "too_deep");
        assert_eq!(code(hanging(Some(1), false, 1, 501)), "too_many");
    }
}
