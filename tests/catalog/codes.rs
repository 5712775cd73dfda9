//! A row for each of the 31 codes that the vendor documents: what provokes it, and what is done about it.

use std::collections::BTreeSet;

use swim::core::catalog::{Action, BusinessFunction, CODES, Decision, DownloadRequest, FormKind, Query, code};
use swim::core::ports::Catalog as _;
use swim::{ErrorKind, Result, Retry};
use swim_sim::vendor::{Call, Loss, Scripted, Sort};

use crate::world::{FIRST, PID, RELEASE, SECOND, World, image, refused, surfaced};

/// What a row shows.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// Nothing is sent without the field; if the service says it all the same, the field is named and nothing is tried again.
    Refused(&'static str),
    /// The metadata call says it of itself, or is scripted to.
    NotFound(Found),
    /// One refresh of the metadata, then the download; a second time it is an error.
    Refreshed(Loss),
    /// The download begins anew without one id.
    Restarted(Sort, Loss),
    /// The forms come back, and none was answered.
    Forms(&'static [FormKind]),
    /// It ends, and no form was accepted.
    Declined(FormKind),
    /// Smaller requests.
    Split,
    /// Later, a few times.
    Later(ErrorKind),
    /// The words are surfaced, nothing is tried again.
    NotEntitled(Entitlement),
}

#[derive(Clone, Copy, Debug)]
enum Found {
    Pid,
    Image,
    Release,
    OfMetadata,
    OfDownload,
}

#[derive(Clone, Copy, Debug)]
enum Entitlement {
    OfItself,
    Image,
    Whole,
}

const ROWS: &[(&str, Shows)] = &[
    ("PID_INVALID", Shows::NotFound(Found::Pid)),
    ("IMG_NM_INVALID", Shows::NotFound(Found::Image)),
    ("SWTID_INVALID", Shows::NotFound(Found::OfMetadata)),
    ("INVALID_INPUT", Shows::NotFound(Found::OfMetadata)),
    ("INVALID_MTRANSID", Shows::Refreshed(Loss::Forgotten)),
    ("INVALID_DWLDSID", Shows::Restarted(Sort::Sessions, Loss::Forgotten)),
    ("INVALID_DRETRYID", Shows::Restarted(Sort::RetryIds, Loss::Forgotten)),
    ("IMAGE_GUID_INVALID", Shows::NotFound(Found::OfDownload)),
    ("PID_MISSING", Shows::Refused("pid")),
    ("CUR_REL_MISSING", Shows::Refused("current_release")),
    ("OUT_REL_MISSING", Shows::Refused("output_release")),
    ("IMG_NM_MISSING", Shows::Refused("image_names")),
    ("MISSING_DW_RETRY_ID", Shows::Refused("download_retry_id")),
    ("MTRANSID_MISSING", Shows::Refused("metadata_trans_id")),
    ("IMAGE_LIMIT_EXCEEDED", Shows::Split),
    ("DRETRYID_EXPIRED", Shows::Restarted(Sort::RetryIds, Loss::Expired)),
    ("DWLDSID_EXPIRED", Shows::Restarted(Sort::Sessions, Loss::Expired)),
    ("MTRANSID_EXPIRED", Shows::Refreshed(Loss::Expired)),
    ("NO_DATA_FOUND", Shows::NotFound(Found::Release)),
    ("IMAGE_GUID_MISSING", Shows::Refused("image_guid")),
    ("TIMEOUT", Shows::Later(ErrorKind::Timeout)),
    ("CART_EMPTY", Shows::NotEntitled(Entitlement::Whole)),
    ("DWLD_WARN", Shows::NotEntitled(Entitlement::OfItself)),
    ("DWLD_WARN1", Shows::NotEntitled(Entitlement::Image)),
    ("DWLD_WARN2", Shows::NotEntitled(Entitlement::Image)),
    ("K9_FORM_AR", Shows::Forms(&[FormKind::K9])),
    ("EULA_FORM_AR", Shows::Forms(&[FormKind::Eula])),
    ("K9_FORM_ACC", Shows::Declined(FormKind::K9)),
    ("EULA_FORM_ACC", Shows::Declined(FormKind::Eula)),
    ("K9_EULA_FORM_AR", Shows::Forms(&[FormKind::K9, FormKind::Eula])),
    ("SER_UNEXPECT_FAIL", Shows::Later(ErrorKind::DeviceRejected)),
];

#[tokio::test]
async fn every_code_of_the_guide() {
    let documented: BTreeSet<_> = swim_sim::vendor::CODES.iter().map(|(name, _)| *name).collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!((documented.len(), &documented), (31, &rows));
    let known: BTreeSet<_> = CODES.iter().map(|row| row.name).collect();
    assert!(known.is_superset(&documented));
    let mut shown = 0;
    for (name, shows) in ROWS {
        let world = World::new().await;
        match *shows {
            Shows::Refused(field) => refused_before_sending(&world, name, field).await,
            Shows::NotFound(found) => not_found(&world, name, found).await,
            Shows::Refreshed(loss) => refreshed(&world, name, loss).await,
            Shows::Restarted(sort, loss) => restarted(&world, name, sort, loss).await,
            Shows::Forms(kinds) => forms(&world, name, kinds).await,
            Shows::Declined(kind) => declined(&world, name, kind).await,
            Shows::Split => split(&world, name).await,
            Shows::Later(kind) => later(&world, name, kind).await,
            Shows::NotEntitled(how) => not_entitled(&world, name, how).await,
        }
        // Whatever happened: the library accepts nothing by itself.
        let decided = usize::from(matches!(shows, Shows::Restarted(..)));
        assert_eq!(world.accepted(), decided, "{name}");
        shown += 1;
    }
    println!("codes: {shown} of {}", documented.len());
    assert_eq!(shown, documented.len());
}

fn request() -> DownloadRequest {
    DownloadRequest { pid: PID.into(), trans_id: "1".into(), guids: vec!["A".into()], ..DownloadRequest::default() }
}

async fn ask(world: &World, request: DownloadRequest) -> Result<()> {
    world.catalog.download(&request, &world.cx).await.map(|_| ())
}

async fn refused_before_sending(world: &World, name: &str, field: &str) {
    let nothing = match name {
        "PID_MISSING" => world.search(&Query::release("", "17.3.1", "latest")).await.map(|_| ()),
        "CUR_REL_MISSING" => world.search(&Query::release(PID, " ", "latest")).await.map(|_| ()),
        "OUT_REL_MISSING" => world.search(&Query::release(PID, "17.3.1", "")).await.map(|_| ()),
        "IMG_NM_MISSING" => world.links(&[], &[]).await.map(|_| ()),
        "MTRANSID_MISSING" => ask(world, DownloadRequest { trans_id: String::new(), ..request() }).await,
        "IMAGE_GUID_MISSING" => ask(world, DownloadRequest { guids: vec![], ..request() }).await,
        _ => ask(world, DownloadRequest { retry_id: Some(String::new()), ..request() }).await,
    };
    let e = nothing.unwrap_err();
    assert_eq!((e.kind(), e.retry()), (ErrorKind::InvalidInput, Retry::Never), "{e:?}");
    assert_eq!((e.context("field"), e.context("code")), (Some(field), Some(name)), "{e:?}");
    assert_eq!(world.service.seen(), vec![], "{name}: nothing is sent");
    // And if the service says it nevertheless.
    let of_download = name.contains("ID_MISSING") || name == "MISSING_DW_RETRY_ID";
    let call = if of_download && name != "PID_MISSING" { Call::Download } else { Call::Metadata };
    world.service.script(call, Scripted::codes(&[name]));
    let e = refused(world.links(&[FIRST], &[]).await);
    surfaced(&e, ErrorKind::InvalidInput, name);
    assert_eq!((e.context("field"), e.retry()), (Some(field), Retry::Never));
    assert_eq!(world.service.count(call), 1, "{name}");
}

async fn not_found(world: &World, name: &str, found: Found) {
    let e = match found {
        Found::Pid => world.search(&Query::release("NO-SUCH-PID", "17.3.1", "latest")).await.unwrap_err(),
        Found::Release => world.search(&Query::release(PID, "17.3.1", "99.9.9")).await.unwrap_err(),
        Found::Image => world.search(&Query::Images { images: vec!["made-up.bin".into()] }).await.unwrap_err(),
        Found::OfMetadata => {
            world.service.script(Call::Metadata, Scripted::codes(&[name]));
            refused(world.links(&[FIRST], &[]).await)
        }
        Found::OfDownload => {
            world.service.script(Call::Download, Scripted::image_codes(&[name]));
            refused(world.links(&[FIRST], &[]).await)
        }
    };
    surfaced(&e, ErrorKind::NotFound, name);
    assert_eq!(e.retry(), Retry::Never);
    assert_eq!((world.service.count(Call::Metadata), world.pauses()), (1, vec![]), "{name}");
    assert!(world.service.count(Call::Download) <= 1);
    if matches!(found, Found::Image) {
        // Of several images, only those that are not there are refused.
        let links = world.links(&["made-up.bin", FIRST], &[]).await.unwrap();
        assert_eq!((links.granted.len(), links.refused.len()), (1, 1));
        assert_eq!(
            (links.refused[0].image.as_str(), links.refused[0].error.kind),
            ("made-up.bin", ErrorKind::NotFound)
        );
    }
}

async fn refreshed(world: &World, name: &str, loss: Loss) {
    let calls = || (world.service.count(Call::Metadata), world.service.count(Call::Download));
    world.service.script(Call::Download, Scripted::Stale(Sort::Metadata, loss));
    let links = world.links(&[FIRST], &[]).await.unwrap();
    assert_eq!((links.granted.len(), links.refused.len(), calls()), (1, 0, (2, 2)), "{name}");
    assert_eq!(links.recovered.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(), [name]);
    let bodies = world.bodies(Call::Download);
    assert_ne!(bodies[0]["metadataTransId"], bodies[1]["metadataTransId"]);
    // Once: a service that loses its ids all the time is not asked for ever.
    for _ in 0..3 {
        world.service.script(Call::Download, Scripted::Stale(Sort::Metadata, loss));
    }
    let e = refused(world.links(&[FIRST], &[]).await);
    surfaced(&e, ErrorKind::NotFound, name);
    assert_eq!((e.retry(), calls()), (Retry::Now, (4, 4)));
}

async fn restarted(world: &World, name: &str, sort: Sort, loss: Loss) {
    world.service.images(|images| images.iter_mut().for_each(|image| image.k9 = true));
    world.service.script(Call::Download, Scripted::Honest);
    world.service.script(Call::Download, Scripted::Stale(sort, loss));
    let decision = Decision::accept(FormKind::K9, "Ada").business(BusinessFunction::CommercialOrCivil);
    let links = world.links(&[FIRST], &[decision]).await.unwrap();
    assert_eq!((links.granted.len(), links.recovered[0].code.as_str()), (1, name));
    let (left_out, kept) = if sort == Sort::Sessions { ("sessionId", "retryId") } else { ("retryId", "sessionId") };
    let bodies = world.bodies(Call::Download);
    let has = |n: usize, id: &str| bodies[n].get(id).is_some();
    assert_eq!(bodies.len(), 3, "{name}");
    assert!(!has(0, "sessionId") && !has(0, "retryId"), "the first request has no ids");
    assert!(has(1, "sessionId") && has(1, "retryId"), "the second one goes on with both");
    assert!(!has(2, left_out) && has(2, kept), "{name}: {}", bodies[2]);
    assert_eq!(world.service.count(Call::Metadata), 1);
}

async fn forms(world: &World, name: &str, kinds: &[FormKind]) {
    match name {
        "K9_FORM_AR" => world.service.images(|images| images[0].k9 = true),
        "EULA_FORM_AR" => world.service.settings(|settings| settings.eula = true),
        _ => world.service.script(Call::Download, Scripted::image_codes(&[name])),
    }
    let links = world.links(&[FIRST], &[]).await.unwrap();
    assert_eq!(links.forms.iter().map(|form| form.kind).collect::<Vec<_>>(), kinds, "{name}");
    assert!(links.granted.is_empty() && links.forms.iter().all(|form| form.content.is_some()), "{:?}", links.forms);
    let e = links.agreed().unwrap_err();
    assert_eq!((e.kind(), e.retry()), (ErrorKind::AgreementRequired, Retry::Never));
    assert_eq!((world.service.count(Call::Answer), world.service.count(Call::Download)), (0, 1), "{name}");
}

async fn declined(world: &World, name: &str, kind: FormKind) {
    match kind {
        FormKind::K9 => world.service.images(|images| images[0].k9 = true),
        _ => world.service.settings(|settings| settings.eula = true),
    }
    let decline = Decision::decline(kind, "Ada", "not for us");
    let e = world.links(&[FIRST], &[decline]).await.unwrap_err();
    assert_eq!((e.kind(), e.context("by")), (ErrorKind::AgreementRequired, Some("Ada")), "{e:?}");
    let told = world.bodies(Call::Answer);
    assert_eq!(
        (told[0]["status"].as_str(), told[0]["declineComments"].as_str()),
        (Some("Declined"), Some("not for us"))
    );
    // Later the service says so of itself, whatever else is decided meanwhile.
    let e = refused(world.links(&[FIRST], &[]).await);
    surfaced(&e, ErrorKind::AgreementRequired, name);
    assert_eq!(
        (e.retry(), world.service.count(Call::Answer), world.service.count(Call::Download)),
        (Retry::Never, 1, 2)
    );
}

async fn split(world: &World, name: &str) {
    let names: Vec<_> = (1..=7).map(|n| format!("cat9k_iosxe.17.09.0{n}.SPA.bin")).collect();
    world.service.images(|images| *images = names.iter().map(|name| image(name)).collect());
    world.service.settings(|settings| settings.image_limit = 2);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let links = world.links(&names, &[]).await.unwrap();
    let granted: Vec<_> = links.granted.iter().map(|grant| grant.image.entry.filename.as_str()).collect();
    assert_eq!(granted, names, "all of them, in their order");
    let query = Query::Images { images: names.iter().map(|n| (*n).to_owned()).collect() };
    assert_eq!(world.search(&query).await.unwrap().images.len(), 7);
    // One image that is too many cannot be split.
    world.service.settings(|settings| settings.image_limit = 0);
    let e = refused(world.links(&[names[0]], &[]).await);
    surfaced(&e, ErrorKind::InvalidInput, name);
    assert_eq!((e.retry(), world.pauses()), (Retry::Never, vec![]));
}

async fn later(world: &World, name: &str, kind: ErrorKind) {
    world.service.script(Call::Metadata, Scripted::codes(&[name]));
    world.service.script(Call::Download, Scripted::image_codes(&[name]));
    world.service.script(Call::Download, Scripted::codes(&[name]));
    let links = world.links(&[FIRST, SECOND], &[]).await.unwrap();
    assert_eq!((links.granted.len(), world.pauses()), (2, vec![1, 2, 4]), "{name}");
    for _ in 0..20 {
        world.service.script(Call::Download, Scripted::codes(&[name]));
    }
    let before = world.service.count(Call::Download);
    let e = refused(world.links(&[FIRST], &[]).await);
    surfaced(&e, kind, name);
    assert!(matches!(e.retry(), Retry::After(_)), "{e:?}");
    assert_eq!(world.service.count(Call::Download) - before, 5, "a few tries, not for ever");
    assert_eq!(world.pauses()[3..], [1, 2, 4, 8]);
}

async fn not_entitled(world: &World, name: &str, how: Entitlement) {
    match how {
        Entitlement::OfItself => world.service.images(|images| images[0].entitled = false),
        Entitlement::Image => world.service.script(Call::Download, Scripted::image_codes(&[name])),
        Entitlement::Whole => world.service.script(Call::Download, Scripted::codes(&[name])),
    }
    let e = refused(world.links(&[FIRST], &[]).await);
    surfaced(&e, ErrorKind::NotEntitled, name);
    assert_eq!((e.retry(), world.service.count(Call::Download), world.pauses()), (Retry::Never, 1, vec![]), "{name}");
    if matches!(how, Entitlement::OfItself) {
        let links = world.links(&[FIRST, SECOND], &[]).await.unwrap();
        assert_eq!((links.granted.len(), links.refused.len()), (1, 1), "the other one may be had");
    }
}

#[tokio::test]
async fn several_codes_at_once_and_codes_of_tomorrow() {
    let world = World::new().await;
    // Both ids are stale: both recoveries, one after the same reply.
    world.service.images(|images| images[0].k9 = true);
    world.service.script(Call::Download, Scripted::Honest);
    world.service.script(Call::Download, Scripted::image_codes(&["DWLDSID_EXPIRED", "DRETRYID_EXPIRED"]));
    let decision = Decision::accept(FormKind::K9, "Ada").business(BusinessFunction::CommercialOrCivil);
    assert_eq!(world.links(&[FIRST], &[decision]).await.unwrap().granted.len(), 1);
    let last = world.bodies(Call::Download).pop().unwrap();
    assert!(last.get("sessionId").is_none() && last.get("retryId").is_none(), "{last}");
    // What ends it wins over what could be tried again.
    world.service.script(Call::Download, Scripted::image_codes(&["TIMEOUT_OF_TOMORROW", "SW_ADV_IMAGE"]));
    let e = refused(world.links(&[FIRST], &[]).await);
    assert_eq!(
        (e.kind(), e.context("code"), e.retry()),
        (ErrorKind::DeviceRejected, Some("TIMEOUT_OF_TOMORROW"), Retry::Never)
    );
    assert_eq!(e.context("codes"), Some("TIMEOUT_OF_TOMORROW, SW_ADV_IMAGE"));
    // An advisory alone forbids nothing.
    world.service.script(Call::Download, Scripted::image_codes(&["SW_ADV_IMAGE"]));
    assert_eq!(world.links(&[FIRST], &[]).await.unwrap().granted.len(), 1);
    // Withdrawn images are not asked for.
    world.service.images(|images| images[0].deleted = true);
    let before = world.service.count(Call::Download);
    let e = refused(world.links(&[FIRST], &[]).await);
    assert_eq!(
        (e.kind(), e.context("code"), world.service.count(Call::Download)),
        (ErrorKind::NotFound, Some("is_Deleted"), before)
    );
    assert_eq!(code("is_deleted").unwrap().action, Action::ReportNotFound);
}

#[tokio::test]
async fn all_pages_of_a_product_and_what_the_vendor_says_of_each_image() {
    let mut images: Vec<_> = (0..120).map(|n| image(&format!("cat9k_iosxe.17.09.{n:02}.SPA.bin"))).collect();
    images[7].deferral = Some("CSCxx12345: crashes".to_owned());
    images[8].deleted = true;
    images[9].suggested = true;
    let world = World::with(images).await;
    let found = world.search(&Query::release(PID, "17.3.1", "latest")).await.unwrap();
    assert_eq!((found.images.len(), world.service.count(Call::Metadata)), (120, 3));
    let entry = |n: usize| &found.images[n].entry;
    assert_eq!(entry(0).version.as_deref(), Some(RELEASE));
    assert_eq!(entry(0).lifecycle.released.as_deref(), Some("2023-11-15"));
    assert_eq!((entry(0).requires.ram_mib, entry(0).requires.flash_mib), (Some(8192), Some(4096)));
    assert!(entry(0).lifecycle.status.offered() && entry(0).sha512.is_some());
    assert!(!entry(7).lifecycle.status.offered() && entry(7).advisories == ["CSCxx12345: crashes"]);
    assert!(!entry(8).lifecycle.status.offered());
    assert_eq!((entry(9).lifecycle.suggested, entry(10).lifecycle.suggested), (Some(true), Some(false)));
}
