"""Measures what a start of each shim costs: `python3 starts.py [COUNT]`. Not a test.

Rows are interleaved. `ready`: spawn to the ready message. `cpu`: user and system time of
a process that is stopped when it is ready. `first`: Init and the first call of a handler
that imports os and json, in a process that was given `wait` seconds. `pss`: when ready.
"""

import os
import statistics
import sys
import tempfile
import time

from agent import SHIMS, Agent, command, spawn

HANDLERS = {
    "python": ("main.py", "import os, json\ndef handler(event, context):\n    return json.loads(json.dumps({'pid': os.getpid()}))\n"),
    "node": ("main.js", "exports.handler = async (event) => ({ pid: process.pid });\n"),
    "ruby": ("main.rb", "require 'json'\ndef handler(event, context) = { pid: Process.pid }\n"),
}


def pss(pid):
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def start(argv):
    """ready ms, cpu ms, pss MiB"""
    begin = time.perf_counter()
    process, channel = spawn(argv, stdout=-3, stderr=-3)
    assert channel.recv(100)[4:] == b'{"type":4}'
    ready = (time.perf_counter() - begin) * 1000
    memory = pss(process.pid)
    channel.sendall(b'\0\0\0\x0a{"type":5}')
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    channel.close()
    return ready, (usage.ru_utime + usage.ru_stime) * 1000, memory


def first(language, argv, wait):
    name, text = HANDLERS[language]
    with Agent(language, {name: text}, argv=argv) as agent:
        time.sleep(wait)
        begin = time.perf_counter()
        agent.send(agent.init_message("main.handler"))
        agent.start({})
        assert agent.read()["error"] is None
        agent.read()
        return (time.perf_counter() - begin) * 1000


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    compiled = os.path.join(tempfile.mkdtemp(), "shim.pyc")
    python = command("python")
    os.spawnv(os.P_WAIT, python[0], python + ["--compile", compiled])
    shims = [
        ("python shim.py", "python", python),
        ("python shim.pyc", "python", python[:-1] + [compiled]),
        ("node", "node", command("node")),
        ("node, a V8 flag", "node", [command("node")[0], "--max-semi-space-size=2", SHIMS + "/node/shim.js"]),
        ("ruby", "ruby", command("ruby")),
        ("ruby with gems", "ruby", [command("ruby")[0], SHIMS + "/ruby/shim.rb"]),
    ]
    rows = {title: [] for title, _, _ in shims}
    for _ in range(count):
        for title, _, argv in shims:
            rows[title].append(start(argv))
    for title, samples in rows.items():
        ready, cpu, memory = zip(*samples)
        print("%-18s ready p50 %6.2f ms  p90 %6.2f ms  cpu p50 %6.2f ms  pss %5.1f MiB" % (
            title, statistics.median(ready), sorted(ready)[len(ready) * 9 // 10], statistics.median(cpu), statistics.median(memory)))  # fmt: skip
    for title, language, argv in shims:
        for wait in (0, 0.5):
            samples = [first(language, argv, wait) for _ in range(min(count, 40))]
            print("%-18s first call after %.1f s: p50 %6.2f ms" % (title, wait, statistics.median(samples)))


if __name__ == "__main__":
    main()
