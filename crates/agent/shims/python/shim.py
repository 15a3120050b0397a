# Nova's shim for Python >= 3.9: loads one handler and calls it for the agent.
#
#   python3 -I -S -B -X utf8 /nova/shim.py      (or shim.pyc of the same interpreter)
#
# Descriptor 3 is a stream socket to the agent; stdin is /dev/null; stdout and stderr are
# log lines. Frames both ways: 4-byte big-endian length + JSON object, `type` first, at
# most 8 MiB. 1 Init, 2 Exec, 3 Resp, 4 ready, 5 Stop, 6 Cancel (ignored), 7 Stream.
# A frame that is none ends the process with code 70 and a line on stderr.
#
# What a handler may give back
#   JSON value       Resp.output. With stream=true: one chunk (str and bytes as they are,
#                    everything else as JSON; None is no chunk), then Resp with null.
#   generator, async generator, iterator: each item is one chunk (same rule). Without
#                    stream=true the chunks are joined to one JSON string.
#   coroutine        is run on an event loop of this thread, which lives as long as it.
#   context.write(x) is a chunk at once, before those of the result.
# With whole=true besides, a value that comes without any chunk is Resp.output all the same.
# Text only can be joined to a string; bytes that are no UTF-8 need stream=true or base64.
#
# With concurrency 1 calls run in the main thread, and TRACEPARENT, TRACESTATE and
# NOVA_STREAMING are in os.environ for each call, and in the environment of programs that it
# starts. With more, each call has a thread; the environment belongs to all of them, so there
# these are in `context` only.
#
# Direct calls (`--direct`: descriptor 4 is a socket of packets to the host; concurrency 1):
# the answer to Init says `direct`, and the agent's next ready (4) begins them. Then one
# packet is one Exec, taken and answered before the next; the packet `!` says that a frame
# is on descriptor 3. A call that left something in the pipes of stdout and stderr, or
# started a process or thread, is answered on descriptor 3, and a ready (4) waited for: the
# agent collects lines and ends processes meanwhile. FIONREAD on the pipes and the last pid
# in /proc/loadavg tell.
#
# Start-up: `json` is not imported (its `re` doubles the start); its C scanner and encoder
# are used directly, with the settings json.loads and json.dumps use. What handlers import
# first (os, json) is imported while the process waits for Init with nothing to do: a pool
# that is drained quickly never pays for it. Measured by tests/starts.py (CPython 3.11.2,
# 2 cores shared with builds, 200 starts, medians):
#                                        shim.py     shim.pyc
#   spawn to ready                        18.1 ms     11.3 ms   (`python3 -c pass`: 8.6 ms)
#   memory when ready (PSS)               6.6 MiB     4.7 MiB
#   Init and first call of a handler that imports os and json
#     at once after ready                 15.2 ms     15.2 ms
#     0.5 s after ready (imported ahead)   1.0 ms      1.2 ms
# `import json` costs about 10 ms of CPU: before `ready` it would halve the refill rate.
# `shim.py --compile FILE` writes shim.pyc for the interpreter that runs it.

import posix
import sys
from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner
from _thread import allocate_lock
from time import time

FRAME_MAX = 8 * 1024 * 1024
READ_SIZE = 64 * 1024
PIECE_MAX = 64 * 1024
MESSAGE_MAX = 32 * 1024
# How long nothing must happen before modules are imported ahead.
IDLE_MS = 200
AHEAD = ("os", "json")

read = posix.read
raw_write = posix.write
write_lock = allocate_lock()


# ---- JSON ------------------------------------------------------------------


def no_constant(name):
    raise ValueError(name + " is not JSON")


class ScannerSettings:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(no_constant)
    memo = {}


scan_once = make_scanner(ScannerSettings)


def parse(text):
    """json.loads for text that begins with its value."""
    try:
        value, end = scan_once(text, 0)
    except StopIteration as error:
        raise ValueError("no JSON value at character %s" % error.value) from None
    if end != len(text) and text[end:].strip(" \t\r\n"):
        raise ValueError("something follows the JSON value at character %d" % end)
    return value


class ResponseError(TypeError):
    """What the handler gave back cannot be sent."""


def refuse(value):
    kind = type(value).__name__
    if isinstance(value, (bytes, bytearray, memoryview)):
        advice = "encode it: base64.b64encode(data).decode()"
    elif isinstance(value, (set, frozenset)):
        advice = "convert it: list(value)"
    else:
        advice = "convert it to dict, list, str, number, bool or None"
    raise ResponseError("a value of type `%s` is not JSON; %s" % (kind, advice))


