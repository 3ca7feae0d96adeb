//! What is read: manifests and blobs.

use image_mirror::error::Class::{Corrupt, Denied, Missing, Protocol, Throttled, Transient};

use super::super::cell::{Cell, Ends, always, copied, failed, once};
use super::super::operation::Operation as O;
use super::super::wrong::Body::{Empty, Html, Json};
use super::super::wrong::{Bye, Event, Wrong as W};

pub(super) fn cells() -> Vec<Cell> {
    [manifest(), child(), old(), referrers(), blob()].concat()
}

fn manifest() -> Vec<Cell> {
    O::GetManifest.cells([
        once(W::Status(400, Html), failed(Protocol, 1)),
        once(W::Status(401, Empty), failed(Denied, 1)),
        once(W::Status(403, Json), failed(Denied, 1)).real(),
        once(W::Status(404, Html), failed(Missing, 1)).says_instead("which its registry does not have"),
        once(W::Status(408, Empty), copied(1)),
        once(W::Status(429, Json), copied(1)),
        once(W::Wait(429, "7"), copied(1)),
        always(W::Wait(429, "7"), failed(Throttled, 1)),
        once(W::Status(500, Html), copied(1)).real(),
        always(W::Status(502, Json), failed(Transient, 3)),
        once(W::Status(503, Empty), copied(1)),
        once(W::Status(504, Html), copied(1)),
        once(W::Page, copied(1)).real(),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        always(W::Text("{}"), failed(Corrupt, 2)).says("the bytes have the digest"),
        once(W::Reset, copied(1)),
        always(W::Reset, failed(Transient, 3)).real(),
        once(W::ResetAt(100), copied(1)),
        once(W::CutAt(100), copied(1)).real(),
        always(W::CutAt(100), failed(Transient, 3)).says("the connection broke"),
        once(W::Stall, copied(2)),
        once(W::StallAt(100), copied(2)).real(),
        always(W::StallAt(100), failed(Transient, 3)),
        once(W::Corrupt, copied(1)).real(),
        always(W::Corrupt, failed(Corrupt, 2)).says("the bytes have the digest").real(),
        once(W::Length(10), copied(1)),
        once(W::Length(-10), copied(1)),
        always(W::NoDigest, copied(0)),
        always(W::OtherDigest, copied(0)),
        always(W::Redirect, copied(1)),
        once(W::RedirectToHttp, failed(Protocol, 1)).says("which is not followed"),
        once(W::RefusedStream, copied(1)),
        always(W::RefusedStream, failed(Transient, 3)),
        once(W::GoAway(Bye::Graceful), copied(1)),
        always(W::GoAway(Bye::Calm), failed(Transient, 3)),
        once(W::Meanwhile(Event::SourceMoved), copied(0)),
        once(W::Meanwhile(Event::ManifestVanished), failed(Missing, 1))
            .says_instead("which its registry does not have"),
    ])
}

fn child() -> Vec<Cell> {
    O::GetChild.cells([
        once(W::Status(403, Json), failed(Denied, 1)),
        once(W::Status(429, Html), copied(1)),
        once(W::Status(500, Empty), copied(1)).real(),
        always(W::Status(503, Html), failed(Transient, 3)),
        once(W::Reset, copied(1)),
        once(W::Corrupt, copied(1)),
        always(W::Corrupt, failed(Corrupt, 2)).says("the bytes have the digest"),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
    ])
}

/// Best effort: what cannot be read is sent.
fn old() -> Vec<Cell> {
    O::GetOld.cells([
        always(W::Status(401, Json), Ends::CopiedSomehow),
        always(W::Status(404, Html), Ends::CopiedSomehow),
        once(W::Status(500, Empty), copied(1)),
        always(W::Status(500, Html), Ends::CopiedSomehow).real(),
        always(W::Corrupt, Ends::CopiedSomehow),
        always(W::Page, Ends::CopiedSomehow),
        always(W::Stall, Ends::CopiedSomehow),
    ])
}

