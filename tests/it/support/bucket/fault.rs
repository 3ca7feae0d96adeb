//! What a store does wrong.

use std::sync::Arc;

use tokio::sync::Notify;

use super::BucketRequest;

/// Something that goes wrong with some requests.
#[derive(Debug)]
pub struct BucketFault {
    method: &'static str,
    /// A part of the key, or of the names in the query.
    about: String,
    /// So many that fit go well before.
    skipped: usize,
    times: usize,
    effect: Effect,
}

/// What happens instead of an answer.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Nothing is done, and this is answered.
    Status(u16),
    /// It is done, and 500 is answered.
    Lost,
    /// Nothing is done, and nothing is answered; whoever waits hears of it.
    Silence(Arc<Notify>),
    /// It is done, and nothing is answered; whoever waits hears of it.
    SilenceAfter(Arc<Notify>),
}

impl BucketFault {
    /// For requests with this method (empty: any) that are about this (a part of their key or query; empty: anything), once.
    pub fn on(method: &'static str, about: &str, effect: Effect) -> Self {
        Self { method, about: about.to_owned(), skipped: 0, times: 1, effect }
    }

    /// So often.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// After so many that went well.
    pub fn after(self, skipped: usize) -> Self {
        Self { skipped, ..self }
    }

    fn fits(&self, request: &BucketRequest) -> bool {
        let is_about = |text: &str| text.contains(&self.about);
        (self.method.is_empty() || self.method == request.method)
            && (is_about(&request.key) || request.query.keys().any(|name| is_about(name)))
    }
}

pub(super) fn taken(faults: &mut [BucketFault], request: &BucketRequest) -> Option<Effect> {
    let fault = faults.iter_mut().find(|fault| fault.times > 0 && fault.fits(request))?;
    if fault.skipped > 0 {
        fault.skipped -= 1;
        return None;
    }
    fault.times -= 1;
    Some(fault.effect.clone())
}
