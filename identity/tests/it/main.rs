#![cfg(test)]
//! Identity over its routes, on a real PostgreSQL, beside a resolver that keeps the contract in memory.

mod audit;
mod call;
mod cookies;
mod document;
mod invitation;
mod keys;
mod lifecycle;
mod limits;
mod mail;
mod member;
mod organization;
mod passkey;
mod personal_token;
mod resolver;
mod role;
mod second_factor;
mod session;
mod signup;
mod world;
