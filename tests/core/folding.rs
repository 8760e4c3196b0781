//! Folding as JSON, by the vectors that the facade's contents are tested with.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic)]

use serde_json::{Map, Value, json};
use std::rc::Rc;
use weavegraph_wasm::state::json_fold::{Channel, Content, FoldError, KeyOf, Reducer};

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/folding.json")).expect("the vectors are JSON");
    list(&file["cases"]).to_vec()
}

#[test]
fn every_vector_folds_as_it_says() {
    let failures: Vec<String> = vectors().iter().filter_map(|case| run(case).err().map(|why| format!("{}: {why}", case["name"]))).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_clone_does_not_see_what_the_other_folds() {
    let mut content = Content::new(&Channel::Append { initial: vec![json!(1)], key: None });
    let before = content.clone();
    content.fold(&json!(2), false).expect("an item can be appended");
    assert_eq!((before.view(), content.view()), (Some(json!([1])), Some(json!([1, 2]))));
}

#[test]
fn errors_have_the_codes_of_the_contract() {
    assert_eq!(FoldError::InvalidUpdate(String::new()).code().as_str(), "STATE_INVALID_UPDATE");
    assert_eq!(FoldError::Reducer(String::new()).code().as_str(), "STATE_REDUCER");
}

fn run(case: &Value) -> Result<(), String> {
    let mut content = Content::new(&channel(&case["channel"]));
    for (number, barrier) in list(&case["barriers"]).iter().enumerate() {
        let before = content.clone();
        let folded: Result<Vec<bool>, FoldError> =
            list(&barrier["writes"]).iter().map(|write| content.fold(&write["value"], write["replace"] == json!(true))).collect();
        if folded.is_err() {
            content = before;
        }
        let expected = match barrier.get("error") {
            Some(code) => (code.clone(), barrier["message"].clone()),
            None => (barrier["changed"].clone(), Value::Null),
        };
        let found = match folded {
            Ok(changed) => (json!(changed), Value::Null),
            Err(error) => (json!(error.code().as_str()), json!(error.to_string())),
        };
        if found != expected {
            return Err(format!("barrier {number} gave {found:?}, not {expected:?}"));
        }
        let (found, expected) = (content.view(), barrier.get("value").cloned());
        if found.as_ref().map(canonical) != expected.as_ref().map(canonical) {
            return Err(format!("barrier {number} left {found:?}, not {expected:?}"));
        }
    }
    Ok(())
}

fn channel(description: &Value) -> Channel {
    let initial = description.get("initial").cloned();
    match text(&description["kind"]) {
        "append" => Channel::Append {
            initial: initial.map_or_else(Vec::new, |initial| list(&initial).to_vec()),
            key: description.get("key").map(|key| key_of(text(key))),
        },
        "merge" => Channel::Merge { initial: initial.map_or_else(Map::new, |initial| initial.as_object().expect("an object").clone()) },
        "last" => Channel::Last { initial },
        "reduce" => Channel::Reduce { initial: initial.expect("an initial value"), reducer: reducer(text(&description["fn"])) },
        kind => panic!("no such kind: {kind}"),
    }
}

fn key_of(name: &str) -> KeyOf {
    match name {
        "(itself)" => Rc::new(|item| Ok(item.clone())),
        "(fails)" => Rc::new(|_| Err("no key".to_owned())),
        field => {
            let field = field.to_owned();
            Rc::new(move |item| Ok(item.get(&field).cloned().unwrap_or_default()))
        }
    }
}

fn reducer(name: &str) -> Reducer {
    match name {
        "keep" => Rc::new(|_, _| Ok(None)),
        "take" => Rc::new(|_, write| Ok(Some(write.clone()))),
        "join" => Rc::new(|current, write| Ok(Some(json!(format!("{}{}", text(current), text(write)))))),
        "max" => Rc::new(|current, write| Ok(Some(if number(write)? > number(current)? { write.clone() } else { current.clone() }))),
        "sum" => Rc::new(|current, write| Ok(Some(json!(number(current)? + number(write)?)))),
        name => panic!("no such reducer: {name}"),
    }
}

fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("{} is no number", value.as_str().unwrap_or_default()))
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// Numbers by their bits: 1 is 1.0, and 0 is not -0.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("n{:x}", number.as_f64().expect("a number").to_bits()),
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(entries) => {
            format!("{{{}}}", entries.iter().map(|(key, value)| format!("{key:?}:{}", canonical(value))).collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}
