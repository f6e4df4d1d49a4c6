#!/usr/bin/env python3
"""A subscriber to a node's ZeroMQ stream, to start your own from.

    pip install pyzmq
    litecastd -zmqpubhashblock=tcp://127.0.0.1:28332 -zmqpubhashtx=tcp://127.0.0.1:28332 \\
              -zmqpubrawblock=tcp://127.0.0.1:28332 -zmqpubrawtx=tcp://127.0.0.1:28332 \\
              -zmqpubsequence=tcp://127.0.0.1:28332
    zmq_sub.py tcp://127.0.0.1:28332

Works with Litecast and with litecoind. A message is three frames:

    topic     hashblock, hashtx, rawblock, rawtx or sequence
    body      hashblock, hashtx: 32 bytes, in the order in which RPC prints them
              rawblock, rawtx: the serialised block or transaction
              sequence: 32 bytes of hash, then one letter:
                  C  block connected          D  block disconnected
                  A  added to the mempool     R  removed from it, but not by a block
              and for A and R the mempool's sequence number, 8 bytes, little-endian
    counter   4 bytes, little-endian; one more with each message of this topic at this address

The counter is how a subscriber learns that it lost messages (its queue in the node was full, or it was not connected) or
that the node was restarted (the counter begins at 0 again). What to do then is up to you; this program says so and
goes on. To be sure of the state of things, ask the node: getbestblockhash, and getrawmempool false true, whose
mempool_sequence tells which A and R messages are already part of the answer.
"""
import argparse
import asyncio
import hashlib
import signal
import struct
import sys

import zmq
import zmq.asyncio

TOPICS = ("hashblock", "hashtx", "rawblock", "rawtx", "sequence")
LABELS = {
    "C": "block connected",
    "D": "block disconnected",
    "A": "added to the mempool",
    "R": "removed from the mempool",
}


class Gaps:
    """Watches the counters of one address."""

    def __init__(self):
        self.last = {}

    def check(self, topic, counter):
        """What to tell about the message with this counter, or None."""
        last = self.last.get(topic)
        self.last[topic] = counter
        # The same number twice: the node publishes this topic twice at this address.
        if last is None or counter == last:
            return None
        expected = (last + 1) % 2**32
        missing = (counter - expected) % 2**32
        if missing == 0:
            return None
        if missing < 2**31:
            return f"LOST {missing} {topic} messages, #{expected} to #{(counter - 1) % 2**32}"
        return f"RESTARTED: {topic} counts anew, #{expected} was next"


def block_hash_of(header):
    """Blocks are named by the double SHA-256 of their first 80 bytes (scrypt is only for the proof of work)."""
    return hashlib.sha256(hashlib.sha256(header).digest()).digest()[::-1].hex()


def describe(topic, body):
    """A line of text for one message."""
    if topic in ("hashblock", "hashtx"):
        return body.hex()
    if topic == "rawblock":
        return f"{block_hash_of(body[:80])} {len(body)} bytes"
    if topic == "rawtx":
        # The id of a transaction does not cover all of these bytes (witness and MWEB data are left out), so telling
        # it needs a parser; whoever wants ids alone subscribes to hashtx.
        return f"{len(body)} bytes {body[:32].hex()}..."
    if topic == "sequence":
        name, label = body[:32].hex(), chr(body[32])
        text = f"{name} {label} {LABELS.get(label, '?')}"
        if label in "AR":
            (number,) = struct.unpack("<Q", body[33:41])
            text += f" (mempool sequence {number})"
        return text
    return f"{len(body)} bytes"


async def subscribe(context, address, topics, many):
    socket = context.socket(zmq.SUB)
    # Unlimited: it is better to fall behind than to lose messages without a trace at this end.
    socket.setsockopt(zmq.RCVHWM, 0)
    # Without these a connection that died silently is never noticed. Both nodes answer heartbeats.
    socket.setsockopt(zmq.HEARTBEAT_IVL, 30_000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 60_000)
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    socket.setsockopt(zmq.IPV6, 1)
    for topic in topics:
        socket.subscribe(topic)
    socket.connect(address)
    gaps = Gaps()
    where = f" [{address}]" if many else ""
    try:
        while True:
            frames = await socket.recv_multipart()
            if len(frames) != 3 or len(frames[2]) != 4:
                print(f"-- not a message of a node: {len(frames)} frames{where}", flush=True)
                continue
            topic, body = frames[0].decode("ascii", "replace"), frames[1]
            (counter,) = struct.unpack("<I", frames[2])
            note = gaps.check(topic, counter)
            if note:
                print(f"-- {note}{where}", flush=True)
            print(f"{topic:9} #{counter:<6} {describe(topic, body)}{where}", flush=True)
    finally:
        socket.close(linger=0)


async def main():
    parser = argparse.ArgumentParser(description="Prints a node's ZeroMQ stream.")
    parser.add_argument("address", nargs="*", default=["tcp://127.0.0.1:28332"],
                        help="as given to the node (default: tcp://127.0.0.1:28332)")
    parser.add_argument("-t", "--topic", action="append", choices=TOPICS,
                        help="only this topic; may be repeated (default: all)")
    args = parser.parse_args()

    context = zmq.asyncio.Context()
    tasks = [asyncio.create_task(subscribe(context, address, args.topic or [""], len(args.address) > 1))
             for address in args.address]
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, lambda: [task.cancel() for task in tasks])
    try:
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        context.term()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except BrokenPipeError:
        # The reader of our output has seen enough.
        sys.stderr.close()
