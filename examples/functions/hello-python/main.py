import os


def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}, {context.remaining_time_ms()} ms left")
    return {
        "message": f"{os.environ.get('GREETING', 'Hello')}, {name}!",
        "function": context.function_name,
        "version": context.function_version,
    }
