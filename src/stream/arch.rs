//! Names of architectures: RPM has one, Go another.

/// The architectures whose names stand behind a version: `4.19.0-x86_64`.
pub(super) const KNOWN: [&str; 4] = ["x86_64", "aarch64", "ppc64le", "s390x"];

/// Where the two names differ: RPM's, Go's.
const DIFFERENT: [(&str, &str); 2] = [("x86_64", "amd64"), ("aarch64", "arm64")];

/// Go's name of an architecture that RPM calls `arch`.
#[must_use]
pub fn goarch(arch: &str) -> &str {
    DIFFERENT.iter().find(|(rpm, _)| *rpm == arch).map_or(arch, |(_, go)| go)
}

/// RPM's name of an architecture that Go calls `name`; any other name is RPM's already.
#[must_use]
pub fn of_goarch(name: &str) -> &str {
    DIFFERENT.iter().find(|(_, go)| *go == name).map_or(name, |(rpm, _)| rpm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_architectures_have_two_names_and_the_others_one() {
        assert_eq!(KNOWN.map(goarch), ["amd64", "arm64", "ppc64le", "s390x"]);
        assert_eq!(KNOWN.map(goarch).map(of_goarch), KNOWN);
        assert_eq!(of_goarch("riscv64"), "riscv64");
    }
}
