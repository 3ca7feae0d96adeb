//! `configmap`: mapping files in, the YAML of the ConfigMap that they become out.

use super::exit::Exit;
use super::output::Output;
use super::policies;
use super::settings::{Configmap, PolicySettings};
use crate::mapping::{self, Input, ReadOptions, configmap};
use crate::policy::PolicyFile;

/// Does what `settings` say.
pub(super) fn configmap(settings: &Configmap, output: &Output) -> Exit {
    let inputs: Vec<Input> = settings.inputs.iter().map(Input::from).collect();
    let set = match mapping::read(&inputs, &ReadOptions::default()) {
        Ok(set) => set,
        Err(error) => return output.refuse(&error),
    };
    // What its lines say is `lint`'s business; a file that cannot be read would be missing from the cluster.
    let unreadable: Vec<_> =
        set.findings().iter().filter(|finding| finding.code == "unreadable").cloned().collect();
    if !unreadable.is_empty() {
        output.findings(&unreadable);
        return Exit::Usage;
    }
    // Whatever guards the files here has to guard them there.
    let policies = match policies::load(&PolicySettings::default(), &set, output) {
        Ok(policies) => policies,
        Err(error) => return output.refuse(&error),
    };
    let content = |file: &'_ mapping::MappingFile| (file.name.to_string(), file.bytes().to_vec());
    let policy = |file: &PolicyFile| (file.name.to_string(), file.bytes.clone());
    let files: Vec<_> =
        policies.found().iter().map(policy).chain(set.files().iter().map(|file| content(file))).collect();
    let contents: Vec<_> = files.iter().map(|(path, bytes)| configmap::Content { path, bytes }).collect();
    match configmap::render(&contents, &settings.name, Some(&settings.namespace)) {
        Ok(yaml) => {
            if !policies.found().is_empty() && yaml.contains("\n---\n") {
                tracing::warn!(
                    "the policy is in the first of several ConfigMaps: mount all of them into one directory, or \
                     name the policy by `--policy`"
                );
            }
            output.data(&yaml)
        }
        Err(error) => output.refuse(&error),
    }
}
