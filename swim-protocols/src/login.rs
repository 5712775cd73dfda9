//! The login of an offer or accept: made for it, good for it alone.

use swim_core::model::Secret;

use crate::pulls::random_text;

/// A user and a password that cannot be guessed.
#[derive(Clone, Debug)]
pub(crate) struct OneLogin {
    pub(crate) user: String,
    pub(crate) password: Secret<String>,
}

impl OneLogin {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self { user: format!("swim-{}", random_text::<4>()), password: Secret::new(random_text::<16>()) }
    }

    /// Is it this one? All of both texts is compared, so that the time tells nothing.
    pub(crate) fn is(&self, user: &str, password: &str) -> bool {
        let user = same(self.user.as_bytes(), user.as_bytes());
        let password = same(self.password.expose().as_bytes(), password.as_bytes());
        user & password
    }
}

/// Compares in a time that does not tell where the difference is.
fn same(ours: &[u8], theirs: &[u8]) -> bool {
    let mut different = u8::from(ours.len() != theirs.len());
    for (at, byte) in ours.iter().enumerate() {
        different |= byte ^ theirs.get(at).copied().unwrap_or(0);
    }
    different == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_login_is_good() {
        let login = OneLogin { user: "u".into(), password: Secret::new("pass".into()) };
        assert!(login.is("u", "pass"));
        for (user, password) in [("u", "pas"), ("u", "passs"), ("u", ""), ("v", "pass"), ("", "pass"), ("u\0", "pass")]
        {
            assert!(!login.is(user, password), "{user} {password}");
        }
        let random = OneLogin::random();
        assert!(random.password.expose().len() >= 32 && !OneLogin::random().is(&random.user, random.password.expose()));
    }
}
