//! `copy`: from servers, and from flash to flash.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Flow, Session};
use crate::pull::{self, PullError, SshFiles, Target, Url};
use crate::terminal::{Io, Printer, Typed};
use crate::write::{Failed, FileWriter};
use crate::{SimDevice, scp_source, show};

/// How often a password is asked for.
const PASSWORDS: u32 = 3;

impl Session {
    pub(super) async fn copy(&mut self, from: &str, to: &str) -> Io<Flow> {
        let spec = self.device.spec();
        if let Some(url) = Url::parse(to) {
            return self.copy_out(from, url).await;
        }
        let Some((member, given)) = show::flash_of(&spec, to) else {
            return self.say(&format!("%Error opening {to} (No such device)\n")).await;
        };
        let url = Url::parse(from);
        // Not every release has every protocol: the name of one that it has not is no word of the command.
        if url.as_ref().is_some_and(|url| !spec.copies.contains(&url.scheme)) {
            return self.say(&format!("{}^\n% Invalid input detected at '^' marker.\n\n", " ".repeat(5))).await;
        }
        // FTP and TFTP URLs have no port: what stands there belongs to the name of the host.
        if let Some(url) = url.as_ref().filter(|u| u.port.is_some() && matches!(u.scheme.as_str(), "ftp" | "tftp")) {
            return self.say(&format!("%Error opening {} (Invalid IP address or hostname)\n", url.shown())).await;
        }
        let source = url.is_none().then(|| show::flash_of(&spec, from)).flatten();
        if url.is_none() && source.is_none() {
            return self.say(&format!("%Error opening {from} (No such file or directory)\n")).await;
        }
        let default = match (given.is_empty(), &url, &source) {
            (false, ..) => given,
            (true, Some(url), _) => url.file_name().to_owned(),
            (true, None, Some((_, name))) => name.clone(),
            (true, None, None) => String::new(),
        };
        let Some(mut url) = self.complete(url).await? else {
            return match source {
                Some(source) => self.copy_local(from, source, to, member, &default).await,
                None => Ok(Flow::Next),
            };
        };
        let Some(target) = self.destination(to, member, &default).await? else {
            return Ok(Flow::Next);
        };
        match url.scheme.as_str() {
            "http" => self.pull(url, target, |d, u, t, out| pull::http(d, u, t, out).boxed()).await,
            "ftp" => self.pull(url, target, |d, u, t, out| pull::ftp(d, u, t, out).boxed()).await,
            "tftp" => self.pull(url, target, |d, u, t, out| pull::tftp(d, u, t, out).boxed()).await,
            _ => self.pull_ssh(&mut url, target).await,
        }
    }

    /// `copy flash:x scp://...`: only SCP is simulated.
    async fn copy_out(&mut self, from: &str, mut url: Url) -> Io<Flow> {
        if url.scheme != "scp" {
            return self.say(&format!("{}^\n% Invalid input detected at '^' marker.\n\n", " ".repeat(5))).await;
        }
        let file = match scp_source::open(&self.device, from) {
            Ok(file) => file,
            Err(_) => return self.say(&format!("%Error opening {from} (No such file or directory)\n")).await,
        };
        match self.terminal.ask(&format!("Address or name of remote host [{}]? ", url.host)).await? {
            Typed::Line(host) if !host.is_empty() => url.host = host,
            Typed::Line(_) => {}
            Typed::Break | Typed::End => return Ok(Flow::Next),
        }
        let user = url.user.clone().unwrap_or_else(|| self.device.spec().user.clone());
        let user = match self.terminal.ask(&format!("Destination username [{user}]? ")).await? {
            Typed::Line(typed) if typed.is_empty() => user,
            Typed::Line(typed) => typed,
            Typed::Break | Typed::End => return Ok(Flow::Next),
        };
        match self.terminal.ask(&format!("Destination filename [{}]? ", url.path)).await? {
            Typed::Line(path) if !path.is_empty() => url.path = path,
            Typed::Line(_) => {}
            Typed::Break | Typed::End => return Ok(Flow::Next),
        }
        let began = self.device.clock().elapsed();
        self.terminal.put(&format!("Writing {} \n", url.path)).await?;
        let failed = format!("%Error writing {} (Undefined error)\n", url.shown());
        let mut client = match SshFiles::connect(&self.device, &url).await {
            Ok(client) => client,
            Err(_) => return self.say(&format!("%Error opening {} (Connection refused)\n", url.shown())).await,
        };
        for _ in 0..PASSWORDS {
            let password = match self.terminal.ask_secret("Password: ").await? {
                Typed::Line(password) => password,
                Typed::Break | Typed::End => return Ok(Flow::Next),
            };
            if client.login(&user, &password).await.is_ok() {
                let done = self.terminal.follow(move |out| client.send(url, file, out).boxed()).await?;
                return match done {
                    Ok(bytes) => self.tell_bytes(bytes, began).await,
                    Err(_) => self.say(&failed).await,
                };
            }
        }
        self.say(&format!("%Error opening {} (Permission denied)\n", url.shown())).await
    }

