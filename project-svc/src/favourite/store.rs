//! Queries of favourites.

use chrono::{DateTime, Utc};
use httpkit::Member;
use kernel::UserId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, raw_sql};
use uuid::Uuid;

use super::view::{FavouriteKind, FavouriteView};
use crate::access::visible;

/// What the member keeps at hand and sees, the last added first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: &Member,
    kind: Option<FavouriteKind>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<FavouriteView>, DbErr> {
    let seen = visible(member, "p", "$1");
    let sql = format!(
        "select f.kind, f.thing_id as id, coalesce(t.title, b.name, v.name, p.name) as name,
             p.key || coalesce('-' || t.number, '') as key, p.id as project_id, f.added_at
         from favourites f
         left join tasks t on f.kind = 'task' and t.id = f.thing_id and t.deleted_at is null
         left join boards b on f.kind = 'board' and b.id = f.thing_id
         left join views v on f.kind = 'view' and v.id = f.thing_id and (v.shared or v.owner_id = $1)
         left join projects p on p.deleted_at is null and p.id = case f.kind
             when 'task' then t.project_id when 'board' then b.project_id when 'view' then v.project_id
             when 'project' then f.thing_id end
         where f.user_id = $1 and ($2::text is null or f.kind = $2)
         and case when v.id is not null and v.project_id is null then true else p.id is not null and {seen} end
         and ($3::timestamptz is null or (f.added_at, f.thing_id) < ($3, $4::uuid))
         order by f.added_at desc, f.thing_id desc limit $5"
    );
    let (added_at, id) = after.unzip();
    let kind = kind.map(|kind| kind.to_string());
    let values = [
        member.user.into(),
        kind.into(),
        added_at.into(),
        id.into(),
        limit.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    FavouriteView::find_by_statement(statement).all(db).await
}

/// Adds a favourite, unless it is one.
pub(super) async fn add(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: FavouriteKind,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let insert = raw_sql!(
        Postgres,
        "insert into favourites (user_id, kind, thing_id, added_at) values ({user}, {kind}, {id}, {now})
         on conflict do nothing"
    );
    db.execute_raw(insert).await.map(drop)
}

/// Takes a favourite away.
pub(super) async fn remove(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: FavouriteKind,
    id: Uuid,
) -> Result<(), DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from favourites where user_id = {user} and kind = {kind} and thing_id = {id}"
    );
    db.execute_raw(delete).await.map(drop)
}
