"""Environments of rivals: made from wheels of our own, or by a scripted installer; never from an index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest

from core.__main__ import main
from core.base.errors import InputError, WorkError
from core.base.events import Message, Progress, finish
from core.base.home import Home
from core.jobs.tasks import TASKS, make
from core.rivals import RIVALS
from core.rivals.environments import (
    Environments,
    InstallFailed,
    RivalInstall,
    hold,
    installation,
    installers,
    needs,
    sizes,
    task,
)
from core.rivals.environments.installers import Pip, Uv, installer
from core.rivals.environments.needs import missing
from core.rivals.environments.places import bytes_on_disk, workplace
from core.rivals.environments.progress import InstallProgress
from core.rivals.environments.pythons import ChosenPython, python_for
from core.rivals.environments.reasons import last_meaningful
from core.rivals.environments.sharing import SHARED_FROM, share_files
from core.rivals.environments.sizes import about_bytes
from core.rivals.environments.specs import check_pins, environments
from core.rivals.environments.variables import environment_variables
from core.rivals.registration import EnvironmentSpec
from tests import toy_rival

PACKAGE = "toy_environment"
TOYS = EnvironmentSpec(name="toys", steps=(("Toy-Lib==1.5",),), module="toylib", bytes=2_000_000)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[EnvironmentSpec], Environments]]:
    """Gives the rivals "bear" and "duck" an environment, which both share."""
    package = ModuleType(PACKAGE)
    monkeypatch.setitem(sys.modules, PACKAGE, package)
    package.ENVIRONMENT = TOYS
    for name in ("bear", "duck"):
        where = f"{PACKAGE}.loader:Toy"
        rival = replace(toy_rival.registration("honest", distribution="toy.lib", environment="toys"), where=where)
        RIVALS.register(name, rival)
    yield lambda spec: setattr(package, "ENVIRONMENT", spec)
    for name in ("bear", "duck"):
        RIVALS.unregister(name)


def wheel(folder: Path, code: str = "") -> None:
    """The distribution toy-lib 1.5 with one module."""
    about = "toy_lib-1.5.dist-info"
    files = {
        "toylib/__init__.py": code,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: toy-lib\nVersion: 1.5\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    folder.mkdir()
    with zipfile.ZipFile(folder / "toy_lib-1.5-py3-none-any.whl", "w") as file:
        for name, text in {**files, f"{about}/RECORD": record}.items():
            file.writestr(name, text)


@dataclass
class Scripted:
    """An installer whose every step is a line of Python, run by this Python."""

    script: str
    name: str = "scripted"

    def create(self, python: ChosenPython, folder: Path) -> list[str]:
        script = "import os, sys; os.makedirs(sys.argv[2]); os.symlink(sys.argv[1], sys.argv[2] + '/python')"
        return [sys.executable, "-I", "-S", "-c", script, python.path, str(folder / "bin")]

    def install(self, folder: Path, step: Sequence[str]) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", self.script]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda script: monkeypatch.setattr(installation, "installer", lambda: Scripted(script))


def left_in(home: Home) -> list[str]:
    """What lies in the folder of all environments, locks left out."""
    folder = workplace(home)
    return sorted(path.name for path in folder.iterdir() if path.suffix not in (".lock", ".use"))


def test_an_environment_is_made_of_wheels_used_and_removed(
    home: Home, toys: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    there = Environments(home)
    assert there.state("bear") == replace(there.state("duck"), name="bear")
    assert (there.state("bear").installed, there.state("bear").available, there.state("bear").bytes) == (
        False, True, TOYS.bytes,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"is not installed: .* rivals install bear"):
        there.python_of("bear")

    assert main(["rivals", "install", "bear", "--home", str(home.root), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["rivals"]}
    assert set(rows["duck"]) == {
        "name", "title", "version", "installed", "available", "reason", "bytes", "licence", "environment", "container",
    }  # fmt: skip
    assert (rows["duck"]["version"], rows["duck"]["installed"], rows["fast"]["installed"]) == ("1.5", True, True)
    place = there.python_of("bear").parents[1]
    record = json.loads((place / "environment.json").read_text())
    assert record["installed"] == ["toy-lib==1.5"]
    assert record["python"] == sys.version.split()[0]
    assert rows["bear"]["bytes"] == record["bytes"] > 1000

    monkeypatch.setattr(installation, "installer", lambda: pytest.fail("it is there already"))
    assert finish(RivalInstall(["bear", "toys"], str(home.root)).run())["failed"] == []

    (home.rivals / "containers" / "duck" / "key").mkdir(parents=True)
    lock = hold(there.python_of("duck"))
    assert lock is not None
    with subprocess.Popen(["sleep", "60"], pass_fds=[lock.fileno()]) as user:
        lock.close()
        with pytest.raises(InputError, match="in use"):
            there.remove("bear")
        user.kill()
    assert main(["rivals", "--home", str(home.root)]) == 0
    assert any(line.split()[:2] == ["duck", "1.5"] for line in capsys.readouterr().out.splitlines())
    assert there.remove("bear") >= record["bytes"]
    assert left_in(home) == []
    assert not (home.rivals / "containers" / "duck").exists()
    assert not there.state("duck").installed
    with pytest.raises(InputError, match="nothing"):
        there.remove("duck")


def test_what_fails_leaves_its_reason_and_is_tried_again(
    home: Home, toys: object, scripted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(
        "print('Collecting toy-lib'); print('ERROR: No matching distribution found for toy-lib'); raise SystemExit(1)"
    )
    with pytest.raises(InstallFailed, match="toys was not installed: No matching distribution found for toy-lib"):
        finish(RivalInstall(["bear"], str(home.root)).run())
    state = Environments(home).state("duck")
    assert (state.installed, state.available) == (False, True)
    assert state.reason == "No matching distribution found for toy-lib"
    folder, log = left_in(home)
    assert (folder.split(".", 1)[1], log.split(".", 1)[1]) == ("failed.json", "log")
    assert "Collecting toy-lib" in (workplace(home) / log).read_text()
    with pytest.raises(InputError, match=r"the last attempt: No matching.*rivals install bear"):
        Environments(home).python_of("bear")
    scripted("pass")
    with pytest.raises(InstallFailed, match="toylib cannot be imported: ModuleNotFoundError: No module named 'toylib'"):
        finish(RivalInstall(["bear"], str(home.root)).run())
    monkeypatch.setattr(task, "environments", lambda: {"toys": TOYS})
    assert finish(RivalInstall(["all"], str(home.root)).run())["failed"][0]["environment"] == "toys"
    Environments(home).remove("bear")
    assert left_in(home) == []


def test_an_interrupted_installation_leaves_nothing(
    home: Home, toys: object, scripted: Callable[[str], None], tmp_path: Path
) -> None:
    told = tmp_path / "pids"
    code = (
        "import os, time; open(f, 'a').write(f'{os.getpid()}\\n'); os.fork(); open(f, 'a').write(f'{os.getpid()}\\n')"
    )
    scripted(f"f = {str(told)!r}; {code}; time.sleep(600)")
    events = Environments(home).install(TOYS)
    for _ in events:
        if told.exists() and len(told.read_text().splitlines()) == 3:
            break
    with pytest.raises(InputError, match="is at the installation of 'toys-"):
        list(Environments(home).install(TOYS))
    assert any(name.startswith("toys-") for name in left_in(home))
    events.close()
    assert left_in(home) == []
    for pid in set(told.read_text().split()):
        wait_for(lambda pid=pid: not alive(int(pid)))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_takes_too_long_is_ended(
    home: Home, toys: object, scripted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "LIMIT_S", 0.3)
    scripted("import time; time.sleep(600)")
    with pytest.raises(InstallFailed, match="not done after"):
        finish(Environments(home).install(TOYS))
    assert not Environments(home).state("bear").installed


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"commands": ("no-such-compiler",)}, "needs no-such-compiler"),
        ({"libraries": ("no-such-library",), "packages": ("libno-dev",)}, r"no-such-library \(Debian.*libno-dev\)"),
        ({"shared_libraries": ("no-such-library",)}, "needs no-such-library"),
        ({"python": ((3, 98), (3, 99))}, "needs Python 3.98 to 3.99, which is not found on PATH"),
    ],
)
def test_what_the_machine_lacks_is_told_before_anything_is_made(
    home: Home, toys: Callable[[EnvironmentSpec], None], changes: dict[str, object], reason: str
) -> None:
    toys(replace(TOYS, **changes))
    state = Environments(home).state("bear")
    assert (state.installed, state.available) == (False, False)
    with pytest.raises(InstallFailed, match=reason) as told:
        finish(RivalInstall(["bear"], str(home.root)).run())
    assert state.reason in str(told.value)
    with pytest.raises(InputError, match=reason):
        Environments(home).python_of("bear")
    assert not workplace(home).exists()


def test_debian_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    compiled = replace(TOYS, commands=("g++",), libraries=("opencv4", "libturbojpeg"))
    told = missing(compiled)
    assert told.startswith("needs g++, pkg-config, opencv4 and libturbojpeg")
    assert "apt install g++ pkg-config libopencv-dev libturbojpeg0-dev)" in told
    assert missing(TOYS) == ""


def test_what_runs_on_a_gpu_needs_one(home: Home, toys: object, monkeypatch: pytest.MonkeyPatch) -> None:
    RIVALS.register("robot", replace(RIVALS["bear"], devices=("cuda",)))
    try:
        monkeypatch.setattr(needs, "Gpus", list)
        state = Environments(home).state("robot")
        assert (state.installed, state.available, state.reason) == (False, False, "needs an NVIDIA GPU and its driver")
        assert Environments(home).state("bear").available
        monkeypatch.setattr(needs, "Gpus", lambda: ["one"])
        assert Environments(home).state("robot").available
    finally:
        RIVALS.unregister("robot")


def test_a_full_disk_is_told_before_anything_is_made(
    home: Home, toys: object, monkeypatch: pytest.MonkeyPatch, scripted: Callable[[str], None]
) -> None:
    scripted("raise SystemExit('never run')")
    usage = os.statvfs_result  # only its attribute `free` is asked
    monkeypatch.setattr(installation.shutil, "disk_usage", lambda path: type(usage.__name__, (), {"free": 1000})())
    with pytest.raises(WorkError, match=r"takes about .* free some"):
        finish(Environments(home).install(TOYS))
    assert left_in(home) == []


@pytest.mark.parametrize(
    "word", ["toylib", "toylib>=1", "toylib==1.*", "--index-url=x", "-r", "./toylib", "toylib==1,<2"]
)
def test_a_step_without_pins_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="needs a version"):
        check_pins(replace(TOYS, steps=((word,),)))
    check_pins(replace(TOYS, steps=(("--no-deps", "toylib[extra]==1.0+cpu"),)))


def test_every_environment_is_pinned_and_somebody_lives_there() -> None:
    assert {spec.environment for spec in RIVALS.values() if spec.environment} == set(environments())
    for spec in environments().values():
        check_pins(spec)
        assert spec.steps
        assert spec.bytes > 1_000_000


def test_uv_is_taken_unless_pip_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)
    configuration = tmp_path / "pip.conf"
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(installers, "_configurations", lambda environ: [configuration])
    monkeypatch.setenv("PATH", "/nonexistent")
    assert isinstance(installer(), Pip)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert isinstance(installer(), Uv)
    configuration.write_text("[global]\ntimeout = 60\n")
    assert isinstance(installer(), Uv)
    configuration.write_text("[global]\nextra-index-url = https://example.invalid/simple\n")
    assert isinstance(installer(), Pip)
    monkeypatch.setenv("UV_INDEX", "https://example.invalid/simple")
    assert isinstance(installer(), Uv)
    python = python_for(TOYS)
    assert python is not None
    assert Uv("uv").install(tmp_path / "toys", ("toylib==1",))[-2:] == [str(tmp_path / "toys/bin/python"), "toylib==1"]


def test_the_size_that_is_told_has_the_build_of_torch_that_the_index_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    with_torch = replace(TOYS, steps=(("toylib==1", "torch==2.0"),))
    monkeypatch.setattr(sizes, "_ours_has_cuda", lambda: False)
    assert about_bytes(with_torch) == TOYS.bytes
    monkeypatch.setattr(sizes, "_ours_has_cuda", lambda: True)
    assert about_bytes(with_torch) > 4e9
    assert about_bytes(TOYS) == TOYS.bytes
    assert about_bytes(replace(with_torch, bytes=5_500_000_000)) == 5_500_000_000


def test_large_files_that_environments_have_alike_lie_there_once(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, last in ((here, b"a"), (there, b"b")):
        (folder / "lib").mkdir(parents=True)
        (folder / "lib" / "same.so").write_bytes(bytes(SHARED_FROM))
        (folder / "lib" / "other.so").write_bytes(bytes(SHARED_FROM) + last)
        (folder / "lib" / "small.so").write_bytes(b"small")
        (folder / "lib" / "source.py").write_bytes(bytes(SHARED_FROM))
    assert share_files(here, [tmp_path / "gone", there]) == SHARED_FROM
    assert {file.name: file.stat().st_nlink for file in (here / "lib").iterdir()} == {
        "same.so": 2, "other.so": 1, "small.so": 1, "source.py": 1,
    }  # fmt: skip
    assert (here / "lib" / "other.so").read_bytes()[-1:] == b"a"
    assert share_files(here, [there]) == 0
    assert bytes_on_disk(here) - bytes_on_disk(here, alone=True) == pytest.approx(SHARED_FROM, abs=4096)


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            "  x.cpp:1:10: fatal error: opencv2/opencv.hpp: No such file or directory\n"
            "  error: command '/usr/bin/g++' failed with exit code 1\n  [end of output]\n"
            "  ERROR: Failed building wheel for toys\nerror: subprocess-exited-with-error\n",
            "x.cpp:1:10: fatal error: opencv2/opencv.hpp: No such file or directory",
        ),
        (
            "Downloading toys\nERROR: Could not install packages: [Errno 28] No space left on device\nERROR: other\n",
            "Could not install packages: [Errno 28] No space left on device",
        ),
        ("ERROR: Could not find a version\nERROR: No matching distribution found for a==1\n\nnotice\n",
         "No matching distribution found for a==1"),
        ("WARNING: Retrying: Failed to establish a new connection\nERROR: No matching distribution found for a==1\n",
         "No matching distribution found for a==1 (the index could not be reached)"),
        ("error: No solution found\n  cause: Because there is no version of a==1, it cannot be.\n",
         "Because there is no version of a==1, it cannot be."),
        ("a\nthe last\n\n", "the last"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_line_that_says_why(tmp_path: Path, log: str, reason: str) -> None:
    (tmp_path / "log").write_text(log)
    assert last_meaningful(tmp_path / "log") == reason


def test_progress_tells_what_the_installer_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half.bin").write_bytes(bytes(1_000_000))
    progress = InstallProgress("toys", 1_500_000, 100.0, [tmp_path])
    monkeypatch.setattr(progress._pace, "due", lambda: True)
    told = progress.look(["Collecting toy-lib==1.5"], "step 1 of 2")
    assert isinstance(told, Progress)
    assert (told.stage, told.unit, told.total) == ("toys (step 1 of 2): collecting toy-lib", "bytes", 2_100_000)
    assert 1_000_000 <= told.done < 1_100_000
    assert told.left_s is not None
    assert 90 < told.left_s <= 100
    stages = [
        "  Downloading toy_lib-1.5-py3-none-any.whl (1 MB)",
        "Building wheel for toys (setup.py): started",
        "other",
    ]
    doing = [shown.stage for line in stages if (shown := progress.look([line], "")) is not None]
    assert doing == ["toys: downloading toy_lib", "toys: building toys", "toys: building toys"]


def test_several_are_installed_one_after_another(home: Home, toys: object, scripted: Callable[[str], None]) -> None:
    scripted("raise SystemExit(3)")
    both = make("rival-install", {"names": ["bear", "duck", "fast"], "home": str(home.root)}, TASKS)
    with pytest.raises(InstallFailed, match="exit status 3"):
        list(both.run())
    with pytest.raises(InputError, match="unknown rival 'cat'"):
        finish(RivalInstall(["cat"], str(home.root)).run())
    with pytest.raises(InputError, match="part of this program"):
        Environments(home).remove("fast")
    events = list(RivalInstall(["fast"], str(home.root)).run())
    assert not any(isinstance(event, Message) for event in events)


def test_nothing_of_ours_reaches_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    told = environment_variables(Path("/home/toys-12345678/bin/python"))
    assert "PYTHONPATH" not in told
    assert told["PYTHONNOUSERSITE"] == told["HF_HUB_OFFLINE"] == "1"
    assert told["OMP_NUM_THREADS"] == "3"
    assert told["PATH"].startswith("/home/toys-12345678/bin" + os.pathsep)
