#!/usr/bin/env python3
"""Records what SUB sockets receive, one JSON line each on standard output.

  subscriber.py ADDRESS=TOPIC,TOPIC... [ADDRESS=TOPIC...]

{"up": socket, "n": how often}             the socket's connection is open and subscribed
{"s": socket, "t": topic, "b": body as hex, "c": counter}
{"s": socket, "odd": [parts as hex]}       anything else
Ends with its standard input.
"""
import json
import sys
import threading

import zmq
from zmq.utils.monitor import recv_monitor_message


def say(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main():
    threading.Thread(target=lambda: (sys.stdin.read(), say({"end": 1}), sys.stdout.flush(), __import__("os")._exit(0)), daemon=True).start()
    context = zmq.Context()
    poller = zmq.Poller()
    sockets, monitors, ups = {}, {}, {}
    for index, word in enumerate(sys.argv[1:]):
        address, topics = word.rsplit("=", 1)
        socket = context.socket(zmq.SUB)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        for topic in topics.split(","):
            socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
        monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        sockets[socket], monitors[monitor], ups[index] = index, index, 0
        poller.register(socket, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        socket.connect(address)
    while True:
        for socket, _ in poller.poll():
            if socket in monitors:
                recv_monitor_message(socket)
                index = monitors[socket]
                ups[index] += 1
                say({"up": index, "n": ups[index]})
                continue
            parts = socket.recv_multipart()
            if len(parts) == 3 and len(parts[2]) == 4:
                counter = int.from_bytes(parts[2], "little")
                say({"s": sockets[socket], "t": parts[0].decode("latin1"), "b": parts[1].hex(), "c": counter})
            else:
                say({"s": sockets[socket], "odd": [part.hex() for part in parts]})


if __name__ == "__main__":
    main()
