//! Queries over `avatars`.

use kernel::UserId;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::entity::avatar::{ActiveModel, Column, Entity, Model};

/// Puts a picture in the place of the one before.
pub(super) async fn put(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let replace = OnConflict::column(Column::UserId)
        .update_columns([
            Column::ContentType,
            Column::Content,
            Column::Etag,
            Column::UpdatedAt,
        ])
        .to_owned();
    Entity::insert(ActiveModel::from(row))
        .on_conflict(replace)
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// Removes the picture; answers whether there was one.
pub(super) async fn remove(db: &impl ConnectionTrait, user: UserId) -> Result<bool, DbErr> {
    let removed = Entity::delete_by_id(user).exec(db).await?;
    Ok(removed.rows_affected > 0)
}

/// The picture with its bytes.
pub(crate) async fn find(db: &impl ConnectionTrait, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(user).one(db).await
}

/// Which picture there is.
pub(crate) async fn etag(db: &impl ConnectionTrait, user: UserId) -> Result<Option<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Etag)
        .filter(Column::UserId.eq(user))
        .into_tuple()
        .one(db)
        .await
}
