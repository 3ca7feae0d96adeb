//! Manifests that are written, the tag last.

use image_mirror::error::Class::{Corrupt, Denied, Missing, Protocol, Throttled, Transient};

use super::super::cell::{Cell, Ends, always, copied, failed, once};
use super::super::operation::Operation as O;
use super::super::wrong::Body::{Empty, Html, Json};
use super::super::wrong::{Bye, Event, HARBOR_QUOTA, QUAY_QUOTA, Wrong as W};

pub(super) fn cells() -> Vec<Cell> {
    [child(), tag()].concat()
}

fn child() -> Vec<Cell> {
    O::PutChild.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(401, Html), failed(Denied, 1)),
        once(W::Status(403, Empty), failed(Denied, 1)),
        once(W::Status(409, Html), copied(1)),
        once(W::Status(413, Json), failed(Protocol, 1)).advises("have its limit raised"),
        once(W::Wait(429, "7"), copied(1)),
        once(W::Status(500, Html), copied(1)).real(),
        always(W::Status(503, Empty), failed(Transient, 3)),
        once(W::Reset, copied(1)),
        once(W::Lost, copied(1)).real(),
        once(W::Page, copied(1)),
        once(W::OtherDigest, failed(Corrupt, 1)).says_instead("but the registry answers"),
        once(W::Meanwhile(Event::SeenBlobVanished), Ends::CopiedSomehow),
    ])
}

fn tag() -> Vec<Cell> {
    O::PutTag.cells([
        once(W::Status(400, Json), failed(Protocol, 1)).real(),
        once(W::Status(401, Html), failed(Denied, 1)),
        once(W::Status(403, Empty), failed(Denied, 1)).real(),
        always(W::Says(403, QUAY_QUOTA), failed(Denied, 1)).advises("is used up"),
        always(W::Says(403, HARBOR_QUOTA), failed(Denied, 1)).advises("is used up"),
        once(W::Status(404, Json), failed(Missing, 1)),
        once(W::Status(408, Html), copied(1)),
        once(W::Status(409, Empty), copied(1)),
        always(W::Status(409, Json), failed(Transient, 3)).advises("does not let this tag be moved"),
        once(W::Status(413, Html), failed(Protocol, 1)),
        once(W::Status(416, Json), failed(Protocol, 1)),
        once(W::Status(429, Empty), copied(1)),
        always(W::Status(429, Json), failed(Throttled, 1)),
        once(W::Wait(429, "7"), copied(1)),
        once(W::Wait(429, "3600"), failed(Throttled, 1)),
        once(W::Status(500, Html), copied(1)).real(),
        always(W::Status(500, Json), failed(Transient, 3)).real(),
        once(W::Status(502, Empty), copied(1)),
        once(W::Status(503, Html), copied(1)),
        always(W::Status(503, Json), failed(Transient, 3)),
        once(W::Status(504, Html), copied(1)),
        once(W::Page, copied(1)).real(),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        once(W::Empty(202), failed(Protocol, 1)).says_instead("but the registry does not have that"),
        once(W::Reset, copied(1)),
        always(W::Reset, failed(Transient, 3)).real(),
        once(W::Lost, copied(1)).real(),
        always(W::Lost, failed(Transient, 3)),
        once(W::Stall, copied(1)).real(),
        always(W::Stall, failed(Transient, 3)),
        once(W::NoDigest, copied(1)).real(),
        once(W::BadDigest, copied(1)),
        once(W::OtherDigest, failed(Corrupt, 1)).says_instead("but the registry answers"),
        always(W::Redirect, failed(Protocol, 1)).says("status 307"),
        once(W::RefusedStream, copied(1)),
        once(W::GoAway(Bye::Graceful), copied(1)),
        once(W::Meanwhile(Event::TargetMoved), copied(0)),
        once(W::Meanwhile(Event::GuardedTargetMoved), Ends::Refused),
    ])
}
