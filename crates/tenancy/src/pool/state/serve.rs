//! Who gets a free connection or a free place, and whose connection makes room.

use std::collections::VecDeque;
use std::sync::Arc;

use kernel::TenantId;

use super::share::{Idle, Need, Rank, Waiting};
use super::{Loan, Origin, PATIENCE, Purpose, State, Step};

/// Hand-overs within a tenant while others wait, before the neediest tenant gets the
/// connection: a switch costs a connect, which is worth several requests.
pub(super) const QUANTUM: usize = 4;
/// Periods in which an idle connection is left to its tenant by background work and by a tenant at
/// its cap: whoever used it will most likely be back.
pub(super) const YOUNG: u64 = 3;
/// Part of the budget that background work may use at once.
const BACKGROUND_PART: usize = 4;
/// What it may use of a small budget.
const LEAST_BACKGROUND: usize = 2;

impl<C, W> State<C, W> {
    /// Finds the next user of a free connection: its own tenant for a while, then the neediest,
    /// then background work of its own tenant, else nobody.
    pub(super) fn settle(
        &mut self,
        id: TenantId,
        epoch: u64,
        rank: Rank,
        used_in: u64,
        connection: C,
    ) {
        let other = self.needier_than(id);
        let urgent = |need: &Need| !need.gentle && need.tenant != id;
        let others_are_gentle = !self.needy.iter().any(urgent);
        let (budget, over) = (self.budget, self.is_over_budget());
        let background = self.background < self.background_share();
        let keeps_idle = self.keeps_idle;
        match self.tenants.get_mut(&id) {
            Some(tenant) if tenant.epoch == epoch && !over => {
                let spent = tenant.handed_over >= QUANTUM || tenant.is_capped(budget);
                // Who must be gentle leaves a connection to the tenant that has just used it.
                let hands_over = if tenant.queue.is_empty() {
                    !(rank.warm && others_are_gentle)
                } else {
                    spent
                };
                if let Some(other) = other
                    && hands_over
                {
                    tenant.handed_over = 0;
                    self.connect(other, Purpose::Request, Some(connection));
                } else if let Some(waiting) = tenant.queue.pop_front() {
                    tenant.handed_over = other.map_or(0, |_| tenant.handed_over + 1);
                    self.requests_waiting -= 1;
                    self.deliver(id, waiting, rank, used_in, connection);
                } else if background && let Some(waiting) = tenant.background.pop_front() {
                    self.patient.remove(&waiting.ticket);
                    self.deliver(id, waiting, rank, used_in, connection);
                } else if keeps_idle {
                    tenant.handed_over = 0;
                    tenant.keep(Idle {
                        rank,
                        used_in,
                        connection,
                    });
                    self.idle.insert(rank, (id, used_in));
                } else {
                    self.close(connection);
                }
            }
            Some(_) | None => self.close(connection),
        }
        self.refresh(id);
        self.pump();
    }

    /// Starts connects while somebody wants one and there is room or an idle connection to
    /// close for it: requests first.
    pub(super) fn pump(&mut self) {
        while let Some((id, evicted)) = self.next_request() {
            self.connect(id, Purpose::Request, evicted);
        }
        while self.background < self.background_share()
            && let Some(id) = self.next_background()
        {
            if !self.lend_own(id) {
                // The last place is for a request.
                let most = (self.budget - 1).max(1);
                let Some(evicted) = self.place(most, true) else {
                    break;
                };
                self.connect(id, Purpose::Background, evicted);
            }
        }
    }

    /// Background work that has waited for long is queued like a request.
    pub(super) fn promote(&mut self) {
        let room = self.background_share().saturating_sub(self.background);
        let due: Vec<_> = self
            .patient
            .iter()
            .take(room)
            .map(|(t, id)| (*t, *id))
            .collect();
        for (ticket, id) in due {
            let Some(tenant) = self.tenants.get_mut(&id) else {
                continue;
            };
            let oldest = tenant.background.front();
            if oldest.is_none_or(|oldest| oldest.since + PATIENCE > self.period) {
                continue;
            }
            if let Some(waiting) = tenant.background.pop_front() {
                self.patient.remove(&ticket);
                let place = tenant.queue.partition_point(|other| other.ticket < ticket);
                tenant.queue.insert(place, waiting);
                self.requests_waiting += 1;
                self.refresh(id);
            }
        }
    }

    /// The least recently used idle connection. `gentle`: only one that nobody has used lately.
    pub(super) fn evict_oldest(&mut self, gentle: bool) -> Option<C> {
        let (rank, (id, used_in)) = self.idle.first_key_value()?;
        if gentle && rank.warm && used_in + YOUNG > self.period {
            return None;
        }
        let (rank, id) = (*rank, *id);
        self.idle.remove(&rank);
        let evicted = self.tenants.get_mut(&id)?.idle.pop_front()?;
        self.refresh(id);
        Some(evicted.connection)
    }

    pub(super) fn close_idle(&mut self, idle: VecDeque<Idle<C>>) {
        for idle in idle {
            self.idle.remove(&idle.rank);
            self.close(idle.connection);
        }
    }

