//! Queries of custom fields. All of them begin at a project.

use httpkit::Problem;
use kernel::{FieldId, ProjectId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromJsonQueryResult, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, raw_sql,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Choice, FieldKind};
use super::view::CreateField;
use crate::entity::custom_field;
use crate::order::OrderKey;
use crate::tenant::Tenant;

/// [`Definitions`] as a column of a statement that calls the project `p`.
pub(crate) const DEFINITIONS: &str = "(select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'key', f.key,
        'kind', f.kind, 'options', f.options, 'required', f.required) order by f.order_key, f.id), '[]')
    from custom_fields f where f.project_id = p.id) as definitions";

/// The fields of a project, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct Definitions(pub(crate) Vec<Definition>);

/// What of a field decides about values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromQueryResult)]
pub(crate) struct Definition {
    pub(super) id: FieldId,
    pub(super) key: String,
    pub(super) kind: FieldKind,
    options: Value,
    pub(super) required: bool,
}

impl Definition {
    /// What can be chosen.
    pub(super) fn options(&self) -> Vec<Choice> {
        serde_json::from_value(self.options.clone()).unwrap_or_default()
    }
}

/// The fields of a project; there are never many.
pub(crate) async fn definitions(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Vec<Definition>, DbErr> {
    Definition::find_by_statement(raw_sql!(
        Postgres,
        "select id, key, kind, options, required from custom_fields where project_id = {project}
         order by order_key, id"
    ))
    .all(db)
    .await
}

/// All fields of a project, in order.
pub(super) async fn all(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Vec<custom_field::Model>, DbErr> {
    custom_field::Entity::find()
        .filter(custom_field::Column::ProjectId.eq(project))
        .order_by_asc(custom_field::Column::OrderKey)
        .order_by_asc(custom_field::Column::Id)
        .all(db)
        .await
}

/// A field of the project, locked.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: FieldId,
) -> Result<Option<custom_field::Model>, DbErr> {
    let field = custom_field::Entity::find_by_id(id);
    field
        .filter(custom_field::Column::ProjectId.eq(project))
        .lock(LockType::NoKeyUpdate)
        .one(db)
        .await
}

/// Adds a field behind the `others`.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    project: ProjectId,
    others: &[custom_field::Model],
    asked: CreateField,
) -> Result<custom_field::Model, Problem> {
    let last = others.last().map(|field| field.order_key.clone());
    let order_key = OrderKey::between(&(last, None));
    let order_key = order_key.ok_or_else(|| Problem::internal("no room behind the last field"))?;
    let options = serde_json::to_value(&asked.options).map_err(Problem::internal)?;
    let now = tenant.now();
    let field = custom_field::ActiveModel {
        id: Set(tenant.next_id()),
        project_id: Set(project),
        key: Set(asked.key),
        name: Set(asked.name),
        kind: Set(asked.kind),
        options: Set(options),
        currency: Set(asked.currency),
        required: Set(asked.required),
        on_card: Set(asked.on_card),
        order_key: Set(order_key),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let inserted = custom_field::Entity::insert(field).exec_with_returning(db);
    Ok(inserted.await?)
}

/// False when the project has no such field. Values that tasks have are passed over from then on, and dropped by the
/// next change of each task's fields.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: FieldId,
) -> Result<bool, DbErr> {
    let field = custom_field::Entity::delete_by_id(id);
    let delete = field.filter(custom_field::Column::ProjectId.eq(project));
    Ok(delete.exec(db).await?.rows_affected == 1)
}

/// Locks the project: its fields are added by one transaction at a time.
pub(super) async fn lock_project(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<(), DbErr> {
    let lock = raw_sql!(
        Postgres,
        "select id from projects where id = {project} for no key update"
    );
    db.query_one_raw(lock).await?;
    Ok(())
}
