"""What a rival hands out is the dataset, or it is refused with the reason."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.base.steps import outcome
from core.rivals import RIVALS
from core.rivals.checking import Checked, Known, RivalChecks, RivalRefused, caching
from core.rivals.checking.epochs import check_batch_sizes, order_distance
from core.rivals.exported import Exported
from core.rivals.handed import Handed
from core.rivals.inside.work import RivalWork
from core.rivals.process import RivalProcess
from tests import cheating_rival

CLASSES = 10
SAMPLES = 120
VIEWS = 56


def pictures(count: int, height: int, width: int) -> list[np.ndarray]:
    """Smooth random ones, uint8 (height, width, 3)."""
    coarse = np.random.default_rng(3).integers(0, 256, (count, 5, 5, 3)).astype(np.uint8)
    return [np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BICUBIC)) for one in coarse]


def exported(folder: Path, encoding: str, images: list[np.ndarray]) -> Exported:
    """Samples as `export_samples` writes them."""
    folder.mkdir()
    payloads = []
    for image in images:
        file = BytesIO()
        if encoding != "raw":
            Image.fromarray(image).save(file, encoding, **({"quality": 90} if encoding == "jpeg" else {}))
        payloads.append(file.getvalue() or image.tobytes())
    shape = images[0].shape[:2] if encoding == "raw" else None
    offsets = np.cumsum([0, *map(len, payloads)])
    tickets = np.arange(len(images)) * CLASSES + np.arange(len(images)) * CLASSES // len(images)
    (folder / "payloads.bin").write_bytes(b"".join(payloads))
    np.save(folder / "offsets.npy", offsets)
    np.save(folder / "tickets.npy", tickets)
    shown = f"[{shape[0]}, {shape[1]}]" if shape else "null"
    (folder / "about.json").write_text(
        f'{{"samples": {len(images)}, "classes": {CLASSES}, "encoding": "{encoding}", "shape": {shown}}}'
    )
    return Exported(folder, "key", len(images), CLASSES, encoding, shape, int(offsets[-1]), folder, "train")


class Cheat:
    """A running rival that does as it is told, and what it is checked against."""

    def __init__(self, exported: Exported) -> None:
        self.exported, self.known = exported, Known(exported)
        self.process = RivalProcess("cheat", exported)
        self.work = RivalWork()

    def hands_out(
        self, what: str, transform: str = "none", *, images: int = 16, means: bool = True, batch_size: int = 16
    ) -> Handed:
        """Two epochs."""
        self.work = RivalWork(batch_size=batch_size, transform=transform, store=what)
        self.process.open(self.exported.folder, self.work)
        return outcome(self.process.epochs(60.0, most=2, means=means, images=images))

    def validate(self, what: str, transform: str = "none", **options: int) -> Checked:
        handed = self.hands_out(what, transform, **options)
        return self.checks().validate(handed)

    def checks(self, name: str = "cheat") -> RivalChecks:
        return RivalChecks(self.exported, RIVALS[name], self.work, self.known)


@pytest.fixture(scope="module")
def cheats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Cheat]]:
    """By encoding."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as processes:
        patch.setenv("FORMAT_MATTERS_PLUGINS", cheating_rival.__name__)
        folder, images = tmp_path_factory.mktemp("samples"), pictures(SAMPLES, 24, 32)
        found = {}
        for encoding in ("jpeg", "raw"):
            found[encoding] = Cheat(exported(folder / encoding, encoding, images))
            processes.enter_context(found[encoding].process)
        for cheat in found.values():
            cheat.process.begin()
        yield found


@pytest.mark.parametrize("encoding", ["jpeg", "raw"])
def test_an_honest_rival_passes(cheats: dict[str, Cheat], encoding: str) -> None:
    cheat = cheats[encoding]
    checked = cheat.validate("honest")
    assert checked.unique == SAMPLES
    assert checked.compared == 16 + 2 * SAMPLES  # whole ones, and the means of both epochs
    assert checked.shuffle_quality > 0.8
    assert checked.order_distance > 0.8
    timed = cheat.hands_out("honest", means=False)
    assert cheat.checks().timed(timed).compared == 16