# No markers: what contains itself ends in a RecursionError, which is answered.
unicode_chunks = make_encoder(None, refuse, encode_basestring, None, ":", ",", False, False, False)
ascii_chunks = make_encoder(None, refuse, encode_basestring_ascii, None, ":", ",", False, False, False)


def to_json(value):
    """JSON text as UTF-8; escapes only what UTF-8 cannot carry (lone surrogates)."""
    text = "".join(unicode_chunks(value, 0))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join(ascii_chunks(value, 0)).encode()


def response_json(value):
    """JSON of what user code gave, or a ResponseError that says why there is none."""
    try:
        return to_json(value)
    except ResponseError:
        raise
    except RecursionError:
        text = "the response is nested too deeply or contains itself"
    except ValueError as error:
        text = str(error)
        if "float" in text:
            text = "the response holds NaN or an infinite number, which JSON has not; use None or a string"
    except Exception as error:
        text = "the response is not JSON: " + describe(error)
    raise ResponseError(text)


# ---- frames ----------------------------------------------------------------


def die(why):
    try:
        raw_write(2, ("nova: the channel to the agent is broken: %s\n" % why).encode("utf-8", "replace"))
    finally:
        posix._exit(70)


def frames():
    """Yields the body of each frame; ends when the agent closes."""
    data = read(3, READ_SIZE)
    while data:
        if len(data) >= 4:
            size = int.from_bytes(data[:4], "big")
            if not 0 < size <= FRAME_MAX:
                die("frame of %d bytes, allowed are 1 to %d" % (size, FRAME_MAX))
            size += 4
            if len(data) > size:
                yield data[4:size]
                data = data[size:]
                continue
            if len(data) < size:
                data = read_rest(data, size)
            yield data[4:]
            data = read(3, READ_SIZE)
        else:
            more = read(3, READ_SIZE)
            if not more:
                die("it ended inside a frame")
            data += more


def read_rest(data, size):
    parts, missing = [data], size - len(data)
    while missing > 0:
        more = read(3, min(missing, 1 << 20))
        if not more:
            die("it ended inside a frame")
        parts.append(more)
        missing -= len(more)
    return b"".join(parts)


class Direct:
    """Direct calls: what it takes to see whether a call left something behind."""

    open = False
    running = False  # the call that runs came as a packet

    def __init__(self):
        from fcntl import ioctl

        self.ioctl = ioctl
        self.count = bytearray(4)
        # Copies: user code may put something else in place of 1 and 2.
        self.pipes = posix.dup(1), posix.dup(2)
        self.loadavg = posix.open("/proc/loadavg", posix.O_RDONLY | posix.O_CLOEXEC)
        self.last_pid = b""
        self.held = []

    def started_something(self):
        """Whether a process or thread was started since the last call of this."""
        pid = posix.pread(self.loadavg, 128, 0).rsplit(b" ", 1)[-1]
        if pid == self.last_pid:
            return False
        self.last_pid = pid
        return True

    def is_clean(self):
        # Always asked: what a thread starts while the agent ends processes is seen next time.
        clean = not self.started_something()
        ioctl, count = self.ioctl, self.count
        for pipe in self.pipes:
            ioctl(pipe, FIONREAD, count)
            clean = clean and count == NOTHING
        return clean

    def answer(self, body):
        """Sends the answer of a call that came as a packet."""
        if self.is_clean() and len(body) <= PACKET_MAX:
            raw_write(4, body)
            return
        send_frame(body)
        # Its remains are dealt with before the next call begins.
        for frame in self.stream:
            if frame == READY:
                break
            self.held.append(frame)
        else:
            posix._exit(0)

    def bodies(self, stream):
        """Yields the body of each message from both sockets, once the agent has begun it."""
        self.stream = stream
        for body in stream:
            if body == READY:
                break
            yield body
        else:
            return
        self.open = True
        self.started_something()
        while True:
            body = read(4, READ_SIZE)
            if body == RING:
                self.running = False
                body = self.held.pop(0) if self.held else next(stream, None)
                if body is None:
                    return
            elif body:
                self.running = True
            else:
                return
            yield body


FIONREAD = 0x541B
NOTHING = b"\0\0\0\0"
READY = b'{"type":4}'
RING = b"!"
PACKET_MAX = 64 * 1024
direct = None


