//! The one test binary: a module a file.

mod registry_real;
