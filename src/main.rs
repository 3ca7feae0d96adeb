//! The program: hands over to [`image_mirror::cli`] and exits with what it says.

fn main() -> std::process::ExitCode {
    image_mirror::cli::main(std::env::args_os())
}
