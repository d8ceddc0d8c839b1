//! `./dev bench`: measurements beside what one would do instead.

fn main() {}
