//! Opening links, at the shortener and through the gateway, beside nginx with a fixed redirect and nginx in front of one.
//! Rates are of one machine that also makes the requests; the processor time of each server's own processes says more.

mod cpu;
mod nginx;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use httpkit::Service;
use httpkit::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};
use serde_json::{Value, json};
use url::Url;

pub(crate) use self::cpu::Processes;

use self::nginx::Nginx;
use crate::client::{Answered, Question, address, ask};
use crate::organization::{Organization, created, found, text};
use crate::report::Report;
use crate::settings::{Shortener, front};

const TARGET: &str = "/projects/1";
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const REDIRECT: &str = "HTTP/1.1 302";
/// Links with a cap, asked in turn: people do not open one and the same at once.
const CAPPED: usize = 200;
/// Opens of links without a cap are to be on them this long after the last answer.
const RECORDED_WITHIN: Duration = Duration::from_secs(2);
/// Redirects a second while passwords are guessed, by so many clients.
const QUIET_CLIENTS: usize = 8;
const QUIET_PAUSE: Duration = Duration::from_millis(40);
/// Clients who guess passwords without pause.
const GUESSERS: usize = 64;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Clients that open links without pause, each with a connection
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Length of each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What is measured with.
struct Office {
    organization: Organization,
    shortener: Shortener,
    signer: ServiceSigner,
    clients: usize,
    length: Duration,
}

/// Measures on a system of its own.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let shortener = Shortener::from_environment()?;
    let office = Office {
        organization: Organization::sign_up(&front()?).await?,
        signer: ServiceSigner::new(&shortener.service_secret, Service::Gateway),
        shortener,
        clients: arguments.clients,
        length: Duration::from_secs(arguments.seconds),
    };
    let mut report = Report::default();
    redirects(&office, &mut report).await?;
    capped(&office, &mut report).await?;
    flood(&office, &mut report).await?;
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

impl Office {
    async fn link(&self, fields: &Value) -> anyhow::Result<Value> {
        let mut body = json!({"resource": {"kind": "url", "url": TARGET}});
        if let (Some(body), Some(fields)) = (body.as_object_mut(), fields.as_object()) {
            body.extend(fields.clone());
        }
        created(&self.organization.owner, "/api/v1/links", &body).await
    }

    /// As the gateway asks the shortener. The token is good for a minute.
    fn at_shortener(&self, paths: &[String]) -> anyhow::Result<Question> {
        let tenant = self.organization.id.parse()?;
        let token = self.signer.token(Service::Shortener, Some(tenant))?;
        let more = format!("{SERVICE_TOKEN_HEADER}: {token}\r\nx-tenantry-client: 192.0.2.1\r\n");
        let host = "shortener";
        question(&self.shortener.url, host, paths, &more)
    }

    fn through_gateway(&self, paths: &[String]) -> anyhow::Result<Question> {
        question(
            &self.shortener.gateway,
            self.organization.site.host(),
            paths,
            "",
        )
    }

    /// Asks, and adds what it cost the processes.
    async fn measure(
        &self,
        question: &Question,
        processes: &[Processes],
    ) -> anyhow::Result<(Answered, f64)> {
        // Connections, caches and the first pages of code.
        ask(question, self.clients, Duration::from_secs(1), None).await?;
        let before = used(processes)?;
        let answered = ask(question, self.clients, self.length, None).await?;
        let spent = used(processes)?.saturating_sub(before);
        let each = per_request(spent, answered.count());
        Ok((answered, each))
    }
}

async fn redirects(office: &Office, report: &mut Report) -> anyhow::Result<()> {
    let fixed = Nginx::redirecting(TARGET).await?;
    let proxy = Nginx::proxying(fixed.address).await?;
    let link = office.link(&json!({})).await?;
    let path = [path(&link)?];
    let ours = [office.shortener.process];
    let both = [office.shortener.process, office.shortener.gateway_process];

    let at = |address: SocketAddr| question(&base(address)?, "localhost", &path, "");
    let (answered, each) = office
        .measure(&at(fixed.address)?, &[fixed.processes()])
        .await?;
    line(report, "nginx, return 302", &answered, each, None);
    let opened = Opened::before(office, &link).await?;
    let (answered, each) = office.measure(&office.at_shortener(&path)?, &ours).await?;
    line(report, "shortener", &answered, each, Some(6.0));
    opened.recorded(office, &link, report).await?;

    let of_proxy = [fixed.processes(), proxy.processes()];
    let (proxied, each) = office.measure(&at(proxy.address)?, &of_proxy).await?;
    line(report, "nginx in front of nginx", &proxied, each, None);
    let (answered, each) = office
        .measure(&office.through_gateway(&path)?, &both)
        .await?;
    line(report, "gateway and shortener", &answered, each, None);
    let share = answered.rate() / proxied.rate();
    report.at_least(
        "redirects",
        "rate through the gateway, of nginx's",
        share,
        "×",
        0.5,
    );
    Ok(())
}

/// How often a link was opened before.
struct Opened {
    begun: u64,
    served: u64,
}

impl Opened {
    async fn before(office: &Office, link: &Value) -> anyhow::Result<Self> {
        let begun = opens(office, link).await?;
        Ok(Self { begun, served: 0 })
    }

