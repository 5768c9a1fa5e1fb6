"""Files at addresses in the Inspector: read by ranges, by a reader that has no network, from servers that may lie."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from core import open_store
from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.inspect import allowed
from core.inspect.files import InspectedFile, inspect_file, open_inspected
from core.inspect.kinds import identify
from core.inspect.remote.location import RemotePath, located
from core.inspect.remote.memory import available
from core.inspect.remote.objects import NetworkAccess, ServedObjects
from core.inspect.roots import VARIABLE, OutsideError, Roots
from tests.huge_objects import HugeObject, huge_parquet, huge_tar, of_pieces, served
from tests.inspect_fixtures import IMAGES, LABELS, write_lmdb, write_many_hdf5
from tests.inspect_fixtures import png as png_of

fsspec = pytest.importorskip("fsspec", reason="the extra [scale] is not installed")
pytestmark = pytest.mark.skipif(not available(), reason="maps that are filled as they are touched need Linux")

HUGE = 107 << 30
PICTURES = np.random.default_rng(0).integers(0, 256, (32, 64, 64, 3), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def bucket() -> Iterator[str]:
    """An empty place of fsspec's filesystem in memory."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield "memory://bucket"
    files.store.clear()


def put(address: str, data: bytes) -> str:
    fsspec.filesystem("memory").pipe(address.removeprefix("memory:/"), data)
    return address


# ---------------------------------------------------------------- memory that is filled as it is touched

SCRIPT = """
import ctypes, sys, zlib
import numpy as np
from core.inspect.remote import memory
memory.RESIDENT = 8 * memory.BLOCK
asked = []
def fetch(ranges):
    asked.extend(ranges)
    return [(np.arange(*one) % 251).astype(np.uint8).tobytes() for one in ranges]
made = memory.FetchedMap(100 << 30, fetch)
assert made[5] == 5 and len(asked) == 1
far = 50 << 30
assert made[far : far + 3] == bytes([(far + place) % 251 for place in range(3)])
whole = np.frombuffer(made, np.uint8)
places = np.arange(0, 64) * 3 * memory.BLOCK
assert (whole[places] == places % 251).all(), "what was given back is fetched again"
assert zlib.crc32(memoryview(made)[7 : 9 << 16]) == zlib.crc32((np.arange(7, 9 << 16) % 251).astype(np.uint8).tobytes())
assert whole[-1] == ((100 << 30) - 1) % 251 and asked[-1][1] == 100 << 30
del asked[:]
made.will_read([(10 << 30, (10 << 30) + 5 * memory.BLOCK)])
assert whole[10 << 30 : (10 << 30) + 5 * memory.BLOCK].any() and len(asked) == 1
assert sum(memory._held.values()) <= memory.RESIDENT
sys.stdout.write("right")
sys.stdout.flush()
ctypes.string_at(8)
"""


def test_a_map_is_filled_as_it_is_touched_and_other_faults_still_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, timeout=60, check=False)
    assert done.stdout == b"right", done.stderr[-600:]
    assert done.returncode == -11, "a fault that is none of the map's is one"


def test_a_fetch_that_fails_ends_the_process_and_is_never_read_as_zeros() -> None:
    script = (
        "from core.inspect.remote.memory import FetchedMap\nmade = FetchedMap(1 << 20, lambda ranges: [b'short'])\n"
    )
    done = subprocess.run([sys.executable, "-c", f"{script}print(made[0])"], capture_output=True, check=False)
    assert done.returncode == 70
    assert not done.stdout
    assert b"5 bytes came" in done.stderr


# ---------------------------------------------------------------- kinds