WRONG = [
    ("duplicates", "hands out 30 different samples, 4 times each, where there are 120"),
    ("one-twice", "hands out 119 different samples, some of them up to 2 times, where there are 120"),
    ("fewer", "hands out 117 of 120 samples"),
    ("class-sorted", "its batches do not mix the classes: shuffle quality 0"),
    ("constant", "its order is not drawn anew: after 100% of the samples epoch 2 goes on with the same one"),
    ("rotated", "its order is not drawn anew: after 99% of the samples"),
    ("stale", "with the pixels of sample"),
    ("stale-once", "with the pixels of sample"),
    ("next-label", r"hands out sample \d+ with the label \d where \d belongs"),
    ("unknown", r"hands out the label 10\d{5}, which no sample was stored with"),
    ("blue-first", "hands out images in the order blue, green, red"),
    ("blue-first-at-last", "hands out images in the order blue, green, red"),
    ("not-normalised", "not normalised as asked: its numbers go from .* to 2"),
    ("of-1", r"not normalised as asked: its numbers go from .* to (0\.|1)"),
    ("uint8", "hands out uint8 numbers where float32 was asked for"),
    ("upside-down", "hands out images upside down"),
    ("mirrored", "hands out images mirrored"),
    ("channels-last", "hands out the channels last, 24 x 32 x 3, where they come first"),
    ("called-channels-first", "with the channels last, and only called channels first"),
    ("not-finite", "hands out numbers that are none"),
    ("plain", "does not have the pixels of the dataset"),
]


@pytest.mark.parametrize(("what", "reason"), WRONG)
def test_what_is_not_the_dataset_is_refused(cheats: dict[str, Cheat], what: str, reason: str) -> None:
    with pytest.raises(RivalRefused, match=reason):
        cheats["jpeg"].validate(what)


@pytest.mark.parametrize(("what", "reason"), [("stale", "with the pixels of sample"), ("fewer", "117 of 120")])
def test_it_is_refused_while_it_is_timed_as_well(cheats: dict[str, Cheat], what: str, reason: str) -> None:
    cheat = cheats["raw"]
    with pytest.raises(RivalRefused, match=reason):
        cheat.checks().timed(cheat.hands_out(what, means=False, images=2 * SAMPLES))


def test_batches_are_of_the_size_that_was_asked_for(cheats: dict[str, Cheat]) -> None:
    handed = cheats["raw"].hands_out("honest")
    check_batch_sizes(handed, 16, 0)
    with pytest.raises(RivalRefused, match="makes batches of 16 images where 15 were asked for"):
        check_batch_sizes(handed, 15, 0)
    with pytest.raises(RivalRefused, match="makes 8 batches of 120 images where 7 hold them"):
        check_batch_sizes(handed, 18, 0)
    check_batch_sizes(handed, 18, 2)  # the last one of each worker


def test_whose_stale_pixels_they_are_is_said(cheats: dict[str, Cheat]) -> None:
    cheat = cheats["raw"]
    handed = cheat.hands_out("stale-once")
    few = replace(handed, looked=handed.looked[:1], looked_tickets=handed.looked_tickets[:1])  # of an honest batch
    reason = r"32 of 240 images .*: sample \d+ has those of sample \d+, which it handed out 16 images before"
    with pytest.raises(RivalRefused, match=reason):
        cheat.checks().validate(few)


@pytest.mark.parametrize(("what", "reason"), [("half", "rounds its numbers"), ("lossy", "an encoding with losses")])
def test_pixels_without_losses_are_exact(cheats: dict[str, Cheat], what: str, reason: str) -> None:
    with pytest.raises(RivalRefused, match=reason):
        cheats["raw"].validate(what)


def test_only_who_says_so_may_encode_again(cheats: dict[str, Cheat]) -> None:
    cheat = cheats["jpeg"]
    handed = cheat.hands_out("honest")
    cheat.checks().validate(handed)
    noisy = handed.looked + np.random.default_rng(0).normal(0, 0.08, handed.looked.shape).astype(np.float32)  # 34 dB
    again = replace(handed, looked=noisy)
    cheat.checks("cheat-reencodes").validate(again)
    with pytest.raises(RivalRefused, match="it stores them in an encoding of its own"):
        cheat.checks().validate(again)


def test_an_order_of_neighbours_is_told() -> None:
    order = np.argsort(np.arange(1000) + np.random.default_rng(0).uniform(0, 20, 1000))
    assert order_distance([order, order]) < 0.05
    assert order_distance([np.random.default_rng(0).permutation(1000)]) > 0.9
    mixed = list(range(1000))
    random.Random(0).shuffle(mixed)
    assert order_distance([np.array(mixed)[order]]) < 0.05  # neighbours in a container written in that order


