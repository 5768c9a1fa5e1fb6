"""Numbers that are no pictures in HDF5 files: told by what the file says, by names, by values, and shown as numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hdf5_fixtures import IMAGES, LABELS, SAMPLES, SQUARE, grey

from core.inspect.describe import describe, describe_fully
from core.inspect.hdf5.file import Hdf5File
from core.inspect.records import Records
from core.inspect.schemas import understand

Fill = Callable[[h5py.File], Any]

DRAW = np.random.default_rng(5)


def walk(*shape: int, axis: int = 0) -> np.ndarray:
    """Curves that are smooth along one axis."""
    return np.cumsum(DRAW.normal(size=shape), axis).astype(np.float32)


def recognised(path: Path, fill: Fill, schema: str | None = None) -> tuple[str, Records]:
    target = path / f"made{len(list(path.iterdir()))}.h5"
    with h5py.File(target, "w") as file:
        fill(file)
    return understand(Hdf5File(target), schema)


def holding(**datasets: Any) -> Fill:
    def fill(file: h5py.File) -> None:
        for name, values in datasets.items():
            file[name.replace("__", "/")] = values

    return fill


def check_no_picture(records: Records) -> None:
    for index in range(len(records)):
        record = records.read(index)
        assert record.pixels is None, records.why
        assert record.problem is None
        about = describe_fully(record, records)
        assert about["shape"] is None
        json.dumps(about, allow_nan=False)


# ---------------------------------------------------------------- weights


def keras_2(file: h5py.File) -> None:
    file.attrs["keras_version"], file.attrs["backend"] = "2.4.0", "tensorflow"
    for name, shape in (("conv2d", (3, 3, 3, 32)), ("conv2d_1", (3, 3, 96, 96)), ("dense", (256, 10))):
        group = f"model_weights/{name}/{name}"
        file[f"{group}/kernel:0"], file[f"{group}/bias:0"] = walk(*shape, axis=-1), np.zeros(shape[-1], np.float32)
        file[f"optimizer_weights/Adam/{name}/kernel/m:0"] = walk(*shape, axis=-1)
    file["model_weights"].attrs["layer_names"] = [b"conv2d", b"conv2d_1", b"dense"]


def keras_weights_alone(file: h5py.File) -> None:
    file.attrs["layer_names"] = [b"embedding", b"dense"]
    file["embedding/embedding/embeddings:0"], file["dense/dense/kernel:0"] = walk(512, 64), walk(64, 64)
    file["dense"].attrs["weight_names"] = [b"dense/kernel:0"]


def keras_3(file: h5py.File) -> None:
    for place, shape in enumerate(((3, 3, 3, 32), (3, 3, 32, 64), (64, 64))):
        file[f"layers/conv2d_{place}/vars/0"], file[f"layers/conv2d_{place}/vars/1"] = walk(*shape), np.zeros(shape[-1])
        file[f"optimizer/vars/{2 + 2 * place}"] = walk(*shape)
    file["optimizer/vars/0"] = np.int64(12)


def state_dict(file: h5py.File) -> None:
    file["layer1.0.conv1.weight"], file["layer1.0.bn1.running_mean"] = walk(64, 3, 7, 7), np.zeros(64)
    file["layer1.0.bn1.num_batches_tracked"], file["fc.weight"], file["fc.bias"] = 5, walk(64, 64), np.zeros(64)


def state_dict_in_groups(file: h5py.File) -> None:
    for name in ("encoder/0", "encoder/1"):
        file[f"{name}/weight"], file[f"{name}/bias"] = walk(48, 48, 3), np.zeros(48)


def caffe(file: h5py.File) -> None:
    for name, shape in (("conv1", (96, 3, 11, 11)), ("fc6", (64, 64))):
        file[f"data/{name}/0"], file[f"data/{name}/1"] = walk(*shape), np.zeros(shape[0], np.float32)


@pytest.mark.parametrize("fill", [keras_2, keras_weights_alone, keras_3, state_dict, state_dict_in_groups, caffe])
def test_weights_are_no_pictures(fill: Fill, tmp_path: Path) -> None:
    schema, records = recognised(tmp_path, fill)
    assert schema == "hdf5-weights", records.why
    with h5py.File(tmp_path / "made0.h5", locking=False) as file:
        names: list[str] = []
        file.visititems(lambda name, found: names.append(name) if isinstance(found, h5py.Dataset) else None)
        assert sorted(records.key(index) for index in range(len(records))) == sorted(names)
        for index in range(len(records)):
            record, values = records.read(index), file[records.key(index)][()]
            if record.statistics is not None:
                told = describe(record, records)["statistics"]
                assert told["mean"] == pytest.approx(float(np.mean(values)), abs=1e-6)
                assert (told["values"], told["zeros"]) == (values.size, int(np.sum(values == 0)))
    check_no_picture(records)


def test_images_with_a_column_of_weights_are_images(tmp_path: Path) -> None:
    schema, records = recognised(tmp_path, holding(images=IMAGES, labels=LABELS, weights=np.ones(SAMPLES)))
    assert schema == "hdf5-arrays"
    assert records.label(3) == LABELS[3]


# ---------------------------------------------------------------- tables, features, signals


def activations(*shape: int) -> np.ndarray:
    return np.maximum(DRAW.normal(size=shape), 0).astype(np.float32)


VECTORS: dict[str, Fill] = {
    "vgg": holding(features=activations(SAMPLES, 4096), labels=LABELS),
    "vgg called images": holding(images_train=activations(6, 14, 14, 512)),
    "feature maps": holding(feats=activations(SAMPLES, 7, 7, 512), label=LABELS),
    "feature maps, channels first": holding(features=activations(SAMPLES, 512, 7, 7), label=LABELS),
    "regions": holding(image_features=activations(8, 36, 256), image_bb=DRAW.random((8, 36, 4))),
    "point clouds": holding(data=DRAW.random((16, 512, 3)), label=LABELS[:1].repeat(16)[:, None]),
    "point clouds and normals": holding(
        data=DRAW.random((16, 256, 3)).astype("f4"),
        normal=DRAW.random((16, 256, 3)).astype("f4"),
        label=np.arange(16) % 4,
    ),
    "points with attributes": holding(data=DRAW.random((10, 256, 9)), label=np.arange(10) % 3),
    "sensors over time": holding(X=walk(20, 128, 9, axis=1), y=np.arange(20) % 4),
    "recordings of many electrodes": holding(data=walk(10, 32, 200, axis=2), labels=np.arange(10) % 2),
    "spectra": holding(data=np.stack([np.exp(-(((np.arange(1024) - 30 * k) / 90) ** 2)) for k in range(20)])),
    "walks as long as a square": holding(data=walk(30, 784, axis=1)),
    "embeddings": holding(embeddings=DRAW.normal(size=(40, 256)), labels=np.arange(40) % 3),
    "tracks": holding(tracks=walk(13, 3000, axis=1)),
    "letters": holding(X=np.eye(4, dtype=np.uint8)[DRAW.integers(0, 4, (20, 200))], y=np.arange(20) % 2),
    "token ids": holding(input_ids=DRAW.integers(0, 30000, (20, 128)), label=np.arange(20) % 2),
}


@pytest.mark.parametrize("name", VECTORS)
def test_samples_of_numbers_are_shown_as_numbers(name: str, tmp_path: Path) -> None:
    schema, records = recognised(tmp_path, VECTORS[name])
    assert schema == "hdf5-vectors", (schema, records.why)
    check_no_picture(records)
    with h5py.File(tmp_path / "made0.h5", locking=False) as file:
        first = records.key(0).partition("[")[0]
        assert len(records) == len(file[first])
        labels = next((file[label] for label in ("labels", "label", "y") if label in file), None)
        if labels is not None:
            assert [records.label(index) for index in range(len(records))] == labels[()].reshape(-1).tolist()
        values = file[first][3]
    told = describe_fully(records.read(3), records)["statistics"]
    assert (told["min"], told["max"]) == (pytest.approx(float(values.min())), pytest.approx(float(values.max())))
    assert sum(told["histogram"]) == values.size
    assert told["rows"][0][0] == pytest.approx(float(np.atleast_2d(values).reshape(-1)[0]), rel=1e-4, abs=1e-9)


def sparse(file: h5py.File) -> None:
    file.attrs["encoding-type"] = "anndata"
    for name in ("X", "layers/counts"):
        file[f"{name}/data"], file[f"{name}/indices"], file[f"{name}/indptr"] = (
            DRAW.random(900),
            np.arange(900),
            np.arange(31),
        )
    file["obs/_index"], file["obsm/X_umap"] = [f"cell{place}" for place in range(30)], walk(30, 2)
    file["obsp/distances"] = walk(30, 30)


def tenx(file: h5py.File) -> None:
    file["matrix/data"], file["matrix/indices"] = DRAW.integers(0, 9, 900).astype("u1"), np.arange(900)
    file["matrix/indptr"], file["matrix/shape"] = np.arange(31), np.array([60, 30])
    file["matrix/barcodes"] = np.array([b"AAAC"] * 30)


def nwb(file: h5py.File) -> None:
    file.attrs["nwb_version"] = "2.5.0"
    for name, kind, values in (("running", "TimeSeries", walk(64, 32)), ("lfp", "ElectricalSeries", walk(300, 32))):
        file[f"acquisition/{name}/data"], file[f"acquisition/{name}/timestamps"] = values, np.arange(len(values)) / 30
        file[f"acquisition/{name}"].attrs["neurodata_type"] = kind


def robot(file: h5py.File) -> None:
    for demo in range(3):
        file[f"data/demo_{demo}/actions"], file[f"data/demo_{demo}/states"] = walk(20, 7), walk(20, 32)
        file[f"data/demo_{demo}/obs/robot0_eef_pos"], file[f"data/demo_{demo}/dones"] = walk(20, 3), np.zeros(20, int)


def microscope(file: h5py.File) -> None:
    file["stage_position"], file["spectra/intensity"], file["track"] = (
        walk(400, 3),
        walk(16, 900, axis=1),
        walk(13, 3000),
    )


def long_tables(file: h5py.File) -> None:
    """Of which only the first rows are looked at."""
    smooth = np.cumsum(np.cumsum(DRAW.normal(size=(6000, 40)), 0), 1)
    file["log/one"], file["log/two"] = smooth, smooth * 2


def neighbours(file: h5py.File) -> None:
    file["train"], file["test"] = DRAW.normal(size=(200, 100)).astype("f4"), DRAW.normal(size=(20, 100)).astype("f4")
    file["neighbors"], file["distances"] = DRAW.integers(0, 200, (20, 100)), np.sort(DRAW.random((20, 100)))


@pytest.mark.parametrize("fill", [sparse, tenx, nwb, robot, microscope, neighbours, long_tables])
def test_what_a_file_says_of_itself_is_believed(fill: Fill, tmp_path: Path) -> None:
    schema, records = recognised(tmp_path, fill)
    assert schema in ("hdf5-datasets", "hdf5-vectors"), (schema, records.why)
    check_no_picture(records)


def test_the_picture_in_a_table_of_cells_is_found(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        sparse(file)
        file["uns/spatial/V1/images/hires"] = IMAGES[0].astype(np.float32) / 255

    schema, records = recognised(tmp_path, fill)
    assert (schema, len(records), records.key(0)) == ("hdf5-groups", 1, "uns/spatial/V1/images/hires")
    assert np.array_equal(records.read(0).pixels, IMAGES[0])


def test_a_series_of_pictures_among_other_series(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        nwb(file)
        file["acquisition/TwoPhotonSeries/data"] = IMAGES[:, :, :, 0].astype(np.uint16) * 100
        file["acquisition/TwoPhotonSeries"].attrs["neurodata_type"] = "TwoPhotonSeries"

    schema, records = recognised(tmp_path, fill)
    assert (schema, len(records)) == ("hdf5-arrays", SAMPLES)
    assert records.read(0).pixels is not None


# ---------------------------------------------------------------- pictures stay pictures


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x", IMAGES.astype(np.float32) / 255), ("data", IMAGES[:, :, :, 0].astype(np.float64)),
        ("inputs", (IMAGES / 127.5 - 1).astype(np.float16)), ("X", IMAGES[:, :, :, 0].astype(np.uint16) * 16),
        ("features", SQUARE[:, :, :, :1].astype(np.float32)), ("stack", IMAGES[:, :, :, 0].astype(np.int16) * 9 - 1024),
        ("images", DRAW.random((6, 24, 32, 3))), ("x", DRAW.integers(0, 256, (6, 9, 9, 3)) / 255),
        ("x", (DRAW.integers(0, 256, (6, 9, 9, 3)) / 127.5 - 1).astype(np.float16)),
        ("data", DRAW.integers(0, 256, (6, 9, 9, 3))), ("x", DRAW.integers(0, 256, (6, 9, 9)).astype(np.uint16) * 257),
    ],
)  # fmt: skip
def test_floats_that_are_pictures(name: str, values: np.ndarray, tmp_path: Path) -> None:
    schema, records = recognised(tmp_path, holding(**{name: values}))
    assert (schema, len(records)) == ("hdf5-arrays", len(values)), records.why
    assert all(records.read(index).pixels is not None for index in range(len(records)))


def test_anything_can_be_shown_as_an_image(tmp_path: Path) -> None:
    table = walk(24, 32)
    schema, records = recognised(tmp_path, holding(stack=walk(5, 40, 30), table=table, text=[b"no"]), "hdf5-as-images")
    assert schema == "hdf5-as-images"
    assert [records.key(index) for index in range(len(records))] == [
        *(f"stack[{place}]" for place in range(5)),
        "table",
    ]
    shown = records.read(5).pixels
    assert shown.shape == (24, 32, 3)
    assert np.corrcoef(shown[:, :, 0].ravel(), table.ravel())[0, 1] > 0.98
    assert np.array_equal(shown, grey(shown[:, :, 0]))
