"""An SFTP server that behaves oddly, as a subsystem of a real sshd: `odd_sftp.py KIND [NUMBER]`.

It reads and writes files for real. Kinds:
  handles      handles are bytes that are no text, some of them zero
  slow         the answer to the third write takes NUMBER seconds (slow flash)
  crawling     every write takes NUMBER milliseconds, and nothing is read meanwhile
  short        reads are answered with a third of what was asked for
  wordless     a status has no sentence, and there are no extensions
  backwards    answers come in the reverse order, ten at a time
"""

import os
import struct
import sys
import time

KIND = sys.argv[1]
NUMBER = float(sys.argv[2]) if len(sys.argv) > 2 else 0
FILES, HELD, COUNT = {}, [], {"opened": 128, "writes": 0}
IN, OUT = sys.stdin.buffer, sys.stdout.buffer


def string(data):
    return struct.pack(">I", len(data)) + data


def take_string(data):
    length = struct.unpack(">I", data[:4])[0]
    return data[4:4 + length], data[4 + length:]


def answer(kind, ident, body):
    packet = string(bytes([kind]) + ident + body)
    if KIND != "backwards":
        OUT.write(packet)
        OUT.flush()
        return
    HELD.append(packet)


def let_go():
    for packet in reversed(HELD):
        OUT.write(packet)
    HELD.clear()
    OUT.flush()


def status(ident, code):
    words = b"" if KIND == "wordless" else string(b"so it is") + string(b"")
    answer(101, ident, struct.pack(">I", code) + words)


def serve(kind, ident, rest):
    if kind == 3:
        path, rest = take_string(rest)
        flags = struct.unpack(">I", rest[:4])[0]
        mode = {1: os.O_RDONLY, 2: os.O_WRONLY, 3: os.O_RDWR}[flags & 3]
        mode |= (os.O_CREAT if flags & 8 else 0) | (os.O_TRUNC if flags & 16 else 0)
        try:
            opened = os.open(path, mode, 0o644)
        except OSError:
            return status(ident, 2)
        COUNT["opened"] += 1
        handle = struct.pack(">I", COUNT["opened"])
        if KIND == "handles":
            handle = b"\xff\x00\xfe\xc3\x28" + handle + b"\x00"
        FILES[handle] = opened
        return answer(102, ident, string(handle))
    handle, rest = take_string(rest)
    if kind in (4, 5, 6, 8, 9, 10) and handle not in FILES:
        return status(ident, 4)
    if kind == 4:
        os.close(FILES.pop(handle))
        return status(ident, 0)
    if kind == 5:
        offset, length = struct.unpack(">QI", rest[:12])
        data = os.pread(FILES[handle], max(1, length // 3) if KIND == "short" else length, offset)
        return answer(103, ident, string(data)) if data else status(ident, 1)
    if kind == 6:
        data, offset = take_string(rest[8:])[0], struct.unpack(">Q", rest[:8])[0]
        COUNT["writes"] += 1
        if KIND == "slow" and COUNT["writes"] == 3:
            time.sleep(NUMBER)
        if KIND == "crawling":
            time.sleep(NUMBER / 1000)
        os.pwrite(FILES[handle], data, offset)
        return status(ident, 0)
    if kind == 8:
        return answer(105, ident, struct.pack(">IQ", 1, os.fstat(FILES[handle]).st_size))
    return status(ident, 8)


def more_is_there():
    import select
    return IN.peek(1) if select.select([IN], [], [], 0.05)[0] else b""


while True:
    if HELD and (len(HELD) >= 10 or not more_is_there()):
        let_go()
    head = IN.read(4)
    if len(head) < 4:
        break
    packet = IN.read(struct.unpack(">I", head)[0])
    if packet[0] == 1:
        OUT.write(string(b"\x02" + struct.pack(">I", 3)))
        OUT.flush()
    else:
        serve(packet[0], packet[1:5], packet[5:])
