//! The suite of `Records`.

use serde_json::json;

use crate::ports::Records;

/// Asserts the contract of [`Records`] on an empty store.
pub async fn records(store: &dyn Records) {
    assert_eq!(store.get("devices", "a").await.expect("get"), None);
    assert_eq!(store.all("devices").await.expect("all"), Vec::new(), "the suite wants an empty store");
    assert!(!store.remove("devices", "a").await.expect("remove"), "there was nothing");

    // put replaces, put_new does not.
    store.put("devices", "a", json!({"n": 1})).await.expect("put");
    store.put("devices", "a", json!({"n": 2})).await.expect("put");
    assert_eq!(store.get("devices", "a").await.expect("get"), Some(json!({"n": 2})));
    assert!(!store.put_new("devices", "a", json!(3)).await.expect("put_new"), "the key is taken");
    assert_eq!(store.get("devices", "a").await.expect("get"), Some(json!({"n": 2})), "and stays as it was");
    assert!(store.put_new("devices", "b", json!(null)).await.expect("put_new"), "the key is free");
    assert_eq!(store.get("devices", "b").await.expect("get"), Some(json!(null)), "null is a value");
    assert!(!store.put_new("devices", "b", json!(1)).await.expect("put_new"), "null takes the key");

    // Tables do not see each other; any text is a key, also one that another language would read as a command.
    store.put("images", "a", json!("other")).await.expect("put");
    assert_eq!(store.get("devices", "a").await.expect("get"), Some(json!({"n": 2})));
    let odd = ["", "%", "a/b", "'; DROP TABLE records; --", "é", "\u{1F600}", "A"];
    for key in odd {
        store.put("odd", key, json!([key])).await.expect("put");
    }
    for key in odd {
        assert_eq!(store.get("odd", key).await.expect("get"), Some(json!([key])), "{key:?}");
    }

    // all: by key, in the order of their bytes.
    let keys: Vec<_> = store.all("odd").await.expect("all").into_iter().map(|(key, _)| key).collect();
    let mut sorted = odd.map(str::to_owned).to_vec();
    sorted.sort_unstable();
    assert_eq!(keys, sorted);

    // Values come back as they were.
    let deep = json!({"a": [1, -2, 18_446_744_073_709_551_615_u64, 1.5, "\u{0}\n\"", true, null, {"b": {}}], "": []});
    store.put("odd", "deep", deep.clone()).await.expect("put");
    assert_eq!(store.get("odd", "deep").await.expect("get"), Some(deep));

    // swap: only while it is what the caller has read.
    let old = store.get("odd", "deep").await.expect("get").expect("there");
    assert!(store.swap("odd", "deep", &old, json!({"n": 1})).await.expect("swap"), "it was that");
    assert!(!store.swap("odd", "deep", &old, json!({"n": 2})).await.expect("swap"), "it is another one now");
    assert_eq!(store.get("odd", "deep").await.expect("get"), Some(json!({"n": 1})));
    assert!(!store.swap("odd", "none", &json!(null), json!(1)).await.expect("swap"), "nothing is not null");
    assert_eq!(store.get("odd", "none").await.expect("get"), None);
    assert!(!store.swap("images", "deep", &json!({"n": 1}), json!(1)).await.expect("swap"), "in another table");

    assert!(store.remove("devices", "a").await.expect("remove"));
    assert!(!store.remove("devices", "a").await.expect("remove"), "once only");
    assert_eq!(store.get("devices", "a").await.expect("get"), None);
    assert_eq!(store.get("images", "a").await.expect("get"), Some(json!("other")), "the other table keeps its own");
    assert!(store.put_new("devices", "a", json!(5)).await.expect("put_new"), "free again");
}
