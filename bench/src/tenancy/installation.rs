//! A catalog, a template and a resolver of the measurement's own, made by the same code as in production.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use events::FleetWake;
use futures::{StreamExt, TryStreamExt, stream};
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::{Keys, ServiceSigner};
use httpkit::{Guard, Service};
use kernel::{Clock, Ids, SealKey, TenantId, secret};
use migrator::Address;
use secrecy::SecretString;
use tenancy::{PoolSettings, Pools};
use tenant_resolver::{AppState, Resolver};
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::settings::Server;

const SEAL_KEY: &str = "bench:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// Connections for tenants, of all together.
pub(super) const BUDGET: usize = 100;
/// Databases made at once: more does not make them faster on two cores.
const BUILDS: usize = 4;

pub(super) struct Installation {
    pub(super) resolver: Arc<Resolver>,
    pub(super) admin: Client,
    pub(super) address: Address,
    /// What the operator's tool is told.
    pub(super) environment: HashMap<&'static str, String>,
    base: url::Url,
    secret: SecretString,
}

impl Installation {
    pub(super) async fn new(settings: &Server) -> anyhow::Result<Self> {
        let plan = plan(&settings.admin)?;
        migrator::init::init(&plan, &Ids::system()).await?;
        let environment = HashMap::from([
            ("MIGRATOR_ADMIN_URL", plan.admin.url().to_string()),
            ("MIGRATOR_CATALOG_URL", plan.catalog.url().to_string()),
            ("MIGRATOR_IDENTITY_URL", plan.identity.url().to_string()),
            ("MIGRATOR_SHORTENER_URL", plan.shortener.url().to_string()),
            (
                "MIGRATOR_PROVISIONER_URL",
                plan.provisioner.url().to_string(),
            ),
            ("MIGRATOR_SEAL_KEY", SEAL_KEY.to_owned()),
        ]);
        let secret = SecretString::from(secret::random_token()?);
        let resolver = resolver(&plan)?;
        let sql = "update clusters set connection_budget = $1";
        let catalog = resolver.catalog.get().await?;
        catalog.execute(sql, &[&i32::try_from(BUDGET)?]).await?;
        drop(catalog);
        Ok(Self {
            base: serve(&resolver, &secret).await?,
            admin: connect(&settings.admin).await?,
            address: settings.admin.clone(),
            resolver,
            environment,
            secret,
        })
    }

    /// The operator's tool, set up for this installation.
    pub(super) fn migrator(&self, program: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program);
        command.envs(&self.environment);
        command
    }

    /// The resolver as another service calls it.
    pub(super) fn client(&self, service: Service) -> anyhow::Result<Upstream> {
        let signer = ServiceSigner::new(&self.secret, service);
        Ok(Upstream::new(
            http_client()?,
            self.base.clone(),
            Service::TenantResolver,
            signer,
        ))
    }

    /// Pools as project-svc has them.
    pub(super) fn pools(
        &self,
        budget: usize,
        acquire_timeout: Duration,
    ) -> anyhow::Result<OpenPools> {
        let head = u32::try_from(migrator::schema::TENANT.head())?;
        let mut settings = PoolSettings::new("bench", 1..=head).with_budget(budget);
        settings.acquire_timeout = acquire_timeout;
        let resolver = tenancy::Resolver::remote(self.client(Service::ProjectSvc)?);
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let pools = Pools::new(
            resolver,
            settings,
            FleetWake::default(),
            &tasks,
            shutdown.clone(),
        );
        Ok(OpenPools {
            pools,
            tasks,
            shutdown,
        })
    }

    /// Makes spares until there are `count`.
    pub(super) async fn fill(&self, count: usize) -> anyhow::Result<()> {
        let builds =
            stream::iter(0..count).map(|_| tenant_resolver::provision::build_spare(&self.resolver));
        let mut done = builds.buffer_unordered(BUILDS);
        let mut made = 0;
        while done.try_next().await?.is_some() {
            made += 1;
            if made % 100 == 0 {
                eprintln!("  {made} of {count} databases made");
            }
        }
        Ok(())
    }

    /// Ids of every active tenant.
    pub(super) async fn tenants(&self) -> anyhow::Result<Vec<TenantId>> {
        let catalog = self.resolver.catalog.get().await?;
        let sql = "select id::text from tenants where status = 'active' order by id";
        let rows = catalog.query(sql, &[]).await?;
        rows.iter()
            .map(|row| Ok(row.try_get::<_, String>(0)?.parse()?))
            .collect()
    }

    /// How many logins all tenant databases together have seen.
    pub(super) async fn logins(&self) -> anyhow::Result<i64> {
        let sql =
            "select sum(sessions)::bigint from pg_stat_database where datname like 'tenant\\_%'";
        Ok(self.admin.query_one(sql, &[]).await?.try_get(0)?)
    }
}

/// Pools that are closed in good order.
pub(super) struct OpenPools {
    pub(super) pools: Pools,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl OpenPools {
    pub(super) async fn close(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

pub(super) async fn connect(address: &Address) -> anyhow::Result<Client> {
    let (client, connection) = address.config().connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn plan(admin: &Address) -> anyhow::Result<migrator::init::Plan> {
    let login = |role: &str, database: &str| -> anyhow::Result<Address> {
        let mut url = admin.with_database(database).url().clone();
        url.set_username(role).ok().context("a role")?;
        url.set_password(Some("measured"))
            .ok()
            .context("a password")?;
        Ok(url.as_str().parse()?)
    };
    Ok(migrator::init::Plan {
        admin: admin.clone(),
        catalog: login("catalog_app", "catalog")?,
        identity: login("identity_app", "identity")?,
        shortener: login("shortener_app", "shortener")?,
        provisioner: login("tenant_provisioner", "postgres")?,
        cluster: "local".to_owned(),
        template: "tenant_template".to_owned(),
        seal: SealKey::parse(SEAL_KEY)?,
    })
}

fn resolver(plan: &migrator::init::Plan) -> anyhow::Result<Arc<Resolver>> {
    let pool = tenant_resolver::pool(&plan.catalog.url().as_str().into())?;
    let hour = Duration::from_secs(3600);
    let (clock, ids) = (Clock::system(), Ids::system());
    Ok(Arc::new(Resolver::new(
        pool,
        plan.seal.clone(),
        clock,
        ids,
        0,
        hour,
    )))
}

async fn serve(resolver: &Arc<Resolver>, secret: &SecretString) -> anyhow::Result<url::Url> {
    let guard = Guard::new(secret, Service::TenantResolver, Keys::local());
    let router = tenant_resolver::router(AppState {
        resolver: Arc::clone(resolver),
        guard,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?).parse()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(base)
}