def send(body):
    if direct is not None and direct.running:
        direct.running = False
        direct.answer(body)
    else:
        send_frame(body)


def send_frame(body):
    frame = len(body).to_bytes(4, "big") + body
    with write_lock:
        sent = raw_write(3, frame)
        while sent < len(frame):
            sent += raw_write(3, memoryview(frame)[sent:])


def send_error(rid, kind, error_type, message, stack=(), exit_code=None):
    # The agent takes well-formed text only.
    def clean(text):
        if len(text) > MESSAGE_MAX:
            text = text[:MESSAGE_MAX] + " .."
        return text.encode("utf-8", "replace").decode()

    error = {"kind": kind, "type": clean(error_type), "message": clean(message), "stack": [clean(s) for s in stack]}
    if exit_code is not None:
        error["exit_code"] = exit_code
    flush()
    send(b'{"type":3,"request_id":%b,"error":%b}' % (to_json(rid), to_json(error)))


def flush():
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except Exception:  # closed or replaced by user code
        pass


# ---- errors of user code ---------------------------------------------------


def source_line(filename, number):
    if number < 1 or number > 100000 or not filename.endswith(".py"):
        return ""
    try:
        with open(filename, encoding="utf-8", errors="replace") as file:
            for index, line in enumerate(file, 1):
                if index == number:
                    return line.strip()[:200]
    except OSError:
        pass
    return ""


def frame_text(filename, number, name):
    line = source_line(filename, number)
    return "%s:%d in %s%s" % (filename, number, name, ": " + line if line else "")


def user_frames(error):
    frames, tb = [], error.__traceback__
    library = next((p for p in sys.path if p.endswith("/lib-dynload")), "//")[: -len("/lib-dynload")]
    while tb is not None:
        frame, number = tb.tb_frame, tb.tb_lineno
        tb = tb.tb_next
        filename = frame.f_code.co_filename
        ours = frame.f_globals is SHIM or filename.startswith("<frozen ")
        packages = ("/site-packages/" in filename) or ("/dist-packages/" in filename)
        if not ours and (packages or not (library and filename.startswith(library))):
            frames.append((filename, number, frame.f_code.co_name))
    if len(frames) > 40:
        left_out = "... %d frames left out ..." % (len(frames) - 40)
        texts = [frame_text(*f) for f in frames[:10]]
        return texts + [left_out] + [frame_text(*f) for f in frames[-30:]]
    return [frame_text(*f) for f in frames]


def describe(error):
    try:
        return str(error)
    except BaseException:
        return "(its message cannot be printed)"


def explain(error):
    """Type, message and stack of what user code raised."""
    name, message, stack = type(error).__name__, describe(error), user_frames(error)
    if isinstance(error, SyntaxError) and error.filename:
        text = (error.text or "").strip()[:200]
        stack.append("%s:%d in <module>%s" % (error.filename, error.lineno or 0, ": " + text if text else ""))
        if error.filename.rpartition("/")[2] not in message:
            message += " (%s, line %d)" % (error.filename.rpartition("/")[2], error.lineno or 0)
    elif isinstance(error, KeyError) and len(error.args) == 1:
        message = "key %s is missing" % message
    elif isinstance(error, MemoryError) and not message:
        message = "out of memory"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and cause is not error:
        stack.append("caused by %s: %s" % (type(cause).__name__, describe(cause)[:2000]))
        stack += user_frames(cause)[-1:]
    return name, message, stack


def exit_error(error, what):
    """kind, type, message, stack and code of a SystemExit."""
    code = error.code
    number = 0 if code is None else code if isinstance(code, int) else 1
    shown = "" if code is None else repr(code)[:200]
    return "exit", "Exit", "%s called exit(%s)" % (what, shown), user_frames(error), number & 0xFF


def answer_raised(rid, error, what="handler"):
    if isinstance(error, SystemExit):
        kind, name, message, stack, code = exit_error(error, what)
        send_error(rid, kind, name, message, stack, code)
    else:
        send_error(rid, "error", *explain(error))


# ---- context ---------------------------------------------------------------


class ClientContext:
    """What a client of AWS sent along; parts that it did not send are None."""

    class Client:
        def __init__(self, values):
            for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
                setattr(self, name, values.get(name))

    def __init__(self, text):
        values = parse(text)
        self.custom = values.get("custom")
        self.env = values.get("env")
        client = values.get("client")
        self.client = self.Client(client) if isinstance(client, dict) else None


