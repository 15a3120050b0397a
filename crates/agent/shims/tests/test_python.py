"""The Python shim: the common contract, and what only Python has."""

import json
import math
import os
import random
import select
import socket
import subprocess
import time
import unittest

from agent import SHIMS, Agent, command
from common import Contract
from variables import TRACE, Variables


class PythonContract(Contract, Variables, unittest.TestCase):
    language, main, other = "python", "main.py", "other.py"
    raise_line, syntax_line = 2, 3
    bad_results = {"bytes": "base64", "set": "list(value)", "object": "`object`", "nan": "NaN", "inf": "NaN",
                   "circular": "contains itself", "nested": "base64", "key": "keys must be"}  # fmt: skip
    CODE = {
        "echo": "def handler(event, context):\n    return event\n\ndef second(event, context): pass\n",
        "big": "def handler(event, context):\n    return 'x' * event\n",
        "raise": "def inner(text):\n    raise ValueError(text)\n\ndef handler(event, context):\n    inner(event)\n",
        "recurse": "def handler(event, context):\n    return handler(event, context) if event == 'deep' else 'ok'\n",
        "bad_result": """
def handler(event, context):
    if event == "circular":
        loop = []
        loop.append(loop)
        return loop
    return {"bytes": b"x", "set": {1}, "object": object(), "nan": float("nan"), "inf": [float("-inf")],
            "nested": {"a": [b"x"]}, "key": {(1, 2): 3}, "fine": "fine"}[event]
""",
        "syntax_error": "import sys\n\nx = = 1\n",
        "imports_other": "import other\n\ndef handler(event, context):\n    return 1\n",
        "load_error": "import sys\nraise RuntimeError('not today')\n",
        "context": """
def handler(event, context):
    return {"request_id": context.request_id, "function_name": context.function_name,
            "function_version": context.function_version, "memory_limit_mb": context.memory_limit_mb,
            "remaining": context.remaining_time_ms(),
            "lambda": {"id": context.aws_request_id, "memory": context.memory_limit_in_mb,
                       "arn": context.invoked_function_arn, "remaining": context.get_remaining_time_in_millis(),
                       "log": [context.log_group_name, context.log_stream_name]}}
""",
        "client_context": """
def handler(event, context):
    sent = context.client_context
    return sent and sent.custom
""",
        "environment": "import os\ndef handler(event, context):\n    return {'env': dict(os.environ), 'cwd': os.getcwd()}\n",
        "reader": """
import os
def handler(event, context):
    return ("TRACESTATE" in os.environ and os.environ.get("NOVA_STREAMING")) or os.environ["TRACEPARENT"]
""",
        "variables": """
import os, subprocess
DOES = {
    "get": os.environ.get,
    "has": os.environ.__contains__,
    "set": os.environ.__setitem__,
    "delete": lambda name: os.environ.pop(name, None) and None,
    "all": lambda: dict(os.environ),
    "child": lambda: subprocess.run(["env"], stdout=subprocess.PIPE).stdout.decode(),
}
def handler(event, context):
    return [DOES[step](*rest) for step, *rest in event]
""",
        "print": """
import sys
def handler(event, context):
    print("out", event)
    print("err", event, file=sys.stderr)
    print("partial", end="")
""",
        "subprocess": """
import subprocess, sys
def handler(event, context):
    code = "import os\\ntry: os.fstat(3); print('open', end='')\\nexcept OSError: print('closed', end='')"
    return subprocess.run([sys.executable, "-c", code], close_fds=False, stdout=subprocess.PIPE).stdout.decode()
""",
        "stdin": "import sys\ndef handler(event, context):\n    return sys.stdin.read()\n",
        "generator": """
def handler(event, context):
    for number in range(event):
        yield f"chunk {number}\\n"
    yield {"done": True}
""",
        "binary": "def handler(event, context):\n    yield bytes(range(128))\n    yield bytearray(range(128, 256))\n",
        "writer": """
def handler(event, context):
    context.write("one ")
    context.write(b"two ")
    return "result"
""",
        "broken_generator": "def handler(event, context):\n    yield 'first'\n    raise RuntimeError('half way')\n",
        "endless": """
def handler(event, context):
    for number in range(event):
        yield b"x" * 16384
        print(number, flush=True)
""",
        "late_writer": """
kept = []
def handler(event, context):
    if kept:
        try:
            kept[0].write("late")
        except RuntimeError as error:
            return str(error)
    kept.append(context)
""",
    }