    pub(super) fn close(&mut self, connection: C) {
        self.closing += 1;
        self.steps.push(Step::Close(connection));
    }

    /// Whether more must be closed than is being closed.
    pub(super) fn is_over_budget(&self) -> bool {
        self.open - self.closing > self.budget
    }

    pub(super) fn left_use(&mut self, loan: Loan) {
        if loan.purpose == Purpose::Background {
            self.background -= 1;
        }
        if let Some(tenant) = self.tenants.get_mut(&loan.tenant) {
            tenant.in_use = tenant.in_use.saturating_sub(1);
        }
    }

    pub(super) fn left_connecting(&mut self, origin: Origin) {
        let background = usize::from(origin.purpose == Purpose::Background);
        self.background -= background;
        if let Some(tenant) = self.tenants.get_mut(&origin.tenant) {
            tenant.connecting = tenant.connecting.saturating_sub(1);
            tenant.connecting_background -= background;
        }
    }

    /// To be called when a tenant's queue or load has changed. Forgets a tenant nothing is known
    /// of: a thousand quiet tenants cost nothing.
    pub(super) fn refresh(&mut self, id: TenantId) {
        let Some(tenant) = self.tenants.get_mut(&id) else {
            return;
        };
        let need = tenant.need(self.budget).filter(|_| tenant.wants_connect());
        if let Some(former) = std::mem::replace(&mut tenant.indexed, need) {
            self.needy.remove(&former);
        }
        if let Some(need) = need {
            self.needy.insert(need);
        }
        if tenant.is_quiet() {
            self.activity.add(id, tenant.acquires);
            self.tenants.remove(&id);
        }
    }

    pub(super) fn background_share(&self) -> usize {
        (self.budget / BACKGROUND_PART).max(LEAST_BACKGROUND)
    }

    /// The tenant to be served before `owner`, which has a connection to hand over and so needs no
    /// connect for it.
    fn needier_than(&self, owner: TenantId) -> Option<TenantId> {
        let other = self.needy.iter().find(|need| need.tenant != owner)?;
        let own = self.tenants.get(&owner)?.need(self.budget);
        own.is_none_or(|own| *other < own).then_some(other.tenant)
    }

    /// The tenant to be served next and its place. Who must be gentle keeps nobody else waiting.
    fn next_request(&mut self) -> Option<(TenantId, Option<C>)> {
        let first = *self.needy.first()?;
        if let Some(evicted) = self.place(self.budget, first.gentle) {
            return Some((first.tenant, evicted));
        }
        let second = *self.needy.iter().find(|need| !need.gentle)?;
        Some((second.tenant, self.place(self.budget, false)?))
    }

    /// A place in the budget, with the connection to close for it if there is one.
    fn place(&mut self, most: usize, gentle: bool) -> Option<Option<C>> {
        if self.open < most {
            self.open += 1;
            Some(None)
        } else if self.open <= self.budget {
            self.evict_oldest(gentle).map(Some)
        } else {
            None
        }
    }

    fn connect(&mut self, id: TenantId, purpose: Purpose, evicted: Option<C>) {
        let background = usize::from(purpose == Purpose::Background);
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.connecting += 1;
            tenant.connecting_background += background;
            self.background += background;
            self.steps.push(Step::Connect {
                origin: Origin {
                    tenant: id,
                    epoch: tenant.epoch,
                    purpose,
                },
                target: Arc::clone(&tenant.target),
                evicted,
            });
        }
        self.refresh(id);
    }

    /// Whose background work comes next: one whose tenant has an idle connection, else, when no
    /// request waits anywhere, the oldest that has no connect under way.
    fn next_background(&self) -> Option<TenantId> {
        let tenants = || self.patient.values().filter_map(|id| self.tenants.get(id));
        let ready = tenants().find(|tenant| !tenant.idle.is_empty());
        let may_connect = self.requests_waiting == 0;
        ready
            .or_else(|| tenants().find(|tenant| may_connect && tenant.connecting_background == 0))
            .map(|tenant| tenant.target.id)
    }

    /// Gives background work its tenant's coldest idle connection, if there is one.
    fn lend_own(&mut self, id: TenantId) -> bool {
        let Some(tenant) = self.tenants.get_mut(&id) else {
            return false;
        };
        let Some(idle) = tenant.idle.pop_front() else {
            return false;
        };
        self.idle.remove(&idle.rank);
        if let Some(waiting) = tenant.background.pop_front() {
            self.patient.remove(&waiting.ticket);
            self.deliver(id, waiting, idle.rank, idle.used_in, idle.connection);
        }
        true
    }

    fn deliver(
        &mut self,
        id: TenantId,
        waiting: Waiting<W>,
        rank: Rank,
        used_in: u64,
        connection: C,
    ) {
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.in_use += 1;
            tenant.acquires = tenant.acquires.saturating_add(1);
            if waiting.purpose == Purpose::Background {
                self.background += 1;
            }
            let loan = Loan {
                tenant: id,
                epoch: tenant.epoch,
                purpose: waiting.purpose,
                rank,
                used_in,
            };
            self.steps.push(Step::Deliver {
                to: waiting.waiter,
                connection,
                loan,
            });
        }
    }
}
