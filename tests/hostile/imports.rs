//! Imports from servers that lie, of files that are odd, by callers who are careless.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use swim::{ErrorKind, surface};

use crate::world::{CANARY, Folder, Web, call, client, page, refused, told};

#[tokio::test]
async fn what_cannot_be_kept_is_refused_before_it_is_fetched() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|_, to| page(to, b"image"));
    let long = "x".repeat(300);
    for (path, more, field) in [
        ("/a%0Ab.bin", json!({}), "file_name"),
        ("/a%1B%5B2Jb.bin", json!({}), "file_name"),
        ("/images/..", json!({}), "file_name"),
        ("/images/.", json!({}), "file_name"),
        ("/a%5Cb.bin", json!({}), "file_name"),
        (format!("/{long}").as_str(), json!({}), "file_name"),
        ("/x.bin", json!({"file_name": "../x"}), "file_name"),
        ("/x.bin", json!({"file_name": ""}), "file_name"),
        ("/x.bin", json!({"file_name": "a\u{0}b"}), "file_name"),
        ("/x.bin", json!({"md5": "zz"}), "md5"),
        ("/x.bin", json!({"sha256": "0".repeat(128)}), "sha256"),
        ("/x.bin", json!({"sha512": "0".repeat(64)}), "sha512"),
        ("/x.bin", json!({"sha1": ""}), "sha1"),
        ("/x.bin", json!({"platform": "ios", "version": "no version"}), "version"),
        ("/x.bin", json!({"min_ram": 0}), "min_ram"),
    ] {
        let mut from = json!({"url": web.url(path)});
        from.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let e = refused(&client, "import_from", from).await;
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{path} {more}: {e:?}");
        assert!(e.to_string().len() < 500 && !e.to_string().chars().any(char::is_control), "{e}");
    }
    assert_eq!(web.asked(), Vec::<String>::new(), "nothing was fetched for nothing");
    // Digests are taken as people copy them.
    let sha256 = "6105D6CC76AF400325E94D588CE511BE5BFDBB73B437DC51ECA43917D7A43E3D";
    call(&client, "import_from", json!({"url": web.url("/x.bin"), "sha256": format!(" {sha256}\n")})).await;
}

#[tokio::test]
async fn an_import_that_is_refused_leaves_nothing() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let path = folder.write("c2960x-universalk9-mz.152-7.E10.bin", b"not really an image");
    // The platform is known by the name: the version is none of it.
    let e = refused(&client, "import", json!({"path": path, "version": "no version"})).await;
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("version")), "{e:?}");
    assert_eq!(call(&client, "images", json!({})).await, json!([]));
    assert_eq!(call(&client, "scrub", json!({})).await["unrecorded"], json!([]));
    let unknown = folder.write("unknown.bin", b"not really an image either");
    let e = refused(&client, "import", json!({"path": unknown, "version": "17.9.4"})).await;
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("version")), "{e:?}");
    assert_eq!(call(&client, "images", json!({})).await, json!([]));
    assert_eq!(call(&client, "scrub", json!({})).await["unrecorded"], json!([]));
    // What is there already stays as it is.
    let image = call(&client, "import", json!({"path": path})).await;
    refused(&client, "import", json!({"path": path, "version": "no version"})).await;
    assert_eq!(call(&client, "image", json!({"image": image["id"]})).await, image);
    let said = call(&client, "import", json!({"path": path, "version": "15.2(7)E9", "family": "c2960x"})).await;
    assert_eq!(said["facts"]["version"]["value"]["text"], "15.2(7)E9");
    assert_eq!(call(&client, "image", json!({"image": image["id"]})).await, said);
}

