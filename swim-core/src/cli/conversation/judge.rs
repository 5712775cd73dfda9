//! What a silence means: a prompt, a known question, an unknown one, or a device that has gone.

use std::time::Duration;

use bytes::Bytes;

use super::{Conversation, Next, Purpose};
use crate::cli::matcher::Stands;
use crate::cli::{Ended, Reply};
use crate::{Effect, Error, ErrorKind, Retry};

impl Conversation {
    /// Judges the unfinished line after a quiet time.
    pub(super) fn judge(&mut self) {
        if self.screen.is_blank() {
            return;
        }
        let seen = self.screen.current();
        let line = self.redact(&seen);
        if let Some(index) = self.question(&line) {
            return self.answer(index, &line);
        }
        // As it was printed: a host name may hold what is a secret elsewhere.
        match self.matcher.stands(&seen) {
            Stands::Loader => {
                let error = Error::new(
                    ErrorKind::DeviceRejected,
                    self.operation(),
                    "the device is stopped in its boot loader: it needs its console",
                );
                self.fail(error.said(line.trim()));
            }
            Stands::Pager => {
                self.screen.take();
                self.queue.push_back(Next::Send(Bytes::from_static(b" ")));
            }
            Stands::Prompt(host) => self.prompt(host, true),
            Stands::User(host) => self.prompt(host, false),
            Stands::Other => {
                if matches!(self.purpose, Purpose::Login { .. }) {
                    self.judge_login(&seen);
                }
            }
        }
    }

    /// The known question on the last lines, if they are one.
    fn question(&self, line: &str) -> Option<usize> {
        let Purpose::Command(script) = &self.purpose else { return None };
        script.question(line).or_else(|| {
            let mut text = self.last.iter().fold(String::new(), |text, l| text + l + "\n");
            text.push_str(line);
            script.question(&text)
        })
    }

    fn prompt(&mut self, host: Option<String>, privileged: bool) {
        match &mut self.purpose {
            Purpose::Command(_) if !self.line_ended => {}
            Purpose::Command(_) => {
                self.hostname = host;
                if self.failed_at.is_some() {
                    self.fail_with_failures();
                } else if let Some(words) = self.refusal.take() {
                    let effect = if self.answered.is_empty() { Effect::None } else { Effect::Unknown };
                    let error =
                        Error::new(ErrorKind::DeviceRejected, self.operation(), "the device refused the command");
                    self.fail(error.said(words.trim()).effected(effect));
                } else {
                    self.finish(Ended::Prompt);
                }
            }
            Purpose::Login { .. } if privileged => {
                self.hostname = host;
                self.finish(Ended::Prompt);
            }
            Purpose::Login { raising: true, answered, .. } => {
                let (kind, why) = if *answered {
                    (ErrorKind::Auth, "the enable secret was refused")
                } else {
                    (ErrorKind::Privilege, "the device did not raise the privilege")
                };
                let words = self.last_words();
                self.fail(Error::new(kind, "raise privilege", why).said(words));
            }
            Purpose::Login { enable, raising, .. } => {
                self.hostname = host;
                match (self.matcher.enable().map(str::to_owned), enable.is_some()) {
                    (Some(command), true) => {
                        *raising = true;
                        self.send_line(&command, &command);
                    }
                    _ => self.fail(Error::new(
                        ErrorKind::Privilege,
                        "log in",
                        "the login lands at the unprivileged prompt, and there is no enable secret",
                    )),
                }
            }
        }
    }

    fn answer(&mut self, index: usize, line: &str) {
        let Purpose::Command(script) = &mut self.purpose else { return };
        let Some(question) = script.questions.get_mut(index) else { return };
        let name = question.name.clone();
        let reply = question.reply.clone();
        if question.left == 0 {
            let secret = matches!(reply, Reply::Secret(_) | Reply::OneTime(_));
            let kind = if secret { ErrorKind::Auth } else { ErrorKind::UnexpectedReply };
            let words = self.last_words();
            let error = Error::new(kind, self.operation(), format!("the device asked {name} again and again"));
            self.leave_question();
            return self.fail(error.said(words).with("question", name).effected(Effect::Unknown));
        }
        question.left -= 1;
        self.refusal = None;
        self.screen.take();
        let shown = match &reply {
            Reply::Line(text) => text.clone(),
            Reply::Enter | Reply::Stop(..) => String::new(),
            Reply::Secret(_) | Reply::OneTime(_) => "***".to_owned(),
        };
        self.keep(&format!("{line}{shown}"));
        if !matches!(reply, Reply::Stop(..)) {
            self.answered.push(name.clone());
        }
        match reply {
            Reply::Line(text) => self.send_line(&text, &text),
            Reply::Enter => self.send_line("", ""),
            Reply::Secret(name) => {
                self.waits_for_secret = true;
                self.queue.push_back(Next::Resolve(name));
            }
            Reply::OneTime(value) => self.send_secret(value),
            Reply::Stop(kind, why) => {
                let effect = if self.answered.is_empty() { Effect::None } else { Effect::Unknown };
                let error =
                    Error::new(kind, self.operation(), why).said(line.trim()).with("question", name).effected(effect);
                self.leave_question();
                self.fail(error);
            }
        }
    }

    pub(super) fn unknown_question(&mut self) {
        let words = self.last_words();
        let line = self.redact(&self.screen.current());
        let error = Error::new(
            ErrorKind::UnexpectedReply,
            self.operation(),
            format!("the device asks something that is not known: {:?}", line.trim()),
        );
        self.leave_question();
        self.fail(error.said(words).effected(if self.answered.is_empty() { Effect::None } else { Effect::Unknown }));
    }

    pub(super) fn timed_out(&mut self, silent: Duration) {
        let words = self.last_words();
        let effect = if matches!(self.purpose, Purpose::Login { .. }) { Effect::None } else { Effect::Unknown };
        let error =
            Error::new(ErrorKind::Timeout, self.operation(), format!("nothing was heard for {} s", silent.as_secs()));
        self.fail(error.said(words).effected(effect).retry_when(Retry::Now));
    }

    pub(super) fn took_too_long(&mut self) {
        let effect = if matches!(self.purpose, Purpose::Login { .. }) { Effect::None } else { Effect::Unknown };
        let seconds = self.ends_at().saturating_sub(self.began).as_secs();
        let error = Error::new(
            ErrorKind::Timeout,
            self.operation(),
            format!("the device talked for {seconds} s, and its prompt did not come"),
        );
        self.fail(error.effected(effect).retry_when(Retry::Now));
    }

    pub(super) fn fail_with_failures(&mut self) {
        if matches!(self.purpose, Purpose::Login { .. }) {
            return self.login_refused("the device refused the login");
        }
        let words = self.failures.join("\n");
        let error = Error::new(ErrorKind::DeviceRejected, self.operation(), "the device reports a failure");
        self.fail(error.said(words).effected(Effect::Unknown));
    }
}
