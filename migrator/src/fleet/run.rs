//! A run: every selected database moved to one version, wave by wave, under the fleet's lease.
//!
//! A tenant that fails is reported and left at the version it had; the others go on. A shared database
//! or a template that fails ends the run before any tenant is touched.

use std::collections::HashSet;
use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::relocate::{self, Moved};
use super::report::{Observer, Outcome, Report, Verdict, outcome, skipped};
use super::{Fleet, Lease, LeaseError, ListError, Selection, Target, Wave, target};
use crate::registry::{Record, RegistryError};

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    /// To which databases.
    pub selection: Selection,
    /// The version to reach; the newest when none. Shared databases ignore it unless selected alone.
    pub to: Option<String>,
    /// Take steps back instead.
    pub down: bool,
    /// Who runs it, for whoever finds the lease taken.
    pub holder: String,
    /// What was typed, for the record.
    pub arguments: serde_json::Value,
    /// Cancelled by the operator: what has begun is finished, nothing more begins.
    pub stop: CancellationToken,
}

/// Why a run did not take place, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Someone else has the fleet.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The fleet could not be listed.
    #[error(transparent)]
    List(#[from] ListError),
    /// The catalog did not answer.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// No such version.
    #[error("there is no version {version} of {schema}")]
    Version {
        /// As typed.
        version: String,
        /// Of what.
        schema: &'static str,
    },
}

/// Runs under the lease, and gives it back whatever happens.
pub async fn run(
    fleet: &Fleet,
    request: &Request,
    observer: &dyn Observer,
) -> Result<Report, RunError> {
    let lease = Lease::take(&fleet.registry, &request.holder).await?;
    let run = Run {
        fleet,
        request,
        observer,
        lost: lease.lost(),
        id: fleet.ids.next::<kernel::EventId>().uuid(),
    };
    let report = run.everything().await;
    lease.release().await?;
    report
}

struct Run<'a> {
    fleet: &'a Fleet,
    request: &'a Request,
    observer: &'a dyn Observer,
    lost: CancellationToken,
    id: Uuid,
}

impl Run<'_> {
    async fn everything(&self) -> Result<Report, RunError> {
        let mut targets = self.list().await?;
        for target in &targets {
            self.goal(target)?;
        }
        self.observer.begins(targets.len());
        let mut results = Vec::with_capacity(targets.len());
        // The catalog keeps the record of the run, so its own steps come before the record begins.
        if targets.first().is_some_and(is_catalog) {
            let outcome = self.attempt(&targets.remove(0)).await?;
            self.observer.done(&outcome);
            let failed = outcome.outcome == Verdict::Failed;
            results.push(outcome);
            if failed {
                results.extend(targets.iter().map(|target| skipped(target, BROKEN_BEFORE)));
                return Ok(self.report(results));
            }
        }
        let (id, now) = (self.id, self.fleet.clock.now());
        let registry = &self.fleet.registry;
        registry
            .start_run(id, &self.request.holder, &self.request.arguments, now)
            .await?;
        for outcome in &results {
            self.record(outcome).await?;
        }
        self.waves(targets, &mut results).await?;
        let report = self.report(results);
        registry
            .finish_run(id, report.outcome, self.fleet.clock.now())
            .await?;
        Ok(report)
    }

    async fn waves(
        &self,
        mut targets: Vec<Target>,
        results: &mut Vec<Outcome>,
    ) -> Result<(), RunError> {
        for wave in [Wave::Platform, Wave::Template, Wave::Spare, Wave::Tenant] {
            let broken = results.iter().any(Outcome::stops_the_run);
            let (members, rest) = targets.into_iter().partition(|target| target.wave == wave);
            targets = rest;
            results.extend(self.wave(members, broken).await?);
        }
        // Databases that came up during the run may be copies of the template as it was before.
        let seen: HashSet<&str> = results
            .iter()
            .map(|outcome| outcome.database.as_str())
            .collect();
        let mut late = self.list().await?;
        late.retain(|target| target.tenant.is_some() && !seen.contains(target.database()));
        let broken = results.iter().any(Outcome::stops_the_run);
        results.extend(self.wave(late, broken).await?);
        Ok(())
    }

    async fn wave(&self, members: Vec<Target>, broken: bool) -> Result<Vec<Outcome>, RunError> {
        let parallel = self.fleet.parallel.get();
        stream::iter(members)
            .map(|target| async move {
                if broken {
                    return Ok(skipped(&target, BROKEN_BEFORE));
                }
                if self.request.stop.is_cancelled() || self.lost.is_cancelled() {
                    return Ok(skipped(&target, STOPPED));
                }
                let outcome = self.attempt(&target).await?;
                self.record(&outcome).await?;
                self.observer.done(&outcome);
                Ok(outcome)
            })
            .buffer_unordered(parallel)
            .try_collect()
            .await
    }

    /// Moves one database and notes where it stands afterwards.
    async fn attempt(&self, target: &Target) -> Result<Outcome, RunError> {
        let begun = Instant::now();
        let goal = self.goal(target)?;
        let moved = match relocate::is_noted_at(target, goal, self.request.down) {
            true => Moved::not_needed(target),
            false => relocate::relocate(target, goal, self.request.down).await,
        };
        if moved.is_unfinished(target) {
            return Ok(skipped(target, UNFINISHED));
        }
        if let (Some(tenant), true) = (&target.tenant, moved.asked) {
            let error = moved.result.as_ref().err().map(ToString::to_string);
            let (version, now) = (moved.to.as_deref(), self.fleet.clock.now());
            let registry = &self.fleet.registry;
            registry
                .note_version(tenant.id, version, error.as_deref(), now)
                .await?;
        }
        Ok(outcome(target, moved, begun.elapsed()))
    }

    fn goal(&self, target: &Target) -> Result<usize, RunError> {
        relocate::goal(target, &self.request.selection, self.request.to.as_deref())
    }

    async fn list(&self) -> Result<Vec<Target>, RunError> {
        let Fleet {
            registry, platform, ..
        } = self.fleet;
        Ok(target::list(registry, platform, &self.request.selection).await?)
    }

    async fn record(&self, outcome: &Outcome) -> Result<(), RunError> {
        let record = Record {
            run: self.id,
            cluster: &outcome.cluster,
            database: &outcome.database,
            from: outcome.from.as_deref(),
            to: outcome.to.as_deref(),
            outcome: outcome.outcome.as_str(),
            error: outcome.error.as_deref(),
            duration_ms: i64::try_from(outcome.duration_ms).unwrap_or(i64::MAX),
            at: self.fleet.clock.now(),
        };
        match outcome.outcome {
            Verdict::Skipped => Ok(()),
            _ => Ok(self.fleet.registry.record(&record).await?),
        }
    }

    fn report(&self, results: Vec<Outcome>) -> Report {
        let stopped = self.request.stop.is_cancelled() || self.lost.is_cancelled();
        let failed = results
            .iter()
            .any(|outcome| outcome.outcome == Verdict::Failed);
        Report {
            run_id: self.id,
            outcome: match (stopped, failed) {
                (true, _) => "aborted",
                (false, true) => "failed",
                (false, false) => "succeeded",
            },
            results,
        }
    }
}

const BROKEN_BEFORE: &str = "not tried: a shared database or a template failed before";
const STOPPED: &str = "not tried: the run was stopped";
const UNFINISHED: &str = "not tried: the database is still being built";

fn is_catalog(target: &Target) -> bool {
    target.wave == Wave::Platform && target.schema.name == crate::schema::CATALOG.name
}
