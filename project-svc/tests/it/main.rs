#![cfg(test)]
//! The project service over HTTP, each test with a tenant database of its own.

mod access;
mod archived;
mod boards;
mod bulk;
mod client;
mod columns;
mod comments;
mod concurrency;
mod dependencies;
mod details;
mod fields;
mod filter;
mod isolation;
mod limits;
mod lists;
mod neighbours;
mod past;
mod people;
mod plans;
mod projects;
mod rehousing;
mod search;
mod share;
mod standing;
mod story;
mod subtasks;
mod team;
mod transfer;
mod trash;
mod validation;
mod views;
mod workspace;
mod world;
mod zones;
