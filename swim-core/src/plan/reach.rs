//! Which transfers can reach a device at all.

use std::borrow::Cow;

use crate::analysis::{Finding, Severity};
use crate::model::{Device, Direction, Policy, Protocol};

/// Pushes that go over SSH, which a device that is reached by Telnet does not have.
const OVER_SSH: [(Protocol, Direction); 2] = [(Protocol::Scp, Direction::Push), (Protocol::Sftp, Direction::Push)];

/// The policy with those transfers alone that can reach this device.
pub(super) fn reaching<'a>(device: &Device, policy: &'a Policy) -> Cow<'a, Policy> {
    if !device.telnet {
        return Cow::Borrowed(policy);
    }
    let mut policy = policy.clone();
    policy.transfers.retain(|t| !OVER_SSH.contains(t));
    Cow::Owned(policy)
}

/// The transfers of the policy that cannot reach this device.
pub(super) fn left_out(device: &Device, policy: &Policy) -> Option<Finding> {
    let over_ssh = policy.transfers.iter().filter(|t| device.telnet && OVER_SSH.contains(t));
    let names: Vec<_> = over_ssh.map(|(protocol, direction)| format!("{protocol} {direction}")).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        let message = format!("left out, because the device is reached by Telnet and has no SSH: {names}");
        Finding::new("transfer.left_out", Severity::Warning, message).from("policy.transfers")
    })
}
