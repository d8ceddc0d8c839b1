//! Moves a fleet through a schema made for being interrupted: slow steps, and indexes built outside a
//! transaction. `migrator/tests/it/crash.rs` runs it and kills it.

use std::num::NonZeroUsize;

use anyhow::{Context, ensure};
use kernel::{Clock, Ids};
use migrator::Address;
use migrator::fleet::{
    Fleet, LeaseError, Observer, Outcome, Platform, Request, Rollout, RunError, Selection, Wave,
    run,
};
use migrator::registry::Registry;
use migrator::schema::{Migration, Schema};
use tokio_util::sync::CancellationToken;

macro_rules! step {
    ($name:literal, $up:literal) => {
        Migration {
            name: $name,
            up: $up,
            down: "select 1",
            transactional: true,
        }
    };
    ($name:literal, alone $up:literal) => {
        Migration {
            transactional: false,
            ..step!($name, $up)
        }
    };
}

/// Each step notes in `journal` that it ran: the notes tell whether one ran twice.
const STEPS: Schema = Schema {
    name: "interrupted",
    owner: None,
    migrations: &[
        step!(
            "0001_journal",
            "create table journal (step integer); insert into journal values (1)"
        ),
        step!(
            "0002_things",
            "create table things (id bigint, name text); select pg_sleep(0.01);
             insert into things select n, 'thing ' || n from generate_series(1, 3000) n; insert into journal values (2)"
        ),
        step!(
            "0003_things_id",
            alone "create unique index concurrently things_id on things (id)"
        ),
        step!(
            "0004_owner",
            "alter table things add column owner bigint; select pg_sleep(0.01); insert into journal values (4)"
        ),
        step!(
            "0005_color",
            "alter table things add column color text; select pg_sleep(0.01); insert into journal values (5)"
        ),
        step!(
            "0006_things_name",
            alone "create index concurrently if not exists things_name on things (name)"
        ),
        step!(
            "0007_size",
            "alter table things add column size bigint; select pg_sleep(0.01); insert into journal values (7)"
        ),
    ],
};

/// Says when the databases' turn has come.
struct Announce;

impl Observer for Announce {
    fn begins(&self, _: usize) {}

    #[expect(clippy::print_stdout, reason = "the test waits for this line")]
    fn wave(&self, wave: Wave, _: usize) {
        if wave != Wave::Platform {
            println!("begun");
        }
    }

    fn done(&self, _: &Outcome) {}
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .context("URL, catalog, identity, shortener")
    };
    let admin: Address = next()?.parse()?;
    let platform = Platform {
        catalog: admin.with_database(&next()?),
        identity: admin.with_database(&next()?),
        shortener: admin.with_database(&next()?),
        tenants: STEPS,
    };
    let fleet = Fleet {
        registry: Registry::open(&platform.catalog).await?,
        platform,
        clock: Clock::system(),
        ids: Ids::system(),
        parallel: NonZeroUsize::new(3).context("three")?,
    };
    let request = Request {
        selection: Selection::Everything,
        to: None,
        down: false,
        rollout: Rollout::default(),
        holder: "an example".to_owned(),
        arguments: serde_json::json!({ "command": "up" }),
        resumes: None,
        stop: CancellationToken::new(),
    };
    let report = match run::run(&fleet, &request, &Announce).await {
        Err(RunError::Lease(LeaseError::Held { .. })) => std::process::exit(3),
        report => report?,
    };
    ensure!(report.succeeded(), "{:?}", report.results);
    Ok(())
}
