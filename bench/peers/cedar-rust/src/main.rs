//! The reference implementation behind the form of `sekimori cedar batch`: one JSON object per line in and out, in order.
//! Policy ids are `@id` where present, else `policyN` in file order.

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request, Schema, SlotId, Template,
    ValidationMode, Validator,
};
use serde::Deserialize;
use serde_json::{json, value::RawValue, Value};
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::str::FromStr;

/// Entities and context stay text, so that the reference reads them itself, duplicate keys and number forms included.
#[derive(Deserialize)]
struct Case {
    policies: String,
    #[serde(default)]
    links: Vec<Value>,
    entities: Option<Box<RawValue>>,
    schema: Option<String>,
    request: Asked,
}

#[derive(Deserialize)]
struct Asked {
    principal: String,
    action: String,
    resource: String,
    context: Option<Box<RawValue>>,
}

struct Failure {
    stage: &'static str,
    message: String,
}

fn at<E: std::fmt::Display>(stage: &'static str) -> impl Fn(E) -> Failure {
    move |error| Failure { stage, message: error.to_string() }
}

fn named(text: &str) -> Result<PolicySet, Failure> {
    let parsed = PolicySet::from_str(text).map_err(at("policies"))?;
    let mut set = PolicySet::new();
    let id = |annotation: Option<&str>, old: &PolicyId| annotation.map_or_else(|| old.clone(), PolicyId::new);
    let mut policies: Vec<Policy> = parsed.policies().cloned().collect();
    policies.sort_by_key(|p| p.id().to_string());
    for policy in policies {
        let new = id(policy.annotation("id"), policy.id());
        set.add(policy.new_id(new)).map_err(at("policies"))?;
    }
    let mut templates: Vec<Template> = parsed.templates().cloned().collect();
    templates.sort_by_key(|t| t.id().to_string());
    for template in templates {
        let new = id(template.annotation("id"), template.id());
        set.add_template(template.new_id(new)).map_err(at("policies"))?;
    }
    Ok(set)
}

fn link(set: &mut PolicySet, links: &[Value]) -> Result<(), Failure> {
    let bad = || Failure { stage: "links", message: "malformed link".into() };
    for link in links {
        let text = |key: &str| link[key].as_str().ok_or_else(bad);
        let mut values = HashMap::new();
        for (slot, uid) in link["args"].as_object().ok_or_else(bad)? {
            let slot = match slot.as_str() {
                "?principal" => SlotId::principal(),
                "?resource" => SlotId::resource(),
                _ => return Err(bad()),
            };
            let uid = EntityUid::from_str(uid.as_str().ok_or_else(bad)?).map_err(at("links"))?;
            values.insert(slot, uid);
        }
        set.link(PolicyId::new(text("templateId")?), PolicyId::new(text("newId")?), values).map_err(at("links"))?;
    }
    Ok(())
}

fn uid(text: &str) -> Result<EntityUid, Failure> {
    EntityUid::from_str(text).map_err(at("request"))
}

fn decide(case: &Case) -> Result<Value, Failure> {
    let mut set = named(&case.policies)?;
    link(&mut set, &case.links)?;
    let schema = match &case.schema {
        Some(text) => Some(Schema::from_cedarschema_str(text).map_err(at("schema"))?.0),
        None => None,
    };
    let entities = match &case.entities {
        None => Entities::empty(),
        Some(given) => Entities::from_json_str(given.get(), schema.as_ref()).map_err(at("entities"))?,
    };
    let asked = &case.request;
    let (principal, action, resource) = (uid(&asked.principal)?, uid(&asked.action)?, uid(&asked.resource)?);
    let context = match &asked.context {
        None => Context::empty(),
        Some(given) => {
            Context::from_json_str(given.get(), schema.as_ref().map(|s| (s, &action))).map_err(at("request"))?
        }
    };
    let request = Request::new(principal, action, resource, context, schema.as_ref()).map_err(at("request"))?;
    let response = Authorizer::new().is_authorized(&request, &set, &entities);
    let mut reason: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    let mut errors: Vec<String> = response.diagnostics().errors().map(|AuthorizationError::PolicyEvaluationError(e)| e.policy_id().to_string()).collect();
    reason.sort();
    errors.sort();
    let decision = if response.decision() == Decision::Allow { "allow" } else { "deny" };
    let mut answer = json!({"decision": decision, "reason": reason, "errors": errors});
    if let Some(schema) = schema {
        answer["valid"] = Validator::new(schema).validate(&set, ValidationMode::Strict).validation_passed().into();
    }
    Ok(answer)
}

fn main() {
    let stdin = std::io::stdin();
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in stdin.lock().lines() {
        let line = line.expect("standard input is readable");
        let answer = match serde_json::from_str::<Case>(&line) {
            Ok(case) => decide(&case)
                .unwrap_or_else(|f| json!({"error": {"stage": f.stage, "message": f.message}})),
            Err(error) => json!({"error": {"stage": "request", "message": error.to_string()}}),
        };
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("standard output is writable");
    }
}
