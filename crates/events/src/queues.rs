//! Names of the services' work queues: each declares its own, and the operator's tool looks through what they gave up.

/// What analytics counts.
pub const ANALYTICS_EVENTS: &str = "analytics.events";
/// What identity keeps in its audit log.
pub const IDENTITY_AUDIT: &str = "identity.audit";
/// First opens of links, which identity mails about.
pub const IDENTITY_LINKS: &str = "identity.links";
/// Scheduled reports that are ready, which identity mails about.
pub const IDENTITY_REPORTS: &str = "identity.reports";
/// Renamed and deleted organizations, for identity.
pub const IDENTITY_TENANTS: &str = "identity.tenants";
/// People of organizations, for project-svc.
pub const PROJECT_PEOPLE: &str = "project-svc.people";
/// What webhooks are told, in project-svc.
pub const PROJECT_WEBHOOKS: &str = "project-svc.webhooks";
/// Members who left, for the shortener.
pub const SHORTENER_MEMBERS: &str = "shortener.members";

/// All of them.
pub const ALL: [&str; 8] = [
    ANALYTICS_EVENTS,
    IDENTITY_AUDIT,
    IDENTITY_LINKS,
    IDENTITY_REPORTS,
    IDENTITY_TENANTS,
    PROJECT_PEOPLE,
    PROJECT_WEBHOOKS,
    SHORTENER_MEMBERS,
];
