//! Folders for tests, and children that can be killed.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    reason = "each test binary uses its part; a test may fail by panicking"
)]

pub mod repository;

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder of its own, removed at the end.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("swim-{name}-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Tells a child's test function that it is the child; the value is its argument.
const CHILD: &str = "SWIM_TEST_CHILD";

/// The argument of this process, when it is a child.
pub fn child_argument() -> Option<String> {
    std::env::var(CHILD).ok()
}

/// A child that does not outlive its test, also when the test fails.
#[derive(Debug)]
pub struct Other(Option<Child>);

impl Other {
    /// What the child prints.
    pub fn stdout(&mut self) -> ChildStdout {
        self.0.as_mut().and_then(|child| child.stdout.take()).expect("a pipe")
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        let child = self.0.as_mut().expect("a child");
        child.kill().expect("kill");
        child.wait().expect("wait");
    }

    /// Its output, at its own end.
    pub fn output(mut self) -> Output {
        self.0.take().expect("a child").wait_with_output().expect("wait")
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        if let Some(child) = self.0.as_mut() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Starts this test binary again, to run only `test`, which must be the child's part. Its output is a pipe.
pub fn spawn_child(test: &str, argument: &str) -> Other {
    let exe = std::env::current_exe().expect("the test binary");
    let child = Command::new(exe)
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(CHILD, argument)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("a child");
    Other(Some(child))
}
