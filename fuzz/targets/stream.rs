#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| image_mirror::fuzzing::stream(input));
