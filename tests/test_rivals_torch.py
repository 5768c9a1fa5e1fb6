"""Rivals on torch's DataLoader: what all say of themselves, and those whose libraries are in this Python, for real."""

from __future__ import annotations

import ast
import json
import pickle
import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.rivals import RIVALS
from core.rivals.environments.specs import PINNED, environments
from core.rivals.files.loader import ImageFiles
from core.rivals.inside import decoding, views
from core.rivals.inside.samples import ABOUT, OFFSETS, PAYLOADS, TICKETS, Samples
from core.rivals.inside.torch_samples import collate_pixels, to_sample
from core.rivals.inside.work import MEAN, STD, RivalWork
from core.rivals.registration import ENCODINGS, OWN, TRANSFORMS
from core.rivals.tutorial.loader import TutorialHdf5, TutorialLmdb

ROOT = Path(__file__).parent.parent
CLASSES, COUNT, SHAPE = 3, 11, (6, 8)


def encoded(pixels: np.ndarray, encoding: str) -> bytes:
    if encoding == "raw":
        return pixels.tobytes()
    file = BytesIO()
    Image.fromarray(pixels).save(file, encoding, **({"quality": 95} if encoding == "jpeg" else {}))
    return file.getvalue()


def made(folder: Path, encoding: str) -> Samples:
    """Some samples whose labels are mixed, in the layout of `inside.samples`."""
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, *SHAPE, 3), np.uint8)
    payloads = [encoded(image, encoding) for image in pixels]
    folder.mkdir()
    shape = SHAPE if encoding == "raw" else None
    (folder / ABOUT).write_text(json.dumps({"classes": CLASSES, "encoding": encoding, "shape": shape}))
    (folder / PAYLOADS).write_bytes(b"".join(payloads))
    np.save(folder / OFFSETS, np.cumsum([0, *map(len, payloads)]))
    np.save(folder / TICKETS, np.arange(COUNT) * CLASSES + np.arange(COUNT) * 5 % CLASSES)
    return Samples(folder)


