//! The story, step by step.
#![cfg(test)]
