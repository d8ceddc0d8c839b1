//! A further server made ready for tenants: roles, template, and its row in the catalog.

use serde::Serialize;

use super::find;
use crate::address::Address;
use crate::database::Session;
use crate::init::{self, InitError};
use crate::schema::TENANT;
use crate::tenants::{Error, Operator};
use kernel::SealKey;

/// What to make, and where.
#[derive(Clone, Debug)]
pub struct Addition {
    /// Its name.
    pub name: String,
    /// Where it is, as services and other clusters reach it.
    pub host: String,
    /// Where it is.
    pub port: u16,
    /// Connections that all processes together may have there.
    pub budget: i32,
    /// Whether new tenants are placed there at once; counts only for a cluster that is new.
    pub open: bool,
    /// The database that tenants are copied from.
    pub template: String,
    /// The role that creates tenant databases; its host and port are those of the first cluster.
    pub provisioner: Address,
    /// Seals the provisioner's password.
    pub seal: SealKey,
}

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub struct Added {
    /// The cluster.
    pub cluster: String,
    /// What was missing there.
    pub created: Vec<String>,
    /// The version its template stands at.
    pub version: Option<&'static str>,
}

/// Makes the server ready and tells the catalog; may be repeated, sets the provisioner's password anew.
///
/// The row comes last: no tenant is placed where the template is not at the fleet's version.
pub async fn add(operator: &Operator, addition: &Addition) -> Result<Added, InitError> {
    let admin = operator
        .admin
        .with_server(&addition.host, addition.port)
        .map_err(|_malformed| Error::Place(addition.name.clone()))?;
    if let Ok(known) = find(&operator.registry, &addition.name).await
        && (known.host.as_str(), known.port) != (addition.host.as_str(), addition.port)
    {
        let place = format!("{}:{}", known.host, known.port);
        return Err(Error::Refused(format!(
            "cluster {} is at {place}: take another name",
            addition.name
        ))
        .into());
    }
    let provisioner = addition
        .provisioner
        .with_server(&addition.host, addition.port);
    let provisioner = provisioner.map_err(|_malformed| Error::Place(addition.name.clone()))?;
    let mut created = init::prepare_cluster(&admin, &provisioner, &addition.template).await?;
    let goal = fleet_goal(operator).await?;
    let template = Session::open(&admin.with_database(&addition.template), TENANT).await?;
    let migrated = template.up(goal).await;
    template.close().await;
    migrated?;
    let row = init::ClusterRow {
        name: &addition.name,
        provisioner: &provisioner,
        template: &addition.template,
        budget: addition.budget,
        open: addition.open,
        seal: &addition.seal,
    };
    if init::register(&operator.registry, &row, &operator.ids).await? {
        created.push(format!("cluster {}", addition.name));
    }
    Ok(Added {
        cluster: addition.name.clone(),
        created,
        version: TENANT.version(goal),
    })
}

/// The version of the templates there are, as steps; the newest when this is the first.
async fn fleet_goal(operator: &Operator) -> Result<usize, Error> {
    let places = super::list(&operator.registry).await?;
    let Some(first) = places.first() else {
        return Ok(TENANT.head());
    };
    let template = operator.at(first, &first.template)?;
    let session = Session::connect(&template, TENANT).await?;
    let steps = session.steps().await;
    session.close().await;
    match steps? {
        0 => Ok(TENANT.head()),
        steps => Ok(steps),
    }
}
