#![cfg(test)]
//! Identity over its routes, on a real PostgreSQL, beside a resolver that keeps the contract in memory.

mod account_email;
mod audit;
mod avatar;
mod call;
mod cookies;
mod devices;
mod document;
mod invitation;
mod keys;
mod lifecycle;
mod limits;
mod link_opened;
mod mail;
mod member;
mod notice;
mod organization;
mod passkey;
mod password;
mod person;
mod personal_token;
mod profile;
mod provider;
mod register;
mod report_ready;
mod resolver;
mod role;
mod second_factor;
mod session;
mod signup;
mod ticket;
mod timing;
mod world;
