//! The tables of a tenant's database, one file each: columns and relations, no rules.

pub(crate) mod board;
pub(crate) mod checklist;
pub(crate) mod checklist_item;
pub(crate) mod column;
pub(crate) mod comment;
pub(crate) mod custom_field;
pub(crate) mod label;
pub(crate) mod person;
pub(crate) mod project;
pub(crate) mod project_member;
pub(crate) mod task;
pub(crate) mod task_assignee;
pub(crate) mod team;
pub(crate) mod team_member;
pub(crate) mod view;
pub(crate) mod webhook;
pub(crate) mod workspace;
pub(crate) mod workspace_member;
