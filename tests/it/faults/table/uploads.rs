//! Blobs that are written.

use image_mirror::error::Class::{Corrupt, Denied, Missing, Protocol, Throttled, Transient};

use super::super::cell::{Cell, Ends, always, copied, failed, once};
use super::super::operation::Operation as O;
use super::super::wrong::Body::{Empty, Html, Json};
use super::super::wrong::{Bye, HARBOR_QUOTA, Location as L, QUAY_QUOTA, Wrong as W};

pub(super) fn cells() -> Vec<Cell> {
    [mount(), open(), whole(), parts()].concat()
}

fn mount() -> Vec<Cell> {
    O::Mount.cells([
        once(W::Status(401, Json), copied(3)),
        once(W::Status(403, Html), copied(3)).real(),
        once(W::Status(404, Empty), copied(3)).real(),
        once(W::Status(405, Json), copied(3)),
        always(W::Status(403, Json), failed(Denied, 1)),
        once(W::Status(429, Html), copied(1)),
        once(W::Status(500, Empty), copied(1)),
        always(W::Status(503, Json), failed(Transient, 3)),
        once(W::Lost, copied(1)),
    ])
}

fn open() -> Vec<Cell> {
    O::PostUpload.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        always(W::Status(401, Html), failed(Denied, 1)),
        always(W::Status(403, Json), failed(Denied, 1)).real(),
        always(W::Says(403, QUAY_QUOTA), failed(Denied, 1)).advises("is used up"),
        always(W::Says(403, HARBOR_QUOTA), failed(Denied, 1)).advises("is used up"),
        always(W::Status(404, Json), failed(Missing, 1)).advises("does not make it on push").real(),
        once(W::Status(408, Empty), copied(1)),
        once(W::Status(409, Html), copied(1)),
        always(W::Status(413, Empty), failed(Protocol, 1)).advises("have its limit raised"),
        once(W::Status(429, Json), copied(1)),
        once(W::Wait(429, "7"), copied(1)),
        always(W::Wait(429, "7"), failed(Throttled, 1)),
        once(W::Wait(429, "3600"), failed(Throttled, 1)),
        once(W::Status(500, Html), copied(1)).real(),
        always(W::Status(500, Empty), failed(Transient, 3)).real(),
        once(W::Status(502, Json), copied(1)),
        once(W::Status(503, Html), copied(1)),
        always(W::Status(504, Empty), failed(Transient, 3)),
        once(W::Page, copied(1)),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        always(W::Empty(200), failed(Protocol, 2)).says("status 200 where 201 or 202 was due"),
        once(W::Reset, copied(1)).real(),
        once(W::Lost, copied(1)).real(),
        always(W::Stall, failed(Transient, 3)),
        once(W::RefusedStream, copied(1)),
        once(W::GoAway(Bye::Calm), copied(1)),
        always(W::RedirectToHttp, failed(Protocol, 1)).says("status 307"),
        always(W::Location(L::Relative), copied(0)),
        always(W::Location(L::RelativeWithQuery), copied(0)),
        always(W::Location(L::Absolute), copied(0)),
        always(W::Location(L::AbsoluteWithQuery), copied(0)),
        always(W::Location(L::Elsewhere), copied(0)),
        once(W::Location(L::Missing), copied(1)).real(),
        always(W::Location(L::Missing), failed(Protocol, 2)).says("no `Location` that is an address"),
        always(W::Location(L::Nonsense), failed(Protocol, 2)).says("no `Location` that is an address"),
        always(W::Location(L::OtherScheme), failed(Protocol, 1)).says("which is not followed"),
    ])
}

fn whole() -> Vec<Cell> {
    O::PutBlob.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Says(400, r#"{"errors":[{"code":"DIGEST_INVALID"}]}"#), copied(3)),
        always(W::Says(400, r#"{"errors":[{"code":"DIGEST_INVALID"}]}"#), failed(Corrupt, 2)),
        once(W::Status(401, Html), failed(Denied, 1)),
        once(W::Status(403, Empty), failed(Denied, 1)),
        always(W::Says(403, QUAY_QUOTA), failed(Denied, 1)).advises("is used up"),
        always(W::Says(403, HARBOR_QUOTA), failed(Denied, 1)).advises("is used up"),
        once(W::LostUpload, copied(3)).real(),
        once(W::Status(404, Html), copied(3)).real(),
        always(W::Status(404, Empty), failed(Transient, 3)),
        once(W::Status(408, Json), copied(3)),
        once(W::Status(409, Html), copied(3)),
        always(W::Status(409, Json), failed(Transient, 3)).advises("someone else writes the same"),
        once(W::Status(413, Html), copied(6)).real(),
        always(W::Status(413, Json), failed(Protocol, 1)).advises("have its limit raised"),
        once(W::Status(416, Empty), copied(3)),
        once(W::Status(429, Json), copied(3)),
        once(W::Wait(429, "7"), copied(3)),
        always(W::Wait(429, "7"), failed(Throttled, 1)),
        once(W::Status(500, Html), copied(3)).real(),
        always(W::Status(500, Empty), failed(Transient, 3)).real(),
        once(W::Status(502, Json), copied(3)),
        once(W::Status(503, Empty), copied(3)),
        once(W::Status(504, Html), copied(3)),
        once(W::Page, copied(3)),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        always(W::Empty(200), failed(Protocol, 2)).says("status 200 where 201 was due"),
        always(W::Empty(202), failed(Protocol, 2)).says("status 202 where 201 was due"),
        once(W::Reset, copied(3)),
        always(W::Reset, failed(Transient, 3)).real(),
        once(W::Lost, copied(3)).real(),
        once(W::UploadResetAt(0), copied(3)),
        once(W::UploadResetAt(10_000), copied(3)).real(),
        always(W::UploadResetAt(10_000), failed(Transient, 3)),
        once(W::Stall, copied(4)).real(),
        always(W::Stall, failed(Transient, 3)),
        once(W::OtherDigest, copied(3)),
        always(W::OtherDigest, failed(Corrupt, 2)).says("the registry says that it stored"),
        always(W::NoDigest, copied(0)),
        once(W::RedirectToNobody, copied(5)),
        once(W::RedirectToHttp, failed(Protocol, 1)).says("which is not followed"),
        once(W::RedirectNowhere, copied(3)),
    ])
}

fn parts() -> Vec<Cell> {
    O::Patch.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(403, Html), failed(Denied, 1)),
        once(W::LostUpload, copied(3)).real(),
        always(W::Status(404, Html), failed(Transient, 3)),
        once(W::Status(409, Empty), copied(3)),
        once(W::Status(413, Html), failed(Protocol, 1)).advises("have its limit raised"),
        once(W::Status(416, Json), copied(3)),
        once(W::Wait(429, "7"), copied(3)),
        once(W::Status(500, Empty), copied(3)).real(),
        always(W::Status(502, Json), failed(Transient, 3)),
        once(W::Page, copied(3)),
        once(W::Location(L::Missing), copied(3)),
        always(W::Location(L::Nonsense), failed(Protocol, 2)).says("no `Location` that is an address"),
        once(W::Lost, copied(3)),
        once(W::UploadResetAt(5_000), copied(3)).real(),
        always(W::Stall, failed(Transient, 3)),
        always(W::Location(L::RelativeWithQuery), Ends::CopiedSomehow),
    ])
}