def test_hdf5_lmdb_and_npz_at_an_address_are_read_as_on_the_disk(bucket: str, tmp_path: Path) -> None:
    """By a library through a file object, as pages in a map, by a directory at the end."""
    write_many_hdf5(tmp_path / "a.h5")
    write_lmdb(tmp_path / "a", lambda index: png_of(IMAGES[index]))
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    for name in ("a.h5", "a/data.mdb", "a.npz"):
        address = put(f"{bucket}/{name}", (tmp_path / name).read_bytes())
        with InspectedFile(address) as file:
            about = file.summary()
            assert (about["entries"], about["warnings"]) == (len(IMAGES), []), name
            for index in (0, 11):
                assert np.array_equal(np.asarray(file.sample(index).pixels), IMAGES[index]), name
            remote = file.remote
        assert remote is not None
        assert remote["address"] == address
        assert 0 < remote["bytes_read"] <= remote["size"] == (tmp_path / name).stat().st_size
    assert identify(f"{bucket}/a").path == RemotePath(f"{bucket}/a/data.mdb"), "the folder of an LMDB stands for it"


def test_chunks_of_a_large_hdf5_are_read_where_they_lie(bucket: str, tmp_path: Path) -> None:
    many = np.random.default_rng(1).integers(0, 256, (600, 64, 64, 3), np.uint8)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", data=many, chunks=(1, 64, 64, 3))
    address = put(f"{bucket}/a.h5", (tmp_path / "a.h5").read_bytes())
    with InspectedFile(address) as inspected:
        pixels = inspected.sample(599).pixels
        assert pixels is not None
        assert np.array_equal(pixels, many[599])
        assert inspected.remote is not None
        assert inspected.remote["bytes_read"] < many.nbytes // 3