    /// Asks for what the URL leaves open; `None` when it is no URL or the operator left.
    async fn complete(&mut self, url: Option<Url>) -> Io<Option<Url>> {
        let Some(mut url) = url else { return Ok(None) };
        if url.host.is_empty() {
            match self.terminal.ask("Address or name of remote host []? ").await? {
                Typed::Line(host) if !host.is_empty() => url.host = host,
                _ => return Ok(None),
            }
        }
        if matches!(url.scheme.as_str(), "scp" | "sftp") && url.user.is_none() {
            let user = self.device.spec().user.clone();
            match self.terminal.ask(&format!("Source username [{user}]? ")).await? {
                Typed::Line(typed) => url.user = Some(if typed.is_empty() { user } else { typed }),
                _ => return Ok(None),
            }
        }
        if url.path.is_empty() {
            match self.terminal.ask("Source filename []? ").await? {
                Typed::Line(path) if !path.is_empty() => url.path = path,
                _ => return Ok(None),
            }
        }
        Ok(Some(url))
    }

    /// Asks for the name, and whether a file may be written over; `None` = no.
    async fn destination(&mut self, to: &str, member: u32, default: &str) -> Io<Option<Target>> {
        let quiet = self.device.state().running.quiet_files;
        let mut name = default.to_owned();
        if !quiet {
            match self.terminal.ask(&format!("Destination filename [{default}]? ")).await? {
                Typed::Line(typed) if !typed.trim().is_empty() => name = typed.trim().to_owned(),
                Typed::Line(_) => {}
                Typed::Break | Typed::End => return Ok(None),
            }
            let exists = self.device.state().member(member).is_some_and(|m| m.flash.files.contains_key(&name));
            if exists {
                self.terminal.put("%Warning:There is a file already existing with this name \n").await?;
                if !self.terminal.confirm("Do you want to over write? ").await? {
                    return Ok(None);
                }
            }
        }
        let prefix = to.split_once(':').map_or("flash", |(p, _)| p);
        Ok(Some(Target { member, shown: format!("{prefix}:{name}"), name }))
    }

    async fn pull(
        &mut self,
        url: Url,
        target: Target,
        by: impl FnOnce(SimDevice, Url, Target, Printer) -> BoxFuture<'static, Result<u64, PullError>>,
    ) -> Io<Flow> {
        let began = self.device.clock().elapsed();
        self.terminal.put(&format!("Accessing {}...\n", url.shown())).await?;
        self.lose_session();
        let (device, from, to) = (self.device.clone(), url.clone(), target.clone());
        let done = self.terminal.follow(move |out| by(device, from, to, out)).await?;
        self.copied(done, &url, &target, began).await
    }

