//! A small file system, unmounted at the end.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::process::Command;

pub struct Mounted(pub String);

impl Mounted {
    /// Of this size, as `mount` writes it, at a folder that is made for it.
    pub fn tmpfs(at: &str, size: &str) -> Self {
        std::fs::create_dir(at).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", at]).status();
        assert!(mount.unwrap().success(), "this test mounts a small tmpfs: run it as root");
        Self(at.to_owned())
    }

    pub fn is_empty(&self) -> bool {
        std::fs::read_dir(&self.0).unwrap().next().is_none()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l", &self.0]).status();
    }
}
