//! Questions for a user name and for secrets, before the first prompt and after `enable`.

use super::{Conversation, Next, Purpose};
use crate::cli::pattern::Pattern;
use crate::cli::script::one_line;
use crate::model::{Login, SecretRef};
use crate::{Error, ErrorKind, Result};

/// A login is refused with one of these lines; then the question comes again, or the session ends.
const REFUSED: &str = concat!(
    r"(?i)^\s*%?\s*(?:login invalid|login incorrect|authentication failed|authorization failed|bad passwords?|bad secrets",
    r"|error in authentication|access denied|no password set|password required, but none set)",
);

/// What answers a device that asks for the login itself, and how far that is.
#[derive(Debug)]
pub(super) struct Asked {
    user: String,
    password: Option<SecretRef>,
    named: bool,
    answered: bool,
    /// An answer was sent, and nothing came since.
    waits: bool,
}

impl Asked {
    /// Is the device thinking about an answer?
    pub(super) const fn waits(&self) -> bool {
        self.waits
    }

    /// Was the last question answered, as far as we know?
    pub(super) const fn is_in(&self) -> bool {
        self.answered
    }

    /// May a bare newline be sent now? Before the first question it wakes up a line of a terminal server; behind a user
    /// name it would be an empty password.
    pub(super) const fn bears_a_newline(&self) -> bool {
        if self.answered { !self.waits } else { !self.named }
    }
}

/// What the device wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    User,
    Secret,
}

impl Conversation {
    /// The same with a device that asks for the login itself, as over Telnet: user name and password, or a password alone.
    /// Each is answered once; a second question means that they were refused.
    ///
    /// # Errors
    /// `InvalidInput` when the user name holds control characters.
    pub fn answering(mut self, login: &Login) -> Result<Self> {
        one_line("login.user", &login.user)?;
        if let Purpose::Login { asked, .. } = &mut self.purpose {
            *asked = Some(Asked {
                user: login.user.clone(),
                password: login.password.clone(),
                named: false,
                answered: false,
                waits: false,
            });
        }
        Ok(self)
    }

    /// A line that came during the login.
    pub(super) fn hears_of_login(&mut self, line: &str) {
        let Purpose::Login { raising: false, asked: Some(asked), .. } = &mut self.purpose else { return };
        asked.waits = false;
        if Pattern::new("login refusal", REFUSED).is_ok_and(|p| p.is_match(line)) {
            self.failed(line, true);
        }
    }

    /// An unfinished line at login that is no prompt.
    pub(super) fn judge_login(&mut self, line: &str) {
        let Some(wanted) = wanted(line) else { return };
        let Purpose::Login { enable, raising, answered, asked } = &mut self.purpose else { return };
        match (*raising, *answered, enable.clone()) {
            (true, false, Some(secret)) if wanted == Wanted::Secret => {
                *answered = true;
                self.resolve(secret);
            }
            (true, true, _) => {
                let words = self.last_words();
                self.leave_question();
                self.fail(Error::new(ErrorKind::Auth, "raise privilege", "the enable secret was refused").said(words));
            }
            (false, ..) if asked.is_some() => self.answer_login(wanted),
            _ => self.login_refused("the device asks for a login once more on its command line"),
        }
    }

    fn answer_login(&mut self, wanted: Wanted) {
        let Purpose::Login { asked: Some(asked), .. } = &mut self.purpose else { return };
        match (wanted, asked.password.clone()) {
            (Wanted::User, _) if !asked.named && !asked.answered => {
                asked.named = true;
                asked.waits = true;
                let user = asked.user.clone();
                self.send_line(&user, &user);
            }
            (Wanted::Secret, Some(secret)) if !asked.answered => {
                asked.answered = true;
                asked.waits = true;
                self.resolve(secret);
            }
            (Wanted::Secret, None) => self.login_refused("the device asks for a password, and the login has none"),
            _ => self.login_refused("the device refused the login"),
        }
    }

    fn resolve(&mut self, secret: SecretRef) {
        self.screen.take();
        self.waits_for_secret = true;
        self.queue.push_back(Next::Resolve(secret));
    }

    pub(super) fn login_refused(&mut self, why: &str) {
        let words = if self.failures.is_empty() { self.last_words() } else { self.failures.join("\n") };
        self.leave_question();
        self.fail(Error::new(ErrorKind::Auth, "log in", why).said(words));
    }
}

/// What a question at the end of a line wants, if it is one for a login.
fn wanted(line: &str) -> Option<Wanted> {
    let asks = |pattern: &str| Pattern::new("login question", pattern).is_ok_and(|p| p.is_match(line));
    if asks(r"(?i)(?:password|passcode):\s*$") {
        Some(Wanted::Secret)
    } else {
        asks(r"(?i)(?:user ?name|user|login):\s*$").then_some(Wanted::User)
    }
}
