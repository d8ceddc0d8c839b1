//! Prints `docs/events.md`.

#![expect(clippy::print_stdout, reason = "a program that prints a page")]

fn main() {
    print!("{}", events::contracts::page());
}
