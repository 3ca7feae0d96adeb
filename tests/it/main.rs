//! All integration tests, in one binary.

mod mapping_cases;
mod mapping_support;
