//! An organization, its people and its projects, made through the public API alone.

use anyhow::Context;
use kernel::{ProjectId, UserId};
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::content::{Organization, Person};
use super::front::{Front, FrontError, Site, text};

/// Signs the owner in, and the organization up before that if need be.
pub(super) async fn enter(front: &Front, content: &Organization) -> anyhow::Result<Site> {
    let owner = content
        .people
        .first()
        .context("an organization without owner")?;
    let site = front.tenant(&content.subdomain);
    let free = front
        .bare()
        .get(&format!("/api/v1/subdomains/{}", content.subdomain))
        .await?;
    if free.pointer("/available") == Some(&Value::Bool(true)) {
        let body = json!({
            "name": content.name,
            "subdomain": content.subdomain,
            "owner": {"name": owner.name, "email": owner.email, "password": content.password},
        });
        let key = format!("demo-{}", content.subdomain);
        let made = front
            .bare()
            .post_once("/api/v1/organizations", &key, &body)
            .await?;
        let session = made
            .pointer("/session")
            .context("a sign-up without session")?;
        return Ok(site.signed_in(session)?);
    }
    let body = json!({"email": owner.email, "password": content.password});
    let session = site.post("/api/v1/auth/login", &body).await?;
    Ok(site.signed_in(&session)?)
}

/// Invites whoever is missing and lets them accept; answers everybody's id.
pub(super) async fn gather<'a>(
    front: &Front,
    site: &Site,
    mail: &Url,
    content: &'a Organization,
) -> anyhow::Result<Vec<(UserId, &'a Person)>> {
    let known = site.list("/api/v1/users").await?;
    let is_known = |person: &Person| {
        let same =
            |user: &Value| user.pointer("/email").and_then(Value::as_str) == Some(&person.email);
        known.iter().any(same)
    };
    let missing: Vec<_> = content
        .people
        .iter()
        .filter(|person| !is_known(person))
        .collect();
    // All are invited before the first one accepts: mail takes a moment.
    for person in &missing {
        let body = json!({"email": person.email, "role": person.role});
        match site.post("/api/v1/invitations", &body).await {
            // Invited before, and then something stopped us: the mail is there.
            Err(error) if error.status() == Some(StatusCode::CONFLICT) => {}
            answer => drop(answer?),
        }
    }
    for person in missing {
        accept(front, mail, content, person).await?;
    }
    let mut people = Vec::new();
    for user in site.list("/api/v1/users").await? {
        let (id, email) = (
            text(&user, "/id", "/users")?,
            text(&user, "/email", "/users")?,
        );
        if let Some(person) = content.people.iter().find(|person| person.email == email) {
            people.push((id.parse()?, person));
        }
    }
    Ok(people)
}

async fn accept(
    front: &Front,
    mail: &Url,
    content: &Organization,
    person: &Person,
) -> Result<(), FrontError> {
    let site = front.tenant(&content.subdomain);
    let mut refused = FrontError::NoMail(person.email.clone());
    for token in front.invitations(mail, &person.email).await? {
        let body = json!({"token": token, "name": person.name, "password": content.password});
        match site.post("/api/v1/invitations/accept", &body).await {
            Ok(_) => return Ok(()),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Opens the projects that are not there yet; answers all, in the content's order.
pub(super) async fn open_projects(
    site: &Site,
    content: &Organization,
) -> anyhow::Result<Vec<ProjectId>> {
    let path = "/api/v1/projects";
    let known = site.list(path).await?;
    let mut projects = Vec::new();
    for project in &content.projects {
        let same =
            |known: &&Value| known.pointer("/key").and_then(Value::as_str) == Some(&project.key);
        let found = match known.iter().find(same) {
            Some(found) => found.clone(),
            None => {
                let body = json!({
                    "key": project.key,
                    "name": project.name,
                    "description": project.description,
                    "color": project.color,
                    "priority": project.priority,
                });
                let key = format!("demo-{}-{}", content.subdomain, project.key);
                site.post_once(path, &key, &body).await?
            }
        };
        projects.push(text(&found, "/id", path)?.parse()?);
    }
    Ok(projects)
}
