//! Registries with a limit, in virtual time: the limiter of the program, and a model of the other side.
//!
//! Shared by the suite, which asserts what it finds, and by `make bench-limits`, which prints it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::{HeaderMap, StatusCode, Version, header};
use image_mirror::model::Host;
use image_mirror::registry::Options;
use image_mirror::registry::limit::{HostState, Hosts};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// As many as may be under way to a host over HTTP/2.
const WORKERS: usize = 256;
pub const ROUND_TRIP: Duration = Duration::from_millis(30);
/// So long after the first refusal the limit is to be known.
pub const WARM_UP: Duration = Duration::from_secs(10);
/// Asking for so many times the limit within a second counts as too much.
const TOLERANCE: f64 = 1.05;
/// So much of the capacity is most of it.
const MOST: f64 = 0.8;

/// How a registry limits.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Not at all.
    Open,
    /// So many at once, and what the rate brings: nginx, most gateways.
    Bucket { burst: f64 },
    /// Counted anew after so many seconds.
    Window { seconds: f64 },
}

/// A registry, and how much is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Requests a second.
    pub rate: f64,
    pub rule: Rule,
    /// Whether refusals say how long to wait, in whole seconds as the header has it.
    pub retry_after: bool,
    pub requests: usize,
}

/// What was seen at the registry. Shares are between 0 and 1.
#[derive(Debug)]
pub struct Seen {
    pub seconds: f64,
    /// How often the time that the limit alone asks for.
    pub times_ideal: f64,
    /// Seconds from the first refusal to the first second in which most of the capacity is used.
    pub found: f64,
    pub refused_first: usize,
    /// Refusals after the warm-up.
    pub refused_later: usize,
    /// Of all requests after the warm-up.
    pub refused_share: f64,
    /// Of the seconds after the warm-up, those in which more was asked than the limit allows.
    pub above: f64,
    /// The most that was asked in a second after the warm-up, as a multiple of the limit.
    pub most: f64,
    /// Of the capacity after the warm-up.
    pub used: f64,
    /// The most requests under way at a time.
    pub at_a_time: usize,
    /// When there were as many, after the first answer.
    pub full_after: Duration,
}

struct Registry {
    case: Case,
    begun: Instant,
    tokens: f64,
    /// When the tokens were counted, or the window began.
    counted: Instant,
    /// When requests came, in seconds, and whether they were served.
    arrivals: Vec<(f64, bool)>,
    under_way: usize,
    most: (usize, Duration),
}

impl Registry {
    fn new(case: Case) -> Self {
        let now = Instant::now();
        let tokens = match case.rule {
            Rule::Open => f64::INFINITY,
            Rule::Bucket { burst } => burst,
            Rule::Window { seconds } => case.rate * seconds,
        };
        let (arrivals, most) = (Vec::new(), (0, Duration::ZERO));
        Self { case, begun: now, tokens, counted: now, arrivals, under_way: 0, most }
    }

    fn ask(&mut self) -> (StatusCode, HeaderMap) {
        self.refill();
        let good = self.tokens >= 1.0;
        self.arrivals.push((self.begun.elapsed().as_secs_f64(), good));
        if good {
            self.tokens -= 1.0;
            return (StatusCode::OK, HeaderMap::new());
        }
        let mut headers = HeaderMap::new();
        if self.case.retry_after {
            headers.insert(header::RETRY_AFTER, self.wait().into());
        }
        (StatusCode::TOO_MANY_REQUESTS, headers)
    }

    fn refill(&mut self) {
        let since = self.counted.elapsed().as_secs_f64();
        match self.case.rule {
            Rule::Open => {}
            Rule::Bucket { burst } => {
                self.tokens = (self.tokens + since * self.case.rate).min(burst);
                self.counted = Instant::now();
            }
            Rule::Window { seconds } => {
                let over = (since / seconds).floor();
                if over >= 1.0 {
                    self.tokens = self.case.rate * seconds;
                    self.counted += Duration::from_secs_f64(over * seconds);
                }
            }
        }
    }

    /// Whole seconds until there is something again.
    fn wait(&self) -> u64 {
        match self.case.rule {
            Rule::Window { seconds } => {
                let end = self.counted + Duration::from_secs_f64(seconds);
                (end - Instant::now()).as_secs() + 1
            }
            Rule::Open | Rule::Bucket { .. } => 1,
        }
    }

    fn enter(&mut self) {
        self.under_way += 1;
        if self.under_way > self.most.0 {
            self.most = (self.under_way, self.begun.elapsed());
        }
    }

    /// How long after `refused` the first second begins in which most of what the limit allows is served.
    fn found(&self, refused: f64) -> f64 {
        let good: Vec<_> = self.arrivals.iter().filter(|(at, good)| *good && *at > refused).collect();
        let begins = good.iter().enumerate().find(|(from, (at, _))| {
            let within = good[*from..].iter().take_while(|(later, _)| later - at < 1.0);
            number(within.count()) >= MOST * self.case.rate
        });
        begins.map_or(f64::INFINITY, |(_, (at, _))| at - refused)
    }

