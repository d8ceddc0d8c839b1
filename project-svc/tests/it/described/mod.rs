//! Bad input, and what an answer costs, for every operation that the API's description tells of: a new operation is
//! tried without being named here.

mod ids;
mod lists;
mod request;
mod schema;
mod sizes;
mod statements;
mod text;
mod things;
