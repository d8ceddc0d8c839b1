//! The whole fleet moved by one version.

use crate::report::Report;
use crate::settings::Settings;

use super::installation::Installation;

pub(super) async fn measure(
    _settings: &Settings,
    _installation: &Installation,
    _report: &mut Report,
) -> anyhow::Result<()> {
    Ok(())
}
