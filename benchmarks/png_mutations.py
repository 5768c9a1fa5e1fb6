"""PNG files with something wrong in them, by seed: those of `png_files`, edited chunk by chunk, row by row or blindly.

`mutated(seed)` depends on the seed alone (and on the zlib that compresses).
"""

from __future__ import annotations

import random
import zlib
from functools import cache

from benchmarks.png_files import PALETTE, Chunk, chunks_of, file_of, palette, png, samples_of, split

CLEAN = 200
"""How many files `clean` makes."""

KINDS = (
    (0, 1),
    (0, 2),
    (0, 4),
    (0, 8),
    (2, 8),
    (3, 1),
    (3, 2),
    (3, 4),
    (3, 8),
    (4, 8),
    (6, 8),
    (2, 8),
    (2, 8),
    (2, 16),
)
NAMES = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"tEXt", b"pHYs", b"acTL", b"eXIf", b"abCd", b"bKGD")


@cache
def clean() -> list[bytes]:
    return [_clean(random.Random(f"clean {number}")) for number in range(CLEAN)]


def _clean(draw: random.Random) -> bytes:
    colour, depth = draw.choice(KINDS)
    height, width = (draw.choice([1, 3, 16, 17, 32, draw.randint(1, 70)]) for _ in "hw")
    before = [Chunk(b"gAMA", b"\0\0\xb1\x8f"), Chunk(b"tEXt", b"Title\0a picture")] if draw.random() < 0.3 else []
    if colour == PALETTE:
        before.append(palette(1 << depth))
    samples = samples_of(height, width, colour, depth, draw.getrandbits(32))
    filters = [draw.randrange(5) for _ in range(draw.choice([1, 2, 9]))]
    parts, level = draw.choice([1, 1, 1, 2, 5]), draw.choice([0, 1, 6, 9])
    return png(samples, colour, depth, filters=filters, parts=parts, level=level, before=before,
               interlaced=draw.random() < 0.05)  # fmt: skip


def mutated(seed: int) -> bytes:
    draw = random.Random(f"png {seed}")
    data = draw.choice(clean())
    for _ in range(draw.choice([0, 1, 1, 1, 2, 3])):
        edit = draw.choice(
            [_edit_header, _edit_chunks, _edit_palette, _edit_rows, _edit_rows, _edit_stream, _edit_stream]
        )
        try:
            chunks = chunks_of(data)
            edit(chunks, draw)
            data = file_of(chunks)
        except (IndexError, ValueError, zlib.error, OverflowError):
            continue  # an earlier edit left nothing to edit
    return _edit_bytes(data, draw) if draw.random() < 0.25 else data


def _edit_header(chunks: list[Chunk], draw: random.Random) -> None:
    body = bytearray(chunks[0].data)
    kind = draw.randrange(4)
    if kind == 0:  # a side
        place = draw.choice([0, 4])
        side = int.from_bytes(body[place : place + 4], "big") + draw.choice([-1, 1, -2, 8, 300])
        body[place : place + 4] = draw.choice([side, side, side, 0, 1, 1 << 27, 1 << 31]).to_bytes(4, "big")
    elif kind == 1:
        body[8:10] = bytes(draw.choice(KINDS)[::-1])
    elif kind == 2:
        body[draw.randrange(8, 13)] = draw.choice([0, 1, 2, 3, 4, 6, 8, 16, 255])
    else:  # height and width changed for each other: as many pixels
        body[:8] = body[4:8] + body[:4]
    chunks[0] = Chunk(b"IHDR", bytes(body))


def _edit_chunks(chunks: list[Chunk], draw: random.Random) -> None:
    number, other = draw.randrange(len(chunks)), draw.randrange(len(chunks))
    kind = draw.randrange(6)
    if kind == 0:
        del chunks[number]
    elif kind == 1:
        chunks.insert(other, chunks[number])
    elif kind == 2:
        chunks[number], chunks[other] = chunks[other], chunks[number]
    elif kind == 3:
        chunks[number] = Chunk(draw.choice(NAMES), chunks[number].data)
    elif kind == 4:
        chunks.insert(other, Chunk(draw.choice(NAMES), draw.randbytes(draw.choice([0, 1, 4, 6, 9, 30]))))
    else:
        chunks[number].crc = draw.getrandbits(32)


def _edit_palette(chunks: list[Chunk], draw: random.Random) -> None:
    (number,) = (number for number, chunk in enumerate(chunks) if chunk.name == b"PLTE")
    size = len(chunks[number].data)
    chunks[number] = Chunk(b"PLTE", draw.randbytes(draw.choice([0, 3, size - 3, size - 1, size + 3, 768, 771])))


def _data_of(chunks: list[Chunk]) -> bytes:
    return b"".join(chunk.data for chunk in chunks if chunk.name == b"IDAT")


def _put_data(chunks: list[Chunk], data: bytes, draw: random.Random) -> None:
    first = [chunk.name for chunk in chunks].index(b"IDAT")
    kept = [chunk for chunk in chunks if chunk.name != b"IDAT"]
    chunks[:] = [*kept[:first], *split(data, draw.choice([1, 1, 2, 3, 40])), *kept[first:]]


def _edit_rows(chunks: list[Chunk], draw: random.Random) -> None:
    """What is inflated: other filters, other bytes, more or fewer of them, compressed in another way."""
    rows = bytearray(zlib.decompress(_data_of(chunks)))
    for _ in range(draw.choice([1, 1, 5, 50])):
        rows[draw.randrange(len(rows))] = draw.choice([0, 1, 2, 3, 4, 5, 255, draw.randrange(256)])
    if draw.random() < 0.2:
        rows = rows + bytes(draw.randint(1, 9)) if draw.random() < 0.5 else rows[: -draw.randint(1, 9)]
    tool = zlib.compressobj(draw.randrange(10), wbits=draw.randint(9, 15), memLevel=draw.randint(1, 9),
                            strategy=draw.randrange(5))  # fmt: skip
    _put_data(chunks, tool.compress(rows) + tool.flush(), draw)


def _edit_stream(chunks: list[Chunk], draw: random.Random) -> None:
    """The compressed bytes."""
    data = bytearray(_data_of(chunks))
    kind = draw.randrange(4)
    if kind == 0:
        data = data[: draw.randrange(len(data))]
    elif kind == 1:
        data += draw.randbytes(draw.randint(1, 20))
    else:
        for _ in range(draw.choice([1, 1, 4])):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    _put_data(chunks, bytes(data), draw)


def _edit_bytes(data: bytes, draw: random.Random) -> bytes:
    """Without looking at what they are."""
    edited = bytearray(data)
    for _ in range(draw.choice([1, 1, 3])):
        edited[draw.randrange(len(edited))] = draw.randrange(256)
    return bytes(edited[: draw.randrange(len(edited))] if draw.random() < 0.3 else edited)
