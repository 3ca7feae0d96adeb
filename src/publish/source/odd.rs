//! What keeps an image from being published, whoever asks.

use crate::error::{Class, Classify};
use crate::publish::Fault;

/// An image is not what images in a catalog are like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Odd {
    what: String,
    advice: &'static str,
}

impl Odd {
    pub(super) fn new(what: impl Into<String>, advice: &'static str) -> Self {
        Self { what: what.into(), advice }
    }
}

impl Classify for Odd {
    fn class(&self) -> Class {
        Class::Protocol
    }

    fn advice(&self) -> Option<String> {
        Some(self.advice.to_owned())
    }
}

impl From<Odd> for Fault {
    fn from(Odd { what, advice }: Odd) -> Self {
        Self::unsuitable(what, advice)
    }
}
