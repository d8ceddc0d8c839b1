//! Places of boards in their project. Who adds, removes or rearranges boards holds the project's lock.

use std::iter::zip;

use httpkit::Problem;
use kernel::{BoardId, ProjectId};
use sea_orm::{ConnectionTrait, DbErr, raw_sql};

use crate::column::model::no_such_neighbour;
use crate::entity::board;
use crate::order::{self, OrderKey, Place};

/// Locks the project against others that rearrange its boards. False when it is gone.
pub(super) async fn lock_project(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<bool, DbErr> {
    let lock = raw_sql!(
        Postgres,
        "select id from projects where id = {project} and deleted_at is null for no key update"
    );
    Ok(db.query_one_raw(lock).await?.is_some())
}

/// The key of a place among `boards`, all of one project. Where there is no room, the others get new keys.
pub(super) async fn make_room(
    db: &impl ConnectionTrait,
    boards: &[board::Model],
    place: &Place<BoardId>,
) -> Result<OrderKey, Problem> {
    let mut list: Vec<_> = boards
        .iter()
        .map(|one| (one.id, one.order_key.clone()))
        .collect();
    let gap = order::gap(&list, place).ok_or_else(|| no_such_neighbour(place))?;
    if let Some(key) = OrderKey::between(&gap) {
        return Ok(key);
    }
    for ((id, old), new) in zip(&mut list, order::spread(boards.len())) {
        let (id, key) = (*id, new.clone());
        let update = raw_sql!(
            Postgres,
            "update boards set order_key = {key} where id = {id}"
        );
        db.execute_raw(update).await?;
        *old = new;
    }
    let gap = order::gap(&list, place).ok_or_else(|| no_such_neighbour(place))?;
    OrderKey::between(&gap).ok_or_else(|| Problem::internal("no room between spread boards"))
}
