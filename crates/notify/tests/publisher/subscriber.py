"""A libzmq subscriber for the tests of the publisher.

Arguments: one JSON object with
  addresses  list of addresses; each gets `sockets` SUB sockets
  sockets    how many per address (default 1)
  prefixes   list of topic prefixes
  rcvhwm     receive high water mark (default 0, unlimited)
  hold       if true, receives nothing until a line arrives on stdin
  digest     if true, reports the SHA-256 of the body instead of the body
  type       "SUB" (default) or another socket type that is expected to be refused
A message with the body b"end" ends its socket. Prints one JSON object a message:
  {"socket": n, "topic": "…", "body": "hex", "counter": n}
"""
import hashlib
import json
import struct
import sys

import zmq

options = json.loads(sys.argv[1])
context = zmq.Context()
sockets = []
for address in options["addresses"]:
    for _ in range(options.get("sockets", 1)):
        socket = context.socket(getattr(zmq, options.get("type", "SUB")))
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVHWM, options.get("rcvhwm", 0))
        socket.setsockopt(zmq.IPV6, 1)
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        for prefix in options.get("prefixes", []):
            socket.setsockopt(zmq.SUBSCRIBE, prefix.encode())
        socket.connect(address)
        sockets.append(socket)

if options.get("hold"):
    sys.stdin.readline()

poller = zmq.Poller()
for socket in sockets:
    poller.register(socket, zmq.POLLIN)
open_sockets = set(sockets)
while open_sockets:
    for socket, _ in poller.poll():
        # A batch at a time, so that many sockets get their turns.
        for _ in range(100):
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            assert len(frames) == 3, frames
            topic, body, counter = frames
            if body == b"end":
                open_sockets.discard(socket)
            print(json.dumps({
                "socket": sockets.index(socket),
                "topic": topic.decode(),
                "body": hashlib.sha256(body).hexdigest() if options.get("digest") else body.hex(),
                "counter": struct.unpack("<I", counter)[0],
            }), flush=True)
            if body == b"end":
                poller.unregister(socket)
                break
