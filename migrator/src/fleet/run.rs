//! A run: every selected database moved to one version, wave by wave, under the fleet's lease.
//!
//! A tenant that fails is left at the version it had and the others go on, until there are more failures
//! than the run may have. A shared database, a template or a canary that fails halts it at once.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, future, stream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::recorder::{Entry, Recorder};
use super::relocate::{self, Moved, Order};
use super::report::{Halt, Observer, Outcome, Report, Verdict, outcome, skipped};
use super::throttle::Throttle;
use super::wave::divide;
use super::{
    Canary, Fleet, Kind, Lease, LeaseError, ListError, MaxFailures, Selection, Target, Wave, target,
};
use crate::error::Error;
use crate::registry::{Note, Record, RegistryError, RunStart};

/// A database whose tables are locked is tried again so often after the others of its wave.
const ROUNDS: u32 = 3;
const ROUND_PAUSE: Duration = Duration::from_secs(1);

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    /// To which databases.
    pub selection: Selection,
    /// The version to reach; the newest when none. Shared databases ignore it unless selected alone.
    pub to: Option<String>,
    /// Take steps back instead.
    pub down: bool,
    /// How it goes over the fleet.
    pub rollout: Rollout,
    /// Who runs it, for whoever finds the lease taken.
    pub holder: String,
    /// What was typed, for the record.
    pub arguments: serde_json::Value,
    /// The run it goes on with.
    pub resumes: Option<Uuid>,
    /// Cancelled by the operator: what has begun is finished, nothing more begins.
    pub stop: CancellationToken,
}

/// How a run goes over the fleet.
#[derive(Clone, Debug, Default)]
pub struct Rollout {
    /// Only this wave.
    pub wave: Option<Wave>,
    /// Which tenants go first.
    pub canary: Canary,
    /// How long to wait between waves of tenants.
    pub bake: Duration,
    /// More failed tenants than this halt the run.
    pub max_failures: MaxFailures,
    /// Run the steps and roll them back; nothing is recorded, nothing halts.
    pub rehearse: bool,
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
    /// The work on a database panicked.
    #[error("the work on a database broke off")]
    Broken(#[from] tokio::task::JoinError),
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
        state: Mutex::default(),
    };
    let report = run.everything().await;
    lease.release().await;
    report
}

struct Run<'a> {
    fleet: &'a Fleet,
    request: &'a Request,
    observer: &'a dyn Observer,
    lost: CancellationToken,
    id: Uuid,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    results: Vec<Outcome>,
    max_failures: usize,
    failures: usize,
    halted: Option<Halt>,
}

/// A database whose tables were locked.
struct Busy {
    target: Target,
    outcome: Outcome,
}

