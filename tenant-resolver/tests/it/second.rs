//! The second server made ready as a cluster: the roles, the template and the row in the catalog.

use kernel::{ClusterId, Ids, SealKey};
use migrator::Address;
use tokio_postgres::Client;

use crate::world::{PASSWORD, SEAL_KEY, World, connect, migrate_template};

pub(crate) struct Second {
    pub(crate) admin: Client,
}

impl Second {
    pub(crate) async fn register(world: &World, budget: i32) -> Self {
        let address: Address = testkit::setting("TENANTRY_TEST_ADMIN_URL_2")
            .parse()
            .unwrap();
        let admin = connect(&address).await.unwrap();
        let [_, template, _, provisioner] = &world.names;
        // Two tests must not create the same role at once.
        admin
            .batch_execute("select pg_advisory_lock(1768843636)")
            .await
            .unwrap();
        for role in ["tenant_owner", "tenant_app"] {
            let found = "select from pg_roles where rolname = $1";
            if admin.query_opt(found, &[&role]).await.unwrap().is_none() {
                let create = format!("create role {role} nologin");
                admin.batch_execute(&create).await.unwrap();
            }
        }
        let prepare = format!(
            r#"create role "{provisioner}" login createdb createrole password '{PASSWORD}';
            grant tenant_owner to "{provisioner}";
            grant tenant_app to "{provisioner}" with admin option;
            grant connect on database postgres to "{provisioner}""#
        );
        admin.batch_execute(&prepare).await.unwrap();
        admin
            .batch_execute("select pg_advisory_unlock(1768843636)")
            .await
            .unwrap();
        let create =
            format!(r#"create database "{template}" template template0 owner tenant_owner"#);
        admin.batch_execute(&create).await.unwrap();
        migrate_template(&address.with_database(template)).await;

        let id: ClusterId = Ids::system().next();
        let seal = SealKey::parse(SEAL_KEY).unwrap();
        let context = format!("cluster:{id}");
        let sealed = seal.seal(PASSWORD.as_bytes(), context.as_bytes()).unwrap();
        let sql =
            "insert into clusters (id, name, host, port, provisioner_role, provisioner_password,
                template_database, connection_budget)
            values ($1, 'second', $2, $3, $4, $5, $6, $7)";
        let (host, port) = (address.host(), i32::from(address.port()));
        let catalog = world.resolver.catalog.get().await.unwrap();
        catalog
            .execute(
                sql,
                &[
                    &id.uuid(),
                    &host,
                    &port,
                    provisioner,
                    &sealed,
                    template,
                    &budget,
                ],
            )
            .await
            .unwrap();
        Self { admin }
    }

    pub(crate) async fn close(
        &self,
        tenants: impl Iterator<Item = String> + Clone,
        names: &[String; 4],
    ) {
        let [_, template, _, provisioner] = names;
        for database in tenants.clone().chain([template.clone()]) {
            let drop = format!(r#"drop database if exists "{database}" with (force)"#);
            self.admin.batch_execute(&drop).await.unwrap();
        }
        let owned = format!(r#"drop owned by "{provisioner}""#);
        self.admin.batch_execute(&owned).await.unwrap();
        for role in tenants.chain([provisioner.clone()]) {
            let drop = format!(r#"drop role if exists "{role}""#);
            self.admin.batch_execute(&drop).await.unwrap();
        }
    }
}
