//! An organization and what happens to its tasks.

use events::topic::task::{TaskCreated, TaskPriority, TaskStatus, TaskStatusChanged};
use events::{Envelope, Event};
use kernel::{Clock, Ids, ProjectId, TaskId, TenantId, UserId};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::organization::{Organization, created, text};
use crate::settings::Server;

/// Events of one transaction.
const COMMITTED_AT_ONCE: usize = 500;

/// The way of a task: from, to, and the version it has then.
const WAY: [(TaskStatus, TaskStatus, i32); 2] = [
    (TaskStatus::Todo, TaskStatus::InProgress, 2),
    (TaskStatus::InProgress, TaskStatus::Done, 3),
];

const INSERT: &str = "insert into outbox (id, type, tenant_id, event) \
     select (event ->> 'id')::uuid, event ->> 'type', (event ->> 'tenantid')::uuid, event \
     from jsonb_array_elements($1::text::jsonb) as rows (event)";

/// An organization, and where its tasks are made.
#[derive(Clone)]
pub(super) struct Office {
    organization: Organization,
    tenant: TenantId,
    tasks: String,
}

impl Office {
    pub(super) async fn open(front: &testkit::Front) -> anyhow::Result<Self> {
        let organization = Organization::sign_up(front).await?;
        let project = json!({"name": "Apollo"});
        let project = created(&organization.owner, "/api/v1/projects", &project).await?;
        Ok(Self {
            tenant: organization.id.parse()?,
            tasks: format!("/api/v1/projects/{}/tasks", text(&project, "/id")?),
            organization,
        })
    }

    /// Tasks that are made, begun and done.
    pub(super) fn story(&self, events: usize) -> Vec<Envelope> {
        let (ids, clock) = (Ids::system(), Clock::system());
        let (project_id, user): (ProjectId, UserId) = (ids.next(), ids.next());
        let mut told = Vec::with_capacity(events);
        while told.len() < events {
            let task_id: TaskId = ids.next();
            told.push(self.event(
                user,
                &TaskCreated {
                    task_id,
                    project_id,
                    status: TaskStatus::Todo,
                    priority: TaskPriority::Medium,
                    created_by: user,
                    assignee_ids: vec![user],
                    created_at: None,
                    completed_at: None,
                    estimate_seconds: None,
                    version: Some(1),
                },
            ));
            told.extend(WAY.map(|(from, to, version)| {
                let moved = TaskStatusChanged {
                    task_id,
                    project_id,
                    from,
                    to,
                    assignee_ids: vec![user],
                    completed_at: (to == TaskStatus::Done).then(|| clock.now()),
                    version: Some(version),
                };
                self.event(user, &moved)
            }));
        }
        told.truncate(events);
        told
    }

    fn event<E: Event>(&self, actor: UserId, event: &E) -> Envelope {
        let (ids, clock) = (Ids::system(), Clock::system());
        Envelope::new(&ids, &clock, "project-svc", self.tenant, actor, event)
    }

    /// Makes a task, which lets the relay know that something is to be told.
    pub(super) async fn ring(&self) -> anyhow::Result<()> {
        let body = json!({"title": "One more"});
        created(&self.organization.owner, &self.tasks, &body).await?;
        Ok(())
    }

    /// Commits the events; no relay hears of them.
    pub(super) async fn commit(&self, events: &[Envelope]) -> anyhow::Result<()> {
        let database = format!("tenant_{}", self.tenant.uuid().simple());
        let address = Server::from_environment()?.admin.with_database(&database);
        let (client, connection) = address.config().connect(NoTls).await?;
        let connection = tokio::spawn(connection);
        let insert = client.prepare(INSERT).await?;
        for some in events.chunks(COMMITTED_AT_ONCE) {
            let some: Vec<Value> = some.iter().map(Envelope::to_json).collect();
            client.execute(&insert, &[&json!(some).to_string()]).await?;
        }
        drop(client);
        connection.await??;
        Ok(())
    }
}
