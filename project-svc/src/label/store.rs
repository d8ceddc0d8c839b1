//! Queries of labels, and of which task carries which. All of them begin at a project: a label of another one is
//! not there.

use httpkit::{FieldError, Problem};
use kernel::{LabelId, ProjectId, TaskId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    raw_sql,
};
use uuid::Uuid;

use super::view::CreateLabel;
use crate::entity::label;
use crate::tenant::Tenant;

/// A page of a project's labels, by name.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: Option<(String, LabelId)>,
    limit: u64,
) -> Result<Vec<label::Model>, DbErr> {
    let (name, id) = after.unzip();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    label::Model::find_by_statement(raw_sql!(
        Postgres,
        "select * from labels where project_id = {project}
             and ({name}::text is null or (lower(name), id) > (lower({name}), {id}))
         order by lower(name), id limit {limit}"
    ))
    .all(db)
    .await
}

/// A label of the project, locked.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: LabelId,
) -> Result<Option<label::Model>, DbErr> {
    let label = label::Entity::find_by_id(id).filter(label::Column::ProjectId.eq(project));
    label.lock(LockType::NoKeyUpdate).one(db).await
}

/// How many labels the project has.
pub(super) async fn count(db: &impl ConnectionTrait, project: ProjectId) -> Result<i64, DbErr> {
    let count = raw_sql!(
        Postgres,
        "select count(*) as count from labels where project_id = {project}"
    );
    let row = db.query_one_raw(count).await?;
    row.map_or(Ok(0), |row| row.try_get("", "count"))
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    project: ProjectId,
    asked: CreateLabel,
) -> Result<label::Model, DbErr> {
    let now = tenant.now();
    let label = label::ActiveModel {
        id: Set(tenant.next_id()),
        project_id: Set(project),
        name: Set(asked.name),
        color: Set(asked.color),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    label::Entity::insert(label).exec_with_returning(db).await
}

/// False when the project has no such label.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: LabelId,
) -> Result<bool, DbErr> {
    let delete = label::Entity::delete_by_id(id).filter(label::Column::ProjectId.eq(project));
    Ok(delete.exec(db).await?.rows_affected == 1)
}

/// Places in `ids` that name no label of the project. Those that do are kept from going away until the commit.
async fn unknown(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[LabelId],
) -> Result<Vec<usize>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = raw(ids);
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "select id from labels where project_id = {project} and id = any({wanted}) for key share"
    ));
    let rows = rows.await?;
    let known = rows.iter().map(|row| row.try_get("", "id"));
    let known = known.collect::<Result<Vec<LabelId>, _>>()?;
    let places = ids.iter().enumerate();
    Ok(places
        .filter(|(_, id)| !known.contains(id))
        .map(|(place, _)| place)
        .collect())
}

/// Gives the task these labels and no others; answers which came and which went.
pub(crate) async fn replace(
    db: &impl ConnectionTrait,
    task: TaskId,
    ids: &[LabelId],
) -> Result<(Vec<LabelId>, Vec<LabelId>), DbErr> {
    let wanted = raw(ids);
    let replaced = db.query_all_raw(raw_sql!(
        Postgres,
        "with gone as (
             delete from task_labels where task_id = {task} and label_id <> all({wanted}) returning label_id),
         come as (
             insert into task_labels (task_id, label_id) select {task}, unnest({wanted})
             on conflict do nothing returning label_id)
         select label_id, true as came from come union all select label_id, false from gone"
    ));
    let (mut came, mut went) = (Vec::new(), Vec::new());
    for row in replaced.await? {
        let list = if row.try_get("", "came")? {
            &mut came
        } else {
            &mut went
        };
        list.push(row.try_get("", "label_id")?);
    }
    Ok((came, went))
}

/// 422 for what names no label of the project.
pub(crate) async fn check(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[LabelId],
    pointer: &str,
) -> Result<(), Problem> {
    let unknown = unknown(db, project, ids).await?;
    if unknown.is_empty() {
        return Ok(());
    }
    let errors = unknown.into_iter().map(|place| {
        let detail = "is no label of this project";
        FieldError::new(format!("{pointer}/{place}"), "unknown_reference", detail)
    });
    Err(Problem::validation(errors.collect()))
}

fn raw(ids: &[LabelId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
