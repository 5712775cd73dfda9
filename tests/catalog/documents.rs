//! The examples of `docs/catalogues.md`: each can be imported as it stands there.

use serde_json::{Value, json};

use crate::verbs::{Folder, call, open};

#[tokio::test]
async fn every_example_of_a_document_can_be_imported() {
    let folder = Folder::new("documents");
    let client = open(&folder, json!({})).await;
    let text = include_str!("../../docs/catalogues.md");
    let blocks: Vec<&str> =
        text.split("```json\n").skip(1).map(|after| after.split_once("```").expect("an end of the block").0).collect();
    assert_eq!(blocks.len(), 3, "one catalogue, two lists");
    for (at, block) in blocks.iter().enumerate() {
        let document: Value = serde_json::from_str(block).expect(block);
        let path = folder.write(&format!("{at}.json"), block);
        let verb = if document.get("entries").is_some() { "import_catalog" } else { "import_known_good" };
        let told = call(&client, verb, json!({"path": path, "allow_unsigned": true})).await;
        assert_eq!(told.get("remarks").unwrap_or(&json!([])), &json!([]), "nothing is passed over: {told:#}");
    }
    // The table has every field of an entry that the example has.
    let document: Value = serde_json::from_str(blocks[0]).expect("a catalogue");
    let entry = &document["entries"][0];
    let shown = call(&client, "catalog", json!({})).await[0].clone();
    assert_eq!((&shown["provenance"], &shown["version"]), (&entry["provenance"], &entry["version"]), "{shown:#}");
    for field in entry.as_object().expect("an entry").keys().filter(|field| *field != "filename") {
        assert!(text.contains(&format!("`{field}`")) || text.contains(&format!("`{field}.")), "{field} is in no row");
    }
}
