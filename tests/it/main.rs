//! All integration tests in one binary: a module a file.
#![cfg(test)] // tells clippy that all of it is tests, where `unwrap` is fine

mod support;
mod support_selftest;
