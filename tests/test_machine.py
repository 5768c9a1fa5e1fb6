"""The machine of a measurement: its facts, and whether two are the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.base.home import Home
from core.machine import disk, facts, machine_differences, machine_identity
from core.machine.disk import disk_facts
from core.machine.session import SYSINFO, machine, session_folder
from core.processes import cpus

ME = {"processor": "A", "cpus_usable": 8, "memory_bytes": 16_300_000_000, "host": "h1", "disk_kind": "SSD", "gpus": []}


def test_a_session_carries_its_machine(home: Home) -> None:
    told = json.loads((session_folder(home) / SYSINFO).read_text())
    assert told["processor"]
    assert told["cpus_usable"] >= 1
    assert told["versions"]["numpy"]
    assert len(told["identity"]) == 8
    assert isinstance(told["gpus"], list)


def test_the_same_machine_is_the_same_at_another_time(home: Home) -> None:
    first, second = machine(home), machine(home)
    assert machine_differences(first, second) == []
    assert first["identity"] == second["identity"] == machine_identity(first)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"processor": "B"}, "processor"),
        ({"cpus_usable": 4}, "usable CPUs"),
        ({"memory_bytes": 32_600_000_000}, "memory in GB"),
        ({"host": "h2"}, "computer"),
        ({"disk_kind": "hard disk"}, "kind of disk"),
        ({"gpus": ["GPU"]}, "GPUs"),
    ],
)
def test_whatever_matters_makes_it_another(change: dict[str, object], name: str) -> None:
    other = {**ME, **change}
    [fact] = machine_differences(ME, other)
    assert fact.name == name
    assert machine_identity(ME) != machine_identity(other)


def test_what_does_not_matter_does_not() -> None:
    other = {**ME, "memory_bytes": 16_310_000_000, "time": "later", "system": "newer kernel", "python": "3.13"}
    assert machine_differences(ME, other) == []
    assert machine_identity(ME) == machine_identity(other)


def test_an_older_record_that_tells_less_is_not_held_against_it() -> None:
    assert machine_differences(ME, {"processor": "A", "cpus_usable": 8}) == []


def test_a_machine_of_which_nothing_is_told_is_like_no_other() -> None:
    assert machine_identity({}) is None
    assert machine_differences(ME, {})
    assert machine_differences({}, {})


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system in which /data lies on whatever the test says."""
    monkeypatch.setattr(disk, "MOUNTS", tmp_path / "mountinfo")
    monkeypatch.setattr(disk, "BLOCK", tmp_path / "class")
    (tmp_path / "class").mkdir()
    (tmp_path / "my data").mkdir()
    return tmp_path


def mounted(fake: Path, type: str, source: str) -> Path:
    point = str(fake / "my data").replace(" ", r"\040")
    (fake / "mountinfo").write_text(
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        f"23 22 0:30 / {point} rw - tmpfs none rw\n"
        f"24 22 259:2 / {point} rw,relatime shared:5 - {type} {source} rw\n"
    )
    return fake / "my data" / "not" / "there yet"


def device(fake: Path, name: str, rotational: str, model: str | None = None, partition: str | None = None) -> None:
    folder = fake / "devices" / name
    (folder / "queue").mkdir(parents=True)
    (folder / "queue" / "rotational").write_text(rotational + "\n")
    if model:
        (folder / "device").mkdir()
        (folder / "device" / "model").write_text(model + "   \n")
    (fake / "class" / name).symlink_to(folder)
    if partition:
        (folder / partition).mkdir()
        (folder / partition / "partition").write_text("2\n")
        (fake / "class" / partition).symlink_to(folder / partition)


@pytest.mark.parametrize(
    ("name", "rotational", "model", "partition", "expected"),
    [
        ("nvme0n1", "0", "Fast 980", "nvme0n1p2", ("Fast 980", "NVMe SSD", "ext4")),
        ("sda", "0", "Solid 1", "sda1", ("Solid 1", "SSD", "ext4")),
        ("sdb", "1", "Spinning 1", None, ("Spinning 1", "hard disk", "ext4")),
        ("vdb", "1", None, None, ("vdb", "virtual disk", "ext4")),
    ],
)
def test_kinds_of_disks(
    fake: Path, name: str, rotational: str, model: str | None, partition: str | None, expected: tuple[str, str, str]
) -> None:
    device(fake, name, rotational, model, partition)
    assert disk_facts(mounted(fake, "ext4", f"/dev/{partition or name}")) == expected


def test_an_encrypted_volume_is_the_disk_it_lies_on(fake: Path) -> None:
    device(fake, "nvme0n1", "0", "Fast 980", "nvme0n1p2")
    device(fake, "dm-0", "0")
    (fake / "devices" / "dm-0" / "slaves").mkdir()
    (fake / "devices" / "dm-0" / "slaves" / "nvme0n1p2").symlink_to(fake / "class" / "nvme0n1p2")
    assert disk_facts(mounted(fake, "btrfs", "/dev/dm-0")) == ("Fast 980", "NVMe SSD", "btrfs")


@pytest.mark.parametrize(
    ("type", "source", "kind"),
    [
        ("nfs4", "server:/export", "network"),
        ("tmpfs", "none", "memory"),
        ("9p", "share", "shared folder"),
        ("fuse.sshfs", "me@there:", "shared folder"),
        ("overlay", "overlay", "container's layers"),
        ("zfs", "pool/home", None),
    ],
)
def test_file_systems_without_a_disk(fake: Path, type: str, source: str, kind: str | None) -> None:
    assert disk_facts(mounted(fake, type, source)) == (None, kind, type)


def test_a_system_that_tells_nothing(fake: Path) -> None:
    assert disk_facts(fake) == (None, None, None)


def test_a_containers_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpus, "CGROUP", tmp_path)
    assert (cpus.cpu_quota(), facts._limit("memory.max")) == (None, None)
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text("1000000\n")
    assert (cpus.cpu_quota(), facts._limit("memory.max")) == (1.5, 1_000_000)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert (cpus.cpu_quota(), facts._limit("memory.max")) == (None, None)


def test_the_machines_id_is_not_given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self: "0123456789abcdef" * 2 + "\n")
    host = facts._host()
    assert host is not None
    assert host not in "0123456789abcdef" * 2
    assert host == facts._host()