class Direct(unittest.TestCase):
    """Calls as packets on descriptor 4."""

    CODE = """
import os, sys, threading
def handler(event, context):
    if event == "print":
        print("a line")
    elif event == "write":
        os.write(2, b"raw")
    elif event == "thread":
        thread = threading.Thread(target=len, args=("x",))
        thread.start()
        thread.join()
    elif event == "raise":
        raise ValueError("no")
    elif isinstance(event, int):
        return "x" * event
    return [event, os.environ.get("TRACEPARENT")]
"""

    def setUp(self):
        self.packets, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.packets.settimeout(20)
        # A process number space of its own, as in a sandbox: the shim looks at the last number.
        argv = ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc"] + command("python") + ["--direct"]
        if os.getuid() != 0:
            argv[1:1] = ["--user", "--map-root-user"]
        self.agent = Agent("python", {"main.py": self.CODE}, argv=argv, packets=theirs)
        theirs.close()
        self.addCleanup(self.agent.__exit__)
        self.addCleanup(self.packets.close)
        self.agent.send(self.agent.init_message("main.handler"))
        answer = self.agent.read()
        self.assertEqual((answer["request_id"], answer["error"], answer["direct"]), ("init", None, True))

    def begin(self):
        self.agent.send({"type": 4})

    def send(self, event, rid="r", **fields):
        message = {"type": 2, "request_id": rid, "input": event, "deadline_ms": time.time() * 1000 + 30000,
                   "timeout_ms": 30000, "stream": False}  # fmt: skip
        message.update(fields)
        self.packets.send(json.dumps(message, separators=(",", ":")).encode())

    def answer(self):
        body = self.packets.recv(1 << 17)
        self.assertTrue(body.startswith(b'{"type":3,'), body)
        return json.loads(body)

    def test_calls_before_the_agent_begins_it_come_by_the_stream(self):
        self.assertEqual(self.agent.output("early"), ["early", None])
        self.send("waits", "first")
        self.assertEqual(self.agent.output("still early"), ["still early", None])
        self.begin()
        self.assertEqual(self.answer()["request_id"], "first")

    def test_packets_are_answered_one_by_one_in_order(self):
        self.begin()
        for number in range(8):
            self.send(number, "r%d" % number, traceparent="t%d" % number)
        for number in range(8):
            self.assertEqual(self.answer(), {"type": 3, "request_id": "r%d" % number, "output": "x" * number})
        self.send("last")
        self.assertEqual(self.answer()["output"], ["last", None], "the environment is cleared")

    def test_a_packet_that_is_not_taken_can_be_taken_back(self):
        # Not begun yet, so the shim takes none; the kernel gives each packet once.
        self.send("one", "a")
        self.send("two", "b")
        self.begin()
        self.assertEqual([self.answer()["request_id"] for _ in range(2)], ["a", "b"])

    def test_a_call_that_left_something_is_answered_to_the_agent_which_lets_it_go_on(self):
        self.begin()
        for event in ("print", "write", "thread"):
            self.send(event, event)
            self.send("next", "after " + event)
            answer = self.agent.read()
            self.assertEqual(answer["request_id"], event)
            waiting, _, _ = select.select([self.packets], [], [], 0.05)
            self.assertEqual(waiting, [], "it waits for the agent")
            for pipe in ("stdout", "stderr"):
                self.agent.printed(pipe)
            self.agent.send({"type": 4})
            self.assertEqual(self.answer()["request_id"], "after " + event)

    def test_errors_come_back_as_packets(self):
        self.begin()
        self.send("raise")
        self.assertEqual(self.answer()["error"]["type"], "ValueError")
        self.packets.send(b'{"type":2,"request_id":"deep","input":' + b"[" * 20000 + b"]" * 20000 + b"}")
        self.assertEqual(self.answer()["error"]["type"], "EventError")

    def test_an_answer_that_is_too_large_for_a_packet_goes_by_the_stream(self):
        self.begin()
        self.send(70000, "large")
        self.send("next", "small")
        self.assertEqual(len(self.agent.read()["output"]), 70000)
        self.agent.send({"type": 4})
        self.assertEqual(self.answer()["request_id"], "small")

    def test_a_ring_brings_a_frame_of_the_stream(self):
        self.begin()
        self.send("first")
        self.answer()
        self.agent.start("by the agent", "x")
        self.packets.send(b"!")
        self.assertEqual(self.agent.read()["output"], ["by the agent", None])
        self.send("again")
        self.assertEqual(self.answer()["output"], ["again", None])

    def test_it_ends_when_the_host_closes(self):
        self.begin()
        self.send("first")
        self.answer()
        self.packets.close()
        self.assertEqual(self.agent.end(), 0)


