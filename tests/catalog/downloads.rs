//! From links to images: whole, resumed, or not at all.

use swim::ErrorKind;
use swim::core::catalog::{Fetched, Grant, fetch};
use swim::core::image::Provenance;
use swim::core::ports::{ImageStore, Records as _};
use swim_sim::vendor::{Call, Loss, Scripted, Sort, VendorImage};

use crate::world::{FIRST, PID, RELEASE, World};

async fn granted(world: &World) -> Grant {
    world.links(&[FIRST], &[]).await.unwrap().granted.remove(0)
}

async fn fetched(world: &World) -> swim::Result<Fetched> {
    fetch(&world.port(), &granted(world).await, &world.store, &world.store, &world.cx).await
}

async fn nothing_stayed(world: &World) {
    assert_eq!(ImageStore::list(&world.store).await.unwrap(), vec![]);
    assert_eq!(world.store.all("images").await.unwrap(), vec![]);
}

#[tokio::test]
async fn an_image_is_compared_with_what_the_vendor_says_of_it() {
    let world = World::new().await;
    let fetched = fetched(&world).await.unwrap();
    assert_eq!(fetched.checked, ["size", "md5", "sha512"]);
    assert_eq!((fetched.image.file_name.as_str(), fetched.resumed.len()), (FIRST, 0));
    let ram = fetched.image.facts.min_ram.unwrap();
    assert_eq!((ram.value, ram.from), (8192 * 1024 * 1024, Provenance::Catalogue));
    let kept = ImageStore::read(&world.store, &fetched.image.id, 0, 1_000_000).await.unwrap();
    world.service.images(|images| assert!(images[0].bytes == kept));
}

#[tokio::test]
async fn a_cut_download_goes_on_where_it_stopped() {
    let world = World::new().await;
    for cut in [60_000, 30_000, 1] {
        world.service.script(Call::File, Scripted::Cut(cut));
    }
    let fetched = fetched(&world).await.unwrap();
    assert_eq!(fetched.resumed.len(), 3);
    let ranges: Vec<_> = world.service.seen().into_iter().filter(|seen| seen.call == Some(Call::File)).collect();
    let asked: Vec<_> = ranges.iter().map(|seen| seen.range.clone()).collect();
    let wanted: Vec<_> = fetched.resumed.iter().map(|at| Some(format!("bytes={at}-"))).collect();
    assert_eq!((&asked[0], &asked[1..]), (&None, &wanted[..]));
    assert!(fetched.resumed.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", fetched.resumed);
}

#[tokio::test]
async fn a_server_without_ranges_is_read_again() {
    let world = World::new().await;
    world.service.settings(|settings| settings.ranges = false);
    world.service.script(Call::File, Scripted::Cut(1000));
    assert_eq!(fetched(&world).await.unwrap().resumed.len(), 1);
}

#[tokio::test]
async fn without_a_digest_nothing_is_pieced_together() {
    let world = World::new().await;
    world.service.images(|images| images[0].sums = Some((String::new(), String::new())));
    assert_eq!(fetched(&world).await.unwrap().checked, ["size"]);
    ImageStore::remove(&world.store, &ImageStore::list(&world.store).await.unwrap()[0]).await.unwrap();
    world.service.script(Call::File, Scripted::Cut(1000));
    let e = fetched(&world).await.unwrap_err();
    assert_eq!((e.kind(), world.service.count(Call::File)), (ErrorKind::Interrupted, 2));
}

#[tokio::test]
async fn other_bytes_do_not_stay() {
    let world = World::new().await;
    let sums = ("0".repeat(32), "0".repeat(128));
    world.service.images(|images| images[0].sums = Some(sums));
    let e = fetched(&world).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Integrity);
    nothing_stayed(&world).await;
    world.service.images(|images| {
        images[0].sums = None;
        images[0].size = Some(5);
    });
    assert_eq!(fetched(&world).await.unwrap_err().kind(), ErrorKind::Integrity);
    nothing_stayed(&world).await;
    // The file is replaced in the middle of the download by one of the same size.
    world.service.images(|images| images[0].size = None);
    let grant = granted(&world).await;
    world.service.images(|images| images[0].bytes = vec![7; images[0].bytes.len()].into());
    let e = fetch(&world.port(), &grant, &world.store, &world.store, &world.cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Integrity);
    nothing_stayed(&world).await;
}

#[tokio::test]
async fn links_that_are_not_good_any_more_say_so_without_their_secrets() {
    let world = World::new().await;
    for (answer, kind) in [(403, ErrorKind::Auth), (404, ErrorKind::NotFound), (400, ErrorKind::DeviceRejected)] {
        world.service.script(Call::File, Scripted::Status(answer, None));
        let e = fetched(&world).await.unwrap_err();
        assert_eq!(e.kind(), kind);
        let all = format!("{e:?} {:?}", e.record());
        assert!(!all.contains("canary") && all.contains("/dl/"), "{all}");
    }
    nothing_stayed(&world).await;
    // A link that ends in the middle.
    world.service.script(Call::File, Scripted::Cut(1000));
    world.service.script(Call::File, Scripted::Status(403, None));
    let e = fetched(&world).await.unwrap_err();
    assert_eq!((e.kind(), e.context("done").is_some()), (ErrorKind::Auth, true), "{e:?}");
    nothing_stayed(&world).await;
}

#[tokio::test]
async fn a_server_that_only_breaks_is_given_up() {
    let world = World::new().await;
    for _ in 0..10 {
        world.service.script(Call::File, Scripted::HangUp);
    }
    let e = fetched(&world).await.unwrap_err();
    assert_eq!((e.kind(), world.service.count(Call::File)), (ErrorKind::Interrupted, 5));
    nothing_stayed(&world).await;
}

#[tokio::test]
async fn redirections_are_followed_but_not_in_a_circle_and_without_the_token() {
    let world = World::new().await;
    world.service.script(Call::File, Scripted::Redirect("/elsewhere?x=1".to_owned()));
    let e = fetched(&world).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound);
    assert!(world.service.seen().iter().any(|seen| seen.path == "/elsewhere"));
    world.service.lose(Sort::Tokens, Loss::Forgotten);
    for _ in 0..9 {
        world.service.script(Call::File, Scripted::Redirect("/dl/again".to_owned()));
    }
    let e = fetched(&world).await.unwrap_err();
    assert_eq!((e.kind(), world.service.count(Call::File)), (ErrorKind::UnexpectedReply, 6));
    nothing_stayed(&world).await;
}

#[tokio::test]
async fn an_empty_file_is_no_image() {
    let world = World::with(vec![VendorImage::new(FIRST, PID, RELEASE, Vec::new())]).await;
    assert_eq!(fetched(&world).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    nothing_stayed(&world).await;
}
