//! What is fuzzed: a function for each kind of text that comes from outside.
//!
//! Each panics where something does not hold that must hold whatever `input` is. libFuzzer calls them from `fuzz/`
//! (`make fuzz`), and the suite with mutations of the same seeds (`twins`). Compiled for these two only; the properties
//! themselves are beside what they are about, in files `properties.rs`.

#[cfg(test)]
mod twins;

macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident = $property:expr;)*) => {
        $($(#[$doc])* pub fn $name(input: &[u8]) {
            $property(input);
        })*
        /// All of them by their names, which are those of the folders in `fuzz/seeds`.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    /// A line of a mapping file.
    mapping_line = crate::mapping::properties::mapping_line;
    /// A reference to an image, and the address that it has.
    reference = |input| {
        crate::model::properties::reference(input).iter().for_each(crate::registry::properties::address);
    };
    /// A docker config.
    docker_config = crate::registry::properties::docker_config;
    /// The headers `WWW-Authenticate` of an answer.
    www_authenticate = crate::registry::properties::www_authenticate;
    /// The header `Link` of a page.
    link = crate::registry::properties::link;
    /// The manifest of an image.
    manifest = crate::model::properties::manifest;
    /// An index, and what `--filter-by-os` leaves of it.
    index = crate::engine::properties::index;
    /// `Retry-After` and the headers of rate limits.
    retry_after = crate::registry::properties::retry_after_header;
    /// A page of a list of tags with digests, quay's or Google's.
    quay_page = crate::registry::properties::quay_page;
    /// A policy file.
    policy = crate::policy::properties::policy;
    /// The configuration file of imagestreams.
    imagestreams_config = crate::imagestreams::properties::config;
    /// The payload file of nightly.
    payload = crate::nightly::properties::payload;
    /// A file of a stream of CoreOS, in any of its envelopes.
    stream = crate::stream::document::properties::stream;
    /// The body of a refusal, by a registry or by a token service.
    refusal = crate::registry::properties::refusal;
}
