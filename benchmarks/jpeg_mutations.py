"""JPEG files with something wrong in them, by seed: those of `jpeg_files`, edited segment by segment.

`mutated(seed)` depends on the seed alone (and on the libraries that write the clean files).
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from contextlib import suppress

from benchmarks.jpeg_files import SOS, Parts, clean

DHT, DQT, DNL, DRI, DHP, EXP, APP0, COM = 0xC4, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xFE
FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCA)


# ---------------------------------------------------------------- edits of one segment


def _edit_quantisers(parts: Parts, draw: random.Random) -> None:
    body = parts.one(draw, DQT)
    kind = draw.randrange(5)
    if kind == 0:
        body[draw.randrange(1, len(body))] = draw.choice([0, 1, 255, draw.randrange(256)])
    elif kind == 1:
        body[0] = draw.choice([0, 1, 2, 3, 4, 0x10, 0x11, 0x20, draw.randrange(256)])
    elif kind == 2:  # the same table in 16 bits
        body[:] = bytes([0x10 | body[0]]) + b"".join(struct.pack(">H", value) for value in body[1:65])
    elif kind == 3:  # a large one
        large = [draw.choice([1, 300, 5000, 32767, 32768, 65535]) for _ in range(64)]
        body[:] = bytes([0x10 | body[0] & 3]) + struct.pack(">64H", *large)
    else:
        body[1:65] = bytes([draw.choice([255, 128, 64])]) * 64


def _edit_huffman(parts: Parts, draw: random.Random) -> None:
    body = parts.one(draw, DHT)
    kind = draw.randrange(5)
    if kind == 0:
        body[0] = draw.choice([0, 1, 2, 3, 4, 0x10, 0x11, 0x12, 0x13, 0x20])
    elif kind == 1:
        body[draw.randrange(1, 17)] = draw.choice([0, 1, 2, 255, draw.randrange(20)])
    elif kind == 2:
        body[draw.randrange(17, len(body))] = draw.randrange(256)
    elif kind == 3:  # another code of as many symbols
        symbols = [draw.randrange(256) if body[0] >> 4 else draw.randrange(16) for _ in range(draw.randint(1, 40))]
        body[:] = body[:1] + _counts(len(symbols), draw) + bytes(symbols)
    else:  # one that uses up all codes, the last of which is all ones
        body[:] = body[:1] + bytes([0, 3, 2, *[0] * 13]) + bytes([0, 1, 2, 3, 4])


def _counts(symbols: int, draw: random.Random) -> bytes:
    counts, room = [], 1
    for length in range(16):
        room *= 2
        taken = symbols if length == 15 else draw.randint(0, max(min(room - 1, symbols, 255), 0))
        taken = min(taken, 255)
        counts.append(taken)
        room, symbols = room - taken, symbols - taken
    return bytes(counts)


def _edit_frame(parts: Parts, draw: random.Random) -> None:
    number = draw.choice(parts.numbers(*FRAMES) or [0])
    body = parts.segments[number][1]
    body.extend(bytes(max(15 - len(body), 0)))
    kind = draw.randrange(7)
    if kind == 0:
        parts.segments[number] = (draw.choice([*FRAMES, 0xC8, 0xCC, 0xCF]), body)
    elif kind == 1:
        place = draw.choice([1, 3])
        size = int.from_bytes(body[place : place + 2], "big") + draw.choice([-8, -1, 1, 8, 16, 300])
        body[place : place + 2] = draw.choice([size & 0xFFFF, 0, 1, 65535, 65501]).to_bytes(2, "big")
    elif kind == 2:
        body[draw.choice([7, 10, 13])] = draw.choice([0x11, 0x12, 0x21, 0x22, 0x41, 0x14, 0x44, 0, 0x01, 0x10, 0x33])
    elif kind == 3:
        body[draw.choice([6, 9, 12])] = draw.choice([0, 1, 2, 3, ord("R"), ord("G"), ord("B"), draw.randrange(256)])
    elif kind == 4:
        body[draw.choice([8, 11, 14])] = draw.choice([0, 1, 2, 3, 4, 255])
    elif kind == 5:
        body[draw.choice([0, 5])] = draw.choice([1, 2, 3, 4, 8, 12])
    else:
        body[6], body[9], body[12] = draw.choice([b"RGB", b"BGR", b"\1\1\1", b"\0\1\2", b"\1\2\2", b"\3\2\1"])


def _edit_scan_header(parts: Parts, draw: random.Random) -> None:
    body = parts.one(draw, SOS)
    if len(body) < 6:
        return
    kind = draw.randrange(4)
    if kind == 0:
        body[draw.randrange(1, len(body) - 3, 2)] = draw.choice([0, 1, 2, 3, 4, draw.randrange(256)])
    elif kind == 1:
        body[draw.randrange(2, len(body) - 3, 2)] = draw.choice([0, 0x11, 0x01, 0x10, 0x22, 0x33, 0x40, 0x04])
    elif kind == 2:
        body[draw.randrange(-3, 0)] = draw.choice([0, 1, 63, 62, 64, 0x10, 255])
    else:
        body[0] = draw.choice([0, 1, 2, 3, 4])


def _edit_restart(parts: Parts, draw: random.Random) -> None:
    numbers = parts.numbers(DRI)
    interval = struct.pack(">H", draw.choice([0, 1, 2, 3, 5, 8, 65535]))
    if numbers and draw.random() < 0.8:
        parts.segments[draw.choice(numbers)][1][:] = interval if draw.random() < 0.8 else interval + b"\0"
    else:
        parts.segments.insert(draw.randrange(len(parts.segments)), (DRI, bytearray(interval)))


APPLICATIONS: tuple[tuple[int, bytes], ...] = (
    (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), (0xE0, b"JFIF\0\1\1\0\0\1"), (0xE0, b"JFIF\0"),
    (0xE0, b"JFIFx\1\1\0\0\1\0\1\0\0"),
    (0xE0, b"JFXX\0\x10"), (0xEE, b"Adobe\0\x64\0\0\0\0\0"), (0xEE, b"Adobe\0\x64\0\0\0\0\1"),
    (0xEE, b"Adobe\0\x64\0\0\0\0\2"), (0xEE, b"Adobe\0\x64\0\0"), (0xEE, b"Adobe"), (0xEE, b"Other"),
    (0xE2, b"ICC_PROFILE\0\1\1abc"), (0xE2, b"ICC_PROFILE\0"), (0xE2, b"ICC_PROFILE\0\1"),
    (0xE2, b"MPF\0II*\0\x08\0\0\0"),
    (0xE2, b"FPXR\0"), (0xED, b"Photoshop 3.0\0"), (0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\0\4abcd"),
    (0xED, b"Photoshop 3.0\x008BIM\x03\xed"), (0xED, b"Photoshop 3.0\x008BIM\x04\x04\3abc\0\0\0\5abcde\x008BIM"),
    (0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0"),
    (0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"),
    (0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0"),
    (0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\4\0\0\0\1\0\0\0\3\0\0\0\0"),
    (0xE1, b"Exif\0\0II*\0\x08\0\0\0\2\0\x12\1\3\0\1\0\0\0\1\0\0\0\x12\1\3\0\1\0\0\0\3\0\0\0\0\0\0\0"),
    (0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x1a\1\7\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    (0xE1, b"Exif\0\0"), (0xE1, b"Exif\0\0II"),
    (0xE1, b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'),
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0<tiff:Orientation>1<"), (0xE5, b""), (0xEF, b"rubbish"), (COM, b"words"),
    (COM, b""), (0xF0, b"abc"), (0xFD, b"abc"), (DNL, b"\0\x20"), (DHP, b"\x08\0\x20\0\x20\1\1\x11\0"), (EXP, b"\x11"),
    (0x01, b""), (0xD3, b""), (0xCC, b"\0\x10"), (0xC8, b""), (0xB0, b"abc"),
)  # fmt: skip
"""Segments that may stand before the scan, and some that may not."""


def _add_application(parts: Parts, draw: random.Random) -> None:
    marker, body = draw.choice(APPLICATIONS)
    made = bytearray(body)
    if made and draw.random() < 0.3:
        made[draw.randrange(len(made))] = draw.randrange(256)
    parts.segments.insert(draw.choice([0, draw.randrange(len(parts.segments))]), (marker, made))


def _edit_application(parts: Parts, draw: random.Random) -> None:
    body = parts.one(draw, *range(APP0, APP0 + 16))
    for _ in range(draw.randint(1, 3)):
        if body:
            body[draw.randrange(len(body))] = draw.choice([0, 1, 3, 255, draw.randrange(256)])


# ---------------------------------------------------------------- edits of the order


def _drop(parts: Parts, draw: random.Random) -> None:
    kinds = sorted({marker for marker, _ in parts.segments})
    gone = draw.choice(kinds)
    if draw.random() < 0.5:
        parts.segments[:] = [segment for segment in parts.segments if segment[0] != gone]
    else:
        del parts.segments[draw.choice(parts.numbers(gone))]


def _repeat(parts: Parts, draw: random.Random) -> None:
    marker, body = draw.choice(parts.segments)
    parts.segments.insert(draw.randint(0, len(parts.segments)), (marker, bytearray(body)))


def _reorder(parts: Parts, draw: random.Random) -> None:
    one, other = (draw.randrange(len(parts.segments)) for _ in range(2))
    parts.segments[one], parts.segments[other] = parts.segments[other], parts.segments[one]


def _exchange(parts: Parts, draw: random.Random) -> None:
    """A segment of another file in place of the one with the same marker."""
    other = Parts.of(draw.choice(clean()))
    marker = draw.choice([DQT, DHT, *FRAMES[:2], SOS])
    there = other.numbers(marker)
    for number, theirs in zip(parts.numbers(marker), there, strict=False):
        parts.segments[number] = other.segments[theirs]


# ---------------------------------------------------------------- edits of what follows the header


def _edit_entropy(parts: Parts, draw: random.Random) -> None:
    scan = parts.scan
    for _ in range(draw.choice([1, 1, 2, 8])):
        place = draw.randrange(max(len(scan) - 2, 1))
        kind = draw.randrange(5)
        if kind == 0:
            scan[place] ^= 1 << draw.randrange(8)
        elif kind == 1:
            scan[place] = draw.choice([0, 0xFF, 0xD0, 0xD9, draw.randrange(256)])
        elif kind == 2:
            del scan[place : place + draw.choice([1, 2, 9])]
        elif kind == 3:
            scan[place:place] = draw.choice(
                [b"\xff\0", b"\xff\xff\0", b"\xff\xd9", b"\xff\xd0", b"\xff\x02", b"\0" * 5]
            )
        else:
            scan[place : place + 30] = draw.randbytes(draw.randint(1, 30))


def _edit_markers(parts: Parts, draw: random.Random) -> None:
    """Restart markers renumbered, left out, repeated, padded."""
    scan = parts.scan
    places = [place for place in range(len(scan) - 1) if scan[place] == 0xFF and scan[place + 1] & 0xF8 == 0xD0]
    if not places:
        scan[-2:-2] = draw.choice([b"\xff\xd0", b"\xff\xff", b"\0", b"\xff\xfe\0\2", b"\xff\xdc\0\4\0\x20", b"\xff"])
        return
    place = draw.choice(places)
    kind = draw.randrange(5)
    if kind == 0:
        scan[place + 1] = 0xD0 | draw.randrange(8)
    elif kind == 1:
        del scan[place : place + 2]
    elif kind == 2:
        scan[place:place] = scan[place : place + 2]
    elif kind == 3:
        scan[place:place] = draw.choice([b"\xff", b"\0", b"ab", b"\xff\0"])
    else:
        scan[place + 1] = draw.choice([0xD9, 0xDA, 0xC4, 0xD8, 0x01, 0xFE])


def _edit_end(parts: Parts, draw: random.Random) -> None:
    scan = parts.scan
    kind = draw.randrange(5)
    if kind == 0:
        del scan[-2:]
    elif kind == 1:
        del scan[draw.randrange(len(scan)) :]
    elif kind == 2:
        scan += draw.choice([b"\0", b"\xff\xd9", draw.randbytes(20), bytes(draw.choice(clean()))])
    elif kind == 3:
        del scan[-draw.randint(1, min(12, len(scan))) :]
        scan += b"\xff\xd9"
    else:
        scan[-2:] = draw.choice(
            [b"\xff\xda", b"\xff\xd8", b"\xff\xfe", b"\xff\xff\xff\xd9", b"ab\xff\xd9", b"\xff\xdb"]
        )


EDITS: tuple[Callable[[Parts, random.Random], None], ...] = (
    _edit_quantisers, _edit_huffman, _edit_frame, _edit_scan_header, _edit_restart, _add_application,
    _add_application, _edit_application, _drop, _drop, _repeat, _reorder, _exchange, _edit_entropy, _edit_entropy,
    _edit_markers, _edit_markers, _edit_end,
)  # fmt: skip


def mutated(seed: int) -> bytes:
    """A file with one, two or three things wrong; a few are clean, a few noise in the file's bytes."""
    draw = random.Random(f"mutated {seed}")
    data = draw.choice(clean())
    kind = draw.random()
    if kind < 0.03:
        return data
    if kind < 0.13:
        return _noisy(bytearray(data), draw)
    parts = Parts.of(data)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        if parts.segments and parts.scan:
            with suppress(IndexError):  # a segment that an edit before has left too short for this one
                draw.choice(EDITS)(parts, draw)
    lengthen = {}
    if parts.segments and draw.random() < 0.05:
        lengthen[draw.randrange(len(parts.segments))] = draw.choice([-3, -2, -1, 1, 2, 5, 300])
    return parts.file(lengthen)


def _noisy(data: bytearray, draw: random.Random) -> bytes:
    for _ in range(draw.choice([1, 1, 2, 10])):
        data[draw.randrange(2, draw.choice([len(data), min(len(data), 700)]))] = draw.randrange(256)
    return bytes(data)
