"""`make bench`: one table of what Nova takes, beside floors and peers, in one run.

Called by scripts/bench, which starts everything:
  bench.py --nova URL --nova-scratch URL --nova-crowded URL --floor URL --peer NAME URL .. [--only ROW] [--quick]

What is compared is measured in interleaved rounds; the table has medians. Where the issue
names a target, it is in the table with whether it was reached.
"""

import argparse
import base64
import io
import os
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

from client import Client
from egress import Egress
from identity import Identity

HELLO = {
    "python": "def handler(event, context):\n    return {'hello': event['name']}\n",
    "node": "exports.handler = async (event) => ({ hello: event.name });\n",
}
EVENT = b'{"name": "x"}'
WRK = """
wrk.method = "POST"
wrk.body = '{"name": "x"}'
wrk.headers["Content-Type"] = "application/json"
"""


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, value, target="", ok=None):
        mark = "" if ok is None else "yes" if ok else "NO"
        self.rows.append((what, value, target, mark))
        print("  %s: %s%s" % (what, value, " (target %s: %s)" % (target, mark) if target else ""), file=sys.stderr, flush=True)

    def markdown(self):
        lines = ["| what | measured | target | reached |", "|---|---|---|---|"]
        return "\n".join(lines + ["| %s |" % " | ".join(row) for row in self.rows])


def percentile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def wrk(url, connections, seconds, key=None):
    """Calls per second, p50 in microseconds; an answer other than 200 is an error."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK)
        if key:
            script.write('wrk.headers["Authorization"] = "Bearer %s"\n' % key)
        script.flush()
        text = subprocess.run(
            ["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "--latency", "-s", script.name, url],
            check=True, stdout=subprocess.PIPE,
        ).stdout.decode()  # fmt: skip
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError("%s: %s" % (url, text))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(value) * {"us": 1, "ms": 1000, "s": 1e6}[unit]


def native():
    """A small static executable."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "native.c")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cc", "-O2", "-static", "-s", "-o", folder + "/native", source], check=True)
        with open(folder + "/native", "rb") as file:
            return file.read()


