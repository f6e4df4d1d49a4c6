"""A peer of the encrypted transport, written from BIP324 alone, as an oracle for the tests. Slow, and not for secrets.

bip324_peer.py vectors FILE                     checks itself against the BIP's packet encoding vectors
bip324_peer.py peer ROLE PORT MAGIC COUNT       connects and shakes hands; ROLE is who it is in the handshake. Then it sends
                                                COUNT pings with decoys between them, and expects as many pongs.
"""
import csv
import hashlib
import hmac
import os
import random
import socket
import sys

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def inv(a):
    return pow(a, -1, P)


def sqrt(a):
    root = pow(a, (P + 1) // 4, P)
    return root if root * root % P == a % P else None


ROOT = sqrt(-3)


def valid_x(x):
    return sqrt(x**3 + 7) is not None


def add(a, b):
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * inv(2 * a[1])
    else:
        slope = (b[1] - a[1]) * inv(b[0] - a[0])
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def mul(point, k):
    out = None
    while k:
        if k & 1:
            out = add(out, point)
        point = add(point, point)
        k >>= 1
    return out


def decode_x(u, t):
    u, t = u % P or 1, t % P or 1
    if (u**3 + t**2 + 7) % P == 0:
        t = 2 * t % P
    x = (u**3 + 7 - t**2) * inv(2 * t) % P
    y = (x + t) * inv(ROOT * u) % P
    ratio = x * inv(y)
    for candidate in (u + 4 * y * y, (-ratio - u) * inv(2), (ratio - u) * inv(2)):
        if valid_x(candidate % P):
            return candidate % P
    raise AssertionError


def encode_t(x, u, case):
    if case & 2 == 0:
        if valid_x((-x - u) % P):
            return None
        v, s = x, -(u**3 + 7) * inv(u * u + u * x + x * x) % P
    else:
        s = (x - u) % P
        if s == 0:
            return None
        r = sqrt(-s * (4 * (u**3 + 7) + 3 * s * u * u) % P)
        if r is None or (case & 1 and r == 0):
            return None
        v = (-u + r * inv(s)) * inv(2) % P
    w = sqrt(s)
    if w is None:
        return None
    sign = -1 if case & 5 in (0, 5) else 1
    other = ROOT if case & 1 else -ROOT
    return sign * w * (u * (1 + other) * inv(2) + v) % P


def encode(private):
    x = mul(G, private)[0]
    while True:
        u = random.randrange(1, P)
        t = encode_t(x, u, random.randrange(8))
        if t is not None and decode_x(u, t) == x:
            return u.to_bytes(32, "big") + t.to_bytes(32, "big")


def shared_x(private, theirs):
    x = decode_x(int.from_bytes(theirs[:32], "big"), int.from_bytes(theirs[32:], "big"))
    return mul((x, sqrt(x**3 + 7)), private)[0]


def block(key, counter, nonce):
    def word(data, i):
        return int.from_bytes(data[4 * i:4 * i + 4], "little")
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574] + [word(key, i) for i in range(8)]
    start += [counter] + [word(nonce, i) for i in range(3)]
    s = start[:]

    def quarter(a, b, c, d):
        for (x, y, z, r) in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            v = s[z] ^ s[x]
            s[z] = (v << r | v >> (32 - r)) & 0xFFFFFFFF
    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return b"".join(((a + b) & 0xFFFFFFFF).to_bytes(4, "little") for a, b in zip(s, start))


