//! The statements of a request, as PostgreSQL's log has them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use tokio_postgres::{Client, NoTls};

use crate::settings::Server;

/// Until every connection has heard that it is to log, and until all is written.
const MOMENT: Duration = Duration::from_millis(500);

/// What the relay of events asks between requests.
const RELAY: [&str; 4] = [
    "select case when exists (select from outbox)",
    "select seq",
    "delete from outbox",
    "select pg_advisory_unlock",
];

/// A statement with its parameters as text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) sql: String,
    pub(super) parameters: Vec<Option<String>>,
}

/// Lets the server log what it is asked.
pub(super) struct Recorder {
    server: Client,
    log: PathBuf,
}

impl Recorder {
    pub(super) async fn new(server: &Server) -> anyhow::Result<Self> {
        let (client, connection) = server.admin.config().connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(Self {
            server: client,
            log: server.log.clone(),
        })
    }

    /// The statements that `database` gets while the request is answered.
    pub(super) async fn record(
        &self,
        database: &str,
        request: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Vec<Recorded>> {
        let before = tokio::fs::metadata(&self.log)
            .await
            .context("the server's log")?
            .len();
        self.log_statements("'all'").await?;
        let answered = request.await;
        tokio::time::sleep(MOMENT).await;
        self.log_statements("default").await?;
        answered?;
        let log = tokio::fs::read(&self.log).await?;
        let log = log.get(usize::try_from(before)?..).unwrap_or_default();
        Ok(statements(&String::from_utf8_lossy(log), database))
    }

    async fn log_statements(&self, which: &str) -> anyhow::Result<()> {
        let set = format!("alter system set log_statement = {which}");
        self.server.execute(&set, &[]).await?;
        self.server.execute("select pg_reload_conf()", &[]).await?;
        tokio::time::sleep(MOMENT).await;
        Ok(())
    }
}

/// The statements of a request: all but the relay's, and what comes after the commit.
fn statements(log: &str, database: &str) -> Vec<Recorded> {
    let of_database = format!(" db={database} app=");
    let mut found: Vec<Recorded> = Vec::new();
    for entry in entries(log) {
        let Some((_, said)) = entry.split_once(&of_database) else {
            continue;
        };
        let statement = said.split_once("LOG:  statement: ").map(|(_, sql)| sql);
        let executed = said
            .split_once("LOG:  execute ")
            .and_then(|(_, named)| named.split_once(": "))
            .map(|(_, sql)| sql);
        if let Some(sql) = statement.or(executed) {
            found.push(Recorded {
                sql: sql.to_owned(),
                parameters: Vec::new(),
            });
        } else if let Some((_, text)) = said.split_once("DETAIL:  parameters: ")
            && let Some(last) = found.last_mut()
        {
            last.parameters = parameters(text);
        }
    }
    let commit = found.iter().position(|one| one.sql == "commit");
    found.truncate(commit.map_or(found.len(), |at| at + 1));
    found.retain(|one| {
        let sql = one.sql.to_lowercase();
        !RELAY.iter().any(|relay| sql.starts_with(relay))
    });
    found
}

/// Entries of the log; lines that go on begin with a tab.
fn entries(log: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(entry)) => {
                entry.push('\n');
                entry.push_str(more);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    entries
}

/// Reads `$1 = 'a', $2 = NULL`, where quotes are doubled.
fn parameters(text: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(mut left) = value.strip_prefix('\'') else {
            found.push(None);
            rest = value.strip_prefix("NULL").unwrap_or_default();
            continue;
        };
        let mut one = String::new();
        while let Some((part, behind)) = left.split_once('\'') {
            one.push_str(part);
            left = behind;
            let Some(doubled) = left.strip_prefix('\'') else {
                break;
            };
            one.push('\'');
            left = doubled;
        }
        found.push(Some(one));
        rest = left;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_they_were() {
        let text = r#"$1 = 'a', $2 = NULL, $3 = 'it''s', $4 = '', $5 = '{"x": " = "}', $6 = ''''"#;
        let read = parameters(text);
        let read: Vec<Option<&str>> = read.iter().map(Option::as_deref).collect();
        let expected = ["a", "it's", "", r#"{"x": " = "}"#, "'"].map(Some);
        assert_eq!(read[0], expected[0]);
        assert_eq!(read[1], None);
        assert_eq!(read[2..], expected[1..]);
    }

    #[test]
    fn statements_are_those_of_the_request() {
        let log = "\
2026 [1] db=a app=x LOG:  execute s1: select 1\n\
2026 [1] db=b app=x LOG:  execute s1: select 2\n\
2026 [1] db=a app=x LOG:  execute s1: select\n\t  $1\n\
2026 [1] db=a app=x DETAIL:  parameters: $1 = '3'\n\
2026 [1] db=a app=x LOG:  execute s2: SELECT CASE WHEN EXISTS (SELECT FROM outbox) THEN true END\n\
2026 [1] db=a app=y LOG:  statement: commit\n\
2026 [1] db=a app=y LOG:  execute s3: select 4\n";
        let found = statements(log, "a");
        let sql: Vec<&str> = found.iter().map(|one| one.sql.as_str()).collect();
        assert_eq!(sql, ["select 1", "select\n  $1", "commit"]);
        assert_eq!(found[1].parameters, [Some("3".to_owned())]);
    }
}
