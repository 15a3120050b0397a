//! The OpenAPI 3.1 document, made from the table of endpoints.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, Content, Info, OpenApi, OpenApiBuilder, Paths, PathsBuilder, Ref, RefOr, Required,
    Response, ResponseBuilder, Responses, ResponsesBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoints::{Body, ENDPOINTS, Endpoint, Query, QueryKind, ScopeKind, TypeOf};
use crate::schema;
use crate::v1::{self, problem};

/// The document as pretty-printed JSON with a line end, as it is checked in (`openapi/v1.json`).
pub fn v1_json() -> String {
    let document = serde_json::to_value(document()).expect("an OpenAPI document is plain data");
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value is plain data");
    text.push('\n');
    text
}

/// The document.
pub fn document() -> OpenApi {
    let mut info = Info::new("Nova", "1");
    info.description = Some(
        "Self-hosted serverless functions. Every path is also offered below `/v1`. Errors are RFC 9457 \
         problem documents. Lists are pages: pass `next_cursor` as `cursor`."
            .to_owned(),
    );
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut found = vec![(v1::Problem::name().into_owned(), v1::Problem::schema())];
    v1::Problem::schemas(&mut found);
    found.push((crate::aws::Error::name().into_owned(), crate::aws::Error::schema()));
    for row in ENDPOINTS {
        for body in [row.request, row.response] {
            if let Body::Json(of) | Body::JsonOrMultipart(of) | Body::Events(of) = body {
                (of.collect)(&mut found);
            }
        }
    }
    schemas.extend(found);
    let mut components = ComponentsBuilder::new().schemas_from_iter(schemas).build();
    for (name, scheme) in SCHEMES.into_iter().zip(security_schemes()) {
        components.add_security_scheme(name, scheme);
    }
    OpenApiBuilder::new().info(info).paths(paths()).components(Some(components)).build()
}

/// Names of the ways to say who one is; any of them is enough.
const SCHEMES: [&str; 3] = ["bearer", "apiKey", "session"];

fn security_schemes() -> [SecurityScheme; 3] {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key (`nova_..`), or a token of an issuer that the server's settings name."))
        .build();
    let key =
        ApiKeyValue::with_description("X-Api-Key", "A key, for clients that cannot set `Authorization`.");
    let about = "What a browser gets by `POST /auth/sign-in`. Taken only together with an `Origin` of the server itself.";
    let session = ApiKeyValue::with_description(crate::headers::SESSION_COOKIE, about);
    [
        SecurityScheme::Http(bearer),
        SecurityScheme::ApiKey(ApiKey::Header(key)),
        SecurityScheme::ApiKey(ApiKey::Cookie(session)),
    ]
}

fn paths() -> Paths {
    let mut paths = PathsBuilder::new().build();
    for row in ENDPOINTS {
        paths.add_path_operation(row.path, vec![row.method.into()], operation(row));
    }
    paths
}

fn operation(row: &Endpoint) -> Operation {
    let mut builder = OperationBuilder::new()
        .operation_id(Some(row.id))
        .tag(row.tag)
        .summary(Some(row.summary))
        .request_body(request_body(row.request))
        .responses(responses(row));
    if let Some(permission) = row.permission {
        let narrowed =
            if row.narrows { ", for everything or for some names: then it is about those only" } else { "" };
        builder = builder.description(Some(format!("Needs the permission `{permission}`{narrowed}.")));
        for scheme in SCHEMES {
            builder = builder.security(SecurityRequirement::new(scheme, [] as [&str; 0]));
        }
    }
    for name in row.path.split(['{', '}']).skip(1).step_by(2) {
        builder = builder.parameter(path_parameter(name));
    }
    for query in row.query {
        builder = builder.parameter(parameter(query, ParameterIn::Query));
    }
    for header in row.headers {
        builder = builder.parameter(parameter(header, ParameterIn::Header));
    }
    const SCOPE: [(&str, &str); 2] = [
        ("X-Nova-Tenant", "Tenant that the request is about; the key's own, else `default`, if absent."),
        ("X-Nova-Namespace", "Namespace that the request is about; `default` if absent."),
    ];
    let scope = match row.scope {
        ScopeKind::Namespace => &SCOPE[..],
        ScopeKind::Tenant if !row.path.contains("{tenant}") => &SCOPE[..1],
        ScopeKind::Tenant | ScopeKind::Platform => &[],
    };
    for (name, about) in scope {
        let header = Query { name, kind: QueryKind::Text, required: false, about };
        builder = builder.parameter(parameter(&header, ParameterIn::Header));
    }
    builder.build()
}

