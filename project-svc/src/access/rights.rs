//! What a person may do where: the role in the organization, and what roles in a workspace and a project add to it.
//!
//! How somebody stands to a thing is read in the statement that reads the thing, so that nothing changes between.

use std::fmt::Display;

use httpkit::tokens::Via;
use httpkit::{Member, Problem, require};
use kernel::{Id, Permission as P, Permissions, UserId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryResult, Statement};
use strum::IntoEnumIterator;
use uuid::Uuid;

use crate::project::model::ProjectRole;
use crate::workspace::model::WorkspaceRole;

/// The columns of [`Standing`], of a statement that joins the thing's project as `p` and has the caller as `$2`.
const STANDING: &str = "p.is_public as standing_project_public, p.archived_at is not null as standing_project_archived,
    (select w.is_public from workspaces w where w.id = p.workspace_id) as standing_workspace_public,
    (select m.role from project_members m where m.project_id = p.id and m.user_id = $2) as standing_project_role,
    (select m.role from workspace_members m where m.workspace_id = p.workspace_id and m.user_id = $2)
        as standing_workspace_role";

/// How a person stands to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Standing {
    /// Whether the thing's project is open to more than its members.
    #[sea_orm(alias = "standing_project_public")]
    pub(crate) project_public: bool,
    /// Whether the thing's project is put away.
    #[sea_orm(alias = "standing_project_archived")]
    pub(crate) project_archived: bool,
    /// Whether the workspace is open to more than its members.
    #[sea_orm(alias = "standing_workspace_public")]
    pub(crate) workspace_public: bool,
    /// The person's role in the project.
    #[sea_orm(alias = "standing_project_role")]
    pub(crate) project_role: Option<ProjectRole>,
    /// The person's role in the workspace.
    #[sea_orm(alias = "standing_workspace_role")]
    pub(crate) workspace_role: Option<WorkspaceRole>,
}

impl Standing {
    /// To what belongs to the organization as a whole.
    pub(crate) const OF_ORGANIZATION: Self = Self {
        project_public: true,
        project_archived: false,
        workspace_public: true,
        project_role: None,
        workspace_role: None,
    };
}

/// What somebody may do with a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    permissions: Permissions,
    /// Its project is put away: nothing there changes.
    archived: bool,
}

impl Rights {
    pub(crate) fn contains(self, permission: P) -> bool {
        self.permissions.contains(permission)
    }

    /// Passes for what may be done also while the project is put away; 403 without the permission.
    pub(crate) fn require(self, permission: P) -> Result<(), Problem> {
        require(self.permissions, permission)
    }

    /// Passes for a change; 403 without the permission, 409 while the project is put away.
    pub(crate) fn change(self, permission: P) -> Result<(), Problem> {
        self.require(permission)?;
        self.unless_archived()
    }

    /// 409 while the project is put away.
    pub(crate) fn unless_archived(self) -> Result<(), Problem> {
        if !self.archived {
            return Ok(());
        }
        Err(Problem::conflict(
            "project_archived",
            "the project is put away; take it out again before you change what is in it",
        ))
    }
}

/// All that a member of the organization may do with a thing they stand to like this. The one place where it is
/// decided.
pub(crate) fn rights(member: &Member, standing: &Standing) -> Rights {
    Rights {
        permissions: permissions(member, standing),
        archived: standing.project_archived,
    }
}

fn permissions(member: &Member, standing: &Standing) -> Permissions {
    let own = member.permissions;
    let open = standing.project_public && standing.workspace_public;
    let of_organization = if open || own.contains(P::OrganizationManage) {
        own
    } else {
        Permissions::default()
    };
    let in_workspace = standing
        .workspace_role
        .filter(|_| standing.project_public)
        .map_or_else(Permissions::default, WorkspaceRole::permissions);
    let in_project = standing
        .project_role
        .map_or_else(Permissions::default, ProjectRole::permissions);
    let added = in_workspace.union(in_project);
    of_organization.union(match member.via {
        Via::Session => added,
        // A token is given to do less than its owner, also where the owner may do more.
        Via::PersonalToken => added.intersection(own),
    })
}

