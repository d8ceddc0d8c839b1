//! The list of members: in the order they joined, by text and by role. Read along the index `memberships_page` (or
//! that of a custom role), so that a page costs what it shows, and a search what it passes over.

use chrono::{DateTime, Utc};
use kernel::{Role, RoleId, TenantId, UserId};
use sea_orm::sea_query::extension::postgres::PgExpr;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect,
};

use super::store::{self, Member};
use crate::entity::membership::Column;
use crate::entity::user;

/// Which members.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Part of the name or of the address.
    pub(super) text: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) role_id: Option<RoleId>,
}

pub(super) async fn page(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    wanted: &Wanted,
    after: Option<(DateTime<Utc>, UserId)>,
    limit: u64,
) -> Result<Vec<Member>, DbErr> {
    let mut query = store::with_person(tenant).filter(condition(wanted));
    if let Some((joined_at, user)) = after {
        let place = [Column::JoinedAt, Column::UserId];
        let place = place.map(|column| Expr::col(column.as_column_ref()));
        let after = [Expr::val(joined_at), Expr::val(user)];
        query = query.filter(Expr::tuple(place).gt(Expr::tuple(after)));
    }
    query
        .order_by_asc(Column::JoinedAt)
        .order_by_asc(Column::UserId)
        .limit(limit)
        .into_model()
        .all(db)
        .await
}

fn condition(wanted: &Wanted) -> Condition {
    let mut all = Condition::all();
    if let Some(role) = wanted.role {
        all = all.add(Column::Role.eq(role)).add(Column::RoleId.is_null());
    }
    if let Some(role) = wanted.role_id {
        all = all.add(Column::RoleId.eq(role));
    }
    if let Some(text) = &wanted.text {
        let pattern = pattern(text);
        let column = |column: user::Column| Expr::col(column.as_column_ref());
        let name = column(user::Column::Name).ilike(pattern.clone());
        let email = column(user::Column::Email).ilike(pattern);
        all = all.add(name.or(email));
    }
    all
}

/// A pattern of LIKE that finds the text as it is.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.trim().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_like_are_letters_like_others() {
        assert_eq!(pattern(" 50%_a\\b "), r"%50\%\_a\\b%");
    }
}
