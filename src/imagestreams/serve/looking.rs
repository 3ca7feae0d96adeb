//! Finds what has to be mirrored: everything now and then, and what changed when it does.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::compare::{Compared, compare};
use super::service::Shared;
use super::tell::{complain, tell};
use crate::cluster::Cluster;
use crate::engine::Stop;
use crate::error::{Chain, Class, Classify as _};
use crate::imagestreams::{
    Asked, Config, ConfigError, ImageStream, Inventory, IsTag, StreamName, Unread, Wish,
};
use crate::model::{Finding, Outcome, Row};

/// How long after a look that did not see everything the next one follows; each further one waits twice as long.
const AGAIN: Duration = Duration::from_secs(30);
/// ImageStreams that are asked for singly at a time.
const AT_A_TIME: usize = 8;
/// More ImageStreams than this are not asked for one by one when they change: a list of all is cheaper.
const SINGLY: usize = 200;

/// A look that came to its end.
#[derive(Debug, Clone, Copy)]
struct Ended {
    of_all: bool,
    /// How much could not even be compared.
    failed: usize,
    /// Whether everything that was to be looked at could be read.
    is_whole: bool,
    /// Whether what could not be read may be read next time.
    is_passing: bool,
    compared: Compared,
}

/// The looks of one term.
struct Looks<'a> {
    service: &'a Shared,
    stop: &'a Stop,
    under_way: JoinSet<Ended>,
    /// When everything is looked through; none: that is under way.
    next: Option<Instant>,
    /// More changed while that was under way than is looked at singly.
    is_overtaken: bool,
    /// What is odd and was said.
    told: Vec<Finding>,
    /// How many looks in a row did not see everything.
    in_part: u32,
}

/// Looks through everything at once and then every interval, and at what changed when it does, until `stop`.
pub(super) async fn look(service: &Shared, stop: &Stop) {
    let (under_way, next) = (JoinSet::new(), Some(Instant::now()));
    // Whoever read the configuration at the start said what is odd in it.
    let told = service.asked().config.map(|config| config.findings).unwrap_or_default();
    let mut looks = Looks { service, stop, under_way, next, is_overtaken: false, told, in_part: 0 };
    stop.gently.run_until_cancelled(looks.go_on()).await;
}

impl Looks<'_> {
    async fn go_on(&mut self) {
        loop {
            let next = self.next;
            tokio::select! {
                biased;
                Some(ended) = self.under_way.join_next() => {
                    // A look that broke down is one that did not see everything.
                    self.ended(ended.unwrap_or_else(|_| broken()));
                }
                () = async { sleep_until(next.unwrap_or_else(Instant::now)).await }, if next.is_some() => {
                    self.next = None;
                    self.all().await;
                }
                changed = self.service.changes.take(), if self.service.needed.borrow().is_some() => {
                    self.changed(changed).await;
                }
            }
        }
    }

    /// Reads everything and compares it.
    async fn all(&mut self) {
        let service = Arc::clone(self.service);
        service.clients.renew();
        let (asked, is_new) = asked(&service);
        let needed = asked.needed();
        let streams = match service.setup.inventory.read(&needed).await {
            Ok(streams) => streams,
            Err(error) => {
                tracing::error!("{}", Chain(&error));
                return self.ended(broken());
            }
        };
        let is_whole = is_new && streams.failures().is_empty();
        let passes = |unread: &Unread| is_passing(unread.failure.class);
        let is_passing = !is_new || streams.failures().iter().any(passes);
        let Wish { wanted, rows, findings } = service.learn_all(asked, streams);
        service.needed.send_if_modified(|known| known.replace(needed.clone()).as_ref() != Some(&needed));
        self.tell_new(
            service.asked().config.map(|config| config.findings).into_iter().flatten().chain(findings),
        );
        rows.iter().for_each(complain);
        if wanted.is_empty() && rows.is_empty() && !service.setup.allow_empty {
            tracing::error!("neither the configuration nor the flags pick an image: nothing is mirrored");
        }
        let (failed, stop) = (failures(&rows), self.stop.clone());
        self.under_way.spawn(async move {
            let compared = compare(service, wanted, stop).await;
            Ended { of_all: true, failed, is_whole, is_passing, compared }
        });
    }

    /// Says what is odd, each once for as long as it is.
    fn tell_new(&mut self, findings: impl Iterator<Item = Finding>) {
        let findings: Vec<Finding> = findings.collect();
        findings.iter().filter(|finding| !self.told.contains(finding)).for_each(tell);
        self.told = findings;
    }

    /// Looks at ImageStreams that changed, as they are now.
    async fn changed(&mut self, names: BTreeSet<StreamName>) {
        let Inventory::Cluster(cluster) = &self.service.setup.inventory else { return };
        if names.len() > SINGLY {
            self.next = self.next.map(|next| next.min(Instant::now()));
            self.is_overtaken |= self.next.is_none();
            return;
        }
        let (changed, is_passing) = read_changed(self.service, cluster, &names).await;
        let Wish { mut wanted, rows, .. } = self.service.wish();
        wanted.retain(|wanted| wanted.istag.as_ref().is_some_and(|istag| changed.contains(istag)));
        let names: HashSet<String> = names.iter().map(ToString::to_string).collect();
        rows.iter().filter(|row| is_of(row, &names)).for_each(complain);
        let (service, stop) = (Arc::clone(self.service), self.stop.clone());
        self.under_way.spawn(async move {
            let compared = compare(service, wanted, stop).await;
            Ended { of_all: false, failed: 0, is_whole: !is_passing, is_passing, compared }
        });
    }

    fn ended(&mut self, ended: Ended) {
        let Ended { of_all, failed, is_whole, is_passing, compared } = ended;
        let Compared { right, queued, passing, .. } = compared;
        let (failed, is_passing) = (failed + compared.failed, is_passing || passing > 0);
        if is_passing {
            self.in_part += 1;
        } else if of_all {
            self.in_part = 0;
        }
        let mut pause = pause(self.service.setup.interval, self.in_part);
        if of_all && std::mem::take(&mut self.is_overtaken) {
            pause = Duration::ZERO;
        }
        let soon = Instant::now() + pause;
        if !of_all {
            self.next = self.next.map(|next| if is_passing { next.min(soon) } else { next });
            return;
        }
        self.next = Some(soon);
        self.service.metrics.passed(is_whole && passing == 0, failed);
        self.service.looked_through();
        let pause = humantime::format_duration(pause);
        tracing::info!(
            "looked through everything: {right} as they should be, {queued} to be mirrored, {failed} that cannot be; \
             again in {pause}"
        );
    }
}

