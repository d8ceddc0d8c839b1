//! `migrator demo`

use anyhow::Context;
use indicatif::ProgressBar;

use super::args::{DemoArgs, Settings};
use super::output::{Output, plain};
use super::{Exit, open_fleet};
use crate::demo::{Demo, Doors, make};

pub(super) async fn demo(
    settings: &Settings,
    output: &Output,
    args: &DemoArgs,
) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let doors = Doors {
        gateway: args.gateway.clone(),
        domain: args.domain.clone(),
        mail: args.mail.clone(),
    };
    let spinner = match output.draws() {
        true => ProgressBar::new_spinner(),
        false => ProgressBar::hidden(),
    };
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    let demo = make(&fleet, &doors, |step| spinner.set_message(step.to_owned())).await;
    spinner.finish_and_clear();
    let demo = demo?;
    let document = serde_json::to_vec_pretty(&demo)?;
    tokio::fs::write(&args.out, document)
        .await
        .with_context(|| format!("write {}", args.out.display()))?;
    output.answer(&demo, || summary(*output, &demo))?;
    Ok(Exit::Done)
}

fn summary(output: Output, demo: &Demo) -> String {
    let rows = demo.organizations.iter().flat_map(|organization| {
        organization.logins.iter().map(|login| {
            vec![
                plain(&organization.url),
                plain(login.role.to_string()),
                plain(&login.email),
                plain(&login.password),
            ]
        })
    });
    let table = output.table(&["where", "role", "e-mail", "password"], rows.collect());
    format!(
        "{table}\n\nguest link {} with password {}",
        demo.guest.url, demo.guest.password
    )
}
