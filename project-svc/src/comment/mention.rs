//! Whom a comment names: active people who see what it is on. Others are left text.

use kernel::{CommentId, ProjectId, UserId};
use sea_orm::{ConnectionTrait, DbErr, raw_sql};
use uuid::Uuid;

use crate::markdown;

/// The people that a text names, of those who see the project. A name behind an `@` is a whole name without its
/// blanks or a first name, and names nobody when it could be several people.
pub(super) async fn resolve(
    db: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<Vec<UserId>, DbErr> {
    let mentions = markdown::mentions(text);
    if mentions == markdown::Mentions::default() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = mentions.ids.iter().map(|id| id.uuid()).collect();
    let names: Vec<String> = mentions.names.into_iter().collect();
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "with seeing as (
             select pe.id, lower(pe.name) as name from people pe, projects p join workspaces w on w.id = p.workspace_id
             where p.id = {project} and pe.active and (
                 pe.role = 'owner' or p.is_public and w.is_public
                 or p.is_public and exists (select from workspace_members m where m.workspace_id = w.id and m.user_id = pe.id)
                 or exists (select from project_members m where m.project_id = p.id and m.user_id = pe.id))
         ), named as (
             select n.name, s.id from unnest({names}::text[]) as n (name)
             join seeing s on n.name in (replace(s.name, ' ', ''), replace(s.name, ' ', '.'), split_part(s.name, ' ', 1))
         )
         select id from seeing where id = any({ids})
         union select (array_agg(id))[1] from named group by name having count(*) = 1
         limit 50"
    ));
    rows.await?
        .iter()
        .map(|row| row.try_get("", "id"))
        .collect()
}

/// Notes whom the comment names now; answers those who were not named before.
pub(super) async fn replace(
    db: &impl ConnectionTrait,
    comment: CommentId,
    people: &[UserId],
) -> Result<Vec<UserId>, DbErr> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "with gone as (delete from comment_mentions where comment_id = {comment} and user_id <> all({people}))
         insert into comment_mentions (comment_id, user_id) select {comment}, unnest({people}::uuid[])
         on conflict do nothing returning user_id"
    ));
    rows.await?
        .iter()
        .map(|row| row.try_get("", "user_id"))
        .collect()
}
