//! All integration tests in one binary: a module a file.

mod support;
mod support_selftest;
