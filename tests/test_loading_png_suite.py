"""PNGs of every kind that a file can be, in order or not: Pillow's pixels or Pillow's refusal."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.fuzz_png import findings_of
from benchmarks.png_files import (
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    SIGNATURE,
    Chunk,
    chunks_of,
    file_of,
    header,
    palette,
    png,
    rows_of,
    samples_of,
    with_data,
)
from core.base.errors import WorkError
from core.images.pixels import BadImage, decode
from core.loading.loader import make_loader
from core.loading.png.state import new_png_state
from core.loading.statuses import OK, UNSUPPORTED
from tests.test_loading_jpeg import jpeg, store_of
from tests.test_loading_png import FILTERS, answer, plain

SIZE = (12, 20)
PLAIN = plain(SIZE)
HEAD, DATA, END = chunks_of(PLAIN)
ROWS = rows_of(samples_of(*SIZE, RGB, 8, 0), 8, FILTERS[5])


def beside(*others: Chunk, behind: bool = False) -> bytes:
    """The plain file with other chunks before its data, or behind."""
    return file_of([HEAD, DATA, *others, END] if behind else [HEAD, *others, DATA, END])


def text(name: bytes, value: bytes = b"something") -> Chunk:
    return Chunk(b"tEXt", name + b"\0" + value)


def compressed(rows: bytes, **options: int) -> bytes:
    tool = zlib.compressobj(**options)
    return tool.compress(rows) + tool.flush()


def with_header(**fields: int) -> bytes:
    """The plain file with another header."""
    names = ("width", "height", "depth", "colour", "compression", "filters", "interlaced")
    values = dict(zip(names, struct.unpack(">IIBBBBB", HEAD.data), strict=True)) | fields
    return file_of([Chunk(b"IHDR", struct.pack(">IIBBBBB", *values.values())), DATA, END])


def with_filter(kind: int, row: int) -> bytes:
    rows = bytearray(ROWS)
    rows[61 * row] = kind
    return with_data(zlib.compress(rows), HEAD)


def of_palette(entries: Chunk, *others: Chunk, colours: int = 4) -> bytes:
    return png(samples_of(*SIZE, PALETTE, 2, 0, colours), PALETTE, 2, before=[entries, *others])


def transparent(colour: int, data: bytes) -> bytes:
    return plain(SIZE, colour, before=[Chunk(b"tRNS", data)])


def flipped(data: bytes, place: int) -> bytes:
    place %= len(data)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


HARMLESS = [
    Chunk(b"gAMA", struct.pack(">I", 45455)),
    Chunk(b"gAMA", struct.pack(">I", 0)),
    Chunk(b"cHRM", struct.pack(">8I", *range(31270, 31278))),
    Chunk(b"sRGB", b"\0"),
    Chunk(b"sBIT", b"\5\6\5"),
    Chunk(b"bKGD", bytes(6)),
    Chunk(b"hIST", bytes(8)),
    Chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
    Chunk(b"pHYs", struct.pack(">IIB", 3, 4, 0)),
    Chunk(b"sPLT", b"name\0\x08" + bytes(12)),
    Chunk(b"tIME", b"\x07\xe8\1\2\3\4\5"),
    Chunk(b"oFFs", bytes(9)),
    Chunk(b"vpAg", bytes(9)),
    Chunk(b"caNv", bytes(16)),
    text(b"Title"),
    text(b"Software", b"\xff" * 1000),
    text(b"date:create", b"2026-01-01"),
    text(b"Comment", b""),
    Chunk(b"tEXt", b"Nothing follows"),
]

GOOD = {
    **{f"{chunk.name.decode()} {number}": beside(chunk) for number, chunk in enumerate(HARMLESS)},
    **{f"{chunk.name.decode()} {number} behind": beside(chunk, behind=True) for number, chunk in enumerate(HARMLESS)},
    "all of them": beside(*HARMLESS),
    "a palette beside RGB": beside(palette(7)),
    "a palette beside RGBA": plain(SIZE, RGBA, before=[palette(256)]),
    "a palette of one colour": of_palette(palette(1), colours=1),
    "a palette of three colours": of_palette(palette(3), colours=3),
    "a palette larger than its depth": of_palette(palette(256)),
    "data with a wrong CRC": file_of([HEAD, Chunk(b"IDAT", DATA.data, 12345), END]),
    "stored": plain(SIZE, level=0),
    "fixed codes": with_data(compressed(ROWS, strategy=zlib.Z_FIXED), HEAD),
    "runs": with_data(compressed(ROWS, strategy=zlib.Z_RLE), HEAD),
    "Huffman codes only": with_data(compressed(ROWS, strategy=zlib.Z_HUFFMAN_ONLY), HEAD),
    "a small window": with_data(compressed(ROWS, wbits=9), HEAD),
}
"""Files that our decoder answers itself."""

ODD = {
    # Chunks that change what is shown, or may: some of them only by the name that they give to what they say.
    **{
        f"{chunk.name!r} {number}": beside(chunk)
        for number, chunk in enumerate(
            [
                text(b"transparency", b"1"), text(b"interlace", b"1"), text(b"bbox", b"1"), text(b"exif", b"1"),
                text(b"xmp", b'tiff:Orientation="6"'), text(b"Raw profile type exif", b"\nexif\n 1\nff"),
                text(b"XML:com.adobe.xmp", b'<x tiff:Orientation="6"/>'), text(b"Title", bytes(5000)),
                text(b"", b"nothing"), Chunk(b"tEXt", b""), Chunk(b"tEXt", b"A"),
                Chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"something")), Chunk(b"zTXt", b"Title\0\1"),
                Chunk(b"iTXt", b"Title\0\0\0\0\0something"), Chunk(b"iCCP", b"ICC\0\0" + zlib.compress(bytes(99))),
                Chunk(b"iCCP", b""), Chunk(b"iCCP", b"ICC\0\0" + zlib.compress(bytes(1 << 21))),
                Chunk(b"eXIf", b"II*\0" + struct.pack("<IHHHIIxxxx", 8, 1, 0x112, 3, 1, 6)), Chunk(b"eXIf", b"rubbish"),
                Chunk(b"tRNS", bytes(6)), Chunk(b"tRNS", bytes(5)), Chunk(b"gAMA", bytes(3)), Chunk(b"gAMA", bytes(5)),
                Chunk(b"cHRM", bytes(31)), Chunk(b"sRGB", b""), Chunk(b"pHYs", bytes(8)), Chunk(b"acTL", bytes(8)),
                Chunk(b"acTL", b"\0\0\0\2\0\0\0\0"), Chunk(b"acTL", b""), Chunk(b"fcTL", bytes(26)),
                Chunk(b"fdAT", bytes(4)), Chunk(b"abcD", b"unknown"), Chunk(b"ABCD", b"unknown, critical"),
                Chunk(b"ab\xe9d", b"no letters"), Chunk(b"orNT", b"\6"), Chunk(b"IHDR", HEAD.data),
                Chunk(b"PLTE", bytes(4)), Chunk(b"PLTE", b""), Chunk(b"PLTE", bytes(771)), Chunk(b"IEND", b""),
            ]
        )
    },
    "transparency behind the data": beside(Chunk(b"tRNS", bytes(6)), behind=True),
    "orientation behind": beside(Chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0"), behind=True),
    "a short chunk behind the data": beside(Chunk(b"gAMA", b""), behind=True),
    "a palette behind the data": beside(palette(9), behind=True),
    "two palettes": beside(palette(9), palette(9)),
    "many chunks": beside(*[text(b"Title")] * 200),
    "transparent grey": transparent(GREY, b"\0\x10"),
    "transparent palette": of_palette(palette(4), Chunk(b"tRNS", b"\xff\0")),
    "half-transparent palette": of_palette(palette(4), Chunk(b"tRNS", b"\x80\x40")),
    "a palette in grey": plain(SIZE, GREY, before=[palette(4)]),
    "a palette in grey with alpha": plain(SIZE, GREY_ALPHA, before=[palette(4)]),
    "no palette": png(samples_of(*SIZE, PALETTE, 2, 0), PALETTE, 2),
    "a short palette": of_palette(palette(3)),
    "a palette of four bytes": of_palette(Chunk(b"PLTE", bytes(4)), colours=1),
    # Data.
    "data apart": file_of([HEAD, Chunk(b"IDAT", DATA.data[:99]), HARMLESS[0], Chunk(b"IDAT", DATA.data[99:]), END]),
    "data cut short": with_data(DATA.data[:-9], HEAD),
    "no checksum": with_data(DATA.data[:-4], HEAD),
    "half a checksum": with_data(DATA.data[:-2], HEAD),
    "a wrong checksum": with_data(flipped(DATA.data, -1), HEAD),
    "bytes behind the stream": with_data(DATA.data + b"more", HEAD),
    "no data": file_of([HEAD, END]),
    "empty data": file_of([HEAD, Chunk(b"IDAT", b""), END]),
    "a dictionary": with_data(b"\x78\xbb" + bytes(4) + DATA.data[2:], HEAD),
    "a wrong zlib header": with_data(flipped(DATA.data, 1), HEAD),
    "no deflate": with_data(b"\x77\x85" + DATA.data[2:], HEAD),
    "a block of the fourth kind": with_data(DATA.data[:2] + b"\x07" + DATA.data[3:], HEAD),
    "a distance beyond the start": with_data(b"\x78\x9c" + b"\x63\x00\x42\x00" + DATA.data[6:], HEAD),
    "a row too many": with_data(zlib.compress(ROWS + ROWS[:61]), HEAD),
    "a byte too many": with_data(zlib.compress(ROWS + b"\0"), HEAD),
    "a byte too few": with_data(zlib.compress(ROWS[:-1]), HEAD),
    "a row too few": with_data(zlib.compress(ROWS[:-61]), HEAD),
    "a sixth filter first": with_filter(5, 0),
    "a sixth filter last": with_filter(5, 11),
    "filter 255": with_filter(255, 3),
    # The header.
    "interlaced": plain(SIZE, interlaced=True),
    "interlaced in another way": with_header(interlaced=2),
    "another compression": with_header(compression=1),
    "other filters": with_header(filters=64),
    **{f"depth {depth}": with_header(depth=depth) for depth in (0, 1, 2, 3, 4, 5, 7, 9, 16, 32)},
    **{f"colour type {colour}": with_header(colour=colour) for colour in (1, 5, 7, 8, 255)},
    **{f"{depth} bits of colour type {colour}": with_header(depth=depth, colour=colour)
       for depth, colour in ((16, GREY), (16, GREY_ALPHA), (16, RGBA), (16, PALETTE), (1, RGBA), (4, GREY_ALPHA))},
    "wider": with_header(width=21),
    "narrower": with_header(width=19),
    "higher": with_header(height=13),
    "lower": with_header(height=11),
    "no width": with_header(width=0),
    "no height": with_header(height=0),
    "a negative width": with_header(width=0xFFFFFFEC),
    "a long header": file_of([Chunk(b"IHDR", HEAD.data + b"\0"), DATA, END]),
    "a short header": file_of([Chunk(b"IHDR", HEAD.data[:-1]), DATA, END]),
    "no header": file_of([DATA, END]),
    "header second": file_of([HARMLESS[0], HEAD, DATA, END]),
    # The file.
    **{f"a wrong CRC in {chunk.name.decode()}": beside(Chunk(chunk.name, chunk.data, 7)) for chunk in HARMLESS},
    "a wrong CRC in the palette": of_palette(Chunk(b"PLTE", palette(4).data, 7)),
    "a wrong CRC in the header": file_of([Chunk(b"IHDR", HEAD.data, 7), DATA, END]),
    "a wrong CRC in the end": file_of([HEAD, DATA, Chunk(b"IEND", b"", 7)]),
    "no end": file_of([HEAD, DATA]),
    "an end with data": file_of([HEAD, DATA, Chunk(b"IEND", b"data")]),
    "bytes behind the end": PLAIN + b"\0",
    "another file behind the end": PLAIN + PLAIN,
    "nothing": SIGNATURE,
    "another signature": flipped(PLAIN, 5),
    "a JPEG": jpeg(np.zeros((*SIZE, 3), np.uint8)),
}  # fmt: skip
"""Files that are Pillow's: it refuses some, and shows the others."""


