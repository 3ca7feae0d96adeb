//! Detached signatures: small files of their own beside what they sign.

use super::error::MirrorError;
use super::order::{Order, Setup, Signatures};
use super::side::Side;
use crate::error::{Chain, Class, Classify as _};
use crate::model::{Digest, Key};
use crate::objects::{Kind, Over, Stamp};
use crate::stream::plan::Wanted;
use crate::stream::source::Source;

/// What is known of the signature of a file in one destination.
#[derive(Debug)]
pub(super) enum Signature {
    /// There is none, or it is left alone.
    None,
    /// It is there.
    Present,
    /// It came.
    Came(Came),
    /// It is nowhere, and nobody insists on it.
    Missing,
    /// The run was stopped before it came.
    Stopped,
}

/// A signature that came.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) key: Key,
    pub(super) stamp: Stamp,
    pub(super) digest: Digest,
}

/// Brings the signature of `wanted` to a destination, if it has one and it is not there yet. One that is there is of what
/// was there before, where that `is_replaced`.
pub(super) async fn bring(
    order: &Order<'_>,
    setup: &Setup<'_>,
    wanted: &Wanted,
    (side, is_replaced): (&Side<'_>, bool),
) -> Result<Signature, MirrorError> {
    let Some((url, key)) = wanted.signature.as_ref().filter(|_| order.signatures != Signatures::Skip) else {
        return Ok(Signature::None);
    };
    let there = side.held.objects.get(key);
    if !is_replaced && there.is_some_and(|object| object.size > 0) {
        return Ok(Signature::Present);
    }
    let source = Source::of(url)?;
    let read = tokio::select! {
        biased;
        () = setup.stop.now.cancelled() => return Ok(Signature::Stopped),
        read = source.read_signature(setup.client) => read,
    };
    let content = match read {
        Ok(content) => content,
        Err(error) if order.signatures == Signatures::BestEffort && error.class() == Class::Missing => {
            tracing::warn!("{} is left without a signature: {}", wanted.key, Chain(&error));
            return Ok(Signature::Missing);
        }
        Err(error) => return Err(MirrorError::NoSignature(error)),
    };
    side.claim(setup).await?;
    let digest = Digest::of(&content);
    let over = there.map_or(Over::Nothing, |object| Over::Only(object.stamp.clone()));
    let stamp = side.store.write(key, content, Kind::Immutable, &over).await?;
    Ok(Signature::Came(Came { key: key.clone(), stamp, digest }))
}