STARTS_PROGRAMS = """
import os, subprocess, sys
SHOW = "import os; os.write(1, os.environ.get('TRACEPARENT', '-').encode())"

def shown(begin):
    reading, writing = os.pipe()
    before = os.dup(1)
    os.dup2(writing, 1)
    os.close(writing)
    begin()
    os.dup2(before, 1)
    os.close(before)
    with os.fdopen(reading) as text:
        return text.read()

def fork():
    child = os.fork()
    if child == 0:
        os.execv(PYTHON, ARGUMENTS)
    os.waitpid(child, 0)

PYTHON = sys.executable
ARGUMENTS = [PYTHON, "-c", SHOW]
COMMAND = '%s -c "%s"' % (PYTHON, SHOW)
WAYS = {
    "run": lambda: subprocess.run(ARGUMENTS),
    "system": lambda: os.system(COMMAND),
    "popen": lambda: os.write(1, os.popen(COMMAND).read().encode()),
    "posix_spawn": lambda: os.waitpid(os.posix_spawn(PYTHON, ARGUMENTS, os.environ), 0),
    "spawnv": lambda: os.spawnv(os.P_WAIT, PYTHON, ARGUMENTS),
    "fork": fork,
}

def handler(event, context):
    return shown(WAYS[event])
"""