def wanted(data: bytes) -> np.ndarray | None:
    try:
        return decode(data)
    except BadImage:
        return None


STATE = new_png_state(1 << 16, 1 << 16)
"""One for all, as a thread has it: what came before must not matter."""


@pytest.mark.parametrize("name", GOOD)
def test_files_in_order_are_decoded_here(name: str) -> None:
    status, pixels = answer(GOOD[name], SIZE, STATE)
    assert status == OK
    assert np.array_equal(pixels, decode(GOOD[name]))


@pytest.mark.parametrize("name", ODD)
def test_all_else_is_left_to_pillow(name: str) -> None:
    for size in (SIZE, (wanted(ODD[name]) if wanted(ODD[name]) is not None else np.zeros(SIZE)).shape[:2]):
        assert answer(ODD[name], size, STATE)[0] == UNSUPPORTED


def test_a_loader_gives_pillows_pixels_or_its_refusal() -> None:
    refused = 0
    for name, data in {**ODD, **GOOD}.items():
        pixels = wanted(data)
        loader = make_loader(
            store_of(PLAIN, data, PLAIN), shuffle=False, output="uint8", workers=0, transform="eval224"
        )
        if pixels is None:
            refused += 1
            with pytest.raises(WorkError, match=r"^sample 1 of memory/train cannot be decoded: "):
                next(iter(loader))
        else:
            next(iter(loader))
            assert name not in ("interlaced in another way", "a sixth filter last", "no data")
    assert refused > 30