def expected(samples: Samples, ticket: int) -> np.ndarray:
    """float32 (3, H, W): Pillow's pixels of the sample that a ticket names, normalised."""
    data, known = samples[ticket // samples.classes]
    assert known == ticket
    if samples.shape is None:
        pixels = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    else:
        pixels = np.frombuffer(data, np.uint8).reshape(*samples.shape, 3)
    return ((pixels / 255 - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)


@pytest.mark.parametrize(
    ("rival", "encoding"),
    [
        (ImageFiles("pillow"), "jpeg"),
        (ImageFiles("pillow"), "png"),
        (ImageFiles("simplejpeg"), "jpeg"),
        (TutorialLmdb(), "jpeg"),
        (TutorialLmdb(), "raw"),
        (TutorialHdf5(), "png"),
        (TutorialHdf5(), "raw"),
    ],
    ids=str,
)
def test_every_epoch_holds_every_sample_once_as_pillow_decodes_it(rival: Any, encoding: str, tmp_path: Path) -> None:
    samples = made(tmp_path / "samples", encoding)
    container = tmp_path / "container"
    container.mkdir()
    rival.prepare(samples, container)
    epochs = rival.open(samples, container, RivalWork(batch_size=4))
    orders = []
    for _ in range(2):
        batches = list(epochs())
        assert [len(images) for images, _ in batches] == [4, 4, 3]
        for images, tickets in batches:
            assert images.dtype == torch.float32
            wanted = np.stack([expected(samples, int(ticket)) for ticket in tickets])
            assert np.abs(images.numpy() - wanted).max() < 1e-5
        orders.append([int(ticket) for _, tickets in batches for ticket in tickets])
        assert sorted(orders[-1]) == sorted(samples.tickets.tolist())
    assert orders[0] != orders[1]


def test_train224_makes_views_of_photos_whatever_their_sizes(tmp_path: Path) -> None:
    samples = made(tmp_path / "samples", "jpeg")
    container = tmp_path / "container"
    container.mkdir()
    TutorialLmdb().prepare(samples, container)
    work = RivalWork(batch_size=8, transform="train224")
    shapes = [tuple(images.shape) for images, _ in TutorialLmdb().open(samples, container, work)()]
    assert shapes == [(8, 3, 224, 224), (3, 3, 224, 224)]


def test_a_batch_normalised_at_once_is_the_samples_normalised_one_by_one(tmp_path: Path) -> None:
    samples, work = made(tmp_path / "samples", "png"), RivalWork()
    one_by_one = [to_sample(data, ticket, samples, work) for data, ticket in samples.in_order()]
    view = views.stored_view(samples.encoding, samples.shape, work.transform)
    images, tickets = collate_pixels([(view(data), ticket) for data, ticket in samples.in_order()])
    assert images.is_contiguous()
    assert torch.allclose(images, torch.stack([planes for planes, _ in one_by_one]), atol=1e-5)
    assert tickets.tolist() == [ticket for _, ticket in one_by_one]


def test_a_view_is_the_same_whether_the_whole_image_became_an_array_or_not() -> None:
    data = encoded(np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8), "png")

    def another(data: Any) -> np.ndarray:
        return decoding.decoder("pillow")(data)

    for seed in range(4):
        random.seed(seed)
        by_pillow = views.stored_view("png", None, "train224", decoding.decoder("pillow"))(data)
        random.seed(seed)
        assert np.array_equal(by_pillow, views.stored_view("png", None, "train224", another)(data))
        random.seed(seed)
        whole = Image.open(BytesIO(data)).convert("RGB")
        assert np.array_equal(by_pillow, np.asarray(views.random_crop(whole)))


def test_what_makes_views_travels_to_other_processes() -> None:
    for encoding, shape in (("raw", SHAPE), ("jpeg", None)):
        view = pickle.loads(pickle.dumps(views.stored_view(encoding, shape, "train224")))
        data = encoded(np.zeros((*SHAPE, 3), np.uint8), encoding)
        assert view(data).shape == (224, 224, 3)


def boxes(width: int, height: int) -> Iterator[tuple[float, float]]:
    """(share of the area, width to height) of boxes that lie within the image."""
    for _ in range(400):
        left, top, right, bottom = views.random_box(width, height)
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        yield (right - left) * (bottom - top) / (width * height), (right - left) / (bottom - top)


def test_boxes_have_torchvisions_areas_and_ratios() -> None:
    random.seed(0)
    areas, ratios = np.array(list(boxes(500, 500))).T
    assert 0.075 < areas.min() < 0.12
    assert 0.45 < areas.mean() < 0.57  # uniform from 0.08 to 1, less some large ones that do not fit
    assert 0.73 < ratios.min() < 0.78
    assert 1.28 < ratios.max() < 1.36


def test_an_image_that_no_box_fits_gives_its_middle() -> None:
    assert views.random_box(3000, 9) == (1494, 0, 1506, 9)
    assert views.random_box(9, 3000) == (0, 1494, 9, 1506)


def test_what_a_fast_decoder_refuses_pillow_decodes() -> None:
    data = encoded(np.random.default_rng(2).integers(0, 256, (16, 16, 3), np.uint8), "jpeg")
    scan = data.index(b"\xff\xda")
    damaged = data[:scan] + b"\x00\x01\x02" + data[scan:]  # superfluous bytes between two segments
    assert np.array_equal(decoding.decoder("simplejpeg")(damaged), decoding.decoder("pillow")(data))


def test_rivals_say_what_others_go_by() -> None:
    specs = environments()
    others = {name: rival for name, rival in RIVALS.items() if rival.environment != OWN}
    assert len(others) > 8
    for name, rival in others.items():
        assert set(rival.encodings) <= set(ENCODINGS), name
        assert rival.encodings, name
        assert set(rival.transforms) <= set(TRANSFORMS), name
        assert rival.licence, name
        assert rival.home_page.startswith("https://"), name
        assert rival.fair.endswith("."), name
        assert rival.description, name
        assert not rival.description.endswith("."), name  # whoever shows it adds that
        assert rival.environment in specs, name
    for spec in specs.values():
        assert any(spec.name == rival.environment for rival in others.values()), spec.name
        packages = [argument for step in spec.steps for argument in step if not argument.startswith("-")]
        assert packages
        assert all(PINNED.fullmatch(package) for package in packages), spec.name


def test_rivals_have_an_adapter_with_the_fields_that_are_set() -> None:
    """Read, since their libraries are not in this Python."""
    for name, rival in RIVALS.items():
        module, _, adapter = rival.where.partition(":")
        if not module.startswith("."):
            continue  # a plugin's
        path = ROOT / "core" / Path(*module.lstrip(".").split(".")).with_suffix(".py")
        nodes = ast.parse(path.read_text(encoding="utf-8")).body
        (found,) = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == adapter]
        methods = {node.name for node in found.body if isinstance(node, ast.FunctionDef)}
        fields = {ast.unparse(node.target) for node in found.body if isinstance(node, ast.AnnAssign)}
        assert {"prepare", "open"} <= methods, name
        assert set(rival.settings) <= fields, name
