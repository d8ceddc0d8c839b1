//! The databases a run may touch: our own, the templates, spares, tenants.

use serde::Serialize;

use crate::address::{Address, Malformed};
use crate::registry::{Cluster, Registry, RegistryError, Tenant};
use crate::schema::{CATALOG, IDENTITY, SHORTENER, Schema};

/// What does not come from the catalog. All addresses carry the operator's credentials.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The catalog.
    pub catalog: Address,
    /// Identity's database.
    pub identity: Address,
    /// The shortener's database.
    pub shortener: Address,
    /// What tenants' databases and templates hold.
    pub tenants: Schema,
}

/// What a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A service's own database.
    Platform,
    /// What tenants are copied from.
    Template,
    /// A tenant database nobody has yet.
    Spare,
    /// An organization's database.
    Tenant,
}

impl Kind {
    /// As it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Template => "template",
            Self::Spare => "spare",
            Self::Tenant => "tenant",
        }
    }
}

/// One database.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is.
    pub kind: Kind,
    /// The name of the server it is on.
    pub cluster: String,
    /// Where it is.
    pub address: Address,
    /// What it holds.
    pub schema: Schema,
    /// Its row in the catalog.
    pub tenant: Option<Tenant>,
}

impl Target {
    /// The database's name.
    pub fn database(&self) -> &str {
        self.address.database().unwrap_or_default()
    }

    /// The version the catalog noted.
    pub fn noted(&self) -> Option<&str> {
        self.tenant.as_ref()?.schema_version.as_deref()
    }

    /// What a person calls it.
    pub fn label(&self) -> &str {
        let subdomain = self
            .tenant
            .as_ref()
            .and_then(|tenant| tenant.subdomain.as_deref());
        subdomain.unwrap_or_else(|| self.database())
    }

    /// The tenant answers to this subdomain, id or database name.
    pub fn is_called(&self, name: &str) -> bool {
        let own = self.tenant.as_ref();
        self.database() == name
            || own.is_some_and(|tenant| {
                tenant.subdomain.as_deref() == Some(name) || tenant.id.to_string() == name
            })
    }

    fn platform(address: &Address, schema: Schema) -> Self {
        Self {
            kind: Kind::Platform,
            cluster: "-".to_owned(),
            address: address.clone(),
            schema,
            tenant: None,
        }
    }
}

/// Which of them a run is about.
#[derive(Clone, Debug, Default)]
pub enum Selection {
    /// All, in order.
    #[default]
    Everything,
    /// These tenants, by id, subdomain or database.
    Tenants(Vec<String>),
    /// One kind of shared database: `catalog`, `identity`, `shortener` or `template`.
    Database(String),
    /// The template, spares and tenants of one server.
    Cluster(String),
}

impl Selection {
    /// One tenant.
    pub fn tenant(name: &str) -> Self {
        Self::Tenants(vec![name.to_owned()])
    }

    fn takes(&self, target: &Target) -> bool {
        match self {
            Self::Everything => true,
            Self::Database(name) => match target.kind {
                Kind::Platform => target.schema.name == name,
                kind => kind.as_str() == name,
            },
            Self::Cluster(name) => target.cluster == *name,
            Self::Tenants(names) => {
                target.tenant.is_some() && names.iter().any(|name| target.is_called(name))
            }
        }
    }

    /// The first name that names nothing.
    fn missing(&self, targets: &[Target]) -> Option<&str> {
        match self {
            Self::Everything => None,
            Self::Database(name) | Self::Cluster(name) => targets.is_empty().then_some(name),
            Self::Tenants(names) => names
                .iter()
                .find(|name| !targets.iter().any(|target| target.is_called(name)))
                .map(String::as_str),
        }
    }
}

/// Why the fleet could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The catalog did not answer.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A cluster's address is no address.
    #[error("cluster {0} has an impossible host or port")]
    Cluster(String, #[source] Malformed),
    /// Nothing of that name.
    #[error("no tenant, database or cluster is called {0}")]
    Nothing(String),
}

/// Lists what `selection` names: shared databases, templates, spares, tenants with the oldest first.
pub async fn list(
    registry: &Registry,
    platform: &Platform,
    selection: &Selection,
) -> Result<Vec<Target>, ListError> {
    let mut targets = vec![
        Target::platform(&platform.catalog, CATALOG),
        Target::platform(&platform.identity, IDENTITY),
        Target::platform(&platform.shortener, SHORTENER),
    ];
    let clusters = registry.clusters().await?;
    for cluster in &clusters {
        targets.push(tenant_target(platform, cluster, None)?);
    }
    for tenant in registry.tenants().await? {
        let cluster = clusters
            .iter()
            .find(|cluster| cluster.name == tenant.cluster);
        if let Some(cluster) = cluster {
            targets.push(tenant_target(platform, cluster, Some(tenant))?);
        }
    }
    targets.retain(|target| selection.takes(target));
    match selection.missing(&targets) {
        Some(name) => Err(ListError::Nothing(name.to_owned())),
        None => Ok(targets),
    }
}

/// Where a server's databases are, with the operator's credentials.
pub fn server(platform: &Platform, cluster: &Cluster) -> Result<Address, ListError> {
    platform
        .catalog
        .with_server(&cluster.host, cluster.port)
        .map_err(|source| ListError::Cluster(cluster.name.clone(), source))
}

/// The template of a cluster, or a tenant on it.
fn tenant_target(
    platform: &Platform,
    cluster: &Cluster,
    tenant: Option<Tenant>,
) -> Result<Target, ListError> {
    let database = tenant
        .as_ref()
        .map_or(&cluster.template, |tenant| &tenant.database);
    let address = server(platform, cluster)?.with_database(database);
    let kind = match &tenant {
        None => Kind::Template,
        Some(tenant) if tenant.is_spare() => Kind::Spare,
        Some(_) => Kind::Tenant,
    };
    Ok(Target {
        kind,
        cluster: cluster.name.clone(),
        address,
        schema: platform.tenants,
        tenant,
    })
}