    /// A round of its own, so that every answer is known: each must be on the link two seconds later.
    async fn recorded(
        mut self,
        office: &Office,
        link: &Value,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let question = office.at_shortener(&[path(link)?])?;
        // What came before is written first.
        tokio::time::sleep(RECORDED_WITHIN).await;
        self.begun = opens(office, link).await?;
        self.served = ask(&question, office.clients, office.length, None)
            .await?
            .count();
        tokio::time::sleep(RECORDED_WITHIN).await;
        let recorded = opens(office, link).await? - self.begun;
        let share = percent(recorded, self.served);
        report.at_least("redirects", "opens recorded 2 s later", share, "%", 99.9);
        ensure!(
            recorded <= self.served,
            "{recorded} recorded of {}",
            self.served
        );
        Ok(())
    }
}

async fn opens(office: &Office, link: &Value) -> anyhow::Result<u64> {
    let path = format!("/api/v1/links/{}", text(link, "/id")?);
    let link = found(&office.organization.owner, &path).await?;
    let opens = link.get("opens").and_then(Value::as_u64);
    opens.context("a number of opens")
}

async fn capped(office: &Office, report: &mut Report) -> anyhow::Result<()> {
    let mut paths = Vec::with_capacity(CAPPED);
    for _ in 0..CAPPED {
        paths.push(path(&office.link(&json!({"max_opens": 1_000_000})).await?)?);
    }
    let question = office.at_shortener(&paths)?;
    let (answered, each) = office
        .measure(&question, &[office.shortener.process])
        .await?;
    line(
        report,
        "shortener, links with a cap",
        &answered,
        each,
        Some(150.0),
    );
    Ok(())
}

/// Redirects at a steady pace, before, while and after others guess a password.
async fn flood(office: &Office, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "flood";
    let open = office.link(&json!({})).await?;
    let locked = office.link(&json!({"password": "correct horse"})).await?;
    let paced = async || {
        let question = office.at_shortener(&[path(&open)?])?;
        ask(&question, QUIET_CLIENTS, office.length, Some(QUIET_PAUSE)).await
    };
    let before = paced().await?;
    let guesses = guesses(office, &path(&locked)?)?;
    let guessing = ask(
        &guesses,
        GUESSERS,
        office.length + Duration::from_secs(1),
        None,
    );
    let (guessed, busy) = tokio::try_join!(guessing, paced())?;
    let mut quiet = paced().await?;
    quiet.samples.merge(&before.samples)?;
    report.note(PART, "passwords tried", guessed.rate(), "/s");
    report.note(
        PART,
        "redirects, p99, nobody guessing",
        quiet.samples.ms(99.0),
        "ms",
    );
    report.note(
        PART,
        "redirects, p99, 64 clients guessing",
        busy.samples.ms(99.0),
        "ms",
    );
    let times = busy.samples.ms(99.0) / quiet.samples.ms(99.0).max(0.001);
    report.at_most(
        PART,
        "p99 while guessing, of p99 before and after",
        times,
        "×",
        2.0,
    );
    Ok(())
}

/// Wrong passwords from many addresses, so that hashes are made until the link's own limit ends them.
fn guesses(office: &Office, path: &str) -> anyhow::Result<Question> {
    let tenant = office.organization.id.parse()?;
    let token = office.signer.token(Service::Shortener, Some(tenant))?;
    let body = "password=wrong+password";
    let request = |client: u8| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: shortener\r\nUser-Agent: {BROWSER}\r\nAccept: text/html\r\n\
             {SERVICE_TOKEN_HEADER}: {token}\r\nx-tenantry-client: 192.0.2.{client}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    Ok(Question {
        address: address(&office.shortener.url)?,
        requests: (0..=u8::MAX).map(request).collect(),
        expected: "HTTP/1.1 4",
    })
}

fn question(base: &Url, host: &str, paths: &[String], more: &str) -> anyhow::Result<Question> {
    let requests = paths.iter().map(|path| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {BROWSER}\r\nAccept: text/html,*/*;q=0.8\r\n\
             Accept-Language: en\r\n{more}\r\n"
        )
    });
    Ok(Question {
        address: address(base)?,
        requests: requests.collect(),
        expected: REDIRECT,
    })
}

fn base(address: SocketAddr) -> anyhow::Result<Url> {
    Ok(format!("http://{address}").parse()?)
}

fn path(link: &Value) -> anyhow::Result<String> {
    Ok(format!("/s/{}", text(link, "/code")?))
}

fn used(processes: &[Processes]) -> anyhow::Result<Duration> {
    processes.iter().map(|one| one.used()).sum()
}

fn line(report: &mut Report, what: &str, answered: &Answered, each: f64, bar: Option<f64>) {
    const PART: &str = "redirects";
    report.note(PART, format!("{what}, rate"), answered.rate(), "/s");
    report.note(
        PART,
        format!("{what}, p99"),
        answered.samples.ms(99.0),
        "ms",
    );
    let cpu = format!("{what}, processor time each");
    match bar {
        Some(bar) => report.at_most(PART, cpu, each, "µs", bar),
        None => report.note(PART, cpu, each, "µs"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "some millions")]
fn per_request(spent: Duration, requests: u64) -> f64 {
    spent.as_secs_f64() * 1e6 / requests.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "some millions")]
fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}
