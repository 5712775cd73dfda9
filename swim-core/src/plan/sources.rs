//! From where the transfers of a plan pull. Pure.

use crate::analysis::{Finding, Severity};
use crate::model::{Direction, Policy, Protocol};
use crate::platform::{Abilities, Definition, StepKind, StepSpec};
use crate::transfer::{Planned, Predicted, Source};

type Transfer = (Protocol, Direction);

/// Does this client do it?
pub(super) type Serves<'a> = &'a dyn Fn(Protocol, Direction) -> bool;

/// Names the source in every transfer, leaves out what cannot be done from there, and predicts the rest. What the reader
/// of the plan must know of it; a blocking finding where nothing is left.
pub(super) fn name(
    steps: &mut [StepSpec],
    source: &Source,
    serves: Serves<'_>,
    definition: &Definition,
    policy: &Policy,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in steps {
        let StepKind::Transfer { bytes, transfers, from, predicted, .. } = &mut step.kind else { continue };
        findings.extend(unknown(definition, policy));
        findings.extend(match &source.server {
            Some(server) => through(server, transfers, &definition.abilities),
            None => from_us(transfers, serves),
        });
        *predicted = Predicted::all(transfers, *bytes, &policy.link);
        *from = Some(source.clone());
    }
    findings
}

/// The transfers of the policy that the platform does not know.
fn unknown(definition: &Definition, policy: &Policy) -> Option<Finding> {
    let unknown: Vec<_> =
        policy.transfers.iter().filter(|t| !definition.abilities.transfers.contains(t)).copied().collect();
    (!unknown.is_empty()).then(|| {
        let message = format!("left out, because {} does not know it: {}", definition.id, listed(&unknown));
        Finding::new("transfer.left_out", Severity::Warning, message).from("policy.transfers")
    })
}

/// Leaves only what this client does.
fn from_us(transfers: &mut Vec<Transfer>, serves: Serves<'_>) -> Option<Finding> {
    let lost: Vec<_> =
        transfers.iter().filter(|(protocol, direction)| !serves(*protocol, *direction)).copied().collect();
    if lost.is_empty() {
        return None;
    }
    transfers.retain(|transfer| !lost.contains(transfer));
    let finding = if transfers.is_empty() {
        let message = format!("nothing is left of the policy: this client does not do {}", listed(&lost));
        Finding::new("transfer.no_way", Severity::Blocking, message)
    } else {
        let message = format!("left out, because this client does not do it: {}", listed(&lost));
        Finding::new("transfer.left_out", Severity::Warning, message)
    };
    let encrypted = lost.iter().any(|(protocol, _)| matches!(protocol, Protocol::Https | Protocol::Ftps));
    let remedy =
        if encrypted { "HTTPS and FTPS are served where offers.https is set" } else { "change policy.transfers" };
    Some(finding.from("policy.transfers").remedy(remedy))
}

/// Leaves only the pulls that go through a door of the server; what we push to the device does not pass there.
fn through(server: &Planned, transfers: &mut Vec<Transfer>, abilities: &Abilities) -> Option<Finding> {
    let told = |protocol: &Protocol, port: u16| port == protocol.port() || !abilities.fixed_ports.contains(protocol);
    let takes = |(protocol, direction): &Transfer| {
        *direction != Direction::Pull || server.way(*protocol).is_some_and(|way| told(protocol, way.port))
    };
    let lost: Vec<_> = transfers.iter().filter(|t| !takes(t)).copied().collect();
    // Doors that are there, at ports that the device cannot be told.
    let elsewhere: Vec<_> = lost.iter().filter_map(|(p, _)| Some((*p, server.way(*p)?.port))).collect();
    let elsewhere: Vec<_> = elsewhere
        .iter()
        .map(|(p, port)| format!("{p} at port {port} and not {}, which is all it can be told", p.port()))
        .collect();
    let because = if elsewhere.is_empty() { String::new() } else { format!(" (it serves {})", elsewhere.join(", ")) };
    let encrypted = transfers.first().is_some_and(|(protocol, _)| protocol.secure());
    if lost.len() == transfers.len() {
        let ways: Vec<_> = server.ways.iter().map(|way| format!("{} at port {}", way.protocol, way.port)).collect();
        let ways = if ways.is_empty() { "nothing that a device can log in to".to_owned() } else { ways.join(", ") };
        let message = format!(
            "the device cannot pull from the image server {}: it serves {ways}, and what is left of the policy is {}{because}",
            server.name,
            listed(&lost)
        );
        let remedy = if elsewhere.is_empty() {
            "give the server a door of such a protocol, or add its protocol to policy.transfers"
        } else {
            "let the server listen at the protocol's own port, or give it a door of another protocol of the policy"
        };
        return Some(
            Finding::new("transfer.no_way", Severity::Blocking, message)
                .from("servers")
                .from("policy.transfers")
                .remedy(remedy),
        );
    }
    transfers.retain(takes);
    let Some((first, direction)) = transfers.first().filter(|(protocol, _)| encrypted && !protocol.secure()) else {
        return (!lost.is_empty()).then(|| {
            let what = listed(&lost);
            let message = match elsewhere.is_empty() {
                true => format!("left out, because the image server {} does not serve it: {what}", server.name),
                false => format!("left out, because the device cannot have it of {}{because}: {what}", server.name),
            };
            Finding::new("transfer.left_out", Severity::Warning, message).from("servers")
        });
    };
    let message = format!("the image server {} makes the device pull without encryption", server.name);
    Some(
        Finding::new("transfer.less_secure", Severity::Warning, message)
            .compared(format!("{first} {direction}"), listed(&lost))
            .from("servers")
            .remedy("give the server a door of a protocol that encrypts"),
    )
}

