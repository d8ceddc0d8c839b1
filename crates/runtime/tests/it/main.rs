#![cfg(test)]
//! The runtime over real sockets.

mod drain;
mod layers;
mod listener;
mod support;
