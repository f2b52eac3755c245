//! `format-nix [--check] FILE…`: formats Nix files in place, or names those that are not formatted.
use alejandra::format::{in_memory, Status};
use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let (options, files): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let check = options.iter().any(|option| option == "--check");
    let mut failed = false;
    for file in files {
        let before = fs::read_to_string(&file).expect("the file can be read");
        match in_memory(file.clone(), before) {
            (Status::Error(message), _) => {
                eprintln!("{file}: {message}");
                failed = true;
            }
            (Status::Changed(true), _) if check => {
                eprintln!("{file}: not formatted; run: setup/nix-style --write");
                failed = true;
            }
            (Status::Changed(true), after) => fs::write(&file, after).expect("the file can be written"),
            (Status::Changed(false), _) => {}
        }
    }
    ExitCode::from(u8::from(failed))
}
