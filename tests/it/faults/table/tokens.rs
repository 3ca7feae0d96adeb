//! Tokens, and the list of tags, which comes before everything else.

use image_mirror::error::Class::{Denied, Missing, Protocol, Throttled, Transient};

use super::super::cell::{Cell, Ends, always, copied, failed, once};
use super::super::operation::Operation as O;
use super::super::wrong::Body::{Empty, Html, Json};
use super::super::wrong::{Event, Wrong as W};

pub(super) fn cells() -> Vec<Cell> {
    [tag_list(), pull(), push()].concat()
}

fn tag_list() -> Vec<Cell> {
    O::TagList.cells([
        once(W::Status(400, Json), failed(Protocol, 1)),
        once(W::Status(401, Html), failed(Denied, 1)).real(),
        once(W::Status(403, Empty), failed(Denied, 1)),
        always(W::Status(404, Json), failed(Missing, 1)).real(),
        once(W::Status(408, Html), copied(1)),
        once(W::Status(429, Json), copied(1)),
        always(W::Status(429, Empty), failed(Throttled, 1)),
        once(W::Wait(429, "7"), copied(1)),
        once(W::Wait(429, "3600"), failed(Throttled, 1)),
        once(W::Status(500, Json), copied(1)).real(),
        always(W::Status(502, Html), failed(Transient, 3)).real(),
        once(W::Wait(503, "1"), copied(1)),
        always(W::Status(504, Empty), failed(Transient, 3)),
        once(W::Page, copied(1)).real(),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        once(W::Text("[]"), copied(1)),
        always(W::Text("[]"), failed(Protocol, 2)).says("no JSON list"),
        always(W::Nobody, Ends::Unfinished),
        once(W::Reset, copied(1)),
        once(W::CutAt(5), copied(1)).real(),
        always(W::CutAt(5), failed(Transient, 3)).says("the connection broke"),
        once(W::StallAt(5), copied(1)),
        always(W::RedirectLoop, failed(Protocol, 1)).says("redirected too often"),
    ])
}

fn pull() -> Vec<Cell> {
    O::PullToken.cells([
        once(W::Status(400, Json), failed(Denied, 1)),
        once(W::Status(401, Html), failed(Denied, 1)),
        once(W::Status(403, Empty), failed(Denied, 1)),
        once(W::Status(404, Html), failed(Protocol, 1)),
        once(W::Status(408, Empty), copied(1)),
        once(W::Status(429, Json), copied(1)),
        always(W::Status(429, Json), failed(Throttled, 1)),
        once(W::Wait(429, "7"), copied(1)),
        once(W::Wait(429, "3600"), failed(Throttled, 1)),
        once(W::Status(500, Html), copied(1)),
        always(W::Status(500, Json), failed(Transient, 3)),
        once(W::Status(502, Empty), copied(1)),
        once(W::Status(503, Html), copied(1)),
        always(W::Status(503, Empty), failed(Transient, 3)),
        once(W::Page, copied(1)),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        once(W::Empty(200), copied(1)),
        always(W::Empty(200), failed(Protocol, 2)).says("no JSON"),
        always(W::Text("{}"), failed(Protocol, 1)).says("without a token"),
        always(W::Nobody, Ends::Unfinished),
        once(W::Reset, copied(1)),
        always(W::Reset, Ends::Unfinished),
        once(W::CutAt(10), copied(1)),
        always(W::CutAt(10), failed(Transient, 3)).says("the connection broke"),
        once(W::Stall, copied(2)),
        always(W::StallAt(10), failed(Transient, 3)),
        once(W::RedirectToNobody, failed(Protocol, 1)).says("status 307"),
        always(W::Expired, failed(Denied, 1)).says_instead("status 401"),
    ])
}

fn push() -> Vec<Cell> {
    O::PushToken.cells([
        once(W::Status(400, Html), failed(Denied, 1)),
        once(W::Status(401, Json), failed(Denied, 1)),
        once(W::Status(403, Empty), failed(Denied, 1)),
        once(W::Status(429, Html), copied(1)),
        once(W::Wait(429, "7"), copied(1)),
        once(W::Status(500, Json), copied(1)),
        always(W::Status(502, Html), failed(Transient, 3)),
        once(W::Page, copied(1)),
        always(W::Page, failed(Protocol, 3)).says("a page of HTML"),
        once(W::Reset, copied(1)),
        always(W::Reset, failed(Transient, 3)),
        always(W::Stall, failed(Transient, 3)),
        once(W::Meanwhile(Event::TokenExpired), copied(4)),
    ])
}
