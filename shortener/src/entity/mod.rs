//! Tables of database `shortener`. Queries of owners start at [`link::Entity::of_tenant`].

pub(crate) mod link;
