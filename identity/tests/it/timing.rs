//! What asks by address answers an address that has an account and one that has none alike: the same words, and in the
//! same time. Times are compared in pairs that take turns, by ranks (Mann and Whitney's U), so that a busy machine
//! disturbs both alike and no single slow answer counts for much.
//!
//! `cargo nextest run -p identity timing --no-capture` shows the figures.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::{Organization, World};

/// How often chance may fail before it is no chance: what leaks does so each time.
const TRIALS: usize = 3;
/// How far from a half the share of pairs may be in which the known address took longer. With 40 pairs chance stays
/// within 0.2 but for one trial in five hundred; a missing hash or letter makes it 0 or 1.
const TOLERANCE: f64 = 0.2;

/// Times of the same request for known and unknown addresses.
#[derive(Default)]
struct Times {
    known: Vec<Duration>,
    unknown: Vec<Duration>,
}

/// What the times come to.
#[derive(Debug)]
struct Figures {
    /// The share of pairs in which the known address took longer; ties count for a half.
    share: f64,
    /// The probability of a share this far from a half by chance.
    p: f64,
    known: Duration,
    unknown: Duration,
}

impl Times {
    fn figures(&mut self) -> Figures {
        let (n, m) = (count(self.known.len()), count(self.unknown.len()));
        let mut longer = 0.0;
        for known in &self.known {
            for unknown in &self.unknown {
                longer += match known.cmp(unknown) {
                    std::cmp::Ordering::Less => 0.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Greater => 1.0,
                };
            }
        }
        let share = longer / (n * m);
        let deviation = ((n + m + 1.0) / (12.0 * n * m)).sqrt();
        Figures {
            share,
            p: two_sided((share - 0.5).abs() / deviation),
            known: median(&mut self.known),
            unknown: median(&mut self.unknown),
        }
    }
}

fn count(samples: usize) -> f64 {
    f64::from(u32::try_from(samples).unwrap())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Both tails of the normal distribution beyond `z` (Abramowitz and Stegun 7.1.26, to within 10⁻⁶).
fn two_sided(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let sum = factors.iter().fold(0.0, |sum, factor| (sum + factor) * t);
    sum * (-x * x).exp()
}

/// What a client sees, without what differs in any two answers.
fn seen(answer: &Answer) -> (u16, HeaderMap, Value) {
    let mut body = answer.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    (answer.status.as_u16(), answer.headers.clone(), body)
}

/// Asks for known and unknown addresses in turns until the times agree, or do not in all trials.
async fn compare(name: &str, pairs: usize, status: u16, ask: impl AsyncFn(&str, &str) -> Answer) {
    let mut all = Vec::new();
    for trial in 0..TRIALS {
        let mut times = Times::default();
        for pair in 0..pairs {
            let unknown = format!("nobody{trial}x{pair}@corp.example");
            // What is counted by client and address is not what is compared.
            let client = format!("10.{trial}.{}.{}", pair / 250, pair % 250);
            // Who comes first changes, since the second finds things warm.
            let known_first = pair % 2 == 0;
            let mut answers = Vec::new();
            for known in [known_first, !known_first] {
                let email = if known { KNOWN } else { &unknown };
                let started = Instant::now();
                let answer = ask(email, &client).await;
                let took = started.elapsed();
                let of = if known {
                    &mut times.known
                } else {
                    &mut times.unknown
                };
                of.push(took);
                answers.push(answer);
            }
            assert_eq!(answers[0].status, status, "{:?}", answers[0]);
            assert_eq!(seen(&answers[0]), seen(&answers[1]), "{name}");
        }
        let figures = times.figures();
        show(name, pairs, &figures);
        if (figures.share - 0.5).abs() <= TOLERANCE {
            return;
        }
        all.push(figures);
    }
    panic!("{name} tells who has an account: {all:?}");
}

#[expect(
    clippy::print_stderr,
    reason = "the figures are what one runs this for"
)]
fn show(name: &str, pairs: usize, figures: &Figures) {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    eprintln!(
        "{name}: {pairs} pairs, known {:.2} ms, unknown {:.2} ms, share {:.3}, p {:.2}",
        ms(figures.known),
        ms(figures.unknown),
        figures.share,
        figures.p
    );
}

const KNOWN: &str = "acme@corp.example";

async fn world() -> (World, Organization) {
    let many = NonZeroU32::new(1_000_000).unwrap();
    let world = World::with(|config| {
        config.free_attempts = many;
        config.free_attempts_of_address = many;
    })
    .await;
    let acme = world.organization("acme").await;
    let rename = format!("update users set email = '{KNOWN}'");
    world.alter(&rename).await;
    let rule = "update organizations set allowed_email_domains = '{corp.example}'";
    world.alter(rule).await;
    (world, acme)
}

#[tokio::test]
async fn signing_in_takes_as_long_without_an_account() {
    let (world, acme) = world().await;
    let ask = async |email: &str, client: &str| {
        let body = json!({"email": email, "password": "wrong horse battery"});
        let call = world.post("/api/v1/auth/login", &body).at(acme.id);
        call.from(client).send().await
    };
    compare("login", 40, 401, ask).await;
    world.close().await;
}

#[tokio::test]
async fn asking_for_a_letter_takes_as_long_without_an_account() {
    let (world, acme) = world().await;
    let forgot = async |email: &str, client: &str| {
        let body = json!({"email": email});
        let call = world.post("/api/v1/auth/forgot-password", &body);
        call.at(acme.id).from(client).send().await
    };
    compare("forgot-password", 250, 202, forgot).await;
    let register = async |email: &str, client: &str| {
        let body = json!({"email": email, "name": "Grace Hopper"});
        let call = world.post("/api/v1/auth/register", &body);
        call.at(acme.id).from(client).send().await
    };
    compare("register", 250, 202, register).await;
    world.close().await;
}

#[test]
fn a_difference_shows_and_chance_does_not() {
    let ms = |n: u64| Duration::from_millis(n);
    let mut leak = Times {
        known: (20..60).map(ms).collect(),
        unknown: (0..40).map(ms).collect(),
    };
    let figures = leak.figures();
    assert!(figures.share > 0.8 && figures.p < 1e-6, "{figures:?}");
    let mut same = Times {
        known: (0..40).map(ms).collect(),
        unknown: (0..40).rev().map(ms).collect(),
    };
    let figures = same.figures();
    assert!(
        (figures.share - 0.5).abs() < 1e-9 && figures.p > 0.99,
        "{figures:?}"
    );
    assert!((two_sided(1.96) - 0.05).abs() < 1e-4);
}
