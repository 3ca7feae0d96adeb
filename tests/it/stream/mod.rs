//! Boot images: over a wire, and on a disk.

mod objects;