def xor(key, nonce, data, counter):
    stream = b"".join(block(key, counter + i, nonce) for i in range((len(data) + 63) // 64))
    return bytes(a ^ b for a, b in zip(data, stream))


def tag(key, nonce, aad, data):
    def padded(part):
        return part + bytes(-len(part) % 16)
    one = block(key, 0, nonce)[:32]
    r = int.from_bytes(one[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    text = padded(aad) + padded(data) + len(aad).to_bytes(8, "little") + len(data).to_bytes(8, "little")
    total = 0
    for i in range(0, len(text), 16):
        total = (total + int.from_bytes(text[i:i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(one[16:], "little")) % 2**128).to_bytes(16, "little")


class Lengths:
    def __init__(self, key):
        self.key, self.chunks, self.stream, self.blocks = key, 0, b"", 0

    def take(self, n):
        while len(self.stream) < n:
            self.stream += block(self.key, self.blocks, bytes(4) + (self.chunks // 224).to_bytes(8, "little"))
            self.blocks += 1
        out, self.stream = self.stream[:n], self.stream[n:]
        return out

    def crypt(self, data):
        out = bytes(a ^ b for a, b in zip(data, self.take(3)))
        if (self.chunks + 1) % 224 == 0:
            self.key = self.take(32)
            self.stream, self.blocks = b"", 0
        self.chunks += 1
        return out


class Packets:
    def __init__(self, key):
        self.key, self.count = key, 0

    def nonce(self):
        return (self.count % 224).to_bytes(4, "little") + (self.count // 224).to_bytes(8, "little")

    def next(self):
        if (self.count + 1) % 224 == 0:
            nonce = b"\xff" * 4 + (self.count // 224).to_bytes(8, "little")
            self.key = xor(self.key, nonce, bytes(32), 1)
        self.count += 1

    def seal(self, aad, text):
        data = xor(self.key, self.nonce(), text, 1)
        out = data + tag(self.key, self.nonce(), aad, data)
        self.next()
        return out

    def open(self, aad, data):
        data, mark = data[:-16], data[-16:]
        assert mark == tag(self.key, self.nonce(), aad, data), "a packet with a wrong tag"
        text = xor(self.key, self.nonce(), data, 1)
        self.next()
        return text


class Session:
    def __init__(self, private, ours, theirs, initiating, magic):
        both = ours + theirs if initiating else theirs + ours
        name = hashlib.sha256(b"bip324_ellswift_xonly_ecdh").digest()
        self.x = shared_x(private, theirs)
        self.secret = hashlib.sha256(name + name + both + self.x.to_bytes(32, "big")).digest()
        master = hmac.new(b"bitcoin_v2_shared_secret" + magic, self.secret, hashlib.sha256).digest()

        def key(info):
            return hmac.new(master, info + b"\x01", hashlib.sha256).digest()
        me, other = (b"initiator", b"responder") if initiating else (b"responder", b"initiator")
        self.send = Lengths(key(me + b"_L")), Packets(key(me + b"_P"))
        self.receive = Lengths(key(other + b"_L")), Packets(key(other + b"_P"))
        marks = key(b"garbage_terminators")
        self.mark, self.their_mark = (marks[:16], marks[16:]) if initiating else (marks[16:], marks[:16])
        self.id = key(b"session_id")

    def seal(self, contents, aad=b"", ignore=False):
        length = self.send[0].crypt(len(contents).to_bytes(3, "little"))
        return length + self.send[1].seal(aad, bytes([0x80 if ignore else 0]) + contents)


def vectors(path):
    tested = 0
    for row in csv.DictReader(open(path)):
        def value(name):
            return bytes.fromhex(row[name])
        if int(row["in_multiply"]) > 1:
            continue
        private = int.from_bytes(value("in_priv_ours"), "big")
        ours, theirs = value("in_ellswift_ours"), value("in_ellswift_theirs")
        s = Session(private, ours, theirs, row["in_initiating"] == "1", bytes.fromhex("f9beb4d9"))
        assert mul(G, private)[0].to_bytes(32, "big") == value("mid_x_ours")
        assert s.x.to_bytes(32, "big") == value("mid_x_shared")
        assert s.secret == value("mid_shared_secret")
        assert (s.mark, s.their_mark) == (value("mid_send_garbage_terminator"), value("mid_recv_garbage_terminator"))
        assert s.id == value("out_session_id")
        for _ in range(int(row["in_idx"])):
            s.seal(b"")
        sealed = s.seal(value("in_contents"), value("in_aad"), row["in_ignore"] == "1")
        if row["out_ciphertext"]:
            assert sealed == value("out_ciphertext")
        assert sealed.endswith(value("out_ciphertext_endswith"))
        tested += 1
    print("vectors", tested)


def peer(role, port, magic, count):
    stream = socket.create_connection(("127.0.0.1", port), timeout=60)
    unread = b""

    def read(n):
        nonlocal unread
        while len(unread) < n:
            more = stream.recv(65536)
            assert more, "closed"
            unread += more
        out, unread = unread[:n], unread[n:]
        return out
    private = random.randrange(1, N)
    ours, garbage = encode(private), os.urandom(random.randrange(4096))
    if role == "initiator":
        stream.sendall(ours + garbage)
    theirs = read(64)
    if role == "responder":
        stream.sendall(ours + garbage)
    s = Session(private, ours, theirs, role == "initiator", magic)
    # A decoy first: the garbage belongs to it then.
    stream.sendall(s.mark + s.seal(b"nothing", garbage, True) + s.seal(b"some later version"))
    aad = b""
    while not aad.endswith(s.their_mark):
        aad += read(1)
        assert len(aad) <= 4095 + 16
    aad = aad[:-16]

    def receive():
        nonlocal aad
        while True:
            length = int.from_bytes(s.receive[0].crypt(read(3)), "little")
            text = s.receive[1].open(aad, read(length + 17))
            aad = b""
            if text[0] & 0x80 == 0:
                return text[1:]
    receive()
    print("session", s.id.hex(), flush=True)
    for i in range(count):
        decoy = s.seal(os.urandom(random.randrange(100)), ignore=True) if i % 7 == 0 else b""
        stream.sendall(decoy + s.seal(b"\x12" + i.to_bytes(8, "little")))
    stream.sendall(s.seal(b"\x00mwebheader\x00\x00" + b"light"))
    for i in range(count):
        assert receive() == b"\x13" + i.to_bytes(8, "little"), i
    assert receive() == b"\x00getmwebutxos" + b"please"
    print("done")


if sys.argv[1] == "vectors":
    vectors(sys.argv[2])
else:
    peer(sys.argv[2], int(sys.argv[3]), bytes.fromhex(sys.argv[4]), int(sys.argv[5]))