# ------------------------------------------------------------ decoded images that are kept


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of another process is read as Linux shows it")
def test_kept_pixels_are_found_in_memory(cheats: dict[str, Cheat], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "FREED", np.inf)
    cheat = cheats["jpeg"]
    for what in ("honest", "keeps-pixels", "keeps-images"):
        cheat.validate(what, batch_size=8)
        pids, memory_bytes = cheat.process.pids(), cheat.process.used.peak_memory_bytes
        if what == "honest":
            assert cheat.checks().caching(pids, memory_bytes) == ""
            continue
        with pytest.raises(
            RivalRefused, match=r"keeps decoded images: \d+ of 64 drawn at random were found in its memory"
        ):
            cheat.checks().caching(pids, memory_bytes)


def test_who_takes_less_than_decoding_does_not_decode(cheats: dict[str, Cheat]) -> None:
    cheat = cheats["jpeg"]
    handed = cheat.hands_out("honest", means=False)
    cheat.checks().processor_time(cheat.process.used.cpu_s / handed.samples)
    with pytest.raises(RivalRefused, match="it hands out images that it decoded before"):
        cheat.checks().processor_time(1e-7)
    assert cheats["raw"].known.least_cpu_s == 0


def test_what_cannot_be_told_of_kept_images_is_said(cheats: dict[str, Cheat], monkeypatch: pytest.MonkeyPatch) -> None:
    cheat = cheats["jpeg"]
    work = RivalWork(batch_size=16, workers=2)
    checks = RivalChecks(cheat.exported, RIVALS["cheat"], work, cheat.known)
    assert checks.caching([], 1e9) == "120 images are too few: decoded they are 0 MB, its processes used 1,000 MB"
    monkeypatch.setattr(caching, "FREED", np.inf)
    assert checks.caching([], 1e9) == "120 images are too few: 96 may be in batches made ahead"
    assert checks.caching([], 0.5 * SAMPLES * 24 * 32 * 3) == ""  # has no room for them
    on_gpu = RivalChecks(cheat.exported, RIVALS["cheat"], replace(work, device="cuda"), cheat.known)
    assert "GPU" in on_gpu.caching([], 1e9)
    assert RivalChecks(cheats["raw"].exported, RIVALS["cheat"], work, cheats["raw"].known).caching([], 1e9) == ""


# ------------------------------------------------------------ random views


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cheat]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMAT_MATTERS_PLUGINS", cheating_rival.__name__)
        bases = np.random.default_rng(4).integers(40, 216, (VIEWS, 3))
        images = [
            np.clip(base + (one.astype(int) - 128) // 2, 0, 255).astype(np.uint8)
            for base, one in zip(bases, pictures(VIEWS, 48, 64), strict=True)
        ]
        cheat = Cheat(exported(tmp_path_factory.mktemp("views") / "set", "jpeg", images))
        with cheat.process:
            cheat.process.begin()
            yield cheat


def test_honest_views_pass(views: Cheat) -> None:
    checked = views.validate("honest", "train224", images=26, batch_size=4)
    assert checked.compared > 20 + 2 * VIEWS


@pytest.mark.parametrize(
    ("what", "reason", "images"),
    [
        ("stale", "with the pixels of sample|show no part of their samples", 4),
        ("frozen", "100% of the samples are shown by the same view in two epochs", 4),
        ("blue-first", "in the order blue, green, red", 4),
        ("large", "its crops show [78].% of the image on average .*, where those that were asked for show 4", 26),
    ],
)
def test_other_views_are_refused(views: Cheat, what: str, reason: str, images: int) -> None:
    with pytest.raises(RivalRefused, match=reason):
        views.validate(what, "train224", images=images, batch_size=4)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("stale-once", "the views in 2 of 4 batches are not of their samples"),
        ("whole", "same view in two epochs|its views differ 0"),
    ],
)
def test_the_colours_of_all_views_are_compared(views: Cheat, what: str, reason: str) -> None:
    handed = views.hands_out(what, "train224", batch_size=28)
    few = replace(handed, looked=handed.looked[:1], looked_tickets=handed.looked_tickets[:1])
    with pytest.raises(RivalRefused, match=reason):
        views.checks().validate(few)