    fn seen(&self) -> Seen {
        let rate = self.case.rate;
        let end = self.arrivals.last().map_or(0.0, |(at, _)| *at);
        let first = self.arrivals.iter().find(|(_, good)| !good);
        let warm = first.map_or(0.0, |(at, _)| *at + WARM_UP.as_secs_f64());
        let (early, late): (Vec<_>, Vec<_>) = self.arrivals.iter().partition(|(at, _)| *at < warm);
        let refused = |of: &[(f64, bool)]| of.iter().filter(|(_, good)| !good).count();
        let times: Vec<_> = late.iter().map(|(at, _)| at - warm).collect();
        let rest = (end - warm).max(0.0);
        let busiest = busiest(&times);
        let good = late.len() - refused(&late);
        let start = match self.case.rule {
            Rule::Open => f64::INFINITY,
            Rule::Bucket { burst } => burst,
            Rule::Window { seconds } => rate * seconds,
        };
        let asked = number(self.arrivals.len() - refused(&self.arrivals));
        Seen {
            seconds: end,
            times_ideal: end / ((asked - start) / rate).max(f64::MIN_POSITIVE),
            found: first.map_or(0.0, |(at, _)| self.found(*at)),
            refused_first: refused(&early),
            refused_later: refused(&late),
            refused_share: number(refused(&late)) / number(late.len()).max(1.0),
            above: above(&times, rest, rate),
            most: number(busiest) / rate,
            used: number(good) / (rest * rate).max(1.0),
            at_a_time: self.most.0,
            full_after: self.most.1.saturating_sub(ROUND_TRIP),
        }
    }
}

/// The share of seconds in which more was asked than the limit allows.
fn above(times: &[f64], seconds: f64, rate: f64) -> f64 {
    let whole = seconds.floor();
    let mut counts = vec![0.0; times.len().max(1)];
    for at in times.iter().filter(|at| **at < whole) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of seconds")]
        let second = *at as usize;
        if second >= counts.len() {
            counts.resize(second + 1, 0.0);
        }
        counts[second] += 1.0;
    }
    // One more than the limit may just be where a second begins.
    let most = (rate * TOLERANCE).max(rate + 1.0);
    number(counts.iter().filter(|count| **count > most).count()) / whole.max(1.0)
}

/// The most in any second.
fn busiest(times: &[f64]) -> usize {
    let mut within = VecDeque::new();
    let mut most = 0;
    for at in times {
        within.push_back(*at);
        while within.front().is_some_and(|first| at - first >= 1.0) {
            within.pop_front();
        }
        most = most.max(within.len());
    }
    most
}

/// Sends all requests of `case` through the limiter; the clock of the runtime must be paused.
pub async fn simulate(case: Case) -> Seen {
    fastrand::seed(7);
    let host = Hosts::new(&Options::default()).get(&Host::new("registry.example"));
    let registry = Arc::new(Mutex::new(Registry::new(case)));
    let left = Arc::new(Mutex::new(case.requests));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(work(Arc::clone(&host), Arc::clone(&registry), Arc::clone(&left)));
    }
    while let Some(done) = workers.join_next().await {
        done.expect("a worker ends");
    }
    lock(&registry).seen()
}

/// One request after the other, each until it is served, as the retry loop has it.
async fn work(host: Arc<HostState>, registry: Arc<Mutex<Registry>>, left: Arc<Mutex<usize>>) {
    while one_more(&left) {
        while !request(&host, &registry).await {}
    }
}

fn one_more(left: &Mutex<usize>) -> bool {
    let mut left = lock(left);
    let more = *left > 0;
    *left = left.saturating_sub(1);
    more
}

/// Whether it was served.
async fn request(host: &Arc<HostState>, registry: &Mutex<Registry>) -> bool {
    let permit = host.acquire().await.expect("the registry answers in time");
    lock(registry).enter();
    sleep(ROUND_TRIP / 2).await;
    let (status, headers) = lock(registry).ask();
    sleep(ROUND_TRIP / 2).await;
    lock(registry).under_way -= 1;
    host.speaks(Version::HTTP_2);
    host.answered(status, &headers, Some(permit.epoch()));
    status.is_success()
}

/// The registries that are simulated: their names, and what they do.
pub fn cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for (rate, requests) in [(10.0, 2_000), (50.0, 5_000), (500.0, 20_000)] {
        let rules = [
            (
                format!("{rate}/s, bucket of a tenth of a second"),
                Rule::Bucket { burst: (rate / 10.0_f64).max(2.0) },
            ),
            (format!("{rate}/s, bucket of a second"), Rule::Bucket { burst: rate }),
            (format!("{rate}/s, counted each second"), Rule::Window { seconds: 1.0 }),
        ];
        for (name, rule) in rules {
            for retry_after in [false, true] {
                cases.push((name.clone(), Case { rate, rule, retry_after, requests }));
            }
        }
    }
    let others = [
        ("50/s, bucket of 20 seconds", 50.0, Rule::Bucket { burst: 1_000.0 }, 10_000),
        ("10/s, counted each minute", 10.0, Rule::Window { seconds: 60.0 }, 6_000),
    ];
    for (name, rate, rule, requests) in others {
        for retry_after in [false, true] {
            cases.push((name.to_owned(), Case { rate, rule, retry_after, requests }));
        }
    }
    cases
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no worker panics")
}

fn number(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}
