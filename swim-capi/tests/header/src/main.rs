//! Compares a C header with what cbindgen reads in Rust sources: every function, every type of a callback, every handle.
//!
//! `swim-header HEADER SOURCES`: what differs is printed, and the exit code is 1.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [header, sources] = arguments.as_slice() else { return Err("give HEADER SOURCES".into()) };
    let written = declarations(&std::fs::read_to_string(header)?);
    let read = declarations(&generated(Path::new(sources))?);
    for only in written.difference(&read) {
        println!("only in the header:  {only}");
    }
    for only in read.difference(&written) {
        println!("only in the sources: {only}");
    }
    let functions = read.iter().filter(|d| !d.starts_with("typedef")).count();
    if functions == 0 {
        return Err("no function was found".into());
    }
    println!("{functions} functions and {} types compared", read.len() - functions);
    Ok(if written == read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn generated(sources: &Path) -> Result<String, Box<dyn Error>> {
    let mut config = cbindgen::Config { language: cbindgen::Language::C, ..cbindgen::Config::default() };
    config.style = cbindgen::Style::Both;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for entry in std::fs::read_dir(sources)? {
        builder = builder.with_src(entry?.path());
    }
    let mut out = Vec::new();
    builder.generate()?.write(&mut out);
    Ok(String::from_utf8(out)?)
}

/// The declarations of a header, in one spelling: single spaces, no names of parameters, no `struct`.
fn declarations(header: &str) -> BTreeSet<String> {
    let mut code = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    let kept = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with('#') && !line.starts_with("//") && !line.starts_with("extern \"C\"") && line != "}"
    };
    let code: Vec<&str> = code.lines().filter(kept).collect();
    code.join(" ").split(';').map(spelled).filter(|d| !d.is_empty()).collect()
}

fn spelled(declaration: &str) -> String {
    let spaced: String = declaration
        .chars()
        .flat_map(|c| if c.is_alphanumeric() || c == '_' || c == ' ' { vec![c] } else { vec![' ', c, ' '] })
        .collect();
    let dropped = ["struct", "SWIM_MUST_USE"];
    let words: Vec<&str> = spaced.split_whitespace().filter(|w| !dropped.contains(w)).collect();
    let is_name = |word: &str| word.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut out: Vec<&str> = Vec::new();
    for (n, &word) in words.iter().enumerate() {
        // The last word of a parameter is its name, unless it stands alone: `void`, or a handle without a name.
        let ends = matches!(words.get(n + 1), Some(&"," | &")"));
        let begins = matches!(out.last(), None | Some(&"(" | &","));
        // In `(*name)` the name is that of a type of function.
        let pointed = out.last() == Some(&"*") && out.get(out.len().wrapping_sub(2)) == Some(&"(");
        let named = is_name(word) && ends && !begins && !pointed;
        if !named {
            out.push(word);
        }
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::declarations;

    fn same(a: &str, b: &str) -> bool {
        declarations(a) == declarations(b)
    }

    #[test]
    fn spelling_does_not_matter() {
        assert!(same("int f(const char *a,\n  void*b);", "int f (const char* x, void *y);"));
        assert!(same("/* x; */ void f(void);\n#if 1\n", "void f(void);"));
        assert!(same("MARK int f(struct s *s);".replace("MARK", "SWIM_MUST_USE").as_str(), "int f(s *t);"));
        assert!(same("typedef void (*g)(void *u, const char *t);", "typedef void (*g)(void *, const char *t);"));
    }

    #[test]
    fn types_and_names_do() {
        assert!(!same("int f(const char *a);", "int f(char *a);"));
        assert!(!same("int f(int32_t a);", "int f(int64_t a);"));
        assert!(!same("int f(int a);", "long f(int a);"));
        assert!(!same("int f(int a, int b);", "int f(int a);"));
        assert!(!same("int f(int *a);", "int f(int **a);"));
        assert!(!same("int f(int a);", "int g(int a);"));
        assert!(!same("typedef void (*g)(void *u);", "typedef void (*h)(void *u);"));
        assert!(!same("typedef void (*g)(void *u);", "typedef int (*g)(void *u);"));
    }
}
