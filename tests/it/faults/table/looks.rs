//! What both ends are now, and what the tag is afterwards.

use image_mirror::error::Class::{Denied, Missing, Protocol, Throttled, Transient};

use super::super::cell::{Cell, Ends, always, copied, failed, once};
use super::super::operation::Operation as O;
use super::super::wrong::Body::{Empty, Html, Json};
use super::super::wrong::{Bye, Wrong as W};

pub(super) fn cells() -> Vec<Cell> {
    [source(), target(), blob(), afterwards()].concat()
}

fn source() -> Vec<Cell> {
    O::HeadSource.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(401, Html), failed(Denied, 1)).real(),
        once(W::Status(403, Empty), failed(Denied, 1)),
        once(W::Status(404, Json), failed(Missing, 1)).says_instead("does not exist"),
        once(W::Status(408, Html), copied(1)),
        once(W::Status(409, Empty), failed(Protocol, 1)),
        once(W::Status(429, Json), copied(1)).real(),
        always(W::Status(429, Html), failed(Throttled, 1)),
        once(W::Wait(429, "7"), copied(1)),
        always(W::Wait(429, "7"), failed(Throttled, 1)).says("still so after pauses of 21s"),
        once(W::Wait(429, "3600"), failed(Throttled, 1)),
        once(W::Wait(429, "18446744073709551615"), failed(Throttled, 1)),
        once(W::Wait(429, "-5"), copied(1)),
        once(W::Wait(429, "soon"), copied(1)),
        once(W::WaitUntil(429, 5), copied(1)),
        once(W::WaitUntil(429, -60), copied(1)),
        once(W::WaitUntil(503, 3600), failed(Throttled, 1)),
        once(W::Header("ratelimit-reset", "18446744073709551615"), copied(0)),
        once(W::Status(500, Empty), copied(1)).real(),
        always(W::Status(500, Json), failed(Transient, 3)).real(),
        once(W::Status(502, Html), copied(1)),
        always(W::Status(502, Empty), failed(Transient, 3)),
        once(W::Status(503, Html), copied(1)),
        always(W::Status(503, Json), failed(Transient, 3)),
        once(W::Wait(503, "7"), copied(1)),
        always(W::Wait(503, "7"), failed(Throttled, 1)),
        once(W::Status(504, Html), copied(1)),
        always(W::Status(504, Empty), failed(Transient, 3)),
        once(W::Page, copied(1)),
        once(W::NoDigest, copied(1)).real(),
        once(W::BadDigest, copied(1)),
        once(W::OtherDigest, failed(Missing, 1)).says_instead("which its registry does not have"),
        always(W::Nobody, Ends::Unfinished),
        once(W::Reset, copied(1)).real(),
        always(W::Reset, Ends::Unfinished),
        once(W::Stall, copied(2)).real(),
        always(W::Stall, Ends::Unfinished),
        always(W::Redirect, copied(1)),
        always(W::RedirectToNobody, failed(Transient, 3))
            .says("redirected to http://127.0.0.1:1/blob: cannot connect"),
        once(W::RedirectToHttp, failed(Protocol, 1)).says("which is not followed"),
        always(W::RedirectLoop, failed(Protocol, 1)).says("redirected too often"),
        once(W::RedirectNowhere, failed(Protocol, 1)),
        once(W::RefusedStream, copied(1)),
        always(W::RefusedStream, Ends::Unfinished),
        once(W::GoAway(Bye::Graceful), copied(1)),
        once(W::GoAway(Bye::Calm), copied(1)),
    ])
}

fn target() -> Vec<Cell> {
    O::HeadTarget.cells([
        once(W::Status(400, Html), failed(Protocol, 1)),
        always(W::Status(401, Json), Ends::CopiedSomehow).real(),
        always(W::Status(403, Empty), Ends::CopiedSomehow),
        always(W::Status(404, Html), Ends::CopiedSomehow).real(),
        once(W::Status(408, Json), copied(1)),
        once(W::Status(429, Empty), copied(1)),
        once(W::Wait(429, "3600"), failed(Throttled, 1)),
        once(W::Status(500, Html), copied(1)),
        always(W::Status(503, Json), failed(Transient, 3)).real(),
        once(W::WaitUntil(503, 5), copied(1)),
        once(W::Page, copied(1)),
        once(W::OtherDigest, Ends::CopiedSomehow),
        always(W::NoDigest, copied(1)).real(),
        always(W::Nobody, Ends::Unfinished),
        once(W::Reset, copied(1)),
        once(W::Stall, copied(2)),
        always(W::RedirectLoop, failed(Protocol, 1)).says("redirected too often"),
        once(W::RefusedStream, copied(1)),
        once(W::GoAway(Bye::Graceful), copied(1)),
    ])
}

fn blob() -> Vec<Cell> {
    O::HeadBlob.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(403, Html), failed(Denied, 1)),
        once(W::Status(429, Json), copied(1)),
        once(W::Status(500, Empty), copied(1)).real(),
        always(W::Status(502, Html), failed(Transient, 3)),
        once(W::Reset, copied(1)),
        always(W::Stall, failed(Transient, 3)),
    ])
}

fn afterwards() -> Vec<Cell> {
    O::HeadAfter.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(403, Html), failed(Denied, 1)),
        always(W::Status(404, Empty), failed(Transient, 1))
            .says_instead("someone else made it absent meanwhile"),
        once(W::Status(429, Json), copied(1)),
        once(W::Status(500, Html), copied(1)),
        always(W::Status(503, Empty), failed(Transient, 3)).real(),
        once(W::Reset, copied(1)),
        once(W::OtherDigest, failed(Transient, 1)).says_instead("someone else made it sha256:0000"),
    ])
}
