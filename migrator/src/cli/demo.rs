//! `migrator demo`

use super::Exit;
use super::args::{DemoArgs, Settings};
use super::output::Output;

pub(super) async fn demo(_s: &Settings, _o: &Output, _a: &DemoArgs) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
