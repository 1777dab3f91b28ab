//! The `keywright` binary: one process with everything in it, or one role of many.
//!
//! The only place that names every feature and reads the process's environment and clock.

#[macro_use]
mod out;

mod assemble;
mod cli;
mod command;
mod drain;
mod features;
mod jobs;
mod opening;
mod outage;
mod router;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    // Before any thread runs: what the service manager handed over is struck from the environment.
    let passed = match net::Passed::from_process() {
        Ok(passed) => passed,
        Err(error) => {
            eprintln!("keywright: {error}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("keywright: the runtime could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::run(arguments, passed)) {
        Ok(code) => code,
        Err(error) => {
            // The whole chain: what we were doing, then why it failed.
            eprintln!("keywright: {error:#}");
            ExitCode::FAILURE
        }
    }
}
