//! Which versions of a product may have to be published again.

use super::versions::Selection;
use crate::error::Class;
use crate::publish::protocol::Means;
use crate::publish::{Fault, ReleaseVersion, presence};

/// The versions that are public and that `selection` takes. Whether one of them is to be published is for its publication to tell.
///
/// # Errors
/// When the public registry does not list its tags.
pub async fn due(means: &Means, selection: &Selection) -> Result<Vec<ReleaseVersion>, Fault> {
    let site = &means.site;
    match presence::tags(&site.visitor, &site.public).await {
        Ok(tags) => Ok(selection.of(&tags)),
        Err(failure) if failure.class == Class::Denied => Err(Fault::Untold(failure).with_advice(
            "the public registry lists its tags only for accounts: give the metadata file `rhcc.registry_service_account`",
        )),
        Err(failure) => Err(failure.into()),
    }
}
