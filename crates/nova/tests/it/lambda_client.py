"""What boto3's Lambda client does with a server of Nova. Arguments: address, access key id, secret."""

import base64
import datetime
import json
import sys
from unittest import mock

import boto3
import botocore.auth
from botocore.config import Config
from botocore.exceptions import ClientError

address, key_id, secret = sys.argv[1:4]


def client(key_id=key_id, secret=secret, **more):
    return boto3.client(
        "lambda",
        endpoint_url=address,
        region_name="eu-west-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
        **more,
    )


def refused(call, name, status):
    try:
        call()
    except ClientError as error:
        answer = error.response
        got = (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"])
        assert got == (name, status), answer
        assert answer["Error"]["Message"], answer
        return answer["Error"]["Message"]
    raise AssertionError("was not refused, should be " + name)


aws = client()

# A call, with everything that can be said.
context = {"custom": {"who": "\u00e9"}, "client": {"app_title": "test"}}
answer = aws.invoke(
    FunctionName="hello",
    Payload=json.dumps({"name": "Ada"}),
    LogType="Tail",
    ClientContext=base64.b64encode(json.dumps(context).encode()).decode(),
)
output = json.load(answer["Payload"])
assert output == {"hello": "Ada", "custom": {"who": "\u00e9"}, "title": "test"}, output
assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "1" and "FunctionError" not in answer, answer
log = base64.b64decode(answer["LogResult"]).decode()
assert "greeting Ada\n" in log and log.startswith("START RequestId: "), log
assert answer["ResponseMetadata"]["RequestId"] in log, log

# Other ways to name it, and no payload.
for name in ["hello:1", "arn:aws:lambda:eu-west-1:000000000000:function:hello", "000000000000:function:hello:1"]:
    assert json.load(aws.invoke(FunctionName=name)["Payload"])["hello"] is None, name
assert json.load(aws.invoke(FunctionName="hello", Qualifier="1")["Payload"])["hello"] is None

# The function's own error is no exception, as at AWS.
answer = aws.invoke(FunctionName="hello", Payload=json.dumps({"fail": True}))
assert answer["FunctionError"] == "Unhandled" and answer["StatusCode"] == 200, answer
error = json.load(answer["Payload"])
assert (error["errorType"], error["errorMessage"]) == ("ValueError", "as asked") and error["stackTrace"], error

assert aws.invoke(FunctionName="hello", InvocationType="DryRun")["StatusCode"] == 204

# Queued: nothing but that it was accepted; the function gets event and context later.
answer = aws.invoke(
    FunctionName="hello",
    InvocationType="Event",
    Payload=json.dumps({"name": "later"}),
    ClientContext=base64.b64encode(json.dumps(context).encode()).decode(),
)
assert answer["StatusCode"] == 202 and answer["Payload"].read() == b"", answer
print("queued", answer["ResponseMetadata"]["HTTPHeaders"]["location"])
refused(lambda: aws.invoke(FunctionName="nobody", InvocationType="Event"), "ResourceNotFoundException", 404)
refused(lambda: aws.invoke(FunctionName="secret", InvocationType="Event"), "AccessDeniedException", 403)
refused(
    lambda: aws.invoke(FunctionName="hello", InvocationType="Event", Payload=json.dumps("x" * 2**20)),
    "RequestTooLargeException",
    413,
)

refused(lambda: aws.invoke(FunctionName="nobody"), "ResourceNotFoundException", 404)
refused(lambda: aws.invoke(FunctionName="hello", Qualifier="99"), "ResourceNotFoundException", 404)
refused(lambda: aws.invoke(FunctionName="hello", Payload="{"), "InvalidRequestContentException", 400)
refused(lambda: aws.invoke(FunctionName="secret"), "AccessDeniedException", 403)
try:
    aws.invoke(FunctionName="nobody")
except aws.exceptions.ResourceNotFoundException:
    pass

# Who does not know the secret, or signs at another time.
wrong = ("y" if secret[0] == "x" else "x") + secret[1:]
refused(lambda: client(secret=wrong).invoke(FunctionName="hello"), "InvalidSignatureException", 403)
refused(lambda: client(key_id="NOVA" + "A" * 16).invoke(FunctionName="hello"), "UnrecognizedClientException", 403)
refused(lambda: client(key_id="AKIAIOSFODNN7EXAMPLE").invoke(FunctionName="hello"), "UnrecognizedClientException", 403)
hour = datetime.timedelta(hours=1)
for off in [-hour, hour]:
    then = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + off
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: then):
        text = refused(lambda: client().invoke(FunctionName="hello"), "InvalidSignatureException", 403)
        assert "5 minutes" in text, text


# What is signed cannot be changed on the way.
def tampered(change):
    other = client()
    other.meta.events.register("before-send.lambda.Invoke", lambda request, **_: change(request))
    refused(lambda: other.invoke(FunctionName="hello", Payload="{}"), "InvalidSignatureException", 403)


tampered(lambda request: setattr(request, "body", b"[]"))
tampered(lambda request: request.headers.__setitem__("X-Nova-Namespace", "staging"))
tampered(lambda request: request.headers.__setitem__("X-Amz-Log-Type", "Tail"))
print("all good")