class PythonOnly(unittest.TestCase):
    def test_programs_that_are_started_in_any_way_have_the_variables_of_the_call(self):
        with Agent("python", {"main.py": STARTS_PROGRAMS}) as agent:
            agent.init("main.handler")
            for way in ("run", "system", "popen", "posix_spawn", "spawnv", "fork"):
                self.assertEqual(agent.output(way, traceparent=TRACE), TRACE, way)
                self.assertEqual(agent.output(way), "-", way)

    def agent(self, files, handler="main.handler", **fields):
        if isinstance(files, str):
            files = {"main.py": files}
        agent = Agent("python", files)
        self.addCleanup(agent.__exit__)
        self.assertIsNone(agent.init(handler, **fields))
        return agent

    # loading

    def test_handlers_in_packages_and_folders(self):
        files = {
            "pkg/__init__.py": "from .mod import fn\ndef top(event, context): return 'top'\n",
            "pkg/mod.py": "from . import sibling\ndef fn(event, context): return sibling.VALUE\n"
                          "class Api:\n    @staticmethod\n    def get(event, context): return 'get'\n",
            "pkg/sibling.py": "VALUE = 'relative'\n",
            "src/app.py": "import helper\ndef handler(event, context): return helper.VALUE\n",
            "src/helper.py": "VALUE = 'own folder'\n",
            "my-fn/app.py": "def handler(event, context): return __name__\n",
        }  # fmt: skip
        for handler, expected in {
            "pkg.mod.fn": "relative", "pkg/mod.fn": "relative", "pkg.top": "top", "pkg.mod.Api.get": "get",
            "src/app.handler": "own folder", "src.app.handler": "own folder", "my-fn/app.handler": "my-fn.app",
        }.items():  # fmt: skip
            self.assertEqual(self.agent(files, handler).output(), expected, handler)

    def test_dependencies_are_found_in_code_and_layers(self):
        agent = Agent("python", {
            "main.py": "import a, b, c, d, e\ndef handler(event, context): return [m.V for m in (a, b, c, d, e)]\n",
            "deps/a.py": "V = 'deps'", "vendor/b.py": "V = 'vendor'",
        })  # fmt: skip
        self.addCleanup(agent.__exit__)
        layers = [agent.root + "/layers/0", agent.root + "/layers/1"]
        agent.write("python/c.py", "V = 'layer'", layers[0])
        agent.write("lib/python3/site-packages/d.py", "V = 'site'", layers[1])
        agent.write("extra/e.py", "V = 'pythonpath'", agent.root)
        self.assertIsNone(agent.init("main.handler", layers=layers, env={"PYTHONPATH": agent.root + "/extra"}))
        self.assertEqual(agent.output(), ["deps", "vendor", "layer", "site", "pythonpath"])

    def test_files_named_like_modules_of_the_library_or_the_shim(self):
        body = "def handler(event, context): return __file__.rpartition('/')[2]\n"
        for name in ("json", "os", "io", "shim", "_nova_shim", "site", "types", "time", "posix"):
            self.assertEqual(self.agent({name + ".py": body}, name + ".handler").output(), name + ".py")
        files = {"main.py": "import shim, json\ndef handler(event, context): return [shim.V, json.V]\n",
                 "shim.py": "V = 1", "json.py": "V = 2"}  # fmt: skip
        self.assertEqual(self.agent(files).output(), [1, 2])

    def test_users_json_wins_also_after_the_library_was_imported_ahead(self):
        agent = Agent("python", {"main.py": "import json\ndef handler(event, context): return json.V\n", "json.py": "V = 2"})
        self.addCleanup(agent.__exit__)
        time.sleep(0.6)
        self.assertIsNone(agent.init("main.handler"))
        self.assertEqual(agent.output(), 2)

    def test_json_and_os_are_imported_ahead_when_there_is_time(self):
        code = "import sys\ndef handler(event, context): return sorted({'json', 'os'} & seen)\nseen = set(sys.modules)\n"
        for wait in (0.4, 1, 3, 6):  # a busy machine may need longer
            agent = Agent("python", {"main.py": code})
            self.addCleanup(agent.__exit__)
            time.sleep(wait)
            self.assertIsNone(agent.init("main.handler", env={"A": "b"}))
            seen = agent.output()
            if seen:
                break
        self.assertEqual(seen, ["json", "os"])
        # Nothing is imported ahead of an Init that is already there.
        self.assertIn([], [self.agent(code).output() for _ in range(5)])

    def test_main_is_not_the_shim(self):
        agent = self.agent("import __main__, sys\n"
                           "def handler(event, context): return [sorted(vars(__main__)), sys.argv, __name__]\n")  # fmt: skip
        names, argv, name = agent.output()
        self.assertTrue(all(n.startswith("__") for n in names), names)
        self.assertEqual((argv, name), ([""], "main"))

    def test_a_handler_that_cannot_be_called(self):
        agent = Agent("python", {"main.py": "handler = 3\n"})
        self.addCleanup(agent.__exit__)
        self.assertIn("not callable, it is of type int", agent.init("main.handler")["message"])

    def test_a_missing_import_is_named(self):
        agent = Agent("python", {"main.py": "import nonsense_module\n"})
        self.addCleanup(agent.__exit__)
        error = agent.init("main.handler")
        self.assertEqual(error["type"], "ModuleNotFoundError")
        self.assertIn("nonsense_module", error["message"])
        self.assertEqual(error["stack"], [agent.code + "/main.py:1 in <module>: import nonsense_module"])

    def test_exit_while_loading(self):
        agent = Agent("python", {"main.py": "exit(4)\n"})
        self.addCleanup(agent.__exit__)
        error = agent.init("main.handler")
        self.assertEqual((error["type"], error["exit_code"]), ("Exit", 4))

    # errors

    def test_exits_and_interrupts_are_errors_of_the_call(self):
        agent = self.agent(
            "import sys\n"
            "def handler(event, context):\n"
            "    if event == 'sys': sys.exit(3)\n"
            "    if event == 'text': sys.exit('bye')\n"
            "    if event == 'quit': quit()\n"
            "    if event == 'key': raise KeyboardInterrupt()\n"
            "    if event == 'base': raise BaseException('odd')\n"
            "    if event == 'memory': return 'x' * (1 << 60)\n"
            "    if event == 'stop': raise StopIteration(1)\n"
            "    return 'alive'\n"
        )
        error = agent.error("sys")
        self.assertEqual((error["type"], error["message"], error["exit_code"]), ("Exit", "handler called exit(3)", 3))
        self.assertEqual(agent.error("text")["message"], "handler called exit('bye')")
        self.assertEqual(agent.error("quit")["message"], "handler called exit()")
        for event, name in (("key", "KeyboardInterrupt"), ("base", "BaseException"), ("memory", "MemoryError"),
                            ("stop", "StopIteration")):  # fmt: skip
            self.assertEqual(agent.error(event)["type"], name)
        self.assertEqual(agent.output(), "alive")

    def test_causes_are_shown(self):
        agent = self.agent(
            "def handler(event, context):\n    try:\n        {}['k']\n    except KeyError as e:\n"
            "        raise RuntimeError('outer') from e\n"
        )
        stack = agent.error()["stack"]
        self.assertIn("caused by KeyError: 'k'", stack)
        self.assertIn("main.py:3 in handler: {}['k']", stack[-1])

    def test_type_errors_of_user_code_are_not_taken_for_response_errors(self):
        agent = self.agent("def handler(event):\n    return 1\n")
        self.assertEqual(agent.error()["type"], "TypeError")
        agent = self.agent("import json\ndef handler(event, context):\n    return json.dumps(b'')\n")
        self.assertEqual(agent.error()["type"], "TypeError")

    def test_library_frames_are_left_out(self):
        agent = self.agent("import json\ndef handler(event, context):\n    return json.loads(event)\n")
        error = agent.error("{")
        self.assertEqual(error["type"], "JSONDecodeError")
        self.assertEqual(error["stack"], [agent.code + "/main.py:3 in handler: return json.loads(event)"])

    def test_an_exception_that_cannot_be_printed(self):
        agent = self.agent("class E(Exception):\n    def __str__(self): raise ValueError()\n"
                           "def handler(event, context): raise E()\n")  # fmt: skip
        self.assertEqual(agent.error()["type"], "E")

    def test_a_closed_stdout_does_not_break_the_answer(self):
        agent = self.agent("import sys, os\ndef handler(event, context):\n    sys.stdout.close(); return 'ok'\n")
        self.assertEqual(agent.output(), "ok")

    # streams and coroutines

    def test_coroutines_and_async_generators_run_on_one_loop(self):
        agent = self.agent(
            "import asyncio\nloops = set()\n"
            "async def handler(event, context):\n"
            "    loops.add(id(asyncio.get_running_loop()))\n"
            "    await asyncio.sleep(0)\n"
            "    return len(loops)\n"
            "async def stream(event, context):\n"
            "    for i in range(3):\n        await asyncio.sleep(0)\n        yield str(i)\n"
        )
        self.assertEqual([agent.output(), agent.output()], [1, 1])
        agent = self.agent("import asyncio\nasync def handler(event, context):\n"
                           "    for i in range(3):\n        await asyncio.sleep(0)\n        yield str(i)\n")  # fmt: skip
        self.assertEqual(agent.stream()[0], [b"0", b"1", b"2"])
        self.assertEqual(agent.output(), "012")

    def test_iterators_are_streamed_lists_are_not(self):
        agent = self.agent("def handler(event, context): return map(str, [1, 2]) if event else [1, 2]\n")
        self.assertEqual(agent.stream(True)[0], [b"1", b"2"])
        self.assertEqual(agent.stream(False)[0], [b"[1,2]"])
        self.assertEqual(agent.output(False), [1, 2])

    def test_collected_chunks_are_bounded(self):
        agent = self.agent("def handler(event, context):\n    while True: yield 'x' * 1000000\n")
        self.assertEqual(agent.error()["type"], "ResponseTooLarge")

    def test_a_chunk_is_sent_when_it_is_yielded(self):
        agent = self.agent("import time\ndef handler(event, context):\n    yield repr(time.time())\n    time.sleep(0.3)\n")
        agent.start(stream=True)
        import base64

        sent = float(base64.b64decode(agent.read()["data"]))
        self.assertLess(time.time() - sent, 0.1)

    def test_a_forked_child_cannot_answer_for_its_parent(self):
        agent = self.agent("import os\ndef handler(event, context):\n    pid = os.fork()\n    if pid: os.waitpid(pid, 0)\n"
                           "    return pid > 0\n")  # fmt: skip
        self.assertIs(agent.output(), True)
        self.assertIs(agent.output(), True)

    # concurrency

    def test_calls_run_at_the_same_time_and_no_more_than_allowed(self):
        agent = self.agent(
            "import threading\nbarrier = threading.Barrier(4, timeout=10)\n"
            "def handler(event, context):\n    barrier.wait()\n    return [event, context.request_id]\n",
            concurrency=4,
        )
        ids = [agent.start(n) for n in range(8)]
        answers = [agent.read() for _ in ids]
        self.assertEqual({a["request_id"]: a["output"] for a in answers}, {i: [n, i] for n, i in enumerate(ids)})

    def test_concurrent_streams_do_not_mix(self):
        agent = self.agent("def handler(event, context):\n    for i in range(20): yield f'{event}' * 60000\n", concurrency=8)
        import base64

        ids = {agent.start(n, stream=True): n for n in range(8)}
        seen = dict.fromkeys(ids, b"")
        left = set(ids)
        time.sleep(0.2)  # all of them wait inside a frame now
        while left:
            message = agent.read()
            if message["type"] == 3:
                left.remove(message["request_id"])
            else:
                seen[message["request_id"]] += base64.b64decode(message["data"])
        for rid, number in ids.items():
            self.assertEqual(seen[rid], str(number).encode() * 1200000)

    def test_an_error_in_one_concurrent_call_is_its_own(self):
        agent = self.agent("import sys\ndef handler(event, context):\n    return sys.exit(1) if event else 'ok'\n", concurrency=4)
        for _ in range(20):
            self.assertEqual(agent.error(True)["type"], "Exit")
            self.assertEqual(agent.output(False), "ok")

    # deployment

    def test_a_compiled_shim_works_the_same(self):
        argv = command("python")
        with Agent("python", ready=False) as plain:
            target = plain.root + "/shim.pyc"
            subprocess.run(argv + ["--compile", target], check=True)
            agent = Agent("python", {"main.py": PythonContract.CODE["raise"]}, argv=argv[:-1] + [target])
            self.addCleanup(agent.__exit__)
            self.assertIsNone(agent.init("main.handler"))
            stack = agent.error("x")["stack"]
            self.assertEqual(len(stack), 2, stack)


