//! Clients of our FTP offers and accepts that mean harm, or know no better.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/mounted.rs"]
mod mounted;
#[path = "support/raw_ftp.rs"]
mod raw_ftp;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::time::Duration;

use mounted::Mounted;
use raw_ftp::{BYTES, Raw, accepted, at_speed, client, dial, fast, offers, served, server, whole};
use sink::FileSink;
use support::memory::PatternStore;
use support::{Folder, context, offer, push};
use swim_core::ports::{Offer, Transfer};
use swim_core::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn data_goes_to_the_client_itself_and_to_no_port_of_a_service() {
    let served = served(&context()).await;
    let mut raw = Raw::inside(&*served).await;
    let victim = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let [high, low] = victim.local_addr().unwrap().port().to_be_bytes();
    let bounces = [
        format!("PORT 127,0,0,2,{high},{low}"),
        format!("EPRT |1|127.0.0.2|{}|", u16::from_be_bytes([high, low])),
        "PORT 127,0,0,1,0,25".into(),
        "EPRT |1|127.0.0.1|1023|".into(),
        "PORT 127,0,0,1,0,0".into(),
    ];
    for bounce in bounces {
        assert_eq!(raw.ask(&bounce).await, 504, "{bounce}");
        assert_eq!(raw.ask("RETR x.bin").await, 425);
    }
    for nonsense in ["PORT 1,2,3", "EPRT |9|x|1|", "PORT", "EPRT"] {
        assert_eq!(raw.ask(nonsense).await, 501, "{nonsense}");
    }
    assert!(tokio::time::timeout(Duration::from_millis(200), victim.accept()).await.is_err());
    assert!(whole(&raw.pull("x.bin").await.1));
}

#[tokio::test]
async fn a_stranger_at_the_passive_port_gets_nothing() {
    let served = served(&context()).await;
    let mut raw = Raw::inside(&*served).await;
    let port = raw.passive().await;
    let mut stranger = dial("127.0.0.2", port).await;
    assert_eq!(raw.ask("RETR x.bin").await, 150);
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stranger.read_to_end(&mut bytes)).await.unwrap();
    assert!(bytes.is_empty());
    let mut data = dial("127.0.0.1", port).await;
    data.read_to_end(&mut bytes).await.unwrap();
    drop(data);
    assert!(whole(&bytes));
    assert_eq!(raw.code().await, 226);
}