class Context:
    """What a handler knows about its call, under Nova's names and those of AWS Lambda."""

    # Of the function; set once by Init.
    function_name = ""
    function_version = ""
    memory_limit_mb = memory_limit_in_mb = 128
    invoked_function_arn = log_group_name = log_stream_name = ""
    client_context = identity = None

    def __init__(self, message):
        self.request_id = message["request_id"]
        self.deadline_ms = message["deadline_ms"]
        self.streaming = message["stream"]
        self._whole = message.get("whole", False)
        self.traceparent = message.get("traceparent")
        self.tracestate = message.get("tracestate")
        if "client_context" in message:
            self.client_context = ClientContext(message["client_context"])
        self._chunks = None
        self._wrote = False
        self._open = True

    @property
    def aws_request_id(self):
        return self.request_id

    def remaining_time_ms(self):
        """Milliseconds until the call is ended, at least 0."""
        return max(0, int(self.deadline_ms - time() * 1000))

    get_remaining_time_in_millis = remaining_time_ms

    def write(self, data):
        """Sends a chunk: str as UTF-8, bytes as they are, everything else as JSON."""
        if not self._open:
            raise RuntimeError("this call is over, nothing more can be written")
        write_chunk(self, data)

    def log(self, message):
        print(message, flush=True)


# ---- chunks ----------------------------------------------------------------


class TooLarge(Exception):
    pass


def chunk_bytes(item):
    if isinstance(item, str):
        return item.encode("utf-8", "replace")
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item)
    return response_json(item)


def write_chunk(context, item):
    data = chunk_bytes(item)
    if not context.streaming:
        if context._chunks is None:
            context._chunks, context._size = [], 0
        context._chunks.append(data)
        context._size += len(data)
        if context._size > FRAME_MAX:
            raise TooLarge("the chunks of the response are longer than %d bytes; call it streaming" % FRAME_MAX)
        return
    from binascii import b2a_base64

    context._wrote = True
    rid = to_json(context.request_id)
    for start in range(0, len(data), PIECE_MAX):
        piece = b2a_base64(data[start : start + PIECE_MAX], newline=False)
        send(b'{"type":7,"request_id":%b,"data":"%b","is_last":false}' % (rid, piece))


def event_loop():
    import asyncio

    loop = getattr(THREAD, "loop", None)
    if loop is None:
        loop = THREAD.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    return loop


def iterate(context, result):
    """Writes the items of an iterator; whether it was one."""
    kind = type(result)
    if hasattr(kind, "__anext__"):
        loop = event_loop()
        while True:
            try:
                item = loop.run_until_complete(result.__anext__())
            except StopAsyncIteration:
                return True
            write_chunk(context, item)
    if hasattr(kind, "__next__"):
        for item in result:
            write_chunk(context, item)
        return True
    return False


PLAIN = frozenset((dict, list, str, int, float, bool, tuple, type(None)))


def finish(context, result):
    """What is to be sent as `output`, for everything but a plain value of a plain call."""
    if hasattr(type(result), "__await__"):
        result = event_loop().run_until_complete(result)
    iterated = type(result) not in PLAIN and iterate(context, result)
    if not context.streaming and context._chunks is None and not iterated:
        return result
    if context._whole and not iterated and not context._wrote:
        return result
    if not iterated and result is not None:
        write_chunk(context, result)
    if context.streaming:
        return None
    try:
        return b"".join(context._chunks or ()).decode()
    except UnicodeDecodeError:
        raise ResponseError(
            "the chunks of the response are binary, which JSON cannot hold; "
            "call it streaming, or base64-encode the data"
        ) from None


# ---- calls -----------------------------------------------------------------


def call(handler, message):
    """Runs one call and answers it."""
    rid = message["request_id"]
    context = Context(message)
    try:
        result = handler(message["input"], context)
        if type(result) not in PLAIN or context.streaming or context._chunks is not None:
            result = finish(context, result)
        output = response_json(result)
    except TooLarge as error:
        return send_error(rid, "bad_response", "ResponseTooLarge", str(error))
    except ResponseError as error:
        return send_error(rid, "bad_response", "ResponseError", str(error))
    except BaseException as error:
        return answer_raised(rid, error)
    finally:
        context._open = False
    body = b'{"type":3,"request_id":"%b","output":%b}' % (rid.encode(), output) if rid.isalnum() else (
        b'{"type":3,"request_id":%b,"output":%b}' % (to_json(rid), output)
    )
    if len(body) > FRAME_MAX:
        text = "the response is %d bytes, allowed are %d; call it streaming" % (len(output), FRAME_MAX)
        return send_error(rid, "bad_response", "ResponseTooLarge", text)
    flush()
    send(body)