fn listed(transfers: &[Transfer]) -> String {
    transfers.iter().map(|(protocol, direction)| format!("{protocol} {direction}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceId, Sha256};
    use crate::platform::Registry;
    use crate::transfer::{Because, Way};

    use Direction::{Pull, Push};
    use Protocol::{Ftp, Http, Https, Scp, Sftp, Tftp};

    fn planned(platform: &str, policy: &Policy, doors: &[(Protocol, u16)]) -> (StepSpec, Vec<Finding>) {
        let registry = Registry::builtin().unwrap();
        let definition = registry.definition(&crate::model::PlatformId(platform.into())).unwrap();
        let ways = doors.iter().map(|(protocol, port)| Way { protocol: *protocol, port: *port, folder: "i".into() });
        let server =
            Planned { name: DeviceId::new("depot").unwrap(), host: "2001:db8::7".into(), ways: ways.collect() };
        let source = Source { server: (!doors.is_empty()).then_some(server), because: Because::Site("berlin".into()) };
        let known = |t: &&Transfer| definition.abilities.transfers.contains(t);
        let transfers = policy.transfers.iter().filter(known).copied().collect();
        let kind = StepKind::transfer(Sha256::of(b"x"), 655_350, "flash:x".into(), transfers);
        let mut steps = [StepSpec::new(kind, "copy")];
        let serves = |protocol, _| protocol != Https;
        let findings = name(&mut steps, &source, &serves, definition, policy);
        let [step] = steps;
        (step, findings)
    }

    fn order(step: &StepSpec) -> &[Transfer] {
        let StepKind::Transfer { transfers, .. } = &step.kind else { panic!("{step:?}") };
        transfers
    }

    fn with(transfers: &[Transfer]) -> Policy {
        let mut policy = Policy { transfers: transfers.to_vec(), ..Policy::default() };
        policy.link.round_trip_millis = Some(100);
        policy
    }

    #[test]
    fn the_usual_policy_says_nothing_on_any_platform() {
        for id in Registry::builtin().unwrap().ids() {
            let (step, findings) = planned(&id.0, &Policy::default(), &[]);
            assert_eq!(findings, [], "{id}");
            assert_eq!(order(&step), Policy::default().transfers, "{id}");
        }
    }

    #[test]
    fn what_the_server_does_not_serve_is_left_out_and_said() {
        let policy = with(&[(Scp, Pull), (Http, Pull), (Scp, Push)]);
        let (step, findings) = planned("ios_xe", &policy, &[(Scp, 22)]);
        assert_eq!(order(&step), [(Scp, Pull), (Scp, Push)]);
        assert_eq!(findings[0].code, "transfer.left_out");
        let StepKind::Transfer { from: Some(from), predicted, .. } = &step.kind else { panic!() };
        assert_eq!(from.of_pull(Scp), "depot ([2001:db8::7]:22, folder i)");
        assert_eq!(predicted.iter().map(|p| (p.direction, p.seconds)).collect::<Vec<_>>(), [(Pull, 1), (Push, 1)]);
    }

    #[test]
    fn what_we_do_not_serve_is_left_out_and_said() {
        let (step, findings) = planned("ios_xe", &with(&[(Https, Pull), (Scp, Pull)]), &[]);
        assert_eq!((order(&step), findings[0].code.as_ref()), (&[(Scp, Pull)][..], "transfer.left_out"));
        let (_, findings) = planned("ios_xe", &with(&[(Https, Pull)]), &[]);
        assert_eq!((findings[0].code.as_ref(), findings[0].severity), ("transfer.no_way", Severity::Blocking));
        assert!(findings[0].remedy.as_deref().is_some_and(|r| r.contains("offers.https")), "{findings:?}");
    }

    #[test]
    fn a_server_that_makes_the_transfer_less_secure_is_a_finding() {
        let policy = with(&[(Sftp, Pull), (Http, Pull)]);
        let (step, findings) = planned("ios_xe", &policy, &[(Http, 8080)]);
        assert_eq!(order(&step), [(Http, Pull)]);
        let codes: Vec<_> = findings.iter().map(|f| f.code.as_ref()).collect();
        assert_eq!(codes, ["transfer.less_secure"], "{findings:?}");
    }

    #[test]
    fn a_port_that_the_device_cannot_be_told_is_no_way() {
        let policy = with(&[(Ftp, Pull), (Tftp, Pull)]);
        let (step, findings) = planned("ios", &policy, &[(Ftp, 2121), (Tftp, 69)]);
        assert_eq!(order(&step), [(Tftp, Pull)]);
        assert!(findings[0].message.contains("ftp at port 2121 and not 21"), "{}", findings[0].message);
        let (_, findings) = planned("ios", &policy, &[(Ftp, 2121), (Scp, 22)]);
        let refused = &findings[0];
        assert_eq!((refused.code.as_ref(), refused.severity), ("transfer.no_way", Severity::Blocking));
        assert!(refused.message.contains("ftp at port 2121"), "{}", refused.message);
    }
}
