//! Forms: shown to a person, answered by a person, never by the library.

use swim::ErrorKind;
use swim::core::catalog::{BusinessFunction, Decision, FormKind};
use swim_sim::vendor::{Call, Scripted};

use crate::world::{FIRST, SECOND, World};

fn k9() -> Decision {
    Decision::accept(FormKind::K9, "Ada Lovelace").business(BusinessFunction::CommercialOrCivil)
}

fn eula() -> Decision {
    Decision::accept(FormKind::Eula, "Ada Lovelace")
}

async fn both() -> World {
    let world = World::new().await;
    world.service.images(|images| images[0].k9 = true);
    world.service.settings(|settings| settings.eula = true);
    world
}

#[tokio::test]
async fn what_a_person_decided_is_told_and_the_download_goes_on_with_the_same_ids() {
    let world = both().await;
    let links = world.links(&[FIRST], &[eula(), k9()]).await.unwrap();
    assert_eq!((links.granted.len(), links.forms.len(), world.accepted()), (1, 0, 2));
    let told = world.bodies(Call::Answer);
    assert_eq!(told[0]["busFunction"], "COMM_OR_CIVIL");
    assert!(told[0].get("govMilCountries").is_none(), "nobody said anything of that");
    assert_eq!((&told[0]["fileNames"], &told[0]["confirm"]), (&FIRST.into(), &"CONFIRM_CHECKED".into()));
    assert!(told[1].get("confirm").is_none() && told[1].get("busFunction").is_none());
    let asked = world.bodies(Call::Download);
    assert_eq!(asked.len(), 2);
    assert!(asked[1]["sessionId"].is_string() && asked[1]["retryId"].is_string());
    // The vendor remembers: nobody is asked again.
    assert_eq!(world.links(&[FIRST, SECOND], &[]).await.unwrap().granted.len(), 2);
    assert_eq!(world.accepted(), 2);
}

#[tokio::test]
async fn one_decision_is_not_two() {
    let world = both().await;
    let links = world.links(&[FIRST], &[k9()]).await.unwrap();
    assert_eq!(links.forms.iter().map(|form| form.kind).collect::<Vec<_>>(), [FormKind::Eula]);
    assert_eq!(world.service.count(Call::Answer), 0, "nothing is told before all is decided");
    // One that nobody asked for is not told either.
    let world = World::new().await;
    assert_eq!(world.links(&[FIRST], &[k9(), eula()]).await.unwrap().granted.len(), 1);
    assert_eq!(world.service.count(Call::Answer), 0);
}

#[tokio::test]
async fn decisions_that_no_person_can_have_made_are_refused_before_anything_is_sent() {
    let world = both().await;
    let military = Decision::accept(FormKind::K9, "Ada").business(BusinessFunction::GovernmentOrMilitary);
    for (decision, field) in [
        (Decision::accept(FormKind::K9, "Ada"), "decision.business_function"),
        (military.clone(), "decision.countries"),
        (Decision::accept(FormKind::Eula, ""), "decision.by"),
        (Decision::decline(FormKind::Eula, "Ada", " "), "decision.comments"),
    ] {
        let e = world.links(&[FIRST], &[decision]).await.unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)));
    }
    assert!(world.service.seen().is_empty());
    assert_eq!(world.links(&[FIRST], &[military.in_countries(true), eula()]).await.unwrap().granted.len(), 1);
    assert_eq!(world.bodies(Call::Answer)[0]["govMilCountries"], "GOV_OR_MIL_COUNTRIES_YES");
}

#[tokio::test]
async fn a_service_that_forgets_answers_is_not_answered_twice() {
    let world = both().await;
    world.service.settings(|settings| settings.forgets_answers = true);
    let e = world.links(&[FIRST], &[k9(), eula()]).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::AgreementRequired);
    assert!(e.to_string().contains("asks again"), "{e}");
    assert_eq!(world.accepted(), 2, "each form once");
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends_it() {
    let world = both().await;
    world.service.script(Call::Answer, Scripted::Raw(r#"{"statusMessage": "The form is closed."}"#.to_owned()));
    let e = world.links(&[FIRST], &[k9(), eula()]).await.unwrap_err();
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::AgreementRequired, Some("The form is closed.")));
    assert_eq!(world.service.count(Call::Answer), 1);
}
