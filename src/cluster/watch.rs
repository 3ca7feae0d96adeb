//! ImageStreams as they change.

use std::future::ready;

use futures_util::stream::{self, Stream, StreamExt as _};
use kube::Api;
use kube::runtime::{WatchStreamExt as _, watcher};

use super::ask::Right;
use super::error::{Error, Kind};
use super::pages::PAGE;
use super::seen::Seen;
use super::{Cluster, text::Text};

/// What a watch has to tell.
#[derive(Debug)]
pub enum Event {
    /// An ImageStream is there, or changed: its JSON. In a list each is told, whether or not it changed.
    Changed(String),
    /// An ImageStream is gone.
    Deleted {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// All that are there have been told: the first list is complete, or another that became necessary.
    Listed,
    /// Something went wrong. It is tried again after a while, for ever.
    Trouble(Error),
}

impl Cluster {
    /// The ImageStreams of a namespace (none: of all), then each change, for ever.
    ///
    /// A connection that breaks is taken up where it stopped. Where that cannot be done, all are listed anew; what
    /// went in the meantime is told as [`Event::Deleted`] then. Memory holds one page and the names.
    pub fn watch(&self, namespace: Option<&str>) -> impl Stream<Item = Event> + Send + use<> {
        let api: Api<Text> = match namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        };
        let config = watcher::Config { page_size: Some(PAGE), ..watcher::Config::default() };
        let (cluster, right) = (self.clone(), Right::watch(namespace));
        let mut seen = Seen::default();
        let events = watcher(api, config).map(move |event| event.map(|event| seen.take(event)));
        // That a list begins is no news: it would end the back-off of a list that fails each time.
        let news = events.filter(|events| ready(!events.as_ref().is_ok_and(Vec::is_empty)));
        let told = news.default_backoff().map(move |events| {
            events.inspect(|_| cluster.note_answer()).unwrap_or_else(|error| {
                cluster.trouble(&right, error).into_iter().map(Event::Trouble).collect()
            })
        });
        told.flat_map(stream::iter)
    }

    /// What is wrong with a watch; none: all is well, and the list is made anew.
    fn trouble(&self, right: &Right, error: watcher::Error) -> Option<Error> {
        use watcher::Error as Watch;
        let error = match error {
            Watch::InitialListFailed(error) | Watch::WatchStartFailed(error) | Watch::WatchFailed(error) => {
                error
            }
            Watch::WatchError(status) => kube::Error::Api(status),
            Watch::NoResourceVersion => {
                let kind = Kind::Answer("an object has no resourceVersion".to_owned());
                return Some(self.error(right.watching(), right, kind));
            }
        };
        // What the watch was at is forgotten: that happens to every watch that was away for a while.
        let is_stale = matches!(&error, kube::Error::Api(status) if status.code == 410);
        (!is_stale).then(|| self.failed(right.watching(), right, error))
    }
}
