//! Values that no call can mean, and secrets in places where none belongs.

use serde_json::{Value, json};
use swim::{Client, ErrorKind, surface};

use crate::world::{CANARY, Folder, call, client, refused, told};

#[tokio::test]
async fn a_login_in_the_wrong_place_is_not_repeated() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let url = format!("https://admin:{CANARY}@depot.example/x.bin");
    let with_at = format!("ftp://admin:{CANARY}@{CANARY}@depot.example/x.bin");
    for url in [url, with_at] {
        for (verb, arguments) in [
            ("import", json!({"path": url})),
            ("import", json!({"url": url})),
            ("import_from", json!({"uri": url})),
            ("import_from", json!({"device": url})),
            ("import_from", json!({"device": "depot", "path": url})),
            ("import_from", json!({"url": url, "file_name": url})),
            ("import_from", json!({"url": url, "sha256": url})),
            ("import_from", json!({"url": [url]})),
            ("import_from", json!({"url": url, "port": url})),
            ("import_catalog", json!({"path": url, "allow_unsigned": true})),
            ("import_known_good", json!({"path": url})),
            ("import_repository", json!({"path": url})),
            ("export_repository", json!({"path": url})),
            ("image", json!({"image": url})),
            ("image_info", json!({"image": url})),
            ("fetch", json!({"device": url, "path": "x", "file": "y"})),
            ("add_collection", json!({"name": "x", "from": {"file": {"path": url}}})),
            ("add_collection", json!({"name": "x", "from": {"url": url}})),
            ("add_collection", json!({"name": "x", "from": {"url": {"url": url}}})),
            ("add_collection", json!({"name": "x", "from": {"file": {"path": "y"}}, "schedule": {"cron": url}})),
            ("collect", json!({"name": url})),
            ("remove_known_good", json!({"name": url})),
            (url.as_str(), json!({})),
        ] {
            let shown = arguments.to_string();
            let e = refused(&client, verb, arguments).await;
            assert!(!told(&e).contains(CANARY), "{verb} {shown}: {}", told(&e));
        }
    }
    let e = refused(&client, "import", json!({"path": "/nonexistent/a@b.bin"})).await;
    assert!(e.to_string().contains("/nonexistent/a@b.bin"), "{e}");
    let e = refused(&client, "image", json!({"image": "see https://depot.example/a@b"})).await;
    assert!(e.to_string().contains("https://depot.example/a@b"), "{e}");
}

/// Values of every kind for every field that is a number or a text: an error that names the field, or an answer.
#[tokio::test]
async fn values_of_the_wrong_kind_are_named() {
    let folder = Folder::new();
    let client = client(&folder).await;
    call(&client, "import", json!({"path": folder.write("a.bin", b"image")})).await;
    let odd = [
        json!(-1),
        json!(1.5),
        json!(99_999_999_999_999_999_999.0),
        json!(18_446_744_073_709_551_615_u64),
        json!("5"),
        json!([]),
        json!({}),
    ];
    let numbers = [
        ("images", "limit", json!({})),
        ("top_images", "count", json!({})),
        ("devices_using", "limit", json!({"image": "a.bin"})),
        ("set_requirements", "ram", json!({"image": "a.bin"})),
        ("set_requirements", "flash", json!({"image": "a.bin"})),
        ("import_from", "port", json!({"device": "x"})),
        ("import_from", "most", json!({"url": "http://127.0.0.1:1/x"})),
    ];
    for (verb, field, arguments) in numbers {
        for value in &odd {
            let mut arguments = arguments.clone();
            arguments[field] = value.clone();
            let e = refused(&client, verb, arguments).await;
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{verb} {value}: {e:?}");
            let scalar = value.is_number() || value.is_string();
            assert!(!scalar || e.to_string().contains(&value.to_string()), "{verb} {field} {value}: {e}");
        }
    }
    for (verb, field, arguments) in [
        ("images", "text", json!({})),
        ("images", "sort", json!({})),
        ("images", "descending", json!({})),
        ("images", "after", json!({})),
        ("catalog", "text", json!({})),
        ("import", "path", json!({})),
        ("import", "version", json!({"path": "/x"})),
        ("set_requirements", "boot_rom", json!({"image": "a.bin"})),
        ("set_requirements", "by", json!({"image": "a.bin"})),
        ("recommend", "settings", json!({"devices": []})),
        ("push", "image", json!({"device": "x", "path": "y"})),
    ] {
        for value in [json!(7), json!([1]), json!({"x": 1})] {
            let mut arguments = arguments.clone();
            arguments[field] = value.clone();
            let e = refused(&client, verb, arguments).await;
            assert_eq!(e.kind(), ErrorKind::InvalidInput, "{verb} {field} {value}: {e:?}");
            assert!(e.context("field").is_some_and(|named| named.starts_with(field)), "{verb} {field} {value}: {e:?}");
        }
    }
    for ok in [json!({"limit": 0}), json!({"limit": 4_294_967_295_u32}), json!({"text": null}), json!({"limit": 1})] {
        call(&client, "images", ok).await;
    }
    assert_eq!(call(&client, "images", json!({"limit": 0})).await, json!([]));
}

