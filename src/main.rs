//! The binary: arguments in, exit code out; everything else is the library.

fn main() -> std::process::ExitCode {
    minnow::cli::run(std::env::args_os())
}
