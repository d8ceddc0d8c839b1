#![cfg(test)]
//! The runtime over real sockets.

mod drain;
mod jobs;
mod layers;
mod listener;
mod support;
