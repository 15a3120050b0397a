//! The OpenAPI document.

use std::collections::BTreeSet;
use std::path::Path;

use nova_api::endpoints::ENDPOINTS;
use nova_api::openapi;
use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&openapi::v1_json()).expect("the document is JSON")
}

#[test]
fn the_checked_in_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/v1.json");
    if std::env::var_os("NOVA_BLESS").is_some() {
        std::fs::write(&path, openapi::v1_json()).expect("writable");
    }
    let stored = std::fs::read_to_string(&path).expect("openapi/v1.json is checked in");
    assert!(
        stored == openapi::v1_json(),
        "openapi/v1.json is old: run NOVA_BLESS=1 cargo test -p nova-api, look at the change, commit it"
    );
}

#[test]
fn an_independent_reader_takes_the_document_as_openapi_3_1() {
    let read = oas3::from_json(openapi::v1_json()).expect("valid");
    let version = read.validate_version().expect("a version of the specification");
    assert_eq!((version.major, version.minor), (3, 1));
    assert_eq!(read.operations().count(), ENDPOINTS.len());
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_a_schema() {
    let document = document();
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("references stay in the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let schemas = document["components"]["schemas"].as_object().expect("there are schemas");
    for (name, schema) in schemas {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name} is no JSON schema");
    }
}

#[test]
fn every_endpoint_is_in_the_document_with_its_path_parameters() {
    let document = document();
    for row in ENDPOINTS {
        let operation = &document["paths"][row.path][row.method.as_str().to_lowercase()];
        assert_eq!(operation["operationId"], row.id, "{}", row.path);
        let named: BTreeSet<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let wanted: BTreeSet<_> = row.path.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(named, wanted, "{}", row.path);
        assert!(operation["responses"]["default"].is_object(), "{} shows no problem document", row.id);
    }
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                into.insert(reference.clone());
            }
            map.values().for_each(|value| collect_references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, into)),
        _ => {}
    }
}
