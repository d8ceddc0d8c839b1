#![cfg(test)]
//! The project service over HTTP, each test with a tenant database of its own.

mod access;
mod client;
mod columns;
mod concurrency;
mod isolation;
mod limits;
mod lists;
mod neighbours;
mod people;
mod share;
mod standing;
mod story;
mod team;
mod validation;
mod workspace;
mod world;