#[tokio::test]
async fn only_one_address_is_let_in_and_only_the_one_that_is_expected() {
    let served = served(&context()).await;
    let _first = Raw::inside(&*served).await;
    let mut other = Raw::at("127.0.0.2", served.port()).await;
    assert_eq!(other.log_in(&*served).await, 530);
    let bound = Offer { source: Some("127.0.0.1".into()), ..offer(BYTES, "x.bin") };
    let bound = offers().offer(bound, &context()).await.unwrap();
    let mut other = dial("127.0.0.2", bound.port()).await;
    assert!(matches!(other.read(&mut [0; 9]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn wrong_logins_are_slow_and_few() {
    let served = served(&context()).await;
    let mut raw = Raw::at("127.0.0.1", served.port()).await;
    for verb in ["RETR x.bin", "PASV", "SIZE x.bin", "PWD", "TYPE I"] {
        assert_eq!(raw.ask(verb).await, 530, "{verb}");
    }
    assert_eq!(raw.ask("PASS x").await, 503);
    let began = std::time::Instant::now();
    for (user, code) in [(served.user().unwrap(), 530), ("anonymous", 530), ("root", 421)] {
        assert_eq!(raw.ask(&format!("USER {user}")).await, 331);
        assert_eq!(raw.ask("PASS x@y").await, code);
    }
    assert!(began.elapsed() >= Duration::from_secs(3));
    assert_eq!(raw.hear().await, "");
}

#[tokio::test]
async fn there_is_one_file_and_nothing_can_be_done_to_it() {
    let served = served(&context()).await;
    let mut raw = Raw::inside(&*served).await;
    for verb in
        ["LIST", "NLST", "MLSD", "MLST x.bin", "STAT", "STAT x.bin", "DELE x.bin", "RNFR x.bin", "MKD y", "RMD y"]
    {
        assert_eq!(raw.ask(verb).await, 502, "{verb}");
    }
    for verb in ["APPE x.bin", "STOU", "SITE CHMOD 777 x.bin", "SITE EXEC id", "PBSZ 0", "HELP"] {
        assert_eq!(raw.ask(verb).await, 502, "{verb}");
    }
    for name in ["../x.bin", "/../x.bin", "//x.bin", "/etc/passwd", "..", "", "/", "X.BIN", "x.bin\0", "./../x.bin"] {
        let port = raw.passive().await;
        let _data = dial("127.0.0.1", port).await;
        for verb in ["RETR", "SIZE", "MDTM", "STOR"] {
            assert_eq!(raw.ask(&format!("{verb} {name}")).await, 550, "{verb} {name}");
        }
    }
    let _ = raw.passive().await;
    assert_eq!(raw.ask("STOR x.bin").await, 550);
    for (line, code) in [
        ("CWD ..", 550),
        ("CWD /etc", 550),
        ("CWD /", 250),
        ("XYZZY", 500),
        ("", 500),
        ("MODE C", 504),
        ("STRU R", 504),
        ("TYPE E", 504),
        ("REST 99999999999999999999", 501),
        ("REST 3000001", 554),
        ("REST -1", 501),
        ("ALLO x", 501),
        ("OPTS MLST size", 501),
        ("TYPE A", 200),
        ("RETR x.bin", 550),
        ("SIZE x.bin", 550),
        ("TYPE I", 200),
        ("SIZE /x.bin", 213),
        ("ABOR", 226),
        ("EPSV 2", 522),
        ("EPSV ALL", 200),
        ("PASV", 503),
        ("PORT 127,0,0,1,200,200", 503),
    ] {
        assert_eq!(raw.ask(line).await, code, "{line}");
    }
    let (code, bytes) = raw.pull("/x.bin").await;
    assert!(code == 226 && whole(&bytes));
    assert_eq!(raw.ask("RETR x.bin").await, 550);
    assert_eq!(raw.ask("QUIT").await, 221);
    // It is used up.
    assert_eq!(Raw::at("127.0.0.1", served.port()).await.log_in(&*served).await, 530);
}

#[tokio::test]
async fn a_line_without_end_and_a_flood_of_commands_are_cut() {
    let served = served(&context()).await;
    let mut raw = Raw::at("127.0.0.1", served.port()).await;
    raw.say(&"A".repeat(4000)).await;
    assert_eq!(raw.code().await, 500);
    assert!(matches!(raw.0.read(&mut [0; 9]).await, Ok(0) | Err(_)));
    // Commands during a file wait; who says too many is sent away.
    let mut raw = Raw::inside(&*served).await;
    let _data = dial("127.0.0.1", raw.passive().await).await;
    assert_eq!(raw.ask("RETR x.bin").await, 150);
    let flood = "NOOP\r\n".repeat(100_000);
    let mut sent = 0;
    let more = async {
        while raw.0.get_mut().write_all(flood.as_bytes()).await.is_ok() {
            sent += flood.len();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), more).await.expect("it is listened to");
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

#[tokio::test]
async fn an_abort_stops_a_file_and_the_next_one_is_good() {
    let served = served(&context()).await;
    let mut raw = Raw::inside(&*served).await;
    for abort in [&b"ABOR\r\n"[..], b"\xff\xf4\xff\xf2ABOR\r\n"] {
        let data = dial("127.0.0.1", raw.passive().await).await;
        assert_eq!(raw.ask("RETR x.bin").await, 150);
        raw.0.get_mut().write_all(abort).await.unwrap();
        let codes = (raw.code().await, raw.code().await);
        drop(data);
        // The image may have fitted into the buffers of the connection.
        assert!(matches!(codes, (426 | 226, 226)), "{codes:?}");
    }
    assert_eq!(raw.ask("REST 1000000").await, 350);
    let (code, rest) = raw.pull("x.bin").await;
    assert_eq!((code, rest), (226, PatternStore::pattern(1_000_000, BYTES as usize - 1_000_000)));
}

/// Nothing said, half a login, drips, nothing asked, a data connection that nobody makes or nobody reads.
#[tokio::test]
async fn who_is_silent_loses_the_place() {
    let served = served(&fast()).await;
    let mut silent = Raw::at("127.0.0.1", served.port()).await;
    assert_eq!((silent.code().await, silent.hear().await.len()), (421, 0));
    let mut half = Raw::at("127.0.0.1", served.port()).await;
    half.say("USER swim\r\nPA").await;
    assert_eq!((half.code().await, half.code().await, half.hear().await.len()), (331, 421, 0));
    let mut drip = Raw::inside(&*served).await;
    let code = loop {
        // A byte resets no deadline.
        let _ = drip.0.get_mut().write_all(b"N").await;
        if let Ok(code) = tokio::time::timeout(Duration::from_millis(300), drip.code()).await {
            break code;
        }
    };
    assert!(code == 421 || code == 0, "{code}");
    let mut alone = Raw::inside(&*served).await;
    let _ = alone.passive().await;
    assert_eq!(alone.ask("RETR x.bin").await, 150);
    assert_eq!(alone.code().await, 425);
    let data = dial("127.0.0.1", alone.passive().await).await;
    data.set_zero_linger().unwrap();
    assert_eq!(alone.ask("RETR x.bin").await, 150);
    let stalled = alone.code().await;
    // All of it may have fitted into the buffers; then the end of the connection was waited for in vain.
    assert!(matches!(stalled, 426 | 226), "{stalled}");
    drop(data);
    // Whatever happened: the file was not taken, and the next client gets it.
    let mut good = Raw::inside(&*served).await;
    assert!(whole(&good.pull("x.bin").await.1));
}

#[tokio::test]
async fn a_second_upload_takes_over_from_a_half_open_one() {
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("sink"));
    let served = accepted(1_000_000, &sink, &context()).await;
    let mut first = Raw::inside(&*served).await;
    let mut data = dial("127.0.0.1", first.passive().await).await;
    assert_eq!(first.ask("STOR x.bin").await, 150);
    data.write_all(&[1; 5000]).await.unwrap();
    let mut second = Raw::inside(&*served).await;
    for (line, code) in [
        ("RETR x.bin", 550),
        ("SIZE x.bin", 550),
        ("LIST", 502),
        ("APPE x.bin", 502),
        ("STOR y.bin", 550),
        ("STOR ../x.bin", 550),
        ("ALLO 1000001", 552),
        ("ALLO 3000", 202),
        ("REST 10", 501),
        ("REST 0", 350),
    ] {
        assert_eq!(second.ask(line).await, code, "{line}");
    }
    let mut more = dial("127.0.0.1", second.passive().await).await;
    assert_eq!(second.ask("STOR x.bin").await, 150);
    assert_eq!(first.code().await, 426);
    more.write_all(&[2; 3000]).await.unwrap();
    drop(more);
    assert_eq!(second.code().await, 226);
    assert_eq!(std::fs::read(folder.file("sink")).unwrap(), [2; 3000]);
    assert_eq!(first.ask("STOR x.bin").await, 550);
    assert_eq!(second.ask("STOR x.bin").await, 550);
    served.close().await.unwrap();
}

#[tokio::test]
async fn an_upload_that_is_too_large_is_told_so_and_one_of_a_dead_client_is_not_whole() {
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("sink"));
    // A second takes four: the end of the control connection comes 300 ms after that of the data.
    let served = accepted(10_000, &sink, &at_speed(0.25)).await;
    let mut raw = Raw::inside(&*served).await;
    let mut data = dial("127.0.0.1", raw.passive().await).await;
    assert_eq!(raw.ask("STOR x.bin").await, 150);
    let _ = data.write_all(&[1; 10_001]).await;
    drop(data);
    assert_eq!(raw.code().await, 552);
    // Both connections end, as those of a program that is killed; the data first.
    let mut data = dial("127.0.0.1", raw.passive().await).await;
    assert_eq!(raw.ask("STOR x.bin").await, 150);
    data.write_all(&[1; 5_000]).await.unwrap();
    drop(data);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    drop(raw);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(!sink.is_finished() && served.close().await.is_err());
}

#[tokio::test]
async fn a_full_disk_here_is_not_called_a_file_that_is_too_large() {
    let folder = Folder::new();
    let small = Mounted::tmpfs(&folder.file("small"), "1m");
    let sink = FileSink::at(folder.file("small/sink"));
    let served = accepted(1 << 30, &sink, &context()).await;
    let mut raw = Raw::inside(&*served).await;
    let mut data = dial("127.0.0.1", raw.passive().await).await;
    assert_eq!(raw.ask("STOR x.bin").await, 150);
    // Who is told to give up is not cut off before.
    data.write_all(&[1; 4_000_000]).await.unwrap();
    assert_eq!(raw.hear().await, "552 there is no space left here\r\n");
    // Our own client understands it.
    let device = server("127.0.0.1", served.port(), served.user().unwrap());
    let request = push(device, 4_000_000, served.path());
    let e = client(served.password().unwrap().expose()).push(request, &context()).await.unwrap_err();
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::NoSpace, Some("552 there is no space left here")), "{e:?}");
    assert!(!sink.is_finished() && served.close().await.is_err());
    drop(small);
}

/// A server that says something and then the same again and again, so many times at once; what our client makes of it.
async fn babble(first: &'static str, again: &str, times: usize) -> Error {
    let again = again.repeat(times);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let device = server("127.0.0.1", listener.local_addr().unwrap().port(), "x");
    let babble = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        while stream.write_all(again.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    });
    let (request, cx) = (push(device, 10, "x.bin"), fast());
    let pushed = tokio::time::timeout(Duration::from_secs(40), client("x").push(request, &cx)).await;
    babble.abort();
    pushed.expect("the server keeps us").unwrap_err()
}

/// A greeting and an answer that drip or have no end.
#[tokio::test]
async fn a_server_that_drips_or_never_ends_does_not_keep_us() {
    for (first, again) in
        [("", "2"), ("220-", "a"), ("220-a\r\n", "a\r\n"), ("220 hi\r\n331-", "\r\n"), ("120 x\r\n", "1")]
    {
        let e = babble(first, again, 1).await;
        assert_eq!(e.kind(), ErrorKind::Timeout, "{first:?} {again:?} {e:?}");
    }
    let floods = [("220-", "a\r\n"), ("220-", "\r\n"), ("220 hi\r\n331-", "aaaaaaaa"), ("", "120 soon\r\n")];
    for (first, again) in floods {
        let e = babble(first, again, 100_000).await;
        assert_eq!(e.kind(), ErrorKind::UnexpectedReply, "{first:?} {again:?} {e:?}");
    }
}