fn path_parameter(name: &str) -> Parameter {
    let number = matches!(name, "version" | "v1" | "v2");
    let schema = if number {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build()
    } else {
        ObjectBuilder::new().schema_type(Type::String).build()
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(schema))
        .build()
}

fn parameter(query: &Query, place: ParameterIn) -> Parameter {
    let required = if query.required { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(query.name)
        .parameter_in(place)
        .required(required)
        .description(Some(query.about))
        .schema(Some(kind_schema(query.kind)))
        .build()
}

fn kind_schema(kind: QueryKind) -> Object {
    let builder = ObjectBuilder::new();
    match kind {
        QueryKind::Text | QueryKind::Time => builder.schema_type(Type::String).build(),
        QueryKind::Flag => builder.schema_type(Type::Boolean).build(),
        QueryKind::Number(low, high) => {
            builder.schema_type(Type::Integer).minimum(Some(low)).maximum(Some(high)).build()
        }
    }
}

fn content(schema: impl Into<RefOr<Schema>>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

fn typed(of: TypeOf) -> Content {
    content((of.reference)())
}

fn request_body(body: Body) -> Option<RequestBody> {
    let builder = RequestBodyBuilder::new();
    let builder = match body {
        Body::None | Body::Events(_) | Body::Text(_) => return None,
        Body::Json(of) => builder.content("application/json", typed(of)).required(Some(Required::True)),
        Body::JsonOrMultipart(of) => builder
            .content("application/json", typed(of))
            .content("multipart/form-data", content(multipart_form()))
            .required(Some(Required::True)),
        Body::AnyJson => builder
            .description(Some("The event: any JSON value of at most 6 MiB; no body is `{}`."))
            .content("application/json", content(schema::any())),
    };
    Some(builder.build())
}

/// The form of an upload.
fn multipart_form() -> Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let binary = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    ObjectBuilder::new()
        .property("archive", binary.description(Some("A zip, tar or tar.gz archive.")))
        .property("code", text().description(Some("Source text of the entry file.")))
        .property("entry", text().description(Some("The file that is started or imported.")))
        .property("handler", text().description(Some("A new handler for the new code.")))
        .build()
}

fn responses(row: &Endpoint) -> Responses {
    ResponsesBuilder::new()
        .response(row.status.to_string(), good_response(row))
        .response("default", if row.is_aws() { aws_error_response() } else { problem_response() })
        .build()
}

fn good_response(row: &Endpoint) -> Response {
    let builder = ResponseBuilder::new().description(row.summary);
    let builder = match row.response {
        Body::None => builder,
        Body::Json(of) | Body::JsonOrMultipart(of) => builder.content("application/json", typed(of)),
        Body::AnyJson => builder.content("application/json", content(schema::any())),
        Body::Events(of) => builder.content("text/event-stream", typed(of)),
        Body::Text(media) => {
            builder.content(media, content(ObjectBuilder::new().schema_type(Type::String).build()))
        }
    };
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    let mut builder = builder.header(
        "X-Request-ID",
        HeaderBuilder::new().schema(Some(text())).description(Some("Names the request in the log.")).build(),
    );
    if row.tag == "calls" {
        builder = builder.header(
            "Nova-Failed-By",
            HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some("`function` if the answer's `error` is the function's own."))
                .build(),
        );
    }
    builder.build()
}

fn aws_error_response() -> Response {
    let name = ObjectBuilder::new().schema_type(Type::String).build();
    let about = "Name of the error, such as `ResourceNotFoundException`.";
    ResponseBuilder::new()
        .description("What went wrong, as AWS writes it")
        .content("application/json", content(RefOr::Ref(Ref::from_schema_name(crate::aws::Error::name()))))
        .header("x-amzn-ErrorType", HeaderBuilder::new().schema(Some(name)).description(Some(about)).build())
        .build()
}

fn problem_response() -> Response {
    ResponseBuilder::new()
        .description("What went wrong")
        .content(problem::CONTENT_TYPE, content(RefOr::Ref(Ref::from_schema_name(v1::Problem::name()))))
        .build()
}
