"""What a function can do on the network, asked by the event's `probe`."""
import errno
import socket
import struct
import threading
import time




def _name(error):
    return errno.errorcode.get(error.errno, str(error)) if error.errno else str(error)


def handler(event, context):
    return globals()["probe_" + event["probe"]](event)


def probe_lookup(event):
    found = {}
    for name in event["names"]:
        try:
            found[name] = sorted({one[4][0] for one in socket.getaddrinfo(name, 443)})
        except socket.gaierror as error:
            found[name] = error.errno
    return found


def probe_talk(event):
    """Sends to each target and says what came back."""
    found = {}
    for host, port in event["targets"]:
        key = f"{host}:{port}"
        try:
            with socket.create_connection((host, port), timeout=5) as stream:
                stream.sendall(b"hello")
                found[key] = stream.recv(100).decode()
        except socket.gaierror:
            found[key] = "no such name"
        except OSError as error:
            found[key] = _name(error)
    return found


def probe_hold(event):
    """Opens connections and keeps them; says how many answer."""
    streams, works = [], 0
    for _ in range(event["count"]):
        try:
            stream = socket.create_connection((event["host"], event["port"]), timeout=5)
            streams.append(stream)
            stream.sendall(b"hello")
            works += stream.recv(100) == b"hello"
        except OSError:
            pass
    time.sleep(event.get("seconds", 0))
    return works


def probe_bulk(event):
    """Sends so many bytes to an echo and reads them back; checks each."""
    size = event["bytes"]
    block = bytes(range(256)) * 256
    with socket.create_connection((event["host"], event["port"]), timeout=20) as stream:
        def send():
            left = size
            while left:
                part = block[: min(left, len(block))]
                stream.sendall(part)
                left -= len(part)
            stream.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        got, wrong = 0, 0
        while True:
            data = stream.recv(1 << 16)
            if not data:
                break
            offset = got % 256
            expected = (block[offset:] + block)[: len(data)]
            wrong += data != expected
            got += len(data)
        sender.join()
    return {"got": got, "wrong": wrong}


def probe_half_close(event):
    with socket.create_connection((event["host"], event["port"]), timeout=5) as stream:
        stream.sendall(b"question")
        stream.shutdown(socket.SHUT_WR)
        said = b""
        while True:
            data = stream.recv(100)
            if not data:
                return said.decode()
            said += data


def probe_dns(event):
    """Raw packets to the resolver; what comes back, in hex, and whether it still works after."""
    found = []
    for packet in event["packets"]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
            ask.settimeout(event.get("timeout", 0.3))
            ask.sendto(bytes.fromhex(packet), ("127.0.0.53", 53))
            try:
                found.append(ask.recv(2000).hex())
            except OSError:
                found.append(None)
    return found


def probe_dns_tcp(event):
    packet = bytes.fromhex(event["packet"])
    with socket.create_connection(("127.0.0.53", 53), timeout=2) as ask:
        ask.sendall(struct.pack("!H", len(packet)) + packet)
        size = struct.unpack("!H", ask.recv(2))[0]
        return ask.recv(size).hex()


def probe_flood(event):
    """Many questions without waiting for answers, from many sockets."""
    packet = bytes.fromhex(event["packet"])
    for _ in range(event["count"]):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
            ask.sendto(packet, ("127.0.0.53", 53))
    return probe_lookup({"names": event["names"]})


def probe_udp(event):
    found = {}
    for host, port in event["targets"]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
            ask.settimeout(0.5)
            try:
                ask.connect((host, port))
                ask.send(b"hello")
                found[f"{host}:{port}"] = ask.recv(100).decode()
            except OSError as error:
                found[f"{host}:{port}"] = _name(error)
    return found