#[tokio::test]
async fn two_files_of_one_script_are_two_files() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|line, to| {
        std::thread::sleep(Duration::from_millis(300));
        let body = if line.contains("id=1") { b"first".repeat(50_000) } else { b"other".repeat(50_000) };
        page(to, body);
    });
    let get = |id: u32| json!({"url": web.url(&format!("/get.php?id={id}")), "file_name": format!("{id}.bin")});
    let (first, second) = tokio::join!(call(&client, "import_from", get(1)), call(&client, "import_from", get(2)));
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn a_server_may_send_us_on_by_a_path_with_a_url_in_it() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|line, to| {
        if line.contains("/login") {
            page(to, b"image");
        } else {
            let to_login = "/login/x.bin?next=https://elsewhere.example/a://b";
            let _ = write!(to, "HTTP/1.1 302 Found\r\nLocation: {to_login}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let image = call(&client, "import_from", json!({"url": web.url("/x.bin")})).await;
    assert_eq!(image["bytes"], 5);
    assert!(web.asked()[1].starts_with("GET /login/x.bin?next=https://elsewhere.example/a://b "), "{:?}", web.asked());
}

/// A server that lies about sizes, in every way.
#[tokio::test]
async fn lies_about_sizes_leave_nothing() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|line, to| {
        let head = |to: &mut dyn Write, length: &str| {
            let _ = write!(to, "HTTP/1.1 200 OK\r\n{length}\r\n");
        };
        match line.split(['/', ' ']).nth(2).unwrap_or_default() {
            "short.bin" => {
                head(to, "Content-Length: 1000\r\n");
                let _ = to.write_all(b"short");
            }
            "negative.bin" => head(to, "Content-Length: -1\r\n"),
            "huge.bin" => head(to, "Content-Length: 18446744073709551615\r\n"),
            "two.bin" => head(to, "Content-Length: 5\r\nContent-Length: 6\r\n"),
            "none.bin" => {
                head(to, "");
                let _ = to.write_all(b"image");
            }
            "chunks.bin" => {
                head(to, "Transfer-Encoding: chunked\r\n");
                for _ in 0..100_000 {
                    if to.write_all(b"5\r\nimage\r\n").is_err() {
                        return;
                    }
                }
            }
            "empty.bin" => head(to, "Content-Length: 0\r\n"),
            "packed.bin" => head(to, "Content-Encoding: gzip\r\nContent-Length: 5\r\n"),
            "loop.bin" => {
                let _ = write!(to, "HTTP/1.1 302 Found\r\nLocation: /loop.bin\r\nContent-Length: 0\r\n\r\n");
            }
            "headers.bin" => {
                let _ = write!(to, "HTTP/1.1 200 OK\r\n");
                for n in 0..100_000 {
                    if write!(to, "X-{n}: {n}\r\n").is_err() {
                        return;
                    }
                }
            }
            _ => {
                let _ = write!(to, "{}", "noise ".repeat(1000));
            }
        }
    });
    for name in [
        "short.bin",
        "negative.bin",
        "huge.bin",
        "two.bin",
        "none.bin",
        "chunks.bin",
        "empty.bin",
        "packed.bin",
        "loop.bin",
        "headers.bin",
        "noise.bin",
    ] {
        let url = web.url(&format!("/{name}")).replace("http://", &format!("http://u:{CANARY}@"));
        let e = refused(&client, "import_from", json!({"url": url})).await;
        assert!(e.kind() != ErrorKind::Internal && !told(&e).contains(CANARY), "{name}: {e:?}");
    }
    assert_eq!(call(&client, "images", json!({})).await, json!([]));
    let left: Vec<_> = std::fs::read_dir(folder.path("data/incoming")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn no_import_of_what_is_no_file() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let fifo = folder.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let cases: [(Value, ErrorKind); 6] = [
        (json!(folder.path("")), ErrorKind::InvalidInput),
        (json!(fifo), ErrorKind::InvalidInput),
        (json!("/dev/zero"), ErrorKind::InvalidInput),
        (json!(folder.path("none.bin")), ErrorKind::NotFound),
        (json!(""), ErrorKind::NotFound),
        (json!(format!("/{}", "x".repeat(300))), ErrorKind::InvalidInput),
    ];
    for (path, kind) in cases {
        let e = refused(&client, "import", json!({"path": path})).await;
        assert_eq!(e.kind(), kind, "{path}: {e:?}");
    }
    let e = refused(&client, "import", json!({"path": folder.write("empty.bin", b"")})).await;
    assert_eq!(e.kind(), ErrorKind::InvalidInput);
    let e = refused(&client, "import", json!({"path": "a\u{0}b"})).await;
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("path")), "{e:?}");
}

#[tokio::test]
async fn two_imports_of_the_same_bytes_at_once_are_one_image_with_both_names() {
    let folder = Folder::new();
    let (one, two) = (client(&folder).await, client(&folder).await);
    for round in 0..10_u32 {
        let bytes: Vec<u8> = (0..2_000_000_u32).map(|n| (n ^ round) as u8).collect();
        let (a, b) = (folder.write("a.bin", &bytes), folder.write("b.bin", &bytes));
        let (first, second) = tokio::join!(
            surface::call(&one, "import", json!({"path": a})),
            surface::call(&two, "import", json!({"path": b})),
        );
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first["id"], second["id"]);
        let mut names = call(&one, "image_info", json!({"image": first["id"]})).await["names"].clone();
        names.as_array_mut().unwrap().sort_by_key(ToString::to_string);
        assert_eq!(names, json!(["a.bin", "b.bin"]));
    }
    assert_eq!(call(&one, "scrub", json!({})).await["damaged"], json!([]));
}

/// Whoever comes second waits or is told; nobody loses a file.
#[tokio::test]
async fn the_same_url_twice_at_once() {
    let folder = Folder::new();
    let (one, two) = (client(&folder).await, client(&folder).await);
    let body: Vec<u8> = (0..20_000_000_u32).map(|n| (n >> 3) as u8).collect();
    let web = Web::new(move |_, to| page(to, &body));
    let from = json!({"url": web.url("/x.bin")});
    for pause in [0, 5, 20, 40, 60, 80, 100, 150] {
        let later = async {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            surface::call(&two, "import_from", from.clone()).await
        };
        let (first, second) = tokio::join!(surface::call(&one, "import_from", from.clone()), later);
        for ended in [first, second] {
            if let Err(e) = ended {
                assert_eq!(e.kind(), ErrorKind::Busy, "{pause}: {e:?}");
            }
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path("data/fetched")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_a_killed_import_had_fetched_goes_when_a_client_opens() {
    let folder = Folder::new();
    drop(client(&folder).await);
    std::fs::create_dir_all(folder.path("data/fetched")).unwrap();
    let left = folder.write("data/fetched/0123456789abcdef0123456789abcdef", vec![0; 1_000_000]);
    let part = folder.write("data/fetched/fedcba9876543210fedcba9876543210.part", vec![0; 1_000_000]);
    drop(client(&folder).await);
    assert!(!std::path::Path::new(&left).exists(), "it is of no use to anybody");
    assert!(std::path::Path::new(&part).exists(), "somebody may go on with it");
}
