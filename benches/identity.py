"""Rows about callers: what it costs to know one, and whether many slow down each."""

import statistics
import sys

from client import Client

TENANTS, KEYS = 1000, 10_000


class Identity:
    def __init__(self, bench, wrk):
        self.bench = bench
        self.wrk = wrk
        quick = bench.quick
        self.tenants, self.keys = (20, 200) if quick else (TENANTS, KEYS)
        # The differences are small, so there are more rounds than elsewhere.
        self.rounds = 1 if quick else 7

    def key(self, client, name, tenant="default"):
        """A new key that may call functions."""
        body = {"name": name, "roles": [{"role": "invoker"}]}
        return client.must("POST", "/keys", body, {"X-Nova-Tenant": tenant})["secret"]

    def crowd(self, client):
        """Tenants and keys, each known to the server's memory."""
        print("  making %d tenants and %d keys" % (self.tenants, self.keys), file=sys.stderr, flush=True)
        for number in range(self.tenants):
            client.must("POST", "/tenants", {"name": "crowd-%d" % number})
        for number in range(self.keys):
            secret = self.key(client, "crowd-%d" % number, "crowd-%d" % (number % self.tenants))
            client.must("GET", "/auth/me", None, {"Authorization": "Bearer " + secret})

    def rows(self):
        bench = self.bench
        crowded = Client(bench.arguments.nova_crowded)
        code = "def handler(event, context):\n    return {'hello': event['name']}\n"
        urls = {}
        for label, client, base in [("few", bench.nova, bench.arguments.nova), ("crowd", crowded, bench.arguments.nova_crowded)]:
            name = bench.create("bench-identity", "python", code, client, max_replicas=1, idle_ttl_s=600)
            urls[label] = "%s/functions/%s/invoke" % (base, name)
        few, many = self.key(bench.nova, "bench"), self.key(crowded, "bench")
        self.crowd(crowded)
        ways = {
            "without a key (--dev)": (urls["few"], None),
            "with a key": (urls["few"], few),
            "with a key among %d of %d tenants" % (self.keys, self.tenants): (urls["crowd"], many),
        }
        took = {way: [] for way in ways}
        for url, key in ways.values():
            self.wrk(url, 1, 1, key)
        for _ in range(self.rounds):
            for way, (url, key) in ways.items():
                took[way].append(self.wrk(url, 1, bench.seconds, key)[1])
        p50 = {way: statistics.median(values) for way, values in took.items()}
        for way, value in p50.items():
            bench.table.add("warm, 1 connection, p50: " + way, "%.0f us" % value)
        none, key, crowd = p50.values()
        added = key - none
        bench.table.add("identity and authorisation", "%+.1f us" % added, "at most +15 us", added <= 15)
        slower = crowd / key - 1
        what = "%d keys and %d tenants" % (self.keys, self.tenants)
        bench.table.add(what, "%+.1f %%" % (slower * 100), "at most +2 %", slower <= 0.02)