def test_a_file_at_an_address_is_a_store_once_it_is_fetched(bucket: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    address = put(f"{bucket}/loaded/a.npz", (tmp_path / "a.npz").read_bytes())
    store = open_store(address, home=tmp_path)
    pixels, label = store[7]
    assert (len(store), label) == (len(IMAGES), int(LABELS[7]))
    assert np.array_equal(pixels, IMAGES[7])
    with pytest.raises(InputError, match="larger cache_mb"):
        open_store(put(f"{bucket}/loaded/b.npz", bytes(1_000_001)), home=tmp_path, cache_mb=1)
    with pytest.raises(InputError, match="no file either"):
        open_store(f"{bucket}/loaded/none", home=tmp_path)


# ---------------------------------------------------------------- 100 GB


def test_a_parquet_of_100_gb_is_opened_with_its_footer_and_one_page() -> None:
    pictures = pa.array([png(one) for one in PICTURES] * 2, pa.binary())
    table = pa.table({"image": pictures, "label": pa.array(list(range(32)) * 2)})
    huge = huge_parquet([table] * 10, HUGE // 10)
    with served({"huge.parquet": huge}) as server:
        first = inspect_file(f"{server}/huge.parquet")
        last = inspect_file(f"{server}/huge.parquet", index=-1)
    assert first["entries"] == 640
    assert first["sample"]["label"] == 0
    assert first["sample"]["shape"] == [64, 64, 3]
    assert last["sample"]["label"] == 31
    assert not last["findings"]
    assert first["remote"]["size"] == huge.size > 100 * 10**9
    assert first["remote"]["requests"] <= 8, first["remote"]
    assert first["remote"]["bytes_read"] < 2 << 20
    assert abs(huge.sent - last["remote"]["bytes_read"]) <= huge.requests, "it says what was transferred"


def test_a_tar_of_100_gb_is_walked_as_far_as_is_asked(tmp_path: Path) -> None:
    huge = huge_tar([png(one) for one in PICTURES], HUGE, 100 << 10)
    with served({"huge.tar": huge}) as server:
        first = inspect_file(f"{server}/huge.tar")
        assert first["remote"]["requests"] <= 12
        assert first["remote"]["bytes_read"] < 3 << 20
        assert [finding["kind"] for finding in first["findings"]] == ["index-incomplete"]
        assert 0 < first["entries"] < 100
        assert f"of {huge.size:,}" in first["findings"][0]["where"]
        with InspectedFile(f"{server}/huge.tar", home=Home(tmp_path)) as file:
            for _ in file.walk_to_inspect(index=70):
                pass
            found = file.entries()
            pixels = file.sample(70).pixels
            assert 70 < found < 2_000
            assert not file.complete
            assert pixels is not None
            assert np.array_equal(pixels, PICTURES[70 % 32])
        with InspectedFile(f"{server}/huge.tar", home=Home(tmp_path)) as again:
            assert again.entries() >= found, "what was noted is kept, and gone on from"


# ---------------------------------------------------------------- shards


def shard(names: list[str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number, name in enumerate(names):
            data = png(PICTURES[number])
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return made.getvalue()


def test_shards_are_one_file_by_their_folder_or_a_pattern(bucket: str) -> None:
    for number in (0, 1, 3):
        put(f"{bucket}/set/train-{number:05}-of-00004.tar", shard([f"{number}{place}.png" for place in range(4)]))
    for address in (f"{bucket}/set", f"{bucket}/set/train-*.tar", f"{bucket}/set/train-{{00000..00003}}-of-00004.tar"):
        found = identify(address)
        assert len(found.paths) == 3
        assert "train-00002-of-00004.tar: missing" in found.notes
    told = inspect_file(f"{bucket}/set", key="train-00003-of-00004.tar:32")
    assert told["entries"] == 12
    assert told["sample"]["shape"] == [64, 64, 3]
    assert told["remote"]["size"] == sum(path.stat().st_size for path in found.paths)


def test_a_built_store_is_shown_by_its_containers(bucket: str, home: Home) -> None:
    for format, shards, kind in (("webdataset", 2, "tar"), ("lmdb", 1, "lmdb")):
        folder = Path(
            finish(Build("shapes", format, "original", "none", {"shards": shards}, home=str(home.root)).run())["store"]
        )
        for path in folder.rglob("*"):
            if path.is_file():
                put(f"{bucket}/{format}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        found = identify(f"{bucket}/{format}")
        assert (found.kind, len(found.files)) == (kind, shards)
        told = inspect_file(f"{bucket}/{format}", index=3)
        with open_inspected(folder) as store:
            assert told["sample"]["payload_bytes"] == store.sample(3).about["payload_bytes"]


def test_what_is_no_file_of_a_known_kind_is_named(bucket: str) -> None:
    put(f"{bucket}/mixed/a.txt", b"hello")
    for address, reason in (
        (f"{bucket}/none.tar", "does not exist"),
        (f"{bucket}/mixed/a.txt", "is text"),
        (f"{bucket}/mixed", "without shards"),
        (f"{bucket}/mixed/*.tar", "matches no file"),
        ("s3://key:secret@bucket/a.tar", "password"),
        ("nothing://bucket/a.tar", "cannot be opened"),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            identify(address)
        assert "secret" not in str(caught.value)


# ---------------------------------------------------------------- servers that lie


def test_a_size_that_is_claimed_allocates_nothing_and_bodies_that_lack_bytes_are_errors() -> None:
    lying = HugeObject(1 << 50, lambda start, stop: b"x" * (stop - start))
    with served({"a.tar": lying}) as server, pytest.raises(InputError):
        inspect_file(f"{server}/a.tar")
    made = huge_tar([png(PICTURES[0])], 1 << 24)
    cut = HugeObject(made.size, made.read, most=1 << 17)
    with served({"a.tar": cut}) as server, pytest.raises(WorkError, match=r"a\.tar"):
        inspect_file(f"{server}/a.tar", index=200)


def test_an_object_that_is_replaced_or_vanishes_while_it_is_read_is_an_error() -> None:
    table = pa.table({"image": pa.array([png(PICTURES[0])] * 100, pa.binary())})
    objects = {"a.parquet": huge_parquet([table, table], 1 << 24)}
    with served(objects) as server, InspectedFile(f"{server}/a.parquet") as file:
        assert file.entries() == 200
        objects["a.parquet"].headers = {"ETag": '"2"'}
        with pytest.raises(WorkError, match=r"version|changed"):
            file.sample(199)
        objects.clear()
        with pytest.raises(InputError, match="does not exist"):
            identify(f"{server}/gone.parquet")


def test_a_reader_gets_its_own_objects_and_a_few_beside_them(bucket: str) -> None:
    mine, other = put(f"{bucket}/a/mine.tar", b"1234"), put(f"{bucket}/b/other.tar", b"5678")
    put(f"{bucket}/a/metadata.json", b"{}")
    given = ServedObjects(NetworkAccess(), [mine])
    given.opening()
    assert given.answer({"bytes of an object": [mine, [[1, 3], [0, 1]]]})[1] == [b"23", b"1"]
    assert given.answer({"status of an object": f"{bucket}/a/metadata.json"})[0]["size"] == 2
    assert given.answer({"status of an object": f"{bucket}/a/none"})[0]["size"] is None
    for name in (other, f"{bucket}/a/../b/other.tar", f"{bucket}/a/x/y", "/etc/passwd", 7):
        with pytest.raises(ValueError, match="not its own"):
            given.answer({"bytes of an object": [name, [[0, 1]]]})


def test_a_path_at_an_address_is_one_of_nothing_here(bucket: str) -> None:
    began = time.time()
    path = located(put(f"{bucket}/one/b.bin", b"0123456789"))
    assert isinstance(path, RemotePath)
    assert str(path) == f"{bucket}/one/b.bin"
    assert path.name == "b.bin"
    assert path.stat().st_size == 10
    assert began <= path.stat().st_mtime <= time.time()
    assert path.stat().st_mtime_ns == 0
    assert path.is_file()
    assert not path.is_dir()
    assert path.read_bytes() == b"0123456789"
    assert path.parent.is_dir()
    assert [one.name for one in path.parent.iterdir()] == ["b.bin"]
    assert not (path.parent / "c.bin").exists()
    assert (path.parent / "b.bin") == path
    with pytest.raises(OSError, match="only read"):
        path.open("wb")
    with pytest.raises(FileNotFoundError):
        open(path, "rb")  # noqa: SIM115 - as a library would
    assert located("a.tar") == Path.cwd() / "a.tar"
    assert not isinstance(located("file:///a"), RemotePath)


def test_zeros_at_an_address_are_told_as_such() -> None:
    with served({"a": of_pieces(1 << 40, {})}) as server, pytest.raises(InputError, match="nothing but zeros"):
        identify(f"{server}/a")


# ---------------------------------------------------------------- what the app's pages open


def test_pages_open_no_address_that_nobody_allowed(tmp_path: Path) -> None:
    """And nothing is fetched to say so: no server has any of these names."""
    home = Home(tmp_path)
    for address, place in (
        ("s3://bucket/a/b.tar", "s3://bucket"),
        ("https://localhost.invalid:8080/x", "https://localhost.invalid:8080"),
    ):
        with pytest.raises(OutsideError, match="fetched by the machine") as caught:
            Roots.of(home, {}).admit(address)
        assert str(caught.value.folder) == place
        assert caught.value.can_be_allowed
    with pytest.raises(OutsideError) as caught:
        Roots.of(home, {}).admit("reference://x/a")
    assert not caught.value.can_be_allowed, "it reads files of this machine"
    allowed.allow(home, RemotePath("s3://bucket"))
    assert str(Roots.of(home, {}).admit("s3://bucket/a/b.tar")) == "s3://bucket/a/b.tar"
    with pytest.raises(OutsideError):
        Roots.of(home, {}).admit("s3://bucket2/a")
    allowed.forget(home, RemotePath("s3://bucket"))
    with pytest.raises(OutsideError):
        Roots.of(home, {}).admit("s3://bucket/a/b.tar")


def test_the_variable_names_addresses_beside_folders(tmp_path: Path) -> None:
    named = {VARIABLE: f"{tmp_path}:s3://bucket/a:https://host:8080/b:memory://c"}
    roots = Roots.of(Home(tmp_path), named)
    assert (roots.fixed, roots.folders) == (True, (tmp_path.resolve(),))
    for address in ("s3://bucket/a", "s3://bucket/a/x.tar", "https://host:8080/b/c", "memory://c/train-*.tar"):
        assert str(roots.admit(address)) == address
    for address in ("s3://bucket/ab", "https://host/b", "https://host:8080/b/../c", "https://host:8080/b/%2e%2e/c"):
        with pytest.raises(InputError):
            roots.admit(address)