    async fn pull_ssh(&mut self, url: &mut Url, target: Target) -> Io<Flow> {
        let began = self.device.clock().elapsed();
        let user = url.user.clone().unwrap_or_default();
        let mut client = match SshFiles::connect(&self.device, url).await {
            Ok(client) => client,
            Err(e) => return self.copied(Err(e), url, &target, began).await,
        };
        for _ in 0..PASSWORDS {
            let password = match url.password.take() {
                Some(password) => password,
                None => match self.terminal.ask_secret("Password: ").await? {
                    Typed::Line(password) => password,
                    Typed::Break | Typed::End => return Ok(Flow::Next),
                },
            };
            if client.login(&user, &password).await.is_ok() {
                self.lose_session();
                let (device, from, to) = (self.device.clone(), url.clone(), target.clone());
                let scp = url.scheme == "scp";
                let done = self
                    .terminal
                    .follow(move |out| match scp {
                        true => client.scp(device, from, to, out).boxed(),
                        false => client.sftp(device, from, to, out).boxed(),
                    })
                    .await?;
                return self.copied(done, url, &target, began).await;
            }
        }
        self.copied(Err(PullError::Login), url, &target, began).await
    }

    /// The fault that takes the session away in the middle of the first copy.
    fn lose_session(&self) {
        let lose = std::mem::take(&mut self.device.state().lose_copy_session);
        if lose {
            let (cut, clock) = (self.terminal.cutter(), *self.device.clock());
            tokio::spawn(async move {
                clock.sleep(1.0).await;
                cut.cancel();
            });
        }
    }

    async fn copied(&mut self, done: Result<u64, PullError>, url: &Url, target: &Target, began: f64) -> Io<Flow> {
        match done {
            Ok(bytes) => self.tell_bytes(bytes, began).await,
            Err(PullError::Opening(why)) => self.say(&format!("%Error opening {} ({why})\n", url.shown())).await,
            Err(PullError::Reading(why)) => self.say(&format!("\n%Error reading {} ({why})\n", url.shown())).await,
            Err(PullError::Writing) => {
                self.say(&format!("\n%Error writing {} (No space left on device)\n", target.shown)).await
            }
            Err(PullError::Login) => self.say(&format!("%Error opening {} (Permission denied)\n", url.shown())).await,
        }
    }

    async fn tell_bytes(&mut self, bytes: u64, began: f64) -> Io<Flow> {
        let seconds = (self.device.clock().elapsed() - began).max(0.001);
        let rate = (bytes as f64 / seconds) as u64;
        self.say(&format!("[OK - {bytes} bytes]\n\n{bytes} bytes copied in {seconds:.3} secs ({rate} bytes/sec)\n"))
            .await
    }

    async fn copy_local(
        &mut self,
        from: &str,
        (source, name): (u32, String),
        to: &str,
        member: u32,
        default: &str,
    ) -> Io<Flow> {
        let Some(target) = self.destination(to, member, default).await? else {
            return Ok(Flow::Next);
        };
        let file = self.device.state().member(source).and_then(|m| m.flash.files.get(&name).cloned());
        let Some(file) = file else {
            return self.say(&format!("%Error opening {from} (No such file or directory)\n")).await;
        };
        let began = self.device.clock().elapsed();
        let room = self.device.state().member(member).map_or(0, |m| m.flash.free());
        self.terminal.put("Copy in progress...").await?;
        let writer = FileWriter::new(&self.device, target.member, &target.name, &target.shown, None);
        let (device, bytes) = (self.device.clone(), file.bytes);
        let done: Result<(), Failed> = self
            .terminal
            .follow(move |out| {
                async move {
                    /// Marks of the whole copy.
                    const MARKS: u32 = 20;
                    let seconds = bytes as f64 / device.spec().timing.write_bytes_per_second;
                    for _ in 0..MARKS {
                        device.clock().sleep(seconds / f64::from(MARKS)).await;
                        out.put("C");
                    }
                    if room < bytes {
                        drop(writer);
                        return Err(Failed::NoSpace);
                    }
                    writer.finish_as(file);
                    Ok(())
                }
                .boxed()
            })
            .await?;
        match done {
            Ok(()) => {
                self.terminal.put("\n").await?;
                let seconds = (self.device.clock().elapsed() - began).max(0.001);
                let rate = (bytes as f64 / seconds) as u64;
                self.say(&format!("{bytes} bytes copied in {seconds:.3} secs ({rate} bytes/sec)\n")).await
            }
            Err(_) => self.say(&format!("\n%Error writing {} (No space left on device)\n", target.shown)).await,
        }
    }
}
