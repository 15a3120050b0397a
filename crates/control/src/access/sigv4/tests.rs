use std::collections::BTreeMap;

use super::*;

const VECTORS: &str = include_str!("../../../tests/vectors/sigv4.json");
const BODY_AFTER: &str = "\r\n\r\n";

/// A request of the suite: method, path, query, headers, body.
struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        let (head, body) = text.split_once(BODY_AFTER).unwrap_or((text.as_str(), ""));
        let mut lines = head.lines();
        let first = lines.next().expect("a request line");
        let (method, rest) = first.split_once(' ').expect("a method");
        let target = rest.strip_suffix(" HTTP/1.1").expect("a version");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').expect("a header");
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }

    fn parts(&self) -> SignedParts<'_> {
        SignedParts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        }
    }
}

/// Reads a claim without the checks that the suite's requests do not keep (service, time).
fn claim<'r>(parts: &SignedParts<'r>) -> Claim<'r> {
    let authorization = one(parts, "authorization").expect("signed");
    let field = |name: &str| {
        let mut found = authorization[SCHEME.len()..].split(',').filter_map(|f| f.trim().split_once('='));
        found.find(|(known, _)| *known == name).expect("a field").1
    };
    let (access_key_id, scope) = field("Credential").split_once('/').expect("a scope");
    Claim {
        access_key_id,
        time: one(parts, "x-amz-date").expect("a date"),
        scope,
        signed_headers: field("SignedHeaders"),
        signature: signature(field("Signature")).expect("hex"),
    }
}

#[test]
fn every_signature_of_the_suite_of_aws_is_taken_and_none_with_a_changed_request() {
    let suite: BTreeMap<String, serde_json::Value> = serde_json::from_str(VECTORS).expect("JSON");
    let mut checked = 0;
    for (name, case) in &suite {
        // S3 alone leaves paths as they are, and HTTP has no headers over several lines any more.
        if case["context"]["normalize"] == false || name == "get-header-value-multiline" {
            continue;
        }
        let request = Request::parse(case["signed"].as_str().expect("text"));
        let parts = request.parts();
        let claim = claim(&parts);
        let hash = hex::encode(Sha256::digest(request.body.as_bytes()));
        let canonical = canonical_request(&parts, claim.signed_headers, &hash);
        let expected = case["canonical"].as_str().expect("text").replace("\r\n", "\n");
        assert_eq!(canonical, expected, "{name}");
        let secret = case["context"]["credentials"]["secret_access_key"].as_str().expect("text").as_bytes();
        let body = request.body.as_bytes();
        claim.check(&parts, body, secret).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(claim.check(&parts, body, &secret[1..]), Err(Refusal::Mismatch), "{name}: secret");
        assert_eq!(claim.check(&parts, b"other", secret), Err(Refusal::Mismatch), "{name}: body");
        for changed in [
            SignedParts { method: "PUT", ..parts.clone() },
            SignedParts { path: "/other", ..parts.clone() },
            SignedParts { query: "other=1", ..parts.clone() },
        ] {
            assert_eq!(claim.check(&changed, body, secret), Err(Refusal::Mismatch), "{name}: {changed:?}");
        }
        checked += 1;
    }
    assert!(checked >= 28, "{checked} of {}", suite.len());
}

const NOW: &str = "20260101T120000Z";

fn now() -> Timestamp {
    Timestamp::from_micros(seconds(NOW).expect("a time") * 1_000_000)
}

fn headers<'r>(authorization: &'r str, time: &'r str) -> Vec<(&'r str, &'r str)> {
    vec![("host", "nova:9000"), ("x-amz-date", time), ("authorization", authorization)]
}

fn read(authorization: &str, time: &str, more: &[(&'static str, &'static str)]) -> Result<(), Refusal> {
    let mut headers = headers(authorization, time);
    headers.extend(more.iter().copied());
    let parts = SignedParts { method: "POST", path: "/", query: "", headers };
    Claim::read(&parts, now()).map(drop)
}

