#![cfg(test)]
//! The door over real sockets, in front of small services made for the test.

mod body;
mod cookies;
mod forged;
mod hosts;
mod instances;
mod jwt;
mod limits;
mod live;
mod moved;
mod news;
mod own;
mod programs;
mod services;
mod support;
mod tokens;
mod web;
