//! The MongoDB database: how it is reached, its collections, its indexes, and which of its errors pass.

mod indexes;

use std::time::Duration;

use chrono::{DateTime, Utc};
use httpkit::Problem;
use mongodb::bson::{self, Document, doc};
use mongodb::error::{Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, WriteFailure};
use mongodb::options::{ClientOptions, IndexOptions, WriteConcern};
use mongodb::{Client, Database, IndexModel};

use self::indexes::Index;

/// Time for a server to be found; a request waits no longer, a consumer asks again.
const SERVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// When a client may ask again.
const RETRY_AFTER_SECONDS: u64 = 2;

/// MongoDB's code for a key that is there already.
const DUPLICATE_KEY: i32 = 11_000;

/// Codes of commands that fail the same way every time: bad value, failed to parse, type mismatch,
/// document failed validation, document too large.
const HOPELESS_CODES: [i32; 5] = [2, 9, 14, 121, 10_334];

/// The collections. Each document has its tenant, and each index begins with it, but for those by which workers find what
/// is due and MongoDB what is kept no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collection {
    /// Every event that was taken in; `_id` is the event's id.
    Events,
    /// What is known of each task.
    Tasks,
    /// Rollups: what happened on a UTC day, by quarters of an hour.
    Days,
    /// Rollups: which statuses tasks came to and left in a UTC month.
    Months,
    /// Rollups: how things stand now.
    Totals,
    /// What holds for all of an organization's numbers, one document each.
    Organizations,
    /// How far rebuilds are, one document each.
    Rebuilds,
    /// What reports of organizations' own show.
    CustomReports,
    /// Reports that were run, and are to be.
    Reports,
    /// What stands in reports.
    ReportRows,
    /// When reports of organizations' own are run by themselves.
    Schedules,
    /// Organizations that are gone for good: their ids and nothing else.
    Erased,
}

impl Collection {
    /// What is made of events and can be made again.
    pub(crate) const REBUILT: [Self; 4] = [Self::Tasks, Self::Days, Self::Months, Self::Totals];

    /// Those of them that are sums.
    pub(crate) const ROLLUPS: [Self; 3] = [Self::Days, Self::Months, Self::Totals];

    /// What people made, not events.
    pub(crate) const REPORTS: [Self; 4] = [
        Self::CustomReports,
        Self::Reports,
        Self::ReportRows,
        Self::Schedules,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Tasks => "tasks",
            Self::Days => "days",
            Self::Months => "months",
            Self::Totals => "totals",
            Self::Organizations => "organizations",
            Self::Rebuilds => "rebuilds",
            Self::CustomReports => "custom_reports",
            Self::Reports => "reports",
            Self::ReportRows => "report_rows",
            Self::Schedules => "report_schedules",
            Self::Erased => "erased",
        }
    }
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Said by the driver or by the server.
    #[error("talk to mongodb")]
    Mongo(#[from] Error),
    /// A value does not become a document, or the other way round.
    #[error("translate document")]
    Document(#[from] mongodb::bson::error::Error),
    /// Another writer was faster; the same again finds its work done.
    #[error("another writer was faster")]
    Conflict,
    /// The server refused a write, with this code.
    #[error("mongodb refused a write with code {0}")]
    Refused(i32),
    /// No answer in time.
    #[error("mongodb did not answer in time")]
    Timeout,
}

impl StoreError {
    /// Whether another writer was in the way, who is through when the same is tried again.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Conflict => true,
            Self::Mongo(error) => error.contains_label(TRANSIENT_TRANSACTION_ERROR),
            Self::Document(_) | Self::Refused(_) | Self::Timeout => false,
        }
    }

    /// Whether the same again will fail the same way. Everything that is not known to be hopeless is
    /// worth waiting for: an event must not be lost to an outage nobody thought of.
    pub fn hopeless(&self) -> bool {
        match self {
            Self::Document(_) => true,
            Self::Refused(code) => HOPELESS_CODES.contains(code),
            Self::Conflict | Self::Timeout => false,
            Self::Mongo(error) => match &*error.kind {
                ErrorKind::BsonSerialization(_)
                | ErrorKind::BsonDeserialization(_)
                | ErrorKind::Bson(_)
                | ErrorKind::InvalidArgument { .. } => true,
                ErrorKind::Command(command) => HOPELESS_CODES.contains(&command.code),
                ErrorKind::Write(WriteFailure::WriteError(write)) => {
                    HOPELESS_CODES.contains(&write.code)
                }
                _ => false,
            },
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.hopeless() {
            Self::internal(error)
        } else {
            Self::unavailable("analytics_unavailable", RETRY_AFTER_SECONDS).with_cause(error)
        }
    }
}

/// A handle to the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) database: Database,
}

impl Store {
    /// Reads the address; connections are made when they are needed.
    pub async fn new(url: &str, database: &str) -> Result<Self, StoreError> {
        let mut options = ClientOptions::parse(url).await?;
        options.app_name = Some("analytics".to_owned());
        options.server_selection_timeout = Some(SERVER_SELECTION_TIMEOUT);
        options.connect_timeout = Some(CONNECT_TIMEOUT);
        options.write_concern = Some(WriteConcern::majority());
        let client = Client::with_options(options)?;
        let database = client.database(database);
        Ok(Self { client, database })
    }

    /// Asks for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.run_command(doc! { "ping": 1 }).await?;
        Ok(())
    }

    /// Creates the collections with their indexes where they are missing.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        for Index {
            collection,
            keys,
            unique,
            expire_after,
        } in indexes::all()
        {
            let options = IndexOptions::builder().unique(unique);
            let options = options.expire_after(expire_after).build();
            let index = IndexModel::builder().keys(keys).options(options).build();
            self.collection(collection).create_index(index).await?;
        }
        Ok(())
    }

    pub(crate) fn collection(&self, collection: Collection) -> mongodb::Collection<Document> {
        self.database.collection(collection.name())
    }
}

/// A time as it is stored: in milliseconds.
pub(crate) fn date(time: DateTime<Utc>) -> bson::DateTime {
    bson::DateTime::from_millis(time.timestamp_millis())
}

/// A time that was stored.
pub(crate) fn time(date: bson::DateTime) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(date.timestamp_millis()).unwrap_or_default()
}

/// Tells a key that is there already from other mishaps: another writer made it first.
pub(crate) fn duplicate_is_conflict(error: Error) -> StoreError {
    match &*error.kind {
        ErrorKind::Command(command) if command.code == DUPLICATE_KEY => StoreError::Conflict,
        _ => error.into(),
    }
}

/// Finds out what became of the statements of a write command, whose answer is `ok` all the same.
pub(crate) fn check_written(answer: &Document) -> Result<(), StoreError> {
    let Ok(errors) = answer.get_array("writeErrors") else {
        return Ok(());
    };
    let code = errors
        .first()
        .and_then(|error| error.as_document())
        .and_then(|error| error.get_i32("code").ok())
        .unwrap_or_default();
    if code == DUPLICATE_KEY {
        Err(StoreError::Conflict)
    } else {
        Err(StoreError::Refused(code))
    }
}
