"""The Python process behind the floor: `floor_worker.py SOCKET`.

A blocking loop over frames (4-byte big-endian length + JSON) with a hello handler: the
least that a Python process can do to answer calls over a socket. Ends when the other side
closes.
"""

import json
import os
import socket
import sys

FRAME_MAX = 8 * 1024 * 1024


def handler(event, context):
    return {"hello": event["name"]}


def main():
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(sys.argv[1])
    fd = channel.fileno()
    data = b""
    while True:
        size = 4 + int.from_bytes(data[:4], "big") if len(data) >= 4 else 4
        if size > 4 + FRAME_MAX:
            sys.exit("a frame of %d bytes" % (size - 4))
        if len(data) < size or size == 4:
            more = os.read(fd, 65536)
            if not more:
                return
            data += more
            continue
        message = json.loads(data[4:size])
        data = data[size:]
        output = handler(message["input"], None)
        body = json.dumps({"type": 3, "request_id": message["request_id"], "output": output}).encode()
        os.write(fd, len(body).to_bytes(4, "big") + body)


main()
