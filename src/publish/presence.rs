//! Whether something is there: yes, no, or nobody knows. What nobody knows is an error, and never taken for a no.

use crate::error::{Class, Failure, Stage};
use crate::model::{Digest, ImageRef, Repository, Tag};
use crate::registry::{Client, Error};

/// The digest of `image`; none: the registry itself says that there is no such image.
///
/// # Errors
/// Whatever leaves that open, after the attempts of the client: a refusal, no answer, something else in the registry's place,
/// bytes that are no manifest or not what the registry says they are.
pub async fn presence(client: &Client, image: &ImageRef) -> Result<Option<Digest>, Failure> {
    let found = client.find_manifest(image).await.map_err(untold)?;
    Ok(found.map(|manifest| manifest.digest))
}

/// All tags of `repository`; none where the registry itself says that there is no such repository.
///
/// # Errors
/// As for [`presence`]: also when one page of several is not to be had.
pub async fn tags(client: &Client, repository: &Repository) -> Result<Vec<Tag>, Failure> {
    match client.tags(repository).await {
        Err(error) if error.denies_existence() => Ok(Vec::new()),
        tags => tags.map_err(untold),
    }
}

/// Whoever should have told did not.
fn untold(error: Error) -> Failure {
    let host = error.host().map(ToString::to_string).unwrap_or_default();
    let mut failure = Failure::new(Stage::Plan, error);
    if failure.class == Class::Missing {
        let advice =
            format!("something may answer in the place of {host}: see that it can be reached from here");
        failure.advice = Some(advice.into());
    }
    failure
}
