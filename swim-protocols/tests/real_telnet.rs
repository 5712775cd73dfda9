//! The command line over Telnet, against the telnetd of GNU inetutils.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
#[path = "support/telnetd.rs"]
mod telnetd;

use std::sync::Arc;
use std::time::Duration;

use support::memory::MemorySecrets;
use support::{context, free_port};
use swim_core::cli::{Answer, Dialogue, Reply};
use swim_core::model::Device;
use swim_core::platform::Registry;
use swim_core::ports::{Cli, CliConnector};
use swim_core::{Effect, ErrorKind, Result};
use swim_protocols::net::TcpNetwork;
use swim_protocols::telnet::TelnetConnector;
use telnetd::Telnetd;

async fn open(device: &Device) -> Result<Box<dyn Cli>> {
    let secrets = MemorySecrets::new(&[("good", "open sesame"), ("bad", "Canary-7f3a")]);
    let registry = Registry::builtin().unwrap();
    let definition = registry.definition(&device.platform).unwrap();
    TelnetConnector::new(Arc::new(TcpNetwork), Arc::new(secrets)).connect(device, definition, &context()).await
}

#[tokio::test]
async fn options_are_agreed_on_and_every_byte_arrives() {
    let telnetd = Telnetd::start();
    let mut cli = open(&telnetd.device("good")).await.unwrap();
    assert_eq!((cli.hostname(), cli.local_address().as_deref()), (Some("r1"), Some("127.0.0.1")));
    let cx = context();
    let mut show = async |command: &str| cli.exchange(&Dialogue::show(command), &cx).await.unwrap().output;
    // What the terminal over there knows was negotiated: its size, and its type.
    assert_eq!(show("show window").await, "48 511");
    assert_eq!(show("show terminal").await.to_lowercase(), "vt100");
    assert_eq!(show("show bytes").await, "all \u{fffd} and \u{fffd}\u{fffd} end");
    let numbers = show("show numbers").await;
    assert!(numbers.lines().map(|n| n.parse::<u32>().unwrap()).eq(1..=20_000));
    assert_eq!(show("show slowly").await, "done");
    // A line of 500 characters is neither broken nor cut.
    let long = format!("show {}", "x".repeat(500));
    assert_eq!(show(&long).await, "");
    let ask = Dialogue::show("ask").answer(Answer::once("proceed", r"Proceed\? \[confirm\]$", Reply::Enter));
    assert!(cli.exchange(&ask, &cx).await.unwrap().output.ends_with("got <>"));
    cli.close().await;
}

#[tokio::test]
async fn a_refused_login_is_one_try_in_the_words_of_the_server() {
    let telnetd = Telnetd::start();
    let e = open(&telnetd.device("bad")).await.unwrap_err();
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::Auth, Some("% Login invalid")), "{e:?}");
    assert!(!format!("{e:?} {}", e.report()).contains("Canary"), "{e:?}");
    // The right one is taken afterwards.
    open(&telnetd.device("good")).await.unwrap().close().await;
}

#[tokio::test]
async fn a_session_that_ends_and_a_question_that_nobody_knows() {
    let telnetd = Telnetd::start();
    let cx = context();
    let mut cli = open(&telnetd.device("good")).await.unwrap();
    let e = cli.exchange(&Dialogue::show("ask"), &cx).await.unwrap_err();
    assert_eq!((e.kind(), e.effect()), (ErrorKind::UnexpectedReply, Effect::None), "{e:?}");
    let mut cli = open(&telnetd.device("good")).await.unwrap();
    let e = cli.exchange(&Dialogue::show("die"), &cx).await.unwrap_err();
    assert_eq!((e.kind(), e.effect()), (ErrorKind::Interrupted, Effect::Unknown), "{e:?}");
    let mut cli = open(&telnetd.device("good")).await.unwrap();
    let ended = cli.exchange(&Dialogue::show("exit").may_close(), &cx).await.unwrap();
    assert_eq!(ended.ended, swim_core::cli::Ended::Closed);
}

#[tokio::test]
async fn a_cancelled_command_ends_at_once() {
    let telnetd = Telnetd::start();
    let cx = context();
    let mut cli = open(&telnetd.device("good")).await.unwrap();
    let cancel = cx.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cancel.cancel();
    });
    let e = cli.exchange(&Dialogue::show("show slowly"), &cx).await.unwrap_err();
    assert_eq!((e.kind(), e.effect()), (ErrorKind::Cancelled, Effect::Unknown));
}

#[tokio::test]
async fn a_server_of_another_kind_and_a_closed_port() {
    let closed = free_port("127.0.0.1");
    let telnetd = Telnetd::start();
    let mut device = telnetd.device("good");
    device.at.port = closed;
    assert_eq!(open(&device).await.unwrap_err().kind(), ErrorKind::Unreachable);
    let sshd = support::Sshd::start();
    device.at.port = sshd.port;
    let e = open(&device).await.unwrap_err();
    assert!(matches!(e.kind(), ErrorKind::Unreachable | ErrorKind::Timeout), "{e:?}");
}
