"""The same hello for functions-framework."""

import functions_framework


@functions_framework.http
def hello(request):
    event = request.get_json()
    return {"hello": event["name"]}
