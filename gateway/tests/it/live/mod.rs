//! Live updates through the door, with a real broker and a project-svc that knows who sees what.

mod client;
mod door;
mod limits;
mod others;
mod presence;
mod protocol;
mod replay;
mod rights;
mod rooms;
mod world;
