"""Arrow and Parquet as others read them, and what is special to each: batches, shards, row groups, pages, damage."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from format_contract import CLASSES, SHAPE, reader_of, sizes, write

from core.base.contracts import Contents
from core.base.errors import InputError
from core.base.home import REPOSITORY
from core.formats import FORMATS
from core.formats.parquet.pages import hybrid, pages


def written(folder: Path, name: str, payloads: list[bytes], suffix: str = ".jpg", **options: Any) -> Path:
    form = FORMATS.make(name, options)
    path = folder / f"train{form.ending}"
    writer = form.writer(path, Contents(len(payloads), CLASSES))
    writer.write(payloads, [at % 3 for at in range(len(payloads))], [suffix] * len(payloads))
    writer.close()
    return path


def table_of(path: Path) -> pa.Table:
    if path.is_dir():
        return pa.concat_tables([pq.read_table(file) for file in sorted(path.glob("*.parquet"))])
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_the_schema_is_the_one_that_datasets_knows(tmp_path: Path, name: str) -> None:
    table = table_of(written(tmp_path, name, [b"one", b"two"]))
    assert table.schema.field("image").type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    assert table.schema.field("label").type == pa.int64()
    assert json.loads(table.schema.metadata[b"huggingface"])["info"]["features"] == {
        "image": {"_type": "Image"},
        "label": {"names": list(CLASSES), "_type": "ClassLabel"},
    }
    assert table.column("image").to_pylist()[1] == {"bytes": b"two", "path": "00000001.jpg"}


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_compressed_payloads_are_not_said_to_be_images(tmp_path: Path, name: str) -> None:
    table = table_of(written(tmp_path, name, [b"one"], suffix=".jpg.zst"))
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"]["bytes"] == {"dtype": "binary", "_type": "Value"}


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_pixels_of_one_shape_are_values_of_one_size(tmp_path: Path, name: str) -> None:
    payloads = [bytes([number]) * 60 for number in range(9)]
    path = write(tmp_path, name, {}, payloads, shape=SHAPE)
    table = table_of(path)
    assert table.schema.field("image").type == pa.binary(60)
    assert table.column("image").to_pylist() == payloads
    assert json.loads(table.schema.metadata[b"format_matters"])["bare_shape"] == list(SHAPE)
    steps = np.diff(reader_of(path, name, {}).extents().offsets)  # type: ignore[attr-defined]
    assert set(steps.tolist()) == {60}


def test_batches_of_an_arrow_file_are_bounded(tmp_path: Path) -> None:
    path = written(tmp_path, "arrow", [bytes(300_000)] * 10, batch_mb=1)
    with pa.memory_map(str(path)) as file:
        opened = pa.ipc.open_file(file)
        assert [opened.get_batch(at).num_rows for at in range(opened.num_record_batches)] == [3, 3, 3, 1]


def test_shards_and_row_groups_of_parquet_are_as_asked(tmp_path: Path) -> None:
    payloads = [random.Random(number).randbytes(700_000) for number in range(9)]
    path = written(tmp_path, "parquet", payloads, shards=2, row_group_mb=2)
    form = FORMATS.make("parquet", {})
    names = [f"train-0000{number}-of-00002.parquet" for number in range(2)]
    shards = form.shards_in(path)  # type: ignore[attr-defined]
    assert [(shard.name, shard.samples) for shard in shards] == list(zip(names, (4, 5), strict=True))
    assert [shard.bytes for shard in shards] == [(path / name).stat().st_size for name in names]
    metadata = pq.read_metadata(path / names[1])
    assert [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)] == [2, 2, 1]
    chunk = metadata.row_group(0).column(0)
    assert (chunk.compression, chunk.has_dictionary_page, chunk.has_offset_index) == ("UNCOMPRESSED", False, True)
    assert not chunk.is_stats_set
    assert reader_of(path, "parquet", {}).key(5) == "train-00001-of-00002.parquet[1]"
    with pytest.raises(InputError, match="not both"):
        FORMATS.make("parquet", {"shards": 2, "shard_mb": 3}).check(Contents(9, CLASSES))


def test_a_file_begins_before_the_payload_that_it_has_no_room_for(tmp_path: Path) -> None:
    path = written(tmp_path, "parquet", [bytes(400_000)] * 5, shard_mb=1)
    assert [shard.samples for shard in FORMATS.make("parquet", {}).shards_in(path)] == [2, 2, 1]  # type: ignore[attr-defined]


def test_a_compressed_page_holds_few_samples(tmp_path: Path) -> None:
    path = written(tmp_path, "parquet", [bytes(20_000)] * 40, parquet_compression="snappy-pages")
    file = next(path.glob("*.parquet"))
    chunk = pq.read_metadata(file).row_group(0).column(0)
    data = memoryview(file.read_bytes())
    found = list(pages(data, chunk.data_page_offset, chunk.total_compressed_size))
    assert max(page.values for page in found) <= 4
    assert sum(page.values for page in found) == 40


def test_reading_imports_no_pyarrow(tmp_path: Path) -> None:
    """Each worker would wait for it."""
    paths = {name: str(write(tmp_path, name, {}, sizes(5))) for name in ("arrow", "parquet")}
    code = (
        "import sys; from pathlib import Path; from core.formats import FORMATS; import json\n"
        "for name, path in json.loads(sys.argv[1]).items():\n"
        "    assert len(FORMATS.make(name, {}).reader(Path(path)).read(range(5))) == 5\n"
        "assert 'pyarrow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, json.dumps(paths)], cwd=REPOSITORY, check=True, timeout=60)


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_a_mangled_container_is_an_error_and_never_a_crash(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, {}, sizes(60, seed=3))
    draw = random.Random(5)
    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.suffix != ".json")
    refused = 0
    for number in range(80):
        target = draw.choice(files)
        sound = target.read_bytes()
        data = bytearray(sound)
        tail = number % 2 == 1  # where the footer is
        for _ in range(draw.choice([1, 8, 200])):
            data[draw.randrange(max(0, len(data) - 2000) if tail else 0, len(data))] = draw.randrange(256)
        if number % 4 == 0:
            del data[draw.randrange(len(data)) :]
        target.unlink()  # never in place: an open map may still show the file before
        target.write_bytes(data)
        try:
            reader = reader_of(path, name, {})
            assert len(reader.read(range(len(reader)))) == len(reader)
            assert reader.metadata["samples"] == 60
        except InputError:
            refused += 1
        target.unlink()
        target.write_bytes(sound)
    assert 15 < refused < 80


def test_levels_and_indices_are_read_as_the_format_defines_them() -> None:
    """Encodings.md: eight numbers 0..7 of 3 bits, packed; then a run of five times 4."""
    packed = bytes([0b0000011, 0b10001000, 0b11000110, 0b11111010, 5 << 1, 4])
    assert hybrid(memoryview(packed), 3, 13).tolist() == [*range(8), 4, 4, 4, 4, 4]
    with pytest.raises(ValueError, match="does not end"):
        hybrid(memoryview(packed), 3, 14)
    with pytest.raises(ValueError, match="33 bits"):
        hybrid(memoryview(packed), 33, 1)