/// A thing that lies in a project, with the caller's standing. The statement is `select {columns} from {from}`; it
/// joins the project as `p` and has the thing's id as `$1`.
pub(crate) async fn find<T: FromQueryResult>(
    db: &impl ConnectionTrait,
    columns: &str,
    from: &str,
    id: impl Id,
    caller: UserId,
) -> Result<Option<(T, Standing)>, DbErr> {
    let sql = format!("select {columns}, {STANDING} from {from}");
    let values = [id.uuid().into(), caller.uuid().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let found = db.query_one_raw(statement).await?;
    found.map(|row| with_standing(&row)).transpose()
}

/// The same of many things, in no order; `$1` is the list of their ids.
pub(crate) async fn find_many<T: FromQueryResult>(
    db: &impl ConnectionTrait,
    columns: &str,
    from: &str,
    ids: Vec<Uuid>,
    caller: UserId,
) -> Result<Vec<(T, Standing)>, DbErr> {
    let sql = format!("select {columns}, {STANDING} from {from}");
    let values = [ids.into(), caller.uuid().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let found = db.query_all_raw(statement).await?;
    found.iter().map(with_standing).collect()
}

fn with_standing<T: FromQueryResult>(row: &QueryResult) -> Result<(T, Standing), DbErr> {
    Ok((
        T::from_query_result(row, "")?,
        Standing::from_query_result(row, "")?,
    ))
}

/// Holds for the projects that a member sees, for lists: SQL about the row of `projects` that the statement calls
/// `project`, with the placeholder of the member's id, `$1`. The same as asking [`rights`] for `project:read`.
pub(crate) fn visible(member: &Member, project: &str, caller: &str) -> String {
    let in_project = format!(
        "exists (select from project_members m where m.project_id = {project}.id and m.user_id = {caller})"
    );
    let in_workspace = format!(
        "exists (select from workspace_members m where m.workspace_id = {project}.workspace_id and m.user_id = {caller})"
    );
    let open = format!(
        "exists (select from workspaces w where w.id = {project}.workspace_id and w.is_public)"
    );
    match sight(member) {
        Sight::All => format!("({caller}::uuid is not null)"),
        Sight::Open => {
            format!("({project}.is_public and ({open} or {in_workspace}) or {in_project})")
        }
        Sight::Own => format!("({project}.is_public and {in_workspace} or {in_project})"),
        Sight::None => format!("({caller}::uuid is null)"),
    }
}

/// The same as asking [`rights`] for any one permission that roles in projects add.
pub(crate) fn permitted(member: &Member, permission: P, project: &str, caller: &str) -> String {
    let own = member.permissions.contains(permission);
    if own && member.permissions.contains(P::OrganizationManage) {
        return format!("({caller}::uuid is not null)");
    }
    if !own && member.via == Via::PersonalToken {
        return format!("({caller}::uuid is null)");
    }
    let in_project = with_role(
        ProjectRole::iter().filter(|role| role.permissions().contains(permission)),
        &format!("project_members m where m.project_id = {project}.id and m.user_id = {caller}"),
    );
    let in_workspace = with_role(
        WorkspaceRole::iter().filter(|role| role.permissions().contains(permission)),
        &format!(
            "workspace_members m where m.workspace_id = {project}.workspace_id and m.user_id = {caller}"
        ),
    );
    let of_organization = if own {
        format!(
            "exists (select from workspaces w where w.id = {project}.workspace_id and w.is_public)"
        )
    } else {
        "false".to_owned()
    };
    format!("({project}.is_public and ({of_organization} or {in_workspace}) or {in_project})")
}

/// Holds where the person is there in one of these roles.
fn with_role<R: Display>(roles: impl Iterator<Item = R>, there: &str) -> String {
    let roles: Vec<String> = roles.map(|role| format!("'{role}'")).collect();
    if roles.is_empty() {
        return "false".to_owned();
    }
    format!(
        "exists (select from {there} and m.role in ({}))",
        roles.join(", ")
    )
}

/// The same as [`visible`] for workspaces.
pub(crate) fn visible_workspace(member: &Member, workspace: &str, caller: &str) -> String {
    let inside = format!(
        "exists (select from workspace_members m where m.workspace_id = {workspace}.id and m.user_id = {caller})"
    );
    match sight(member) {
        Sight::All => format!("({caller}::uuid is not null)"),
        Sight::Open => format!("({workspace}.is_public or {inside})"),
        Sight::Own => inside,
        Sight::None => format!("({caller}::uuid is null)"),
    }
}

/// How much a member sees, by what the token says alone.
enum Sight {
    All,
    /// What is public, and what they are in.
    Open,
    /// What they are in.
    Own,
    None,
}

fn sight(member: &Member) -> Sight {
    let reads = member.permissions.contains(P::ProjectRead);
    match member.via {
        _ if reads && member.permissions.contains(P::OrganizationManage) => Sight::All,
        _ if reads => Sight::Open,
        Via::Session => Sight::Own,
        Via::PersonalToken => Sight::None,
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Ids, Role};

    use super::*;

    fn member(role: Role, via: Via) -> Member {
        let ids = Ids::system();
        Member {
            tenant: ids.next(),
            user: ids.next(),
            session: ids.next(),
            via,
            name: "Ada".to_owned(),
            role,
            permissions: role.permissions(),
            timezone: None,
        }
    }

    fn standing(public: bool, role: Option<ProjectRole>) -> Standing {
        Standing {
            project_public: public,
            project_role: role,
            ..Standing::OF_ORGANIZATION
        }
    }

    #[test]
    fn open_projects_add_to_the_organization_role_and_take_nothing_from_it() {
        for role in Role::ALL {
            let own = member(role, Via::Session);
            assert_eq!(permissions(&own, &standing(true, None)), role.permissions());
            let viewer = standing(true, Some(ProjectRole::Viewer));
            assert_eq!(permissions(&own, &viewer), role.permissions());
        }
        let viewer = member(Role::Viewer, Via::Session);
        let manager = permissions(&viewer, &standing(true, Some(ProjectRole::Manager)));
        assert!(manager.contains(P::BoardManage) && manager.contains(P::MemberRead));
        assert!(!manager.contains(P::ProjectDelete));
    }

    #[test]
    fn closed_projects_are_for_their_members_and_for_owners() {
        for role in Role::ALL {
            let sees = permissions(&member(role, Via::Session), &standing(false, None));
            assert_eq!(sees.contains(P::ProjectRead), role == Role::Owner, "{role}");
        }
        let admin = member(Role::Admin, Via::Session);
        let reader = permissions(&admin, &standing(false, Some(ProjectRole::Viewer)));
        assert_eq!(reader, ProjectRole::Viewer.permissions());
    }

    #[test]
    fn workspace_roles_hold_in_open_projects_alone() {
        let viewer = member(Role::Viewer, Via::Session);
        let in_workspace = |project_public, role| Standing {
            project_public,
            workspace_public: false,
            workspace_role: Some(role),
            ..Standing::OF_ORGANIZATION
        };
        let admin = permissions(&viewer, &in_workspace(true, WorkspaceRole::Admin));
        assert!(admin.contains(P::ProjectUpdate) && !admin.contains(P::ProjectDelete));
        let reader = permissions(&viewer, &in_workspace(true, WorkspaceRole::Viewer));
        assert!(reader.contains(P::ProjectRead) && !reader.contains(P::TaskCreate));
        let closed = permissions(&viewer, &in_workspace(false, WorkspaceRole::Owner));
        assert_eq!(closed, Permissions::default());
    }

    #[test]
    fn tokens_gain_nothing_beyond_their_scopes() {
        let mut token = member(Role::Viewer, Via::PersonalToken);
        token.permissions = [P::ProjectRead].into_iter().collect();
        let owner = permissions(&token, &standing(false, Some(ProjectRole::Owner)));
        assert_eq!(owner, token.permissions);
    }

    #[test]
    fn what_is_put_away_is_read_and_not_changed() {
        let away = Standing {
            project_archived: true,
            ..Standing::OF_ORGANIZATION
        };
        let owner = rights(&member(Role::Owner, Via::Session), &away);
        assert!(owner.require(P::TaskRead).is_ok());
        let refused = owner.change(P::TaskUpdate).unwrap_err();
        assert_eq!(
            (refused.status().as_u16(), refused.code()),
            (409, "project_archived")
        );
        // Who may not do it anyway hears that first.
        let viewer = rights(&member(Role::Viewer, Via::Session), &away);
        assert_eq!(viewer.change(P::TaskUpdate).unwrap_err().status(), 403);
    }
}
