"""Plays the agent for a shim: starts an interpreter with a socket pair as descriptor 3."""

import base64
import fcntl
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

SHIMS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FRAME_MAX = 8 * 1024 * 1024


def interpreter(variable, *candidates):
    """The interpreter named by an environment variable, or the first that is installed."""
    named = os.environ.get(variable)
    for candidate in [named] if named else candidates:
        path = shutil.which(candidate)
        if path:
            return path
    raise RuntimeError("none of %s is installed" % ", ".join(candidates))


def command(language):
    """How the keeper starts the shim of `language`."""
    if language == "python":
        python = interpreter("NOVA_TEST_PYTHON", "/usr/bin/python3", "python3")
        return [python, "-I", "-S", "-B", "-X", "utf8", SHIMS + "/python/shim.py"]
    if language == "node":
        node = interpreter("NOVA_TEST_NODE", "/usr/bin/node", "node", "nodejs")
        return [node, "--no-warnings", SHIMS + "/node/shim.js"]
    ruby = interpreter("NOVA_TEST_RUBY", "/usr/bin/ruby", "ruby")
    return [ruby, "--disable=gems,did_you_mean,error_highlight,rubyopt", SHIMS + "/ruby/shim.rb"]


def spawn(argv, env=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, packets=None):
    """The process and our end of its channel; `packets` becomes its descriptor 4."""
    ours, theirs = socket.socketpair()
    if packets:
        # Above what they become, so that none is in the way of the other.
        fds = [(fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 100), to) for s, to in ((theirs, 3), (packets, 4))]

    def third():
        if packets:
            for fd, to in fds:
                os.dup2(fd, to)
                os.close(fd)
            return
        if theirs.fileno() == 3:
            os.set_inheritable(3, True)
        else:
            os.dup2(theirs.fileno(), 3)

    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=third,
        close_fds=False,
        env=env if env is not None else {"PATH": "/usr/bin:/bin", "HOME": "/tmp"},
    )
    theirs.close()
    for fd, _ in fds if packets else ():
        os.close(fd)
    return process, ours


class Closed(Exception):
    """The shim closed its channel."""


class Agent:
    """One shim with the code of one function in a temporary directory."""

    def __init__(self, language, files=None, ready=True, argv=None, packets=None):
        self.language = language
        self.root = tempfile.mkdtemp(prefix="nova-shim-")
        self.code = os.path.join(self.root, "code")
        os.mkdir(self.code)
        for name, text in (files or {}).items():
            self.write(name, text)
        self.process, self.socket = spawn(argv or command(language), packets=packets)
        self.socket.settimeout(20)
        self.buffer = b""
        self.number = 0
        if ready:
            assert self.read() == {"type": 4}, "the first message is not `ready`"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, name, text, folder=None):
        path = os.path.join(folder or self.code, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    # frames

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, message):
        body = message if isinstance(message, bytes) else json.dumps(message, separators=(",", ":")).encode()
        self.send_raw(struct.pack(">I", len(body)) + body)

    def read_raw(self):
        """The body of the next frame."""
        while len(self.buffer) < 4 or len(self.buffer) < 4 + struct.unpack(">I", self.buffer[:4])[0]:
            data = self.socket.recv(1 << 20)
            if not data:
                raise Closed()
            self.buffer += data
        size = struct.unpack(">I", self.buffer[:4])[0]
        assert 0 < size <= FRAME_MAX, "a frame of %d bytes" % size
        body, self.buffer = self.buffer[4 : 4 + size], self.buffer[4 + size :]
        return body

    def read(self):
        body = self.read_raw()
        assert body.startswith(b'{"type":'), "`type` is not first: %r" % body[:60]
        return json.loads(body)

    # messages

    def init_message(self, handler, **fields):
        message = {
            "type": 1, "protocol": 1, "build": "test", "mode": "handler", "handler": handler,
            "entry": "", "command": [], "function": "probe", "version": 3, "memory_mb": 128,
            "timeout_s": 30, "file_size": 1 << 26, "env": {}, "concurrency": 1,
            "streaming_chunk": 4096, "code_dir": self.code, "layers": [], "output_max": 6 << 20,
        }  # fmt: skip
        message.update(fields)
        return message

    def init(self, handler, **fields):
        """Sends Init and returns the error of the answer, None if there is none."""
        self.send(self.init_message(handler, **fields))
        answer = self.read()
        assert answer["type"] == 3 and answer["request_id"] == "init", answer
        return answer["error"]

    def start(self, event=None, rid=None, stream=False, **fields):
        """Sends Exec, returns the id."""
        self.number += 1
        rid = rid or "r%d" % self.number
        message = {"type": 2, "request_id": rid, "input": event,
                   "deadline_ms": time.time() * 1000 + 30000, "timeout_ms": 30000, "stream": stream}  # fmt: skip
        message.update(fields)
        self.send(message)
        return rid

    def call(self, event=None, **fields):
        """The whole Resp to one call."""
        rid = self.start(event, **fields)
        answer = self.read()
        assert answer["type"] == 3 and answer["request_id"] == rid, answer
        return answer

    def output(self, event=None, **fields):
        answer = self.call(event, **fields)
        assert "error" not in answer, answer
        return answer["output"]

    def error(self, event=None, **fields):
        answer = self.call(event, **fields)
        assert "output" not in answer, answer
        return answer["error"]

    def stream(self, event=None, **fields):
        """Chunks and Resp of a streaming call."""
        rid = self.start(event, stream=True, **fields)
        chunks = []
        while True:
            answer = self.read()
            assert answer["request_id"] == rid, answer
            if answer["type"] == 3:
                return chunks, answer
            assert answer["type"] == 7 and answer["is_last"] is False, answer
            chunks.append(base64.b64decode(answer["data"], validate=True))

    # the process

    def printed(self, which="stdout"):
        """What is in the pipe now."""
        pipe, data = getattr(self.process, which), b""
        while select.select([pipe], [], [], 0)[0]:
            more = os.read(pipe.fileno(), 1 << 16)
            if not more:
                break
            data += more
        return data.decode()

    def heap(self):
        """Bytes that malloc(3) holds in the main thread of the process."""
        with open("/proc/%d/smaps" % self.process.pid) as file:
            return int(file.read().split("[heap]\n")[1].split("\nRss:")[1].split()[0]) * 1024

    def end(self):
        """Waits for the process and returns its exit code."""
        return self.process.wait(10)

    def said(self):
        """Everything on stderr; the process has ended."""
        return self.process.stderr.read().decode()
