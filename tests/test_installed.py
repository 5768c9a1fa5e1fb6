"""The package as others install it: what the wheel holds, and that it works under its other name and without extras."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core import __version__
from core.base.extras import EXTRAS

ROOT = Path(__file__).resolve().parent.parent
BLOCK = """
import sys
BLOCKED = {names!r}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
"""
"""As `sitecustomize` it makes an environment, child processes included, in which these modules are not installed."""

EPOCH = """
import importlib.util, pickle, sys
from format_matters import open_store
assert importlib.util.find_spec("core") is None
store = pickle.loads(pickle.dumps(open_store(sys.argv[1])))
for workers in ("0", "threads:2", "processes:1"):
    with store.loader(batch_size=16, workers=workers) as loader:
        assert sum(len(labels) for images, labels in loader) == len(store)
print(len(store))
"""

JOB = """
import sys, time
from format_matters.base.home import Home
from format_matters.jobs.store import Jobs
jobs = Jobs(Home.find())
job = jobs.start("verify", {"store": sys.argv[1]}, title="check")
while jobs.get(job.id).active:
    time.sleep(0.05)
print(jobs.get(job.id).state.value, jobs.get(job.id).error)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "core", source / "core", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("light")
    names = {module for modules in EXTRAS.values() for module in modules}
    (folder / "sitecustomize.py").write_text(BLOCK.format(names=names))
    return folder


def run(
    *arguments: str, path: tuple[Path, ...], cwd: Path, check: bool = True, **extra: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **extra, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def verb(*arguments: str, path: tuple[Path, ...], cwd: Path) -> dict[str, Any]:
    done = run("-m", "format_matters", *arguments, "--json", path=path, cwd=cwd, FORMAT_MATTERS_HOME="")
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def built(installed: Path, light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that the light install imported and built, in a folder of somebody's own."""
    here = tmp_path_factory.mktemp("elsewhere")
    (here / "data" / "raw").mkdir(parents=True)
    assert verb("import", "shapes", "--name", "shapes", "--limit", "40", path=(light, installed), cwd=here)["splits"]
    told = verb("build", "shapes", "--format", "lmdb", "--encoding", "raw", path=(light, installed), cwd=here)
    assert told["verified"] is True
    assert Path(told["store"]) == here / "data" / "built" / "shapes" / "lmdb" / "raw"
    return Path(told["store"])


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert {name.partition("/")[0] for name in names} == {
        "format_matters",
        f"format_matters-{__version__}.dist-info",
    }
    inside = {name.removeprefix("format_matters/") for name in names if name.startswith("format_matters/")}
    here = {
        path.relative_to(ROOT / "core").as_posix()
        for path in (ROOT / "core").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == here, "every file of core/, style sheets and templates too"
    assert {name.rpartition("/")[2] for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}
    assert "format-matters = format_matters.__main__:command" in entry_points


def test_the_light_install_inspects(built: Path, installed: Path, light: Path, tmp_path: Path) -> None:
    told = verb("inspect", str(built / "train.lmdb"), path=(light, installed), cwd=tmp_path)
    assert told["kind"] == "lmdb"
    assert told["entries"] > 0
    assert told["sample"]["shape"] == [32, 32, 3]


@pytest.mark.parametrize(
    ("arguments", "extra"), [(["load", "{store}"], "loader"), (["report", "--dataset", "shapes"], "app")]
)
def test_what_is_missing_is_one_line_with_the_extra(
    built: Path, installed: Path, light: Path, arguments: list[str], extra: str
) -> None:
    given = [argument.format(store=built) for argument in arguments]
    done = run(
        "-m",
        "format_matters",
        *given,
        path=(light, installed),
        cwd=built.parents[4],
        check=False,
        FORMAT_MATTERS_HOME="",
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f'pip install "format-matters[{extra}]"' in done.stderr


def test_the_full_install_trains_from_any_folder(built: Path, installed: Path, tmp_path: Path) -> None:
    done = run("-c", EPOCH, str(built), path=(installed,), cwd=tmp_path)
    assert int(done.stdout) > 0


def test_jobs_start_under_the_other_name(built: Path, installed: Path, tmp_path: Path) -> None:
    done = run("-c", JOB, str(built), path=(installed,), cwd=tmp_path, FORMAT_MATTERS_HOME=str(tmp_path))
    assert done.stdout.split()[0] == "done", done.stdout


def test_nothing_is_kept_beside_an_installed_package(installed: Path, light: Path, tmp_path: Path) -> None:
    told = run(
        "-c", "from format_matters.base.home import Home; print(Home.find().root)",
        path=(light, installed), cwd=tmp_path, XDG_DATA_HOME=str(tmp_path / "user"), FORMAT_MATTERS_HOME="",
    )  # fmt: skip
    assert Path(told.stdout.strip()) == tmp_path / "user" / "format-matters"


def test_what_an_extra_brings_is_pinned_and_named_when_it_is_missing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = {
        line.partition("==")[0].strip().lower()
        for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    tested = (ROOT / "requirements-dev.txt").read_text("utf-8")
    extras = project["optional-dependencies"]
    assert all(f"\n{name.partition('>')[0]}==" in tested for name in extras["scale"])
    usual = [extra for name, extra in extras.items() if name != "scale"]
    wanted = [*project["dependencies"], *(name for extra in usual for name in extra)]
    distributions = {name.partition(">")[0].lower() for name in wanted if not name.startswith("format-matters")}
    assert distributions == pinned
    modules = {
        "vl-convert-python": "vl_convert",
        "nvidia-ml-py": "pynvml",
        "sse-starlette": "sse_starlette",
        "google-crc32c": "google_crc32c",
    }
    for extra, known in EXTRAS.items():
        brought = [name.partition(">")[0] for name in extras[extra]]
        named = {modules.get(name, name) for name in brought if not name.startswith("format-matters")}
        assert named == set(known)
