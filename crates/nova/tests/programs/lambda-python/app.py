"""What a user of AWS Lambda writes; AWS's own client `awslambdaric` runs it."""

import logging
import os

count = 0


class Refused(Exception):
    pass


def handler(event, context):
    global count
    count += 1
    logging.getLogger().warning("call %d", count)
    if event.get("do") == "fail":
        raise Refused("as asked")
    if event.get("do") == "exit":
        os._exit(3)
    if event.get("do") == "large":
        return "x" * event["size"]
    return {
        "count": count,
        "event": event,
        "request_id": context.aws_request_id,
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "left_ms": context.get_remaining_time_in_millis(),
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }
