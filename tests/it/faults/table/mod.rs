//! The table: one line a cell, a file for each part of a run.
//!
//! A cell is what one can tell apart. Bodies of refusals take turns, since none of them changes what is done; a fault
//! that makes no sense in an operation has no row there (see [`LEFT_OUT`]).

mod downloads;
mod looks;
mod manifests;
mod tokens;
mod uploads;

use super::cell::Cell;

/// All rows, in the order of a run.
pub(super) fn cells() -> Vec<Cell> {
    [tokens::cells(), looks::cells(), downloads::cells(), uploads::cells(), manifests::cells()].concat()
}

/// What has no row, and why.
pub(super) const LEFT_OUT: [(&str, &str); 7] = [
    (
        "each status with each of the three bodies, in each operation",
        "no decision hangs on the body, but for the codes that have rows of their own; so the bodies take turns",
    ),
    (
        "wrong bytes, cut and stalled bodies of answers to HEAD, POST, PATCH and PUT",
        "such answers have no body that is read, but for the reason of a refusal",
    ),
    ("wrong bytes in a token", "a token is opaque: the registry finds out, which is the 401 of the registry"),
    (
        "`Docker-Content-Digest` of blobs that are read",
        "blobs are checked by what they are, not by what is said of them",
    ),
    ("HTTP/2 faults of blobs and uploads", "they go over HTTP/1.1"),
    ("redirects of POST and PATCH by kind", "none is followed, wherever it leads"),
    (
        "a reset at byte N of a manifest's upload",
        "it is sent in one piece with its headers; the reset before an answer is the same",
    ),
];
