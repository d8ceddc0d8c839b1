#![cfg(test)]
//! The project service over HTTP, each test with a tenant database of its own.

mod story;
mod world;