def set_variable(name, value):
    """Sets or removes an environment variable, whether or not `os` was imported yet."""
    if "os" in sys.modules:
        environ = sys.modules["os"].environ
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value
        return
    key = name.encode()
    if value is None:
        posix.environ.pop(key, None)
        posix.unsetenv(key)
    else:
        data = value.encode("utf-8", "surrogateescape")
        posix.environ[key] = data
        posix.putenv(key, data)


# Programs begin with these, and inherit the environment of the C library.
STARTS = frozenset(("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty"))
OF_THE_CALL = (b"NOVA_STREAMING", b"TRACEPARENT", b"TRACESTATE")


def pass_on(event, _):
    """An audit hook: what os.environ shows of the call is in force before a program is started.

    Not at each call: the C library keeps each value that it was ever given (glibc, about 130 bytes).
    """
    if event in STARTS:
        for key in OF_THE_CALL:
            value = posix.environ.get(key)
            if value is None:
                posix.unsetenv(key)
            else:
                posix.putenv(key, value)


def serve_one_by_one(handler, messages):
    """The hot path: one call at a time, in this thread."""
    environ = posix.environ  # what os.environ shows
    hooked = False
    for message in messages:
        values = (b"true" if message["stream"] else None, message.get("traceparent"), message.get("tracestate"))
        if hooked or values != (None, None, None):
            if not hooked:
                sys.addaudithook(pass_on)
                hooked = True
            for key, value in zip(OF_THE_CALL, values):
                if value is None:
                    environ.pop(key, None)
                else:
                    environ[key] = value if type(value) is bytes else value.encode("utf-8", "surrogateescape")
        call(handler, message)


def serve_many(handler, messages, concurrency):
    """A thread for each call in flight, at most `concurrency` of them."""
    import threading
    from _queue import SimpleQueue

    queue, lock = SimpleQueue(), allocate_lock()
    state = {"threads": 0, "busy": 0}

    def work():
        while True:
            message = queue.get()
            call(handler, message)
            with lock:
                state["busy"] -= 1

    for message in messages:
        with lock:
            state["busy"] += 1
            more = state["busy"] > state["threads"] and state["threads"] < concurrency
        if more:
            try:
                threading.Thread(target=work, daemon=True, name="nova-call").start()
                state["threads"] += 1
            except RuntimeError as error:
                if state["threads"] == 0:  # else a thread that is there takes it later
                    state["busy"] -= 1
                    send_error(message["request_id"], "error", "RuntimeError", str(error))
                    continue
        queue.put(message)


def messages():
    """Yields Init and Exec messages; handles the rest."""
    stream = frames()
    for body in stream if direct is None else direct.bodies(stream):
        try:
            message = parse(body.decode())
            kind = message["type"]
            if kind == 2:
                message["request_id"], message["input"], message["deadline_ms"], message["stream"]
        except Exception as error:
            answer_unreadable(body, error)
            continue
        if kind == 2 or kind == 1:
            yield message
        elif kind == 5:
            break
        elif kind == 4:
            send(b'{"type":4}')
        elif kind != 6:
            die("message type %r" % (kind,))


def answer_unreadable(body, error):
    """An event that Python cannot hold fails its call; anything else ends the process."""
    begin, mark = body[:4096], b'"request_id":"'
    start = begin.find(mark) + len(mark)
    end = begin.find(b'"', start)
    if not begin.startswith(b'{"type":2,') or start < len(mark) or end < 0:
        die("%s: %s" % (type(error).__name__, describe(error)[:200]))
    if isinstance(error, RecursionError):
        text = "the event is nested too deeply for Python"
    else:
        text = "the event cannot be read: %s" % describe(error)[:1000]
    send_error(begin[start:end].decode("utf-8", "replace"), "error", "EventError", text)


# ---- Init ------------------------------------------------------------------


class LoadError(Exception):
    pass


def exists(path, mode):
    try:
        return posix.stat(path).st_mode & 0o170000 == mode
    except (OSError, ValueError):
        return False


