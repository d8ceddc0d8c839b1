//! The databases a run may touch, in waves: our own, the templates, spares, tenants.

use serde::Serialize;

use crate::address::{Address, Malformed};
use crate::registry::{Cluster, Registry, RegistryError, Tenant};
use crate::schema::{CATALOG, IDENTITY, SHORTENER, Schema, TENANT};

/// The addresses that do not come from the catalog. All carry the operator's credentials.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The catalog.
    pub catalog: Address,
    /// Identity's database.
    pub identity: Address,
    /// The shortener's database.
    pub shortener: Address,
}

/// Which wave a database belongs to; a wave starts when the one before is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wave {
    /// A service's own database.
    Platform,
    /// What tenants are copied from; the canary of the fleet.
    Template,
    /// A tenant database nobody has yet.
    Spare,
    /// An organization's database.
    Tenant,
}

impl Wave {
    /// As it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Template => "template",
            Self::Spare => "spare",
            Self::Tenant => "tenant",
        }
    }

    /// Databases that must be right before any later wave begins.
    pub const fn stops_the_run(self) -> bool {
        matches!(self, Self::Platform | Self::Template)
    }
}

/// One database.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its wave.
    pub wave: Wave,
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

    fn platform(address: &Address, schema: Schema) -> Self {
        Self {
            wave: Wave::Platform,
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
    /// One tenant, by id or subdomain.
    Tenant(String),
    /// One kind of shared database: `catalog`, `identity`, `shortener` or `template`.
    Database(String),
}

impl Selection {
    fn takes(&self, target: &Target) -> bool {
        match self {
            Self::Everything => true,
            Self::Database(name) => match target.wave {
                Wave::Platform => target.schema.name == name,
                wave => wave.as_str() == name,
            },
            Self::Tenant(name) => target.tenant.as_ref().is_some_and(|tenant| {
                tenant.subdomain.as_deref() == Some(name)
                    || tenant.id.to_string() == *name
                    || tenant.database == *name
            }),
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
    #[error("no tenant or database is called {0}")]
    Nothing(String),
}

/// Lists what `selection` names, wave by wave.
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
    match selection {
        Selection::Tenant(name) | Selection::Database(name) if targets.is_empty() => {
            Err(ListError::Nothing(name.clone()))
        }
        _ => Ok(targets),
    }
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
    let address = platform
        .catalog
        .with_server(&cluster.host, cluster.port)
        .map_err(|source| ListError::Cluster(cluster.name.clone(), source))?
        .with_database(database);
    let wave = match &tenant {
        None => Wave::Template,
        Some(tenant) if tenant.is_spare() => Wave::Spare,
        Some(_) => Wave::Tenant,
    };
    Ok(Target {
        wave,
        cluster: cluster.name.clone(),
        address,
        schema: TENANT,
        tenant,
    })
}
