//! The operations that can go wrong: where they go, and how a message names them.

use crate::support::{Kind, Which, on};

use super::scene::Scene;

/// What a run does, in the order in which it does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    TagList,
    PullToken,
    PushToken,
    HeadSource,
    HeadTarget,
    GetManifest,
    GetChild,
    GetOld,
    Referrers,
    HeadBlob,
    Mount,
    PostUpload,
    GetBlob,
    PutBlob,
    Patch,
    PutChild,
    PutTag,
    HeadAfter,
}

use Operation as O;

/// All of them.
pub(super) const ALL: [Operation; 18] = [
    O::TagList,
    O::PullToken,
    O::PushToken,
    O::HeadSource,
    O::HeadTarget,
    O::GetManifest,
    O::GetChild,
    O::GetOld,
    O::Referrers,
    O::HeadBlob,
    O::Mount,
    O::PostUpload,
    O::GetBlob,
    O::PutBlob,
    O::Patch,
    O::PutChild,
    O::PutTag,
    O::HeadAfter,
];

/// Who answers an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Target,
    Tokens,
}

impl Operation {
    /// As the page names it.
    pub(super) fn title(self) -> &'static str {
        match self {
            O::TagList => "GET the tags of a source, for a wildcard",
            O::PullToken => "GET a token to pull, at the source's token service",
            O::PushToken => "GET a token to push, at the target's token service",
            O::HeadSource => "HEAD the source's manifest",
            O::HeadTarget => "HEAD the target's manifest",
            O::GetManifest => "GET the source's manifest",
            O::GetChild => "GET a child manifest of the source's index",
            O::GetOld => "GET the manifest that the target's tag had until now",
            O::Referrers => "GET the referrers of the source's image (with `--referrers`)",
            O::HeadBlob => "HEAD a blob at the target (with `--skip-mount`)",
            O::Mount => "POST a mount from another repository of the registry",
            O::PostUpload => "POST that opens an upload",
            O::GetBlob => "GET a blob of the source",
            O::PutBlob => "PUT of a blob",
            O::Patch => "PATCH of a blob in parts",
            O::PutChild => "PUT of a child manifest",
            O::PutTag => "PUT of the manifest under its tag",
            O::HeadAfter => "HEAD of the tag afterwards, where the PUT's answer has no digest",
        }
    }

    /// Who answers it.
    pub(super) fn side(self) -> Side {
        match self {
            O::PullToken | O::PushToken => Side::Tokens,
            O::TagList | O::HeadSource | O::GetManifest | O::GetChild | O::GetBlob | O::Referrers => {
                Side::Source
            }
            _ => Side::Target,
        }
    }

    /// Its requests.
    pub(super) fn which(self, scene: &Scene) -> Which {
        let named = |kind: Kind, name: &dyn std::fmt::Display| on(kind).reference(name.to_string());
        let (new, old) = (&scene.new, &scene.old);
        let which = match self {
            O::TagList => on(Kind::Tags),
            O::PullToken | O::PushToken => on(Kind::Token),
            O::HeadSource | O::HeadTarget | O::HeadAfter => named(Kind::HeadManifest, &"v1"),
            O::GetManifest => named(Kind::GetManifest, &new.digest),
            O::GetChild => named(Kind::GetManifest, &new.children[0].digest),
            O::GetOld => named(Kind::GetManifest, &old.digest),
            O::Referrers => named(Kind::Referrers, &new.digest),
            O::HeadBlob => named(Kind::HeadBlob, &scene.layer().digest),
            O::Mount | O::PostUpload => on([Kind::PostUpload, Kind::PostMount]),
            O::GetBlob => named(Kind::GetBlob, &scene.layer().digest),
            O::PutBlob => on(Kind::PutBlob),
            O::Patch => on(Kind::PatchUpload),
            O::PutChild => named(Kind::PutManifest, &new.children[0].digest),
            O::PutTag => named(Kind::PutManifest, &"v1"),
        };
        match self.side() {
            Side::Source => which.repository(&scene.from),
            Side::Target => which.repository(&scene.to),
            Side::Tokens => which,
        }
    }

    /// How many of its requests come before the one that goes wrong.
    pub(super) fn after(self) -> usize {
        match self {
            // The token to look at the target comes first, as does the look before the copy.
            O::PushToken | O::HeadAfter => 1,
            _ => 0,
        }
    }

    /// How a message names it.
    pub(super) fn words(self, scene: &Scene) -> String {
        let source = format!("{}/{}", scene.source.host(), scene.from);
        let target = format!("{}/{}", scene.target.host(), scene.to);
        let (new, layer) = (&scene.new, scene.layer());
        match self {
            O::TagList => format!("GET tags of {source}"),
            O::PullToken | O::PushToken => format!("the token service `{}`", scene.realm()),
            O::HeadSource => format!("HEAD {source}:v1"),
            O::HeadTarget | O::HeadAfter => format!("HEAD {target}:v1"),
            O::GetManifest => format!("GET {source}@{}", new.digest),
            O::GetChild => format!("GET {source}@{}", new.children[0].digest),
            O::GetOld => format!("GET {target}@{}", scene.old.digest),
            O::Referrers => format!("GET referrers of {source}@{}", new.digest),
            O::HeadBlob => format!("HEAD blob {target}@{}", layer.digest),
            O::Mount | O::PostUpload => format!("POST upload {target}"),
            O::GetBlob => format!("GET blob {source}@{}", layer.digest),
            O::PutBlob => format!("PUT blob {target}@{}", layer.digest),
            O::Patch => format!("PATCH blob {target}@{}", layer.digest),
            O::PutChild => format!("PUT {target}@{}", new.children[0].digest),
            O::PutTag => format!("PUT {target}:v1"),
        }
    }

    /// At which stage the row says that it failed.
    pub(super) fn stage(self) -> image_mirror::error::Stage {
        use image_mirror::error::Stage as S;
        match self {
            O::TagList => S::Read,
            O::HeadSource | O::PullToken | O::Referrers => S::Resolve,
            O::HeadTarget => S::Plan,
            O::HeadAfter => S::Verify,
            _ => S::Transfer,
        }
    }
}
