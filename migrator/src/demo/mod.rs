//! Two organizations to look at: signed up, filled and shared through the front door like any other, with
//! four weeks of history written behind it. A second time finds everything done.

mod calendar;
mod content;
mod front;
mod history;
mod organization;
mod write;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{ProjectId, Role, UserId};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::fleet::{Fleet, Selection, target};
use calendar::Calendar;
use content::{Organization, Person};
use front::{Front, Site};
use history::{Stage, Story};
use organization::{enter, gather, open_projects};
use write::Ledger;

const GUEST_PASSWORD: &str = "edelweiss-2841";
const GUEST_DAYS: i64 = 30;
/// The task that the guest link shows: project and title.
const GUEST_TASK: (&str, &str) = ("SHOP", "Opening party with the alpine club");

/// What a person needs to look around; also what is written to the file.
#[derive(Debug, Serialize)]
pub struct Demo {
    /// The organizations.
    pub organizations: Vec<Address>,
    /// The link to one task.
    pub guest: Guest,
}

/// How to get into an organization.
#[derive(Debug, Serialize)]
pub struct Address {
    /// Its name.
    pub name: String,
    /// Its subdomain.
    pub subdomain: String,
    /// Where it is.
    pub url: String,
    /// A board of it.
    pub board_id: kernel::BoardId,
    /// Everybody, the owner first.
    pub logins: Vec<Login>,
}

/// One person's login.
#[derive(Debug, Serialize)]
pub struct Login {
    /// Whose.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// With which address.
    pub email: String,
    /// With which password.
    pub password: String,
}

/// A guest's way in.
#[derive(Debug, Serialize)]
pub struct Guest {
    /// The link.
    pub url: String,
    /// What it asks for.
    pub password: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Where the system's doors are.
#[derive(Clone, Debug)]
pub struct Doors {
    /// The gateway.
    pub gateway: Url,
    /// The domain that clients see.
    pub domain: String,
    /// The mail server's page.
    pub mail: Url,
}

/// Makes what is missing of the demo.
pub async fn make(fleet: &Fleet, doors: &Doors, tell: impl Fn(&str)) -> anyhow::Result<Demo> {
    let front = Front::new(doors.gateway.clone(), doors.domain.clone())?;
    let mut organizations = Vec::new();
    let mut guest = None;
    for (seed, content) in (1..).zip(content::organizations()?) {
        tell(&format!("{}: people", content.name));
        let site = enter(&front, &content)
            .await
            .with_context(|| format!("sign up {}", content.name))?;
        let people = gather(&front, &site, &doors.mail, &content)
            .await
            .with_context(|| format!("invite the people of {}", content.name))?;
        tell(&format!("{}: projects", content.name));
        let projects = open_projects(&site, &content).await?;
        tell(&format!("{}: four weeks of work", content.name));
        let ledger = fill(fleet, &content, seed, &people, &projects).await?;
        if guest.is_none() {
            guest = Some(share(fleet, &site, &ledger, &content, &projects).await?);
        }
        let first = projects
            .first()
            .context("an organization without projects")?;
        organizations.push(Address {
            name: content.name.clone(),
            subdomain: content.subdomain.clone(),
            url: front.url(&content.subdomain),
            board_id: ledger.board(*first).await?,
            logins: logins(&content),
        });
    }
    let guest = guest.context("no organization")?;
    Ok(Demo {
        organizations,
        guest,
    })
}

/// Writes the history of every project that has none.
async fn fill(
    fleet: &Fleet,
    content: &Organization,
    seed: u64,
    people: &[(UserId, &Person)],
    projects: &[ProjectId],
) -> anyhow::Result<Ledger> {
    let selection = Selection::tenant(&content.subdomain);
    let targets = target::list(&fleet.registry, &fleet.platform, &selection).await?;
    let target = targets.first().context("a tenant without database")?;
    let tenant = target.tenant.as_ref().context("a tenant without row")?.id;
    let mut ledger = Ledger::open(&target.address, tenant).await?;
    let mut stories: Vec<(ProjectId, kernel::BoardId, Story)> = Vec::new();
    for (number, (id, project)) in (0..).zip(projects.iter().zip(&content.projects)) {
        let Some(blank) = ledger.blank(*id).await? else {
            continue;
        };
        let writers = people
            .iter()
            .filter(|(_, person)| person.role != Role::Viewer);
        let stage = Stage {
            tenant,
            project: *id,
            board: blank.board,
            columns: blank.columns,
            people: writers.map(|(id, _)| *id).collect(),
            seed: seed * 10 + number,
        };
        let story = history::tell(&stage, project, &fleet.clock, &fleet.ids);
        stories.push((*id, blank.board, story));
    }
    let calendar = Calendar::until(fleet.clock.now());
    let start = calendar.at(0).unwrap_or_else(|| calendar.start());
    ledger.write(people, &stories, start).await?;
    Ok(ledger)
}

/// A guest link to one task, made unless one is there.
async fn share(
    fleet: &Fleet,
    site: &Site,
    ledger: &Ledger,
    content: &Organization,
    projects: &[ProjectId],
) -> anyhow::Result<Guest> {
    let (key, title) = GUEST_TASK;
    let numbered = content.projects.iter().zip(projects);
    let mut same = numbered.filter(|(project, _)| project.key == key);
    let (_, project) = same.next().context("a guest link without project")?;
    let task = ledger.task(*project, title).await?;
    let path = "/api/v1/links";
    let mut known = site.list(path).await?;
    known.retain(|link| link.pointer("/resource/id") == Some(&json!(task)));
    let open = known.iter().find_map(|link| guest(link, fleet.clock.now()));
    if let Some(guest) = open {
        return Ok(guest);
    }
    let body = json!({
        "resource": {"kind": "task", "id": task},
        "password": GUEST_PASSWORD,
        "expires_at": fleet.clock.now() + TimeDelta::days(GUEST_DAYS),
    });
    let link = site.post(path, &body).await?;
    guest(&link, fleet.clock.now()).context("a link that is no way in")
}

/// What a link's owner sees of it, as long as it opens.
fn guest(link: &Value, now: DateTime<Utc>) -> Option<Guest> {
    let field = |name: &str| link.get(name).and_then(Value::as_str);
    let expires_at: DateTime<Utc> = field("expires_at")?.parse().ok()?;
    (expires_at > now && field("revoked_at").is_none()).then_some(Guest {
        url: field("url")?.to_owned(),
        password: GUEST_PASSWORD.to_owned(),
        expires_at,
    })
}

fn logins(content: &Organization) -> Vec<Login> {
    let login = |person: &Person| Login {
        name: person.name.clone(),
        role: person.role,
        email: person.email.clone(),
        password: content.password.clone(),
    };
    content.people.iter().map(login).collect()
}
