//! What a filter asks of the database before it can be a condition.

use httpkit::Problem;
use kernel::{ProjectId, UserId};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

use super::{CustomField, Filter};
use crate::access::visible;
use crate::tenant::Tenant;

/// Fields of one key over all projects; of more than that the rest is not looked at.
const MAX_FIELDS: usize = 500;

/// The condition of a filter on tasks, of one project or of all that the person sees. `text` and `pointer` are for
/// the answer when a field it names is not there.
pub(crate) async fn resolve(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    project: Option<ProjectId>,
    filter: &Filter,
    text: &str,
    pointer: &str,
) -> Result<Option<SimpleExpr>, Problem> {
    let fields = fields(db, tenant, project, filter).await?;
    let condition = filter.condition(&fields);
    condition.map_err(|refused| refused.problem(text, pointer))
}

/// The fields that the filter names, of the projects that the person sees.
pub(crate) async fn fields(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    project: Option<ProjectId>,
    filter: &Filter,
) -> Result<Vec<CustomField>, DbErr> {
    let keys = filter.field_keys();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let seen = visible(&tenant.member, "p", "$1");
    named(db, tenant.user(), project, keys, &seen).await
}

/// The condition of a filter on the tasks of one project, whoever looks at them. None when it cannot be read any more.
pub(crate) async fn resolve_for_all(
    db: &impl ConnectionTrait,
    asked_by: UserId,
    project: ProjectId,
    filter: &Filter,
) -> Result<Option<Option<SimpleExpr>>, DbErr> {
    let keys = filter.field_keys();
    let fields = named(db, asked_by, Some(project), keys, "($1::uuid is not null)").await?;
    Ok(filter.condition(&fields).ok())
}

async fn named(
    db: &impl ConnectionTrait,
    caller: UserId,
    project: Option<ProjectId>,
    keys: Vec<String>,
    seen: &str,
) -> Result<Vec<CustomField>, DbErr> {
    let sql = format!(
        "select f.id, f.key, f.kind from custom_fields f join projects p on p.id = f.project_id
         where f.key = any($2) and ($3::uuid is null or f.project_id = $3) and p.deleted_at is null and {seen}
         limit {MAX_FIELDS}"
    );
    let values = [Value::from(caller), Value::from(keys), Value::from(project)];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    CustomField::find_by_statement(statement).all(db).await
}
