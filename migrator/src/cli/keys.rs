//! `migrator keys`: the keys that access tokens are signed with.

use clap::{Args, Subcommand};

use super::Exit;
use super::args::Settings;
use super::output::{Output, Tone, plain};
use super::tenants::services;
use crate::signing_keys::SigningKey;

const KEYS_HELP: &str = "\
A new key is served before it signs, and the old one verifies for a day after: nobody is signed out. Identity does the
same by itself every IDENTITY_KEY_ROTATION_DAYS. A key that has leaked is withdrawn: all tokens signed with it are
refused within a minute or so, and refreshing brings new ones.

Examples:
  migrator keys list
  migrator keys rotate                       the new key signs in ten minutes
  migrator keys rotate --lead-seconds 3600
  migrator keys withdraw 0198c0de00007000800000000001";

#[derive(Debug, Args)]
#[command(after_help = KEYS_HELP)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Show the keys that tokens are verified with
    List,
    /// Make a new key that takes over after a while
    Rotate {
        /// Time that the new key is served before it signs [default: 600; at least 15]
        #[arg(long, value_name = "SECONDS")]
        lead_seconds: Option<u32>,
    },
    /// Refuse everything that a key has signed
    Withdraw {
        /// Id of the key
        kid: String,
    },
}

pub(super) async fn keys(
    settings: &Settings,
    output: &Output,
    args: &KeysArgs,
) -> anyhow::Result<Exit> {
    let identity = services(settings)?;
    match &args.command {
        KeysCommand::List => {
            let keys = identity.signing_keys().await?;
            output.answer(&keys, || table(*output, &keys))?;
        }
        KeysCommand::Rotate { lead_seconds } => {
            let rotation = identity.rotate_signing_keys(*lead_seconds).await?;
            output.answer(&rotation, || {
                format!("key {} signs from {}", rotation.kid, rotation.signs_from)
            })?;
        }
        KeysCommand::Withdraw { kid } => {
            identity.withdraw_signing_key(kid).await?;
            let document = serde_json::json!({ "withdrawn": kid });
            output.answer(&document, || format!("key {kid} is withdrawn"))?;
        }
    }
    Ok(Exit::Done)
}

fn table(output: Output, keys: &[SigningKey]) -> String {
    let rows = keys.iter().map(|key| {
        let tone = match key.state.as_str() {
            "signing" => Tone::Good,
            "waiting" => Tone::Warning,
            _ => Tone::Plain,
        };
        let retired = key
            .retired_at
            .map_or_else(|| "-".to_owned(), |at| at.to_string());
        vec![
            plain(&key.kid),
            (key.state.clone(), tone),
            plain(key.signs_from.to_string()),
            plain(retired),
        ]
    });
    output.table(&["key", "state", "signs from", "retires"], rows.collect())
}