class ShimJson(unittest.TestCase):
    """The shim's reader and writer give what the json module gives."""

    @classmethod
    def setUpClass(cls):
        with open(SHIMS + "/python/shim.py", encoding="utf-8") as file:
            source = file.read()
        cls.shim = {"__name__": "shim_under_test"}
        exec(compile(source.rpartition("\nmain()")[0], "shim.py", "exec"), cls.shim)

    def both(self, value):
        expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        try:
            data = expected.encode()
        except UnicodeEncodeError:
            data = json.dumps(value, separators=(",", ":")).encode()
        self.assertEqual(self.shim["to_json"](value), data)
        text = json.dumps(value)
        self.assertEqual(self.shim["parse"](text), json.loads(text))
        self.assertEqual(self.shim["parse"](data.decode()), json.loads(data))

    def test_values_that_are_special(self):
        for value in [None, True, False, 0, -0.0, 1e-320, 1.7976931348623157e308, 10**400, -(10**50), 2**64, "", "\x00\x1f\x7f",
                      "\ud800", "a\udfffb", "\U0010ffff", "\u2028\u2029</script>", {"": {}}, {"\ud800": 1}, [[]] * 3,
                      {1: 2, 1.5: 3, None: 4, True: 5}, (1, (2,)), "\ud83d" + "\ude00"]:  # fmt: skip
            self.both(value)

    def test_random_values(self):
        rng = random.Random(20261121)

        def make(depth):
            kind = rng.randrange(9 if depth else 6)
            if kind == 0:
                return rng.choice([None, True, False])
            if kind == 1:
                return rng.randrange(-(10 ** rng.randrange(1, 40)), 10 ** rng.randrange(1, 40))
            if kind == 2:
                return rng.uniform(-1, 1) * 10 ** rng.randrange(-300, 300)
            if kind < 6:
                return "".join(chr(rng.choice([rng.randrange(128), rng.randrange(0x110000)])) for _ in range(rng.randrange(9)))
            if kind == 6:
                return [make(depth - 1) for _ in range(rng.randrange(5))]
            return {make(0) if rng.random() < 0.1 else str(rng.random()): make(depth - 1) for _ in range(rng.randrange(5))}

        for _ in range(3000):
            self.both(make(4))

    def test_depth(self):
        value = []
        for _ in range(300):
            value = [value]
        self.both(value)
        with self.assertRaises(RecursionError):
            self.shim["parse"]("[" * 200000 + "]" * 200000)

    def test_what_is_no_json_is_refused(self):
        for value in (math.nan, math.inf, -math.inf, [math.nan]):
            self.assertRaises(ValueError, self.shim["to_json"], value)
        for text in ("NaN", "[Infinity]", "-Infinity", "{", "[1,]", '{"a" 1}', "", "1 2", "'a'", '"a', '"\x01"', "01", "tru", "{1:2}"):
            with self.assertRaises(Exception, msg=text):
                self.shim["parse"](text)
            with self.assertRaises(Exception, msg=text):
                json.loads(text, parse_constant=self.shim["no_constant"])


if __name__ == "__main__":
    unittest.main()
