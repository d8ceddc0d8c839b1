//! `migrator init`

use kernel::Ids;
use serde_json::json;

use super::Exit;
use super::args::Settings;
use super::output::Output;
use crate::init::{self, Plan};

pub(super) async fn init(settings: &Settings, output: &Output) -> anyhow::Result<Exit> {
    let plan = Plan {
        admin: settings.admin()?.clone(),
        catalog: settings.catalog()?.clone(),
        identity: settings.identity()?.clone(),
        shortener: settings.shortener()?.clone(),
        provisioner: settings.provisioner()?.clone(),
        cluster: settings.cluster.clone(),
        template: settings.template.clone(),
        seal: settings.seal_key()?,
    };
    let created = init::init(&plan, &Ids::system()).await?;
    output.answer(&json!({ "created": created }), || {
        match created.is_empty() {
            true => "everything was there; passwords are set anew".to_owned(),
            false => format!("created {}\nnext: migrator up", created.join(", ")),
        }
    })?;
    Ok(Exit::Done)
}
