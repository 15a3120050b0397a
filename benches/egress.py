"""What the way out of a sandbox costs, beside a direct connection of the same code.

`python egress.py far` is the far side: it answers one byte, and swallows or sends bulk.
"""

import os
import socket
import statistics
import subprocess
import sys
import threading

# The same code measures inside a sandbox and outside of it.
CODE = """
import socket, time

def connects(host, port, count):
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        with socket.create_connection((host, port)) as stream:
            stream.sendall(b'e')
            stream.recv(1)
            times.append(time.perf_counter() - begin)
    times.sort()
    return times[len(times) // 2] * 1e6

def bulk(host, port, size, kind):
    piece = bytearray(1 << 18)
    with socket.create_connection((host, port)) as stream:
        begin = time.perf_counter()
        if kind == 'down':
            stream.sendall(b'd%020d' % size)
            got = 0
            while got < size:
                got += stream.recv_into(piece)
        else:
            stream.sendall(b'u%020d' % size)
            left = size
            while left > 0:
                left -= stream.send(piece[:left] if left < len(piece) else piece)
            stream.recv(1)
        return size / (time.perf_counter() - begin) / 1e6

def handler(event, context):
    if event['what'] == 'connects':
        return connects(event['host'], event['port'], event['count'])
    return bulk(event['host'], event['port'], event['size'], event['what'])
"""


def serve(stream):
    with stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        kind = stream.recv(1)
        if kind == b"e":
            stream.sendall(b"e")
            return
        piece, text = bytearray(1 << 18), b""
        while len(text) < 20:
            text += stream.recv(20 - len(text))
        left = int(text)
        if kind == b"d":
            while left > 0:
                left -= stream.send(piece[:left] if left < len(piece) else piece)
        else:
            while left > 0:
                left -= stream.recv_into(piece, min(left, len(piece)))
            stream.sendall(b"e")


def far():
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


class Egress:
    """The rows; the far side runs as long as this."""

    def __init__(self, bench):
        self.bench = bench
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "far"], stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def rows(self):
        bench, direct = self.bench, {}
        exec(CODE, direct)
        name = bench.create("bench-egress", "python", CODE, network=["127.0.0.1:%d" % self.port], max_replicas=1)
        events = [{"what": "connects", "count": 20 if bench.quick else 100}]
        size = (64 if bench.quick else 512) << 20
        events += [{"what": kind, "size": size} for kind in ("down", "up")]
        inside, outside = {}, {}
        for _ in range(bench.rounds + 1):
            for event in events:
                event = {**event, "host": "127.0.0.1", "port": self.port}
                answer = bench.nova.must("POST", "/functions/%s/invoke" % name, event)
                if not isinstance(answer["output"], float):
                    raise RuntimeError(str(answer)[:300])
                inside.setdefault(event["what"], []).append(answer["output"])
                outside.setdefault(event["what"], []).append(direct["handler"](event, None))
        # The first round warms up.
        def middle(times):
            return statistics.median(times[1:])

        far, near = middle(inside["connects"]), middle(outside["connects"])
        bench.table.add("egress: connect and one byte, p50, direct", "%.0f us" % near)
        more = far - near
        bench.table.add("egress: the same from a sandbox", "%+.0f us" % more, "at most +150 us", more <= 150)
        for kind, words in (("down", "into a sandbox"), ("up", "out of a sandbox")):
            rate = middle(inside[kind])
            bench.table.add("egress: %d MiB %s (direct %.0f MB/s)" % (size >> 20, words, middle(outside[kind])),
                            "%.0f MB/s" % rate, "at least 300 MB/s", rate >= 300)  # fmt: skip


if __name__ == "__main__":
    far()