fn referrers() -> Vec<Cell> {
    O::Referrers.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(401, Html), failed(Denied, 1)),
        once(W::Status(403, Empty), failed(Denied, 1)),
        once(W::Status(404, Json), copied(1)),
        always(W::Status(404, Html), Ends::CopiedSomehow),
        always(W::Status(405, Empty), Ends::CopiedSomehow),
        once(W::Status(408, Html), copied(1)),
        once(W::Status(429, Json), copied(1)),
        always(W::Wait(429, "7"), failed(Throttled, 1)),
        once(W::Wait(429, "3600"), failed(Throttled, 1)),
        once(W::Status(500, Empty), copied(1)),
        always(W::Status(500, Html), failed(Transient, 3)),
        always(W::Status(503, Json), failed(Transient, 3)),
        once(W::Page, copied(1)),
        always(W::Page, Ends::CopiedSomehow),
        once(W::Text("[]"), copied(1)),
        always(W::Text("[]"), failed(Protocol, 2)).says("is no OCI image index"),
        once(W::Reset, copied(1)),
        always(W::Reset, failed(Transient, 3)),
        once(W::CutAt(10), copied(1)),
        always(W::StallAt(10), failed(Transient, 3)),
        always(W::RedirectLoop, failed(Protocol, 1)).says("redirected too often"),
    ])
}

fn blob() -> Vec<Cell> {
    O::GetBlob.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(401, Html), failed(Denied, 1)),
        once(W::Status(403, Empty), failed(Denied, 1)).real(),
        once(W::Status(404, Json), failed(Missing, 1)),
        once(W::Status(408, Html), copied(2)),
        once(W::Status(416, Empty), failed(Protocol, 1)),
        once(W::Status(429, Json), copied(2)),
        once(W::Wait(429, "7"), copied(2)),
        always(W::Wait(429, "7"), failed(Throttled, 1)),
        once(W::Wait(503, "7"), copied(2)),
        once(W::Status(500, Html), copied(2)).real(),
        always(W::Status(500, Json), failed(Transient, 3)),
        once(W::Status(502, Empty), copied(2)),
        once(W::Status(503, Html), copied(2)),
        once(W::Status(504, Json), copied(2)),
        once(W::Page, copied(2)),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        once(W::Reset, copied(2)),
        always(W::Reset, failed(Transient, 3)),
        once(W::ResetAt(0), copied(1)),
        once(W::ResetAt(10_000), copied(1)).real(),
        always(W::ResetAt(10_000), failed(Transient, 3)),
        once(W::CutAt(10_000), copied(1)).real(),
        always(W::CutAt(0), failed(Transient, 3)).says("the connection broke"),
        once(W::CutThen(416), copied(2)).real(),
        always(W::CutThen(416), failed(Protocol, 2)),
        once(W::CutThen(404), failed(Missing, 2)),
        once(W::Stall, copied(3)),
        once(W::StallAt(10_000), copied(2)).real(),
        always(W::Stall, failed(Transient, 3)),
        once(W::Corrupt, Ends::CopiedSomehow).real(),
        always(W::Corrupt, failed(Corrupt, 2)).says("the bytes have the digest").real(),
        once(W::Length(10), copied(2)),
        always(W::Length(10), failed(Corrupt, 2)).says("longer than the 40000 bytes"),
        once(W::Length(-10), copied(1)),
        always(W::Redirect, copied(1)).real(),
        once(W::RedirectToNobody, copied(3)),
        always(W::RedirectToNobody, failed(Transient, 3))
            .says("redirected to http://127.0.0.1:1/blob: cannot connect"),
        once(W::RedirectToHttp, failed(Protocol, 1)).says("which is not followed"),
        always(W::RedirectLoop, failed(Protocol, 1)).says("redirected too often"),
        once(W::Meanwhile(Event::BlobVanished), failed(Missing, 1)),
    ])
}
