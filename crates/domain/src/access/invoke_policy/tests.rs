use super::*;
use crate::access::{CallerFunction, Grant, PermissionSet};
use crate::function::PoolSettings;
use crate::id::{FunctionId, ServiceId, UserId};
use crate::name::{NamespaceName, Scope, TenantName};
use crate::time::Timestamp;

fn scope(namespace: &str) -> Scope {
    Scope {
        tenant: TenantName::new("acme").expect("valid"),
        namespace: NamespaceName::new(namespace).expect("valid"),
    }
}

fn function(allow: &[&str], deny: &[&str]) -> Function {
    let rules = |texts: &[&str]| texts.iter().map(|text| CallerRule::parse(text).expect("valid")).collect();
    Function {
        id: FunctionId::new("01F").expect("valid"),
        scope: scope("prod"),
        name: FunctionName::new("mail").expect("valid"),
        description: String::new(),
        tags: Default::default(),
        pool: PoolSettings::default(),
        invoke_policy: InvokePolicy { allow: rules(allow), deny: rules(deny) },
        http: Default::default(),
        active_version: 1,
        latest_version: 1,
        revision: 1,
        created_at: Timestamp::from_micros(0),
        updated_at: Timestamp::from_micros(0),
    }
}

fn with(subject: Subject, roles: &[&str], bounds: Option<&[&str]>, of: Option<(&str, &str)>) -> Principal {
    let grants = |roles: &[&str]| -> Vec<Grant> {
        let tenant = TenantName::new("acme").ok();
        roles.iter().map(|role| Grant::whole(tenant.clone(), PermissionSet::all(), role)).collect()
    };
    Principal {
        subject,
        grants: grants(roles),
        bounds: bounds.map(grants),
        function: of.map(|(namespace, name)| CallerFunction {
            scope: scope(namespace),
            name: FunctionName::new(name).expect("valid"),
        }),
        ..Principal::dev()
    }
}

fn ada() -> Subject {
    Subject::User(UserId::new("01ADA").expect("valid"))
}

fn robot() -> Subject {
    Subject::Service(ServiceId::new("01ROBOT").expect("valid"))
}

#[test]
fn who_is_let_in_by_each_kind_of_rule() {
    let ada_admin = with(ada(), &["admin"], None, None);
    let ada_narrow = with(ada(), &["admin"], Some(&["invoker"]), None);
    let robot = with(robot(), &["invoker"], None, None);
    let from_cart = with(Subject::Dev, &["invoker"], None, Some(("prod", "cart")));
    let from_elsewhere = with(Subject::Dev, &["invoker"], None, Some(("test", "cart")));
    let token = with(Subject::Token("https://issuer#7".into()), &["invoker"], None, None);
    let all = [
        ("admin", Some(&ada_admin)),
        ("narrow", Some(&ada_narrow)),
        ("robot", Some(&robot)),
        ("cart", Some(&from_cart)),
        ("elsewhere", Some(&from_elsewhere)),
        ("token", Some(&token)),
        ("nobody", None),
    ];
    type Lists = (&'static [&'static str], &'static [&'static str]);
    let cases: &[(Lists, &str)] = &[
        ((&[], &[]), "admin narrow robot cart elsewhere token nobody"),
        ((&["*"], &[]), "admin narrow robot cart elsewhere token nobody"),
        ((&[], &["*"]), ""),
        ((&["*"], &["*"]), ""),
        ((&["user:01ADA"], &[]), "admin narrow"),
        ((&["service:01ROBOT", "token:https://issuer#7"], &[]), "robot token"),
        // A key that narrows its owner acts by the narrower role, and is still the owner's.
        ((&["role:admin"], &[]), "admin"),
        ((&[], &["role:admin"]), "robot cart elsewhere token nobody"),
        ((&["function:ca*"], &[]), "cart"),
        ((&[], &["function:cart"]), "admin narrow robot elsewhere token nobody"),
        ((&["role:invoker"], &["service:01ROBOT"]), "cart elsewhere token"),
        ((&["dev"], &[]), "cart elsewhere"),
    ];
    for ((allow, deny), expected) in cases {
        let function = function(allow, deny);
        let let_in: Vec<_> = all
            .iter()
            .filter(|(_, principal)| {
                let calling = Calling { principal: *principal, claimed: None };
                function.invoke_policy.check(&function, calling).is_ok()
            })
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(let_in.join(" "), *expected, "allow {allow:?}, deny {deny:?}");
    }
}

#[test]
fn a_claim_to_come_from_a_function_takes_rights_and_gives_none() {
    let caller = with(ada(), &["invoker"], None, None);
    let cart = FunctionName::new("cart").expect("valid");
    let claims = Calling { principal: Some(&caller), claimed: Some(&cart) };
    for (allow, deny) in [(&["function:cart"][..], &[][..]), (&[], &["function:cart"])] {
        let function = function(allow, deny);
        let fault = function.invoke_policy.check(&function, claims).expect_err("refused");
        assert_eq!(fault.code(), Code::PermissionDenied);
    }
}

#[test]
fn rules_that_name_nobody_are_refused() {
    for bad in
        ["", "ada", "user:", "user:../x", "team:a", "role:", "function:", "function:a/b", "token:", "**"]
    {
        assert!(CallerRule::parse(bad).is_err(), "{bad:?}");
    }
    let many = (0..=CALLERS_MAX).map(|n| CallerRule::parse(&format!("role:r{n}")).expect("valid")).collect();
    assert!(InvokePolicy { allow: many, deny: Vec::new() }.validated().is_err());
}

#[test]
fn who_ordered_a_job_is_let_in_like_whoever_calls_at_once() {
    use crate::job::JobCaller;
    let user = |id: &str| Subject::User(UserId::new(id).expect("valid"));
    let callers = [
        with(user("01U"), &["mailer", "viewer"], None, None),
        with(user("01U"), &["mailer"], Some(&["viewer"]), None),
        with(Subject::Dev, &["superadmin"], None, None),
        with(Subject::Token("corp#ann".to_owned()), &["viewer"], None, None),
        with(Subject::Service(ServiceId::new("01S").expect("valid")), &[], None, Some(("prod", "bill"))),
    ];
    let rules = [
        "*",
        "dev",
        "user:01U",
        "service:01S",
        "token:corp#ann",
        "role:mailer",
        "role:viewer",
        "function:bill",
        "function:b*",
    ];
    for caller in &callers {
        for rule in rules {
            for function in [function(&[rule], &[]), function(&[], &[rule])] {
                let kept = JobCaller::of(caller, &function.scope, &function.name);
                let back = kept.principal(&function.scope).expect("reads");
                let check = |principal| {
                    let calling = Calling { principal: Some(principal), claimed: None };
                    function.invoke_policy.check(&function, calling).is_ok()
                };
                assert_eq!(check(caller), check(&back), "{caller:?} {rule}");
            }
        }
    }
}