def archive(files):
    """A tar.gz of executable files."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.table = Table()
        self.nova = Client(arguments.nova)
        self.quick = arguments.quick
        self.rounds = 1 if self.quick else 3
        self.seconds = 1 if self.quick else 3
        self.made = []

    # functions

    def create(self, name, runtime, code, client=None, **fields):
        body = {"name": name, "runtime": runtime, "memory_mb": 128, "timeout_s": 60, **fields}
        body["archive" if isinstance(code, bytes) else "code"] = base64.b64encode(code).decode() if isinstance(code, bytes) else code
        if runtime in HELLO:
            body.setdefault("handler", "main.handler")
        client = client or self.nova
        client.must("POST", "/functions", body)
        self.made.append((client, name))
        return name

    def delete_all(self):
        for client, name in self.made:
            client.send("DELETE", "/functions/" + name)
        self.made.clear()

    def call_bytes(self, name, client=None):
        return (client or self.nova).request_bytes("POST", "/functions/%s/invoke" % name, EVENT)

    def check(self, data):
        if b'"hello"' not in data or b'"error":{' in data:
            raise RuntimeError("not the answer that was asked for: %r" % data[:500])

    # warm

    def warm(self):
        name = self.create("bench-warm", "python", HELLO["python"], max_replicas=2, idle_ttl_s=600)
        self.check(self.nova.timed(self.call_bytes(name))[1])
        targets = {
            "axum hello": self.arguments.floor + "/",
            "floor: HTTP > socket > Python": self.arguments.floor + "/call",
            "nova": "%s/functions/%s/invoke" % (self.arguments.nova, name),
            **{peer: url + "/" for peer, url in self.arguments.peer},
        }
        one, many = {t: [] for t in targets}, {t: [] for t in targets}
        for url in targets.values():
            wrk(url, 4, 1)
        for _ in range(self.rounds):
            for target, url in targets.items():
                one[target].append(wrk(url, 1, self.seconds)[1])
            for target, url in targets.items():
                many[target].append(wrk(url, 16, self.seconds)[0])
        p50 = {t: statistics.median(v) for t, v in one.items()}
        rate = {t: statistics.median(v) for t, v in many.items()}
        floor = "floor: HTTP > socket > Python"
        for target in targets:
            self.table.add("warm, 1 connection, p50: " + target, "%.0f us" % p50[target])
        ratio = p50["nova"] / p50[floor]
        self.table.add("warm, 1 connection: nova / floor", "%.2f" % ratio, "at most 1.5", ratio <= 1.5)
        for target in targets:
            self.table.add("warm, 16 connections, 2 Python processes: " + target, "%.0f calls/s" % rate[target])
        ratio = rate["nova"] / rate[floor]
        self.table.add("warm, 16 connections: nova / floor", "%.2f" % ratio, "at least 0.7", ratio >= 0.7)
        for peer, _ in self.arguments.peer:
            ratio = rate["nova"] / rate[peer]
            self.table.add("warm, 16 connections: nova / " + peer, "%.2f" % ratio, "above 1", ratio > 1)

    # cold

    def cold_times(self, runtime, code, count, pause, client=None, **fields):
        """Times of first calls of functions that were never run."""
        client = client or self.nova
        names = [
            self.create("bench-cold-%s-%d" % (runtime, n), runtime, code(n), client, idle_ttl_s=0, max_replicas=1, **fields)
            for n in range(count)
        ]
        times = []
        for name in names:
            time.sleep(pause)
            took, data = client.timed(self.call_bytes(name, client))
            self.check(data)
            times.append(took)
        self.delete_all()
        return times

    def cold(self):
        count = 10 if self.quick else 100
        limits = {"python": (2, 8), "node": (4, None)}
        for runtime, (p50_max, p99_max) in limits.items():
            times = self.cold_times(runtime, lambda n, text=HELLO[runtime]: text + "\n" * n, count, 0.25)
            p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
            self.table.add("cold %s, pre-started, p50 of %d" % (runtime, count), "%.2f ms" % p50, "at most %d ms" % p50_max, p50 <= p50_max)
            self.table.add("cold %s, pre-started, p99" % runtime, "%.2f ms" % p99, "at most %d ms" % p99_max if p99_max else "",
                           p99 <= p99_max if p99_max else None)  # fmt: skip
        binary = native()
        times = self.cold_times("executable", lambda n: archive({"main": binary, "n": b"%d" % n}), count, 0.1, entry="main")
        p50 = percentile(times, 0.5)
        self.table.add("cold executable, p50", "%.2f ms" % p50, "at most 5 ms", p50 <= 5)
        scratch = Client(self.arguments.nova_scratch)
        times = self.cold_times("python", lambda n: HELLO["python"] + "\n" * n, max(10, count // 3), 0.1, scratch)
        p50 = percentile(times, 0.5)
        self.table.add("cold python, from scratch, p50", "%.2f ms" % p50, "at most 20 ms", p50 <= 20)

    def sustained(self):
        count = 60 if self.quick else 600
        names = [self.create("bench-many-%d" % n, "python", HELLO["python"], idle_ttl_s=0, max_replicas=1) for n in range(count)]
        warm = self.create("bench-beside", "python", HELLO["python"], max_replicas=1, idle_ttl_s=600)
        url = "%s/functions/%s/invoke" % (self.arguments.nova, warm)
        wrk(url, 1, 1)
        alone = statistics.median(wrk(url, 1, 2)[1] for _ in range(self.rounds))
        rate, failed = self.call_all(names, 4, None)
        self.table.add("cold python functions a second, sustained over %d" % count, "%.0f" % rate, "at least 60", rate >= 60 and not failed)
        # The same number a second as the target, beside warm calls.
        beside = []
        for _ in range(self.rounds):
            self.touch(names)
            background = threading.Thread(target=self.call_all, args=(names, 2, 60))
            background.start()
            beside.append(wrk(url, 1, max(1, min(3, count // 60 - 2)))[1])
            background.join()
        slower = statistics.median(beside) / alone - 1
        self.table.add("warm p50 while 60 cold functions a second start", "%+.0f %%" % (slower * 100), "at most +10 %", slower <= 0.1)
        self.delete_all()

    def touch(self, names):
        """Gives functions a new version, so that none of them has run."""
        for name in names:
            body = {"code": HELLO["python"] + "# %d\n" % time.time_ns()}
            self.nova.must("PUT", "/functions/%s/code" % name, body)

    def call_all(self, names, threads, per_second):
        """Calls each once; calls per second, and what failed."""
        queue, failed, lock = list(names), [], threading.Lock()
        begin = time.perf_counter()

        def work():
            client = Client(self.arguments.nova)
            while True:
                with lock:
                    if not queue:
                        return
                    index = len(names) - len(queue)
                    name = queue.pop()
                if per_second:
                    time.sleep(max(0.0, begin + index / per_second - time.perf_counter()))
                try:
                    self.check(client.timed(self.call_bytes(name, client))[1])
                except (RuntimeError, OSError) as error:
                    failed.append(str(error))
                    client.close()

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for error in failed[:3]:
            print("  failed:", error, file=sys.stderr)
        return len(names) / (time.perf_counter() - begin), failed

    # streams

    def stream_bytes(self, name, event=b"{}"):
        return self.nova.request_bytes("POST", "/functions/%s/invoke-stream" % name, event)

    def first_byte(self):
        code = "import time\ndef handler(event, context):\n    for i in range(50):\n        yield repr(time.time())\n        time.sleep(0.01)\n"
        name = self.create("bench-stream", "python", code)
        self.nova.timed(self.nova.request_bytes("POST", "/functions/%s/invoke" % name, b"{}"))
        delays = []
        for data in Client(self.arguments.nova).raw_stream(self.stream_bytes(name)):
            now = time.time()
            found = re.findall(rb"(?:^|\n)data: ([A-Za-z0-9+/=]+)\r?\n", data)
            if found and b"event:" not in data:
                delays.append((now - float(base64.b64decode(found[-1]))) * 1000)
        first, p50, worst = delays[0], percentile(delays, 0.5), max(delays)
        self.table.add("stream: written to received, first chunk", "%.2f ms" % first, "at most 5 ms", first <= 5)
        self.table.add("stream: written to received, p50 and most of %d" % len(delays), "%.2f ms, %.2f ms" % (p50, worst))

    def gigabyte(self):
        size = (32 if self.quick else 1024) << 20
        code = "def handler(event, context):\n    piece = b'x' * 65536\n    for _ in range(event['size'] // 65536):\n        yield piece\n"
        name = self.create("bench-gigabyte", "python", code, timeout_s=300)
        before, most, received = self.memory(), 0.0, 0
        begin = looked = time.perf_counter()
        for data in Client(self.arguments.nova, 300).raw_stream(self.stream_bytes(name, b'{"size": %d}' % size)):
            received += len(data)
            if time.perf_counter() - looked > 0.25:
                looked = time.perf_counter()
                most = max(most, self.memory())
        seconds = time.perf_counter() - begin
        if received < size * 4 // 3:
            raise RuntimeError("the stream ended after %d bytes" % received)
        grown = max(0.0, most - before)
        self.table.add("stream of %d MiB" % (size >> 20), "%.0f MiB/s" % (size / seconds / (1 << 20)))
        self.table.add("server's memory while it passes", "%+.1f MiB" % grown, "flat (at most +8 MiB)", grown <= 8)

    # the network

    def egress(self):
        with Egress(self) as rows:
            rows.rows()

    def identity(self):
        Identity(self, wrk).rows()

    # memory

    def memory(self):
        """What server and keeper hold together, MiB: their own pages, and the binary's once."""
        own, shared = 0, 0
        for pid in self.arguments.pids.split(","):
            sizes = dict.fromkeys(("Private", "Shared"), 0)
            try:
                with open("/proc/%s/smaps_rollup" % pid) as file:
                    lines = file.readlines()
            except FileNotFoundError:
                # An empty sandbox looks like the keeper that made it until it is used.
                continue
            for line in lines:
                kind = line.partition("_")[0]
                if kind in sizes and "Hugetlb" not in line:
                    sizes[kind] += int(line.split()[1])
            own += sizes["Private"]
            shared = max(shared, sizes["Shared"])
        return (own + shared) / 1024

    def at_rest(self):
        names = [self.create("bench-rest-%d" % n, "python", HELLO["python"], idle_ttl_s=1) for n in range(50)]
        for name in names:
            self.nova.timed(self.call_bytes(name))
        time.sleep(5)
        start = self.memory()
        self.table.add("server and keeper at rest, 50 functions deployed", "%.1f MiB" % start, "at most 60 MiB", start <= 60)
        count, calls = 2000 if self.quick else 100_000, 0
        url = "%s/functions/%s/invoke" % (self.arguments.nova, names[0])
        while calls < count:
            calls += int(wrk(url, 8, 5)[0] * 5)
        time.sleep(5)
        grown = self.memory() / start - 1
        self.table.add("the same after %d calls" % calls, "%+.0f %%" % (grown * 100), "at most +20 %", grown <= 0.2)

    def run(self):
        parts = [self.at_rest, self.warm, self.cold, self.sustained, self.first_byte, self.gigabyte, self.egress, self.identity]
        wanted = [part for part in parts if not self.arguments.only or part.__name__ in self.arguments.only]
        if not wanted:
            raise SystemExit("there are the rows " + ", ".join(part.__name__ for part in parts))
        broken = False
        for part in wanted:
            print(part.__name__, file=sys.stderr, flush=True)
            try:
                part()
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                broken = True
                self.table.add(part.__name__, "broke off: %s" % str(error)[:300].replace("\n", " "), "", False)
            finally:
                self.delete_all()
        print(self.table.markdown())
        return 1 if broken else 0


def main():
    parser = argparse.ArgumentParser()
    for name in ("nova", "nova-scratch", "nova-crowded", "floor", "pids"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--peer", nargs=2, action="append", default=[])
    parser.add_argument("--only", action="append")
    parser.add_argument("--quick", action="store_true")
    sys.exit(Bench(parser.parse_args()).run())


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
