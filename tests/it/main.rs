//! All integration tests, in one binary.

mod mapping_cases;
mod mapping_corpus;
mod mapping_expand;
mod mapping_files;
mod mapping_lint;
mod mapping_props;
mod mapping_support;
