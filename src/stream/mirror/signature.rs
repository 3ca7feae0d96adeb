//! Detached signatures: small files of their own beside what they sign.

use super::error::MirrorError;
use super::look::Held;
use super::order::{Order, Setup, Signatures};
use crate::error::{Chain, Class, Classify as _};
use crate::model::{Digest, Key};
use crate::objects::{Kind, Over, Store};
use crate::stream::plan::Wanted;
use crate::stream::source::Source;

/// What is known of the signature of a file in one destination.
#[derive(Debug)]
pub(super) enum Signature {
    /// There is none, or it is left alone.
    None,
    /// It is there.
    Present,
    /// It came, and this is what it is.
    Came(Key, Digest),
    /// It is nowhere, and nobody insists on it.
    Missing,
}

/// Brings the signature of `wanted` to `store`, if it has one and it is not there yet.
pub(super) async fn bring(
    order: &Order<'_>,
    setup: &Setup<'_>,
    wanted: &Wanted,
    (store, held): (&Store, &Held),
) -> Result<Signature, MirrorError> {
    let Some((url, key)) = wanted.signature.as_ref().filter(|_| order.signatures != Signatures::Skip) else {
        return Ok(Signature::None);
    };
    if held.objects.get(key).is_some_and(|object| object.size > 0) {
        return Ok(Signature::Present);
    }
    let content = match Source::of(url)?.read_signature(setup.client).await {
        Ok(content) => content,
        Err(error) if order.signatures == Signatures::BestEffort && error.class() == Class::Missing => {
            tracing::warn!("{} is left without a signature: {}", wanted.key, Chain(&error));
            return Ok(Signature::Missing);
        }
        Err(error) => return Err(MirrorError::NoSignature(error)),
    };
    let digest = Digest::of(&content);
    let over = held.objects.get(key).map_or(Over::Nothing, |object| Over::Only(object.stamp.clone()));
    store.write(key, content, Kind::Immutable, &over).await?;
    Ok(Signature::Came(key.clone(), digest))
}