impl Run<'_> {
    async fn everything(&self) -> Result<Report, RunError> {
        let targets = self.list().await?;
        for target in &targets {
            self.order(target)?;
        }
        let rollout = &self.request.rollout;
        let tenants = targets.iter().filter(|target| target.tenant.is_some());
        self.state().max_failures = rollout.max_failures.of(tenants.count());
        let mut waves = divide(targets, &rollout.canary);
        waves.retain(|(wave, _)| rollout.wave.is_none_or(|only| only == *wave));
        self.observer
            .begins(waves.iter().map(|(_, members)| members.len()).sum());
        if rollout.rehearse {
            for (wave, members) in waves {
                self.wave(wave, members, None).await?;
            }
            return Ok(self.report());
        }
        // The catalog keeps the record of the run, so its own steps come before the record begins.
        let first = waves.first_mut().map(|(_, members)| members);
        if let Some(members) = first.filter(|members| members.first().is_some_and(is_catalog)) {
            let catalog = members.remove(0);
            self.wave(Wave::Platform, vec![catalog], None).await?;
            if self.closed().is_some() {
                self.skip(waves, self.closed().unwrap_or(STOPPED));
                return Ok(self.report());
            }
        }
        self.recorded(waves).await
    }

    async fn recorded(&self, waves: Vec<(Wave, Vec<Target>)>) -> Result<Report, RunError> {
        let Fleet {
            registry, clock, ..
        } = self.fleet;
        let start = RunStart {
            id: self.id,
            holder: &self.request.holder,
            arguments: &self.request.arguments,
            resumes: self.request.resumes,
            at: clock.now(),
        };
        registry.start_run(&start).await?;
        let recorder = Recorder::start(registry.clone());
        let before: Vec<_> = self.state().results.clone();
        for outcome in before {
            recorder.put(self.entry(&outcome, false)).await;
        }
        let done = self.waves(waves, &recorder).await;
        recorder.finish().await?;
        done?;
        let report = self.report();
        let recorded = match report.outcome {
            "halted" => "aborted",
            outcome => outcome,
        };
        let halted_in = report.halted.as_ref().map(|halt| halt.wave.as_str());
        registry
            .finish_run(self.id, recorded, halted_in, clock.now())
            .await?;
        Ok(report)
    }

    async fn waves(
        &self,
        waves: Vec<(Wave, Vec<Target>)>,
        recorder: &Recorder,
    ) -> Result<(), RunError> {
        for (wave, members) in waves {
            let (bakes, any) = (wave.bakes(), !members.is_empty());
            self.wave(wave, members, Some(recorder)).await?;
            if bakes && any && self.closed().is_none() {
                self.bake().await;
            }
        }
        if self.request.rollout.wave.is_some() {
            return Ok(());
        }
        // Databases that came up during the run may be copies of the template as it was before.
        let seen: HashSet<String> = {
            let state = self.state();
            let names = state.results.iter().map(|outcome| &outcome.database);
            names.cloned().collect()
        };
        let mut late = self.list().await?;
        late.retain(|target| target.tenant.is_some() && !seen.contains(target.database()));
        self.wave(Wave::Rest, late, Some(recorder)).await
    }

    async fn bake(&self) {
        tokio::select! {
            () = tokio::time::sleep(self.request.rollout.bake) => {}
            () = self.request.stop.cancelled() => {}
            () = self.lost.cancelled() => {}
        }
    }

    /// Goes over the databases of a wave, then again over those whose tables were locked.
    async fn wave(
        &self,
        wave: Wave,
        members: Vec<Target>,
        recorder: Option<&Recorder>,
    ) -> Result<(), RunError> {
        if members.is_empty() {
            return Ok(());
        }
        self.observer.wave(wave, members.len());
        let mut busy = self.round(wave, members, 1, recorder).await?;
        for attempt in 2..=ROUNDS + 1 {
            if busy.is_empty() || self.why_closed(recorder).is_some() {
                break;
            }
            tokio::time::sleep(ROUND_PAUSE).await;
            let again = busy.into_iter().map(|busy| busy.target).collect();
            busy = self.round(wave, again, attempt, recorder).await?;
        }
        for busy in busy {
            let outcome = Outcome {
                outcome: Verdict::Deferred,
                ..busy.outcome
            };
            self.finish(outcome, true, recorder).await;
        }
        Ok(())
    }

    /// Every server by itself, so that a slow one holds up only its own databases.
    async fn round(
        &self,
        wave: Wave,
        members: Vec<Target>,
        attempt: u32,
        recorder: Option<&Recorder>,
    ) -> Result<Vec<Busy>, RunError> {
        let mut servers: BTreeMap<String, Vec<Target>> = BTreeMap::new();
        for target in members {
            let cluster = target.cluster.clone();
            servers.entry(cluster).or_default().push(target);
        }
        let parallel = self.fleet.parallel.get();
        let servers = servers.into_values().map(|members| async move {
            let throttle = Arc::new(Throttle::new(parallel));
            stream::iter(members)
                .map(|target| self.one(wave, target, attempt, Arc::clone(&throttle), recorder))
                .buffer_unordered(parallel)
                .try_filter_map(|busy| future::ready(Ok(busy)))
                .try_collect::<Vec<_>>()
                .await
        });
        let busy = future::try_join_all(servers).await?;
        Ok(busy.into_iter().flatten().collect())
    }

    async fn one(
        &self,
        wave: Wave,
        target: Target,
        attempt: u32,
        throttle: Arc<Throttle>,
        recorder: Option<&Recorder>,
    ) -> Result<Option<Busy>, RunError> {
        let permit = throttle.permit().await;
        if let Some(why) = self.why_closed(recorder) {
            self.finish(skipped(&target, wave, why), false, None).await;
            return Ok(None);
        }
        let begun = Instant::now();
        let order = self.order(&target)?;
        let moved = match relocate::is_noted_at(&target, order) {
            true => Moved::not_needed(&target),
            false => self.task(&target, order, &throttle).await?,
        };
        drop(permit);
        if moved.is_unfinished(&target) {
            let outcome = skipped(&target, wave, UNFINISHED);
            self.finish(outcome, false, None).await;
            return Ok(None);
        }
        let busy = moved.result.as_ref().is_err_and(Error::is_busy);
        let asked = moved.asked;
        let mut outcome = outcome(&target, wave, moved, begun.elapsed());
        outcome.attempts = attempt;
        if busy {
            return Ok(Some(Busy { target, outcome }));
        }
        self.finish(outcome, asked, recorder).await;
        Ok(None)
    }

    /// A task of its own, so that all cores take part in the handshakes.
    async fn task(
        &self,
        target: &Target,
        order: Order,
        throttle: &Arc<Throttle>,
    ) -> Result<Moved, RunError> {
        let (target, throttle) = (target.clone(), Arc::clone(throttle));
        let work = async move { relocate::relocate(&target, order, &throttle).await };
        Ok(tokio::spawn(work).await?)
    }

    /// Counts an outcome, tells of it, and hands it on to be written down.
    async fn finish(&self, mut outcome: Outcome, asked: bool, recorder: Option<&Recorder>) {
        let rehearse = self.request.rollout.rehearse;
        if rehearse && outcome.outcome == Verdict::Migrated {
            outcome.outcome = Verdict::Rehearsed;
        }
        if outcome.outcome == Verdict::Failed && !rehearse {
            self.count_failure(outcome.wave);
        }
        self.observer.done(&outcome);
        if let (Some(recorder), true) = (recorder, outcome.outcome != Verdict::Skipped) {
            recorder.put(self.entry(&outcome, asked)).await;
        }
        self.state().results.push(outcome);
    }

    fn count_failure(&self, wave: Wave) {
        let mut state = self.state();
        state.failures += 1;
        let (failures, max_failures) = (state.failures, state.max_failures);
        if state.halted.is_none() && (wave.must_succeed() || failures > max_failures) {
            state.halted = Some(Halt {
                wave,
                failures,
                max_failures: if wave.must_succeed() { 0 } else { max_failures },
            });
        }
    }

    fn entry(&self, outcome: &Outcome, asked: bool) -> Entry {
        let at = self.fleet.clock.now();
        let is_fault = matches!(outcome.outcome, Verdict::Failed | Verdict::Deferred);
        let error = outcome.error.clone().filter(|_| is_fault);
        let note = outcome.tenant_id.filter(|_| asked).map(|tenant| Note {
            tenant,
            version: outcome.to.clone(),
            error: error.clone(),
            at,
        });
        let record = Record {
            run: self.id,
            cluster: outcome.cluster.clone(),
            database: outcome.database.clone(),
            wave: outcome.wave.as_str(),
            from: outcome.from.clone(),
            to: outcome.to.clone(),
            outcome: match outcome.outcome {
                Verdict::Deferred => Verdict::Failed.as_str(),
                verdict => verdict.as_str(),
            },
            error,
            duration_ms: i64::try_from(outcome.duration_ms).unwrap_or(i64::MAX),
            at,
        };
        Entry {
            record: Some(record),
            note,
        }
    }

    fn skip(&self, waves: Vec<(Wave, Vec<Target>)>, why: &str) {
        let mut state = self.state();
        for (wave, members) in waves {
            let left = members.iter().map(|target| skipped(target, wave, why));
            state.results.extend(left);
        }
    }

    /// Why nothing more may begin.
    fn why_closed(&self, recorder: Option<&Recorder>) -> Option<&'static str> {
        let unwritten = recorder.is_some_and(|recorder| recorder.broken().is_cancelled());
        self.closed().or_else(|| unwritten.then_some(UNWRITTEN))
    }

    fn closed(&self) -> Option<&'static str> {
        if self.request.stop.is_cancelled() {
            return Some(STOPPED);
        }
        if self.lost.is_cancelled() {
            return Some(LOST);
        }
        self.state().halted.as_ref().map(|_| HALTED)
    }

    fn order(&self, target: &Target) -> Result<Order, RunError> {
        let Request {
            selection,
            to,
            down,
            rollout,
            ..
        } = self.request;
        Ok(Order {
            goal: relocate::goal(target, selection, to.as_deref())?,
            down: *down,
            rehearse: rollout.rehearse,
        })
    }

    async fn list(&self) -> Result<Vec<Target>, RunError> {
        let Fleet {
            registry, platform, ..
        } = self.fleet;
        Ok(target::list(registry, platform, &self.request.selection).await?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self) -> Report {
        let stopped = self.request.stop.is_cancelled() || self.lost.is_cancelled();
        let mut state = self.state();
        let results = std::mem::take(&mut state.results);
        let any = |verdict| results.iter().any(|outcome| outcome.outcome == verdict);
        let left_out = |outcome: &Outcome| outcome.error.as_deref() == Some(HALTED);
        let halted = state.halted.take().filter(|_| results.iter().any(left_out));
        Report {
            run_id: Some(self.id).filter(|_| !self.request.rollout.rehearse),
            outcome: match &halted {
                _ if stopped => "aborted",
                Some(_) => "halted",
                None if any(Verdict::Failed) || any(Verdict::Deferred) => "failed",
                None => "succeeded",
            },
            halted,
            results,
        }
    }
}

const HALTED: &str = "not tried: too many databases failed before";
const STOPPED: &str = "not tried: the run was stopped";
const LOST: &str = "not tried: the connection that holds the fleet's lock was lost";
const UNWRITTEN: &str = "not tried: the catalog could not be written to";
const UNFINISHED: &str = "not tried: the database is still being built, or being removed";

fn is_catalog(target: &Target) -> bool {
    target.kind == Kind::Platform && target.schema.name == crate::schema::CATALOG.name
}
