//! Somebody whom a provider vouches for: let in, linked or taken in, in one transaction.

use events::topic::user::{MemberJoined, UserCreated};
use httpkit::Problem;
use kernel::{Role, TenantId, UserId};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::json;

use super::attempt::Linker;
use super::model::{self, Account, Facts, Step};
use super::{Asserted, Provider, store};
use crate::account::EmailAddress;
use crate::account::notice::{self, Change};
use crate::client::Client;
use crate::entity::{external_identity, invitation as invitations, user};
use crate::session::{self, Entry, Grant, Proof};
use crate::state::Identity;
use crate::{account, audit, invitation, member, organization, plan};

/// Somebody who came back from a provider.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) identity: &'a Identity,
    pub(super) tenant: TenantId,
    pub(super) provider: &'a Provider,
    pub(super) asserted: &'a Asserted,
    pub(super) client: &'a Client,
}

/// What coming back led to: a way in, or why not.
pub(super) type Outcome<T> = Result<Result<T, &'static str>, Problem>;

impl Arrival<'_> {
    /// Signs in.
    pub(super) async fn sign_in(self) -> Outcome<Entry> {
        let identity = self.identity;
        let domain_allowed = self.domain_allowed().await?;
        let invited = self.invitation(&identity.db).await?.is_some();
        let room = match domain_allowed || invited {
            true => plan::people(identity, self.tenant).await?,
            false => None,
        };
        let transaction = identity.begin().await?;
        // Those who come for the first time come one by one: each finds what the other made.
        organization::store::locked(&transaction, self.tenant).await?;
        let invitation = match invited {
            true => self.invitation(&transaction).await?,
            false => None,
        };
        let facts = self.facts(&transaction, domain_allowed).await?;
        let facts = Facts {
            invited: invitation.is_some(),
            ..facts
        };
        let decision = match model::decide(facts) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(Err(refusal.code())),
        };
        let user = match (decision.step, self.asserted.address()) {
            (Step::Enter(user), _) => self.enter(&transaction, user).await?,
            (Step::Link(user), _) => self.link_known(&transaction, user).await?,
            (Step::Create, Some(email)) => self.create(&transaction, email).await?,
            (Step::Create, None) => None,
        };
        let Some(user) = user else {
            return Ok(Err("not_a_member"));
        };
        match invitation.filter(|_| decision.joins) {
            Some(row) => {
                let person = user.clone();
                invitation::join(identity, &transaction, &row, person, room, self.client).await?;
            }
            None if decision.joins => self.join(&transaction, &user, room).await?,
            None => {}
        }
        let standing = member::store::standing(&transaction, self.tenant, user.id).await?;
        let Some(standing) = standing else {
            return Ok(Err("not_a_member"));
        };
        let grant = Grant {
            user,
            tenant: self.tenant,
            standing,
        };
        let proof = Proof::first(self.provider.method());
        let entry = session::enter(identity, &transaction, &grant, self.client, proof).await?;
        identity.commit(transaction).await?;
        Ok(Ok(entry))
    }

    /// Links the identity to the account of who asked for it in a session that still goes on.
    pub(super) async fn link_from(&self, linker: Linker) -> Outcome<()> {
        let identity = self.identity;
        let transaction = identity.begin().await?;
        let now = identity.clock.now();
        store::hold(&transaction, linker.user).await?;
        if !session::store::is_live(&transaction, linker.session, now).await? {
            return Ok(Err("session_ended"));
        }
        let (key, subject) = (&self.provider.key, &self.asserted.subject);
        match store::holder(&transaction, key, subject).await? {
            Some(holder) if holder == linker.user => return Ok(Ok(())),
            Some(_) => return Ok(Err("identity_taken")),
            None => {}
        }
        if store::has_identity(&transaction, key, linker.user).await? {
            return Ok(Err("already_linked"));
        }
        if self.link_known(&transaction, linker.user).await?.is_none() {
            return Ok(Err("session_ended"));
        }
        identity.commit(transaction).await?;
        Ok(Ok(()))
    }

    async fn domain_allowed(self) -> Result<bool, Problem> {
        let found = organization::store::by_id(&self.identity.db, self.tenant).await?;
        let organization = found.ok_or_else(Problem::not_found)?;
        let email = self.asserted.address();
        let domains = &organization.allowed_email_domains;
        Ok(email.is_some_and(|email| model::domain_allowed(domains, email)))
    }

    /// The invitation of the address, where there is an open one.
    async fn invitation(
        self,
        db: &impl ConnectionTrait,
    ) -> Result<Option<invitations::Model>, Problem> {
        let Some(email) = self.asserted.address() else {
            return Ok(None);
        };
        let now = self.identity.clock.now();
        Ok(invitation::store::open_for(db, self.tenant, email, now).await?)
    }

    async fn facts(self, db: &DatabaseTransaction, domain_allowed: bool) -> Result<Facts, Problem> {
        let (tenant, key) = (self.tenant, &self.provider.key);
        let linked = match store::holder(db, key, &self.asserted.subject).await? {
            None => None,
            Some(user) => Some((user, store::membership(db, tenant, user).await?)),
        };
        let account = match self.asserted.address() {
            None => None,
            Some(email) => account::store::by_email(db, email).await?,
        };
        let account = match account {
            None => None,
            Some(user) => Some(Account {
                id: user.id,
                verified: user.email_verified_at.is_some(),
                taken: store::has_identity(db, key, user.id).await?,
                membership: store::membership(db, tenant, user.id).await?,
            }),
        };
        Ok(Facts {
            linked,
            account,
            address: self.asserted.address().is_some(),
            domain_allowed,
            invited: false,
            own_provider: self.provider.own.is_some(),
        })
    }

    async fn enter(
        self,
        db: &DatabaseTransaction,
        user: UserId,
    ) -> Result<Option<user::Model>, Problem> {
        let now = self.identity.clock.now();
        store::note_use(db, &self.provider.key, &self.asserted.subject, now).await?;
        Ok(account::store::active(db, user).await?)
    }

    /// Links to an account that its owner has already, and tells him.
    async fn link_known(
        self,
        db: &DatabaseTransaction,
        user: UserId,
    ) -> Result<Option<user::Model>, Problem> {
        let linked = self.link(db, user).await?;
        if linked.is_some() {
            let change = Change::ProviderLinked(&self.provider.name);
            notice::tell(self.identity, db, (self.tenant, user), self.client, change).await?;
        }
        Ok(linked)
    }

    /// From now on the identity opens the account; `None` where that is closed.
    async fn link(
        self,
        db: &DatabaseTransaction,
        user: UserId,
    ) -> Result<Option<user::Model>, Problem> {
        let Some(user) = account::store::active(db, user).await? else {
            return Ok(None);
        };
        let now = self.identity.clock.now();
        let row = external_identity::Model {
            provider: self.provider.key.clone(),
            subject: self.asserted.subject.clone(),
            user_id: user.id,
            identity_provider_id: self.provider.own,
            linked_at: now,
            last_used_at: Some(now),
        };
        if !store::link(db, row).await? {
            let detail = "the identity was linked meanwhile; try again";
            return Err(Problem::conflict("already_linked", detail));
        }
        let linked = audit::Event::done("identity.linked", user.id, self.client).at(self.tenant);
        let linked = linked.with(json!({ "provider": self.provider.key }));
        audit::record(self.identity, db, linked).await?;
        Ok(Some(user))
    }

    /// A new account. That the address is its holder's we know from a provider of the operator's alone.
    async fn create(
        self,
        db: &DatabaseTransaction,
        email: &EmailAddress,
    ) -> Result<Option<user::Model>, Problem> {
        let (id, now) = (self.identity.ids.next(), self.identity.clock.now());
        let name = model::display_name(self.asserted.name.as_deref(), email);
        let verified_at = self.provider.own.is_none().then_some(now);
        let made =
            account::store::insert_without_password(db, id, email.clone(), name, verified_at, now)
                .await?;
        let Some(user) = made else {
            let detail = "an account was made meanwhile; try again";
            return Err(Problem::conflict("account_exists", detail));
        };
        let event = UserCreated { user_id: id };
        self.identity.emit(db, self.tenant, id, &event).await?;
        self.link(db, user.id).await
    }

    async fn join(
        self,
        db: &DatabaseTransaction,
        user: &user::Model,
        room: Option<u64>,
    ) -> Result<(), Problem> {
        let (identity, tenant, role) = (self.identity, self.tenant, Role::Member);
        if let Some(allowed) = room {
            plan::check_people(member::store::count(db, tenant).await?, allowed)?;
        }
        member::store::insert(db, tenant, user.id, role, identity.clock.now()).await?;
        let joined = MemberJoined {
            user_id: user.id,
            name: user.name.clone(),
            role,
            workspace: None,
        };
        identity.emit(db, tenant, user.id, &joined).await?;
        let joined = audit::Event::done("member.joined", user.id, self.client).at(tenant);
        let joined = joined.on(user.id.uuid());
        let joined = joined.with(json!({ "by": "provider", "provider": self.provider.key }));
        audit::record(identity, db, joined).await
    }
}
