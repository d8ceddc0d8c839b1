//! The story, step by step, through the gateway of the running test system (`./dev test`).
//!
//! Every test signs up an organization of its own. Tests that stop parts of the system, or look at all of it, are in
//! `faults` and run one at a time, after the others.
#![cfg(test)]

mod abuse;
mod access;
mod bad_input;
mod dashboard;
mod documents;
mod faults;
mod gateway;
mod invitations;
mod keys;
mod links;
mod live;
mod numbers;
mod observability;
mod reports;
mod sessions;
mod sign_up;
mod tenants;
mod webhooks;
mod work;
