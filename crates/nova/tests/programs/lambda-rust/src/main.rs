//! What a user of the crate `lambda_runtime` writes: answers, fails, panics, streams.

use std::time::Duration;

use lambda_runtime::streaming::{channel, Body};
use lambda_runtime::{service_fn, Error, FunctionResponse, LambdaEvent, StreamResponse};
use serde_json::{json, Value};

async fn handler(event: LambdaEvent<Value>) -> Result<FunctionResponse<Value, Body>, Error> {
    let (event, context) = event.into_parts();
    let what = event["do"].as_str().unwrap_or_default();
    println!("asked to {what:?}");
    match what {
        "fail" => Err("as asked".into()),
        "panic" => panic!("as asked"),
        "stream" => {
            let (mut sender, body) = channel();
            tokio::spawn(async move {
                for count in 0..event["count"].as_u64().unwrap_or(3) {
                    let chunk = format!("chunk {count}\n");
                    if sender.send_data(chunk.into()).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
            let mut response = StreamResponse::from(body);
            let kind = "text/plain".parse()?;
            response.metadata_prelude.headers.insert("content-type", kind);
            Ok(FunctionResponse::StreamingResponse(response))
        }
        _ => Ok(FunctionResponse::BufferedResponse(json!({
            "event": event,
            "request_id": context.request_id,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
            "left_ms": context.deadline().duration_since(std::time::SystemTime::now())?.as_millis() as u64,
            "name": context.env_config.function_name,
            "memory": context.env_config.memory,
            "version": context.env_config.version,
        }))),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handler)).await
}
