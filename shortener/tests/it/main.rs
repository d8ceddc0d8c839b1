#![cfg(test)]
//! The shortener over its routes, on a real PostgreSQL, beside other services that keep the contract
//! in memory.

mod guest;
mod lifecycle;
mod links;
mod neighbours;
mod options;
mod pages;
mod policy;
mod throttle;
mod visits;
mod world;