def is_dir(path):
    return exists(path, 0o040000)


def is_file(path):
    return exists(path, 0o100000)


def set_paths(init, folder):
    """The module search path: code, the handler's folder, dependencies, layers, library."""
    code = init["code_dir"]
    paths = [code, folder, code + "/deps", code + "/vendor"]
    version = "python%d.%d" % sys.version_info[:2]
    for layer in init.get("layers") or ():
        for sub in ("python", "lib/python3/site-packages", "python/lib/%s/site-packages" % version):
            paths.append(layer + "/" + sub)
    paths += filter(None, (init.get("env") or {}).get("PYTHONPATH", "").split(":"))
    seen = set(sys.path)
    front = []
    for path in paths:
        if path not in seen and (path == code or is_dir(path)):
            seen.add(path)
            front.append(path)
    sys.path[:0] = front


def locate(init):
    """File, module name and attribute path of the handler; the file may be None."""
    code, handler, entry = init["code_dir"], init["handler"], init.get("entry") or ""
    if entry.startswith(code + "/"):
        entry = entry[len(code) + 1 :]
    folder, _, last = handler.rpartition("/")
    words = last.split(".")
    if handler.startswith("/") or ".." in handler.split("/") or not all(words):
        raise LoadError("handler `%s` is not of the form `file.function` or `folder/file.function`" % handler)
    looked = []
    for count in range(len(words) - 1, 0, -1):
        parts = [p for p in folder.split("/") if p] + words[:count]
        base = code + "/" + "/".join(parts)
        for path in (base + ".py", base + "/__init__.py"):
            if is_file(path):
                return path, ".".join(parts), words[count:]
            looked.append(path)
    stem = entry[:-3] if entry.endswith(".py") else ""
    named = stem.rpartition("/")[2]
    if stem and (len(words) == 1 or words[0] == named) and is_file(code + "/" + entry):
        return code + "/" + entry, stem.replace("/", "."), words[1:] or words
    if len(words) == 1:
        raise LoadError("handler `%s` names no file; write it as `file.function`, e.g. `main.%s`" % (handler, last))
    name = ".".join([p for p in folder.split("/") if p] + words[:-1])
    return None, name, words[-1:], looked


def drop_shadowed(code):
    """What was imported ahead must not hide the user's own modules of that name."""
    try:
        names = {name.partition(".")[0] for name in posix.listdir(code)} & IMPORTED_AHEAD
    except OSError:
        return
    for name in names:
        for module in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
            del sys.modules[module]


def import_file(path, name):
    """Imports the module `name` from `path`, also if a module of that name is loaded."""
    top = sys.modules.get(name.partition(".")[0])
    origin = getattr(top, "__file__", None) or ""
    if top is None or path.startswith(origin.rpartition("/")[0] + "/") and origin:
        __import__(name)
        module = sys.modules[name]
        if getattr(module, "__file__", None) == path:
            return module
    # A name of the standard library's: load it from the file, under a name of its own.
    from _frozen_importlib import _load
    from _frozen_importlib_external import spec_from_file_location

    return _load(spec_from_file_location("handler_" + name.replace(".", "_"), path))


def load(init):
    code = init["code_dir"]
    for name, value in (init.get("env") or {}).items():
        set_variable(name, value)
    if "TZ" in (init.get("env") or {}):
        from time import tzset

        tzset()
    try:
        posix.chdir(code)
    except OSError as error:
        raise LoadError("the code directory %s cannot be entered: %s" % (code, error.strerror)) from None
    drop_shadowed(code)
    found = locate(init)
    path, name, attributes = found[:3]
    set_paths(init, path.rpartition("/")[0] if path else code)
    if path:
        module = import_file(path, name)
    else:
        try:  # a layer may have it
            __import__(name)
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(error.name + ".")):
                text = "handler `%s`: there is no file %s" % (init["handler"], " or ".join(found[3][:2]))
                raise LoadError(text) from None
            raise
        module = sys.modules[name]
    return pick(module, attributes, (path or name).replace(code + "/", "", 1))