#[tokio::test]
async fn requirements_have_a_range() {
    let folder = Folder::new();
    let client = client(&folder).await;
    call(&client, "import", json!({"path": folder.write("a.bin", b"image")})).await;
    let set = async |field: &str, value: Value| {
        surface::call(&client, "set_requirements", json!({"image": "a.bin", field: value})).await
    };
    for field in ["ram", "flash"] {
        for bad in [json!(0), json!(1_000_000_000_000_000_u64), json!(-5), json!("8 GB")] {
            let e = set(field, bad.clone()).await.unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{e:?}");
            assert!(e.to_string().contains(&bad.to_string()), "{e}");
        }
        set(field, json!(1)).await.unwrap();
        set(field, json!(999_999_999_999_999_u64)).await.unwrap();
    }
    for bad in ["", "latest", &"9".repeat(10_000), "<script>"] {
        let e = set("boot_rom", json!(bad)).await.unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("boot_rom")), "{e:?}");
    }
    let kept = call(&client, "requirements", json!({"image": "a.bin"})).await;
    assert_eq!(kept["ram"]["effective"]["value"], json!(999_999_999_999_999_u64));
}

/// Texts that mean something to a database, a pattern or a terminal.
#[tokio::test]
async fn searches_find_what_they_say_and_nothing_breaks_them() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let names = ["a\"b.bin", "NEAR(x y).bin", "x* OR y.bin", "50%_'; DROP TABLE records;--.bin", "\u{1F600}\u{e9}.bin"];
    for name in names {
        let path = folder.write(&name.replace('/', "-"), name);
        call(&client, "import", json!({"path": path})).await;
    }
    let found = async |text: &str| -> Vec<String> {
        let rows = call(&client, "images", json!({"text": text})).await;
        rows.as_array().unwrap().iter().map(|i| i["file_name"].as_str().unwrap().to_owned()).collect()
    };
    for name in names {
        assert_eq!(found(name).await, [name]);
        assert_eq!(found(&name.to_uppercase()).await, [name]);
    }
    for text in ["\"", "a\"b\" OR \"x", "*", "file_name:x", "^a", "\u{0}", "a\u{0}b", "-x", "{a b}: c", "\u{202e}"] {
        found(text).await;
    }
    assert_eq!(found(&"x".repeat(1_000_000)).await, Vec::<String>::new());
    assert_eq!(found(&"\u{1F600}".repeat(100_000)).await, Vec::<String>::new());
    let e = refused(&client, "image", json!({"image": "x".repeat(1_000_000)})).await;
    assert!(
        e.kind() == ErrorKind::NotFound && told(&e).len() < 100_000,
        "an error is read by people: {}",
        told(&e).len()
    );
}

/// Nothing that somebody wrote becomes a part of a page or a picture.
#[tokio::test]
async fn names_are_no_markup() {
    const EVIL: &str = "<script>alert(1)</script>\"'><img/src=x&";
    let folder = Folder::new();
    let client = client(&folder).await;
    let name = format!("{}.bin", EVIL.replace('/', ""));
    let path = folder.write(&name, b"not really an image");
    call(&client, "import", json!({"path": path, "platform": "ios", "version": "15.2(7)E10", "family": EVIL})).await;
    let device = json!([{"id": EVIL, "at": {"host": "127.0.0.1", "port": 1}, "platform": "ios",
        "login": {"user": "u"}, "host_key": "first_use"}]);
    call(&client, "add_devices", json!({"devices": device})).await;
    let report = call(&client, "analyse", json!({"image": name, "devices": [EVIL]})).await;
    let plan = call(&client, "plan", json!({"image": name, "devices": [EVIL]})).await;
    let recommendations = call(&client, "recommend", json!({"devices": [EVIL]})).await;
    let latest = call(&client, "has_latest", json!({"device": EVIL})).await;
    for (function, arguments) in [
        ("report_html", json!({"report": report})),
        ("report_svg", json!({"report": report})),
        ("plan_html", json!({"plan": plan})),
        ("recommendation_html", json!({"recommendation": recommendations[0]})),
        ("latest_html", json!({"latest": latest})),
    ] {
        let shown = surface::function(function, arguments).unwrap_or_else(|e| panic!("{function}: {e:?}"));
        let shown = shown.as_str().unwrap();
        assert!(!shown.contains("<script") && !shown.contains("<img"), "{function}: {shown}");
        assert!(!shown.contains("\"'>"), "{function}: {shown}");
    }
}

/// Two processes have one repository, and one of them writes into a damaged database.
#[tokio::test]
async fn a_damaged_database_is_said_and_never_written_over() {
    let folder = Folder::new();
    drop(client(&folder).await);
    let path = folder.path("data/swim.db");
    for _ in 0..50 {
        if std::fs::metadata(format!("{path}-wal")).is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let whole = std::fs::read(&path).unwrap();
    for (what, bytes) in [
        ("no database", b"this is no database at all, but it is long enough to look like one".repeat(200)),
        ("the first page is damaged", [&whole[..100], &vec![0xA5; 3996], &whole[4096..]].concat()),
        ("cut", whole[..whole.len() / 2].to_vec()),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        let opened = Client::open(swim::Config::new(folder.path("data"))).await;
        let e = match opened {
            Err(e) => e,
            Ok(client) => refused(&client, "images", json!({})).await,
        };
        assert!(matches!(e.kind(), ErrorKind::Store | ErrorKind::InvalidInput), "{what}: {e:?}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{what}: it stays as it is for who can mend it");
    }
}
