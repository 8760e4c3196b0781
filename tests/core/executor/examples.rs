//! Each example prints what its last comment says.

use std::path::Path;
use std::process::Command;

fn check(name: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("examples").join(format!("{name}.rs"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (_, said) = source.split_once("// It prints:\n").unwrap_or_else(|| panic!("{name} does not say what it prints"));
    let expected: Vec<&str> = said.lines().map(|line| line.strip_prefix("//").unwrap_or(line).trim_start_matches(' ')).collect();
    // Beside this test's own binary; `cargo test` makes both.
    let binary = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.parent()?.join("examples").join(name)));
    let made_at = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let binary =
        binary.filter(|binary| made_at(binary) > made_at(&path)).unwrap_or_else(|| panic!("build it first: cargo build --example {name}"));
    let output = Command::new(binary).output().expect("it starts");
    let printed = String::from_utf8(output.stdout).expect("text");
    let printed: Vec<&str> = printed.lines().map(|line| line.trim_start_matches(' ')).collect();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(printed, expected, "{name}");
}

macro_rules! examples {
    ($($name:ident,)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn none_is_forgotten() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
            let files = std::fs::read_dir(folder).expect("examples").filter_map(|file| file.ok()?.path().file_stem()?.to_str().map(str::to_owned));
            let mut files: Vec<String> = files.collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*]);
        }
    };
}

examples! {
    basic,
    conditional_and_loop,
    errors,
    fan_out,
    interrupt_and_resume,
    streaming,
}