@pytest.mark.parametrize("data", [PLAIN, beside(*HARMLESS), of_palette(palette(4)), plain(SIZE, parts=3)])
def test_every_way_to_cut_a_file_short(data: bytes) -> None:
    for size in range(len(data)):
        assert answer(data[:size], SIZE, STATE)[0] == UNSUPPORTED, size


@pytest.mark.parametrize("data", [PLAIN, beside(*HARMLESS[:6]), of_palette(palette(4)), plain(SIZE, RGBA, parts=3)])
def test_every_byte_changed(data: bytes) -> None:
    answered = 0
    for place in range(len(data)):
        for change in (1, 0x20, 0x80):
            damaged = data[:place] + bytes([data[place] ^ change]) + data[place + 1 :]
            status, pixels = answer(damaged, SIZE, STATE)
            assert status in (OK, UNSUPPORTED)
            if status == OK:
                answered += 1
                assert np.array_equal(pixels, decode(damaged)), place
    assert answered >= 12 * sum(chunk.name == b"IDAT" for chunk in chunks_of(data)), (
        "the CRCs of data, which nobody reads"
    )


def test_a_header_says_how_large_the_image_is() -> None:
    """Also where the other pixels would be there."""
    twice = png(samples_of(24, 20, RGB, 8, 0), RGB)
    assert answer(twice, SIZE, STATE)[0] == UNSUPPORTED
    assert answer(twice, (24, 20), STATE)[0] == OK
    assert answer(file_of([header(1 << 14, 1 << 14, 8, GREY), *chunks_of(twice)[1:]]), SIZE, STATE)[0] == UNSUPPORTED


def test_mutated_files_never_crash_and_never_differ() -> None:
    """A short piece of `python -m benchmarks.fuzz_png`, in a process of its own: see there what it looks for."""
    counts, found = findings_of(5_000_000, 250)
    assert not found
    assert counts["images"] == 250
    assert counts["whole: like Pillow's"] > 40
    assert counts["view: like Pillow's"] > 5