/// A look that saw nothing.
fn broken() -> Ended {
    Ended { of_all: true, failed: 0, is_whole: false, is_passing: true, compared: Compared::default() }
}

fn pause(interval: Duration, in_part: u32) -> Duration {
    match in_part {
        0 => interval,
        times => interval.min(AGAIN.saturating_mul(2_u32.saturating_pow(times - 1))),
    }
}

/// What is asked for; what was asked for before where the configuration cannot be used now.
fn asked(service: &Shared) -> (Asked, bool) {
    let before = service.asked();
    let Some(path) = &service.setup.config else { return (before, true) };
    match Config::load(path, &before.names) {
        Ok(config) => (Asked { config: Some(config), ..before }, true),
        Err(error) => {
            if let ConfigError::Wrong(findings) = &error {
                findings.iter().for_each(tell);
            }
            tracing::error!("{}; going on with the one that was read before", Chain(&error));
            (before, false)
        }
    }
}

/// Reads ImageStreams one by one: the events that named them may be older than what is there now. Gives the tags that
/// changed, and whether something that passes kept one of them from being read.
async fn read_changed(
    service: &Shared,
    cluster: &Cluster,
    names: &BTreeSet<StreamName>,
) -> (HashSet<IsTag>, bool) {
    let read = stream::iter(names.clone()).map(|name| {
        let cluster = cluster.clone();
        async move {
            let read = cluster.image_stream(&name.namespace, &name.name, ImageStream::read).await;
            (name, read)
        }
    });
    let mut read = std::pin::pin!(read.buffer_unordered(AT_A_TIME));
    let (mut changed, mut may_pass) = (HashSet::new(), false);
    while let Some((name, read)) = read.next().await {
        match read.map(Option::transpose) {
            Ok(Ok(now)) => changed.extend(service.learn_one(&name, now)),
            Ok(Err(malformed)) => tracing::error!("{}", Chain(&malformed)),
            Err(error) => {
                tracing::warn!("{}; {}", Chain(&error), error.advice().unwrap_or_default());
                may_pass |= is_passing(error.class());
            }
        }
    }
    (changed, may_pass)
}

/// Whether the source of a row is a tag of one of these ImageStreams, or an image that the cluster has of one.
fn is_of(row: &Row, names: &HashSet<String>) -> bool {
    let source = row.source.to_string();
    let tagged = source.split_once('@').map_or(&*source, |(tagged, _)| tagged);
    let image =
        tagged.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(tagged, |(image, _)| image);
    let name = image.rmatch_indices('/').nth(1).map_or(image, |(slash, _)| &image[slash + 1..]);
    names.contains(name)
}

fn is_passing(class: Class) -> bool {
    matches!(class, Class::Transient | Class::Throttled)
}

fn failures(rows: &[Row]) -> usize {
    rows.iter().filter(|row| !matches!(row.outcome, Outcome::Skipped(_))).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Locator, Origin};

    #[test]
    fn a_row_is_of_the_imagestream_whose_name_it_bears_and_of_none_that_it_begins_like() {
        let names = HashSet::from(["ci/tool".to_owned()]);
        let row = |source: &str| {
            let ends = (Locator::Text(source.into()), Locator::Text("".into()));
            let origin = Origin::Line { file: "_config.yaml".into(), line: 1 };
            Row::of_nothing(origin, None, ends, Outcome::Kept)
        };
        for (source, expected) in [
            ("ci/tool:v1", true),
            ("ci/tool", true),
            ("127.0.0.1:5000/ci/tool@sha256:ab", true),
            ("registry.example.org/ci/tool:v1@sha256:ab", true),
            ("ci/tool-x:v1", false),
            ("xci/tool:v1", false),
            ("registry.example.org:5000/ci", false),
            ("the ImageStreams of ci", false),
        ] {
            assert_eq!(is_of(&row(source), &names), expected, "{source}");
        }
    }
}
