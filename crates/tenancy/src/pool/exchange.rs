//! The state machine behind its lock: the way in for whoever wants a connection, and the way back.
//!
//! The lock is never held while a step is done: doing one may drop a grant, which takes the lock
//! again. What a host does about connections is its own matter, so that this part, where threads
//! meet, is tried out under a scheduler that chooses every interleaving (`exchange/tests.rs`).

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::state::{Loan, NotQueued, Origin, Purpose, State, Step, Ticket};
use crate::{PoolError, TenantDescriptor};

#[cfg(test)]
use shuttle::sync::Mutex;
#[cfg(not(test))]
use std::sync::Mutex;

/// Why somebody who wants a connection has none.
#[derive(Clone, Debug)]
pub(crate) enum Setback {
    /// Nothing to be done about it.
    Final(PoolError),
    /// The tenant was evicted meanwhile: the resolver has news.
    Evicted,
    /// The resolver holds the tenant.
    Held,
    /// The server refuses this login, or refuses the database for now.
    Refused(Arc<TenantDescriptor>),
}

/// Whoever opens and closes the connections of an exchange.
pub(super) trait Host: Send + Sync + Sized + 'static {
    type Connection: Send + 'static;

    fn exchange(&self) -> &Exchange<Self>;

    /// Starts closing `evicted` and connecting; [`Exchange::connected`] or
    /// [`Exchange::connect_failed`] follows.
    fn connect(
        self: &Arc<Self>,
        origin: Origin,
        target: Arc<TenantDescriptor>,
        evicted: Option<Self::Connection>,
    );

    /// Starts closing; [`State::closed`] follows.
    fn close(self: &Arc<Self>, connection: Self::Connection);

    /// Whether a connection that comes back may serve again.
    fn may_return(&self, connection: &mut Self::Connection) -> bool;
}

/// Who waits, and since when.
pub(super) struct Waiter<H: Host> {
    answer: oneshot::Sender<Result<Grant<H>, Setback>>,
    since: Instant,
}

impl<H: Host> Waiter<H> {
    pub(super) fn waits_for(&self) -> Duration {
        self.since.elapsed()
    }
}

type Rules<H> = State<<H as Host>::Connection, Waiter<H>>;

pub(super) struct Exchange<H: Host>(Mutex<Rules<H>>);

impl<H: Host> Exchange<H> {
    pub(super) fn new(budget: usize, queue_limit: usize) -> Self {
        Self(Mutex::new(State::new(budget, queue_limit)))
    }

    /// Runs `change` under the lock, then does what it asks for.
    pub(super) fn with<R>(host: &Arc<H>, change: impl FnOnce(&mut Rules<H>) -> R) -> R {
        let (result, steps) = {
            let lock = host.exchange().0.lock();
            let mut state = lock.unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut state);
            (result, state.take_steps())
        };
        for step in steps {
            Self::perform(host, step);
        }
        result
    }

    /// An idle connection of the tenant, if it has one.
    pub(super) fn take(host: &Arc<H>, target: &Arc<TenantDescriptor>) -> Option<Grant<H>> {
        let taken = Self::with(host, |state| state.take_idle(target));
        taken.map(|(connection, loan)| Grant::new(host, connection, loan))
    }

    /// Waits for a connection. Dropping the future gives up the place in the queue; a connection
    /// that was on its way goes to the next.
    pub(super) async fn wait(
        host: &Arc<H>,
        target: &Arc<TenantDescriptor>,
        asked: u64,
        purpose: Purpose,
    ) -> Result<Grant<H>, Setback> {
        let (answer, granted) = oneshot::channel();
        let waiter = Waiter {
            answer,
            since: Instant::now(),
        };
        let queued = Self::with(host, |state| state.enqueue(target, asked, purpose, waiter));
        let ticket = queued.map_err(|refused| match refused {
            NotQueued::Full => Setback::Final(PoolError::Busy),
            NotQueued::Outdated => Setback::Evicted,
        })?;
        let _place = Place {
            host,
            target,
            ticket,
        };
        let dropped = Err(Setback::Final(PoolError::Unavailable));
        granted.await.unwrap_or(dropped)
    }

    /// Takes in a new connection.
    pub(super) fn connected(host: &Arc<H>, origin: Origin, connection: H::Connection) {
        Self::with(host, |state| state.connected(origin, connection));
    }

    /// Tells those whose wait a failed connect has ended. The permit is freed after this.
    pub(super) fn connect_failed(host: &Arc<H>, origin: Origin, why: &Setback) {
        for waiter in Self::with(host, |state| state.connect_failed(origin)) {
            drop(waiter.answer.send(Err(why.clone())));
        }
    }

    fn perform(host: &Arc<H>, step: Step<H::Connection, Waiter<H>>) {
        match step {
            Step::Deliver {
                to,
                connection,
                loan,
            } => {
                // Whoever waited may be gone: then the grant comes back as it is dropped.
                drop(to.answer.send(Ok(Grant::new(host, connection, loan))));
            }
            Step::Connect {
                origin,
                target,
                evicted,
            } => host.connect(origin, target, evicted),
            Step::Close(connection) => host.close(connection),
            Step::Refuse(waiter) => drop(waiter.answer.send(Err(Setback::Evicted))),
        }
    }
}

/// A place in the queue; leaving it takes the place away.
struct Place<'a, H: Host> {
    host: &'a Arc<H>,
    target: &'a TenantDescriptor,
    ticket: Ticket,
}

impl<H: Host> Drop for Place<'_, H> {
    fn drop(&mut self) {
        Exchange::with(self.host, |state| {
            state.cancel(self.target.id, self.ticket);
        });
    }
}

/// The right to use a connection, which comes back when this is dropped.
pub(super) struct Grant<H: Host> {
    host: Arc<H>,
    /// `None` only while being dropped.
    lent: Option<(H::Connection, Loan)>,
}

impl<H: Host> Grant<H> {
    fn new(host: &Arc<H>, connection: H::Connection, loan: Loan) -> Self {
        Self {
            host: Arc::clone(host),
            lent: Some((connection, loan)),
        }
    }

    pub(super) fn host(&self) -> &Arc<H> {
        &self.host
    }

    pub(super) fn connection(&mut self) -> Option<&mut H::Connection> {
        self.lent.as_mut().map(|(connection, _)| connection)
    }

    /// Whether the connection is still good when it comes back.
    pub(super) fn is_current(&self) -> bool {
        self.lent
            .as_ref()
            .is_some_and(|(_, loan)| Exchange::with(&self.host, |state| state.is_current(*loan)))
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn discard(mut self) {
        self.give_up();
    }

    fn give_up(&mut self) {
        if let Some((connection, loan)) = self.lent.take() {
            Exchange::with(&self.host, |state| state.discarded(loan));
            self.host.close(connection);
        }
    }
}

impl<H: Host> Drop for Grant<H> {
    fn drop(&mut self) {
        let Some((connection, _)) = &mut self.lent else {
            return;
        };
        if !self.host.may_return(connection) {
            self.give_up();
        } else if let Some((connection, loan)) = self.lent.take() {
            Exchange::with(&self.host, |state| state.checked_in(loan, connection));
        }
    }
}

#[cfg(test)]
mod tests;
