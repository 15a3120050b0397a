"""A small HTTP client for measurements: one kept connection, no parsing beyond need."""

import json
import socket
import time


class Client:
    """One connection to Nova (or to a floor)."""

    def __init__(self, url, timeout=60):
        host, port = url.split("//")[1].split(":")
        self.address = (host, int(port))
        self.host = "%s:%s" % (host, port)
        self.timeout = timeout
        self.socket = None
        self.used = 0.0

    def ready(self):
        """A connection; a new one if the server may have ended the old one for idling."""
        if self.socket is not None and time.monotonic() - self.used > 2:
            self.close()
        if self.socket is None:
            self.connect()
        self.used = time.monotonic()

    def connect(self):
        self.socket = socket.create_connection(self.address, self.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def request_bytes(self, method, path, body=b"", headers=None):
        more = "".join("%s: %s\r\n" % pair for pair in (headers or {}).items())
        return (
            "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
            % (method, path, self.host, more, len(body))
        ).encode() + body

    def send(self, method, path, body=None, headers=None):
        """Status and parsed body."""
        data = json.dumps(body).encode() if body is not None else b""
        status, data = self.exchange(self.request_bytes(method, path, data, headers))
        return status, json.loads(data) if data else None

    def must(self, method, path, body=None, headers=None):
        """The parsed body of an answer below 300; what went wrong otherwise."""
        status, data = self.send(method, path, body, headers)
        if status >= 300:
            raise RuntimeError("%s %s: %d %s" % (method, path, status, data))
        return data

    def exchange(self, request):
        self.ready()
        self.socket.sendall(request)
        return self.response()

    def timed(self, request):
        """Milliseconds from sending to the last byte, and the body."""
        self.ready()
        begin = time.perf_counter()
        self.socket.sendall(request)
        status, data = self.response()
        took = (time.perf_counter() - begin) * 1000
        if status != 200:
            raise RuntimeError("status %d: %r" % (status, data[:500]))
        return took, data

    def response(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.receive()
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if status == 204:
            return status, b""
        if fields.get("transfer-encoding") == "chunked":
            return status, self.chunked(rest)
        size = int(fields.get("content-length", 0))
        while len(rest) < size:
            rest += self.receive()
        return status, rest

    def chunked(self, rest):
        body = b""
        while True:
            while b"\r\n" not in rest:
                rest += self.receive()
            line, _, rest = rest.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            while len(rest) < size + 2:
                rest += self.receive()
            body += rest[:size]
            rest = rest[size + 2 :]
            if size == 0:
                return body

    def receive(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def raw_stream(self, request):
        """Sends on a new connection and yields what is received, as it is received."""
        self.connect()
        self.socket.sendall(request)
        while True:
            data = self.socket.recv(1 << 20)
            if not data:
                return
            yield data
            if data.endswith(b"0\r\n\r\n"):
                return