#[test]
fn a_claim_that_is_old_of_elsewhere_or_leaves_headers_out_is_refused() {
    let zeros = "0".repeat(64);
    let with = |scope: &str, signed: &str| {
        format!("{SCHEME} Credential=NOVA1/{scope}, SignedHeaders={signed}, Signature={zeros}")
    };
    let scope = "20260101/eu-west-1/lambda/aws4_request";
    let good = with(scope, "host;x-amz-date");
    assert_eq!(read(&good, NOW, &[]), Ok(()));
    for time in ["20260101T120459Z", "20260101T115501Z"] {
        assert_eq!(read(&good, time, &[]), Ok(()), "{time}");
    }
    for time in ["20260101T120501Z", "20260101T115459Z", "20250101T120000Z"] {
        assert_eq!(read(&good, time, &[]), Err(Refusal::Skewed), "{time}");
    }
    for time in ["2026-01-01", "20261301T120000Z", "20260101T120000+", ""] {
        assert_eq!(read(&good, time, &[]), Err(Refusal::Incomplete("x-amz-date")), "{time}");
    }
    for other in [
        "20260102/eu-west-1/lambda/aws4_request",
        "20260101/eu-west-1/s3/aws4_request",
        "20260101/eu-west-1/lambda/aws5_request",
        "20260101//lambda/aws4_request",
        "/eu-west-1/lambda/aws4_request",
    ] {
        assert_eq!(read(&with(other, "host;x-amz-date"), NOW, &[]), Err(Refusal::Scope), "{other}");
    }
    assert_eq!(read(&with(scope, "x-amz-date"), NOW, &[]), Err(Refusal::Unsigned("host")));
    let unsigned = [("x-amz-invocation-type", "Event")];
    assert!(matches!(read(&good, NOW, &unsigned), Err(Refusal::Unsigned(_))));
    assert!(matches!(read(&good, NOW, &[("x-nova-tenant", "other")]), Err(Refusal::Unsigned(_))));
    let twice = [("x-amz-date", "20260101T120000Z")];
    assert_eq!(read(&good, NOW, &twice), Err(Refusal::Incomplete("x-amz-date")));
    for bad in [
        SCHEME.to_owned(),
        "Bearer x".to_owned(),
        good.replace(&zeros, "zz"),
        good.replace("NOVA1/", "NOVA1"),
    ] {
        assert!(matches!(read(&bad, NOW, &[]), Err(Refusal::Incomplete(_) | Refusal::Scope)), "{bad}");
    }
}

#[test]
fn the_hash_that_a_client_sends_of_its_body_must_be_right() {
    let hash = hex::encode(Sha256::digest(b"{}"));
    for (said, fits) in [(hash.as_str(), true), ("UNSIGNED-PAYLOAD", false)] {
        let mut headers = vec![("host", "nova"), ("x-amz-date", NOW), ("x-amz-content-sha256", said)];
        let parts = SignedParts { method: "POST", path: "/", query: "", headers: headers.clone() };
        let scope = "20260101/us-east-1/lambda/aws4_request";
        let signed = "host;x-amz-content-sha256;x-amz-date";
        // Signed over what it says, as S3 takes it.
        let canonical = canonical_request(&parts, signed, said);
        let tag =
            hmac::sign(&signing_key(b"secret", scope), string_to_sign(NOW, scope, &canonical).as_bytes());
        let authorization = format!(
            "{SCHEME} Credential=NOVA1/{scope}, SignedHeaders={signed}, Signature={}",
            hex::encode(tag)
        );
        headers.push(("authorization", &authorization));
        let parts = SignedParts { headers, ..parts };
        let claim = Claim::read(&parts, now()).expect("read");
        assert_eq!(claim.check(&parts, b"{}", b"secret").is_ok(), fits, "{said}");
    }
}

#[test]
fn times_are_those_of_the_calendar() {
    assert_eq!(seconds("19700101T000000Z"), Some(0));
    assert_eq!(seconds("20000301T000000Z"), Some(951_868_800));
    assert_eq!(seconds("20240229T235959Z"), Some(1_709_251_199));
    assert_eq!(seconds("20261125T223824Z"), Some(1_795_646_304));
}
