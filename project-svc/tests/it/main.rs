#![cfg(test)]
//! The project service over HTTP, each test with a tenant database of its own.

mod access;
mod columns;
mod concurrency;
mod isolation;
mod lists;
mod people;
mod share;
mod story;
mod validation;
mod world;
