// What a user of AWS Lambda writes; AWS's own client `aws-lambda-ric` runs it.
let count = 0;

exports.handler = async (event, context) => {
  count += 1;
  console.log("call", count);
  if (event.do === "fail") {
    const error = new Error("as asked");
    error.name = "Refused";
    throw error;
  }
  return {
    count,
    event,
    request_id: context.awsRequestId,
    name: context.functionName,
    arn: context.invokedFunctionArn,
    memory: context.memoryLimitInMB,
    left_ms: context.getRemainingTimeInMillis(),
  };
};

// `awslambda` is a global that the client makes.
exports.stream = awslambda.streamifyResponse(async (event, out) => {
  if (event.fail === "first") throw new TypeError("before the first byte");
  for (let chunk = 0; chunk < 3; chunk += 1) {
    out.write(`chunk ${chunk}\n`);
    await new Promise((done) => setTimeout(done, 100));
    if (event.fail === "later") throw new TypeError("in the middle");
  }
  out.end();
});