def pick(module, attributes, shown):
    target, name = module, ".".join(attributes)
    for attribute in attributes:
        target = getattr(target, attribute, None)
    if target is None:
        own = [
            key
            for key, value in vars(module).items()
            if callable(value) and key[:1] != "_" and getattr(value, "__module__", None) == module.__name__
        ]
        defined = "it defines: " + ", ".join(own[:20]) if own else "it defines no function"
        raise LoadError("handler `%s` not found in %s; %s" % (name, shown, defined))
    if not callable(target):
        raise LoadError("handler `%s` in %s is not callable, it is of type %s" % (name, shown, type(target).__name__))
    code = getattr(target, "__code__", None)
    if code is not None and code.co_flags & 0x280:  # coroutine or async generator: pay now
        import asyncio  # noqa: F401
    return target


def describe_function(init):
    name, version = init["function"], str(init["version"])
    Context.function_name, Context.function_version = name, version
    Context.memory_limit_mb = Context.memory_limit_in_mb = init["memory_mb"]
    Context.invoked_function_arn = "arn:nova:function:%s:%s" % (name, version)
    Context.log_group_name, Context.log_stream_name = "/nova/functions/" + name, version


def initialise(init):
    """Loads the handler and answers; None if it cannot be loaded."""
    try:
        describe_function(init)
        handler = load(init)
    except LoadError as error:
        send_error("init", "init", "HandlerNotFound", str(error))
    except SystemExit as error:
        _, name, message, stack, code = exit_error(error, "the module")
        send_error("init", "init", name, message + " while it was loaded", stack, code)
    except BaseException as error:
        send_error("init", "init", *explain(error))
    else:
        flush()
        if direct is None:
            send(b'{"type":3,"request_id":"init","error":null}')
        else:
            send(b'{"type":3,"request_id":"init","error":null,"direct":true}')
        return handler
    return None


# ---- the process -----------------------------------------------------------


class ThreadState:
    loop = None


THREAD = ThreadState()
IMPORTED_AHEAD = set()
SHIM = globals()


def import_ahead():
    """Imports what handlers import first, if nothing arrives for a while."""
    from select import POLLIN, poll

    waiting = poll()
    waiting.register(3, POLLIN)
    before = set(sys.modules)
    for name in AHEAD:
        if waiting.poll(IDLE_MS if name == AHEAD[0] else 0):
            break
        __import__(name)
    IMPORTED_AHEAD.update({name.partition(".")[0] for name in set(sys.modules) - before})


def leave_main_module():
    """User code that looks at `__main__` finds an empty module, not the shim."""
    import builtins

    def leave(code=None):
        raise SystemExit(code)

    builtins.exit = builtins.quit = leave
    shim = sys.modules["__main__"]
    shim.__name__ = "_nova_shim"
    sys.modules["_nova_shim"] = shim
    main = type(sys)("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    sys.argv = [""]


def rehearse():
    """Does once what the first call does, so that it finds everything set up (the compiler alone: 1.1 ms)."""
    compile("import sys\n\ndef handler(event, context):\n    return [sys, {}]\n", "rehearsal", "exec")
    to_json(parse('{"type":1,"list":[1.5,"\\u00e9",null]}'))


def leave_channel():
    posix.close(3)
    if direct is not None:
        posix.close(4)


def prepare():
    global direct
    posix.set_inheritable(3, False)
    if sys.argv[1:2] == ["--direct"]:
        posix.set_inheritable(4, False)
        try:
            direct = Direct()
        except (ImportError, OSError):  # the agent is told with the answer to Init
            posix.close(4)
    # A forked child that returns from the handler must not answer for its parent.
    posix.register_at_fork(after_in_child=leave_channel)
    sys.dont_write_bytecode = True
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    leave_main_module()
    rehearse()


def compile_self(target):
    """Writes this file compiled, which takes half of the start away."""
    from py_compile import PycInvalidationMode, compile

    compile(__file__, target, "/nova/shim.py", doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def main():
    global THREAD, direct
    if sys.argv[1:2] == ["--compile"]:
        return compile_self(sys.argv[2])
    prepare()
    send(b'{"type":4}')
    import_ahead()
    stream = messages()
    init = next(stream, None)
    if init is None:
        posix._exit(0)
    if init["type"] != 1:
        die("a call came before Init")
    many = init.get("concurrency", 1) > 1
    if many:
        direct = None
        from threading import local

        THREAD = local()
    handler = initialise(init)
    if handler is None:
        for message in stream:
            send_error(message["request_id"], "init", "InitError", "the function could not be loaded")
    elif many:
        serve_many(handler, stream, min(init["concurrency"], 1000))
    else:
        serve_one_by_one(handler, stream)
    flush()
    posix._exit(0)


main()
