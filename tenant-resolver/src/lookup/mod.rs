//! Finding tenants: by subdomain, by id, page by page, and how to connect to one's database.
//!
//! Spares, half-built and deleted tenants are found by nobody. Each lookup is one round trip to the catalog.

mod routes;
mod store;

pub(crate) use routes::router;
