"""Pages of the site that lie outside docs/, and what its navigation does not name.

`python -m mkdocs build -f .ci/mkdocs.yml` calls these functions by their names.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {
    "index.md": ROOT / "README.md",
    "CONTRIBUTING.md": ROOT / "CONTRIBUTING.md",
    "SECURITY.md": ROOT / "SECURITY.md",
    "CHANGELOG.md": ROOT / "CHANGELOG.md",
    "RESULTS.md": ROOT / "benchmarks" / "RESULTS.md",
    "LICENSE": ROOT / "LICENSE",
    "NOTICE": ROOT / "NOTICE",
    "logo-small.svg": ROOT / "ui" / "shell" / "logo-small.svg",
}
"""Name in the site -> file."""

LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: Any) -> Files:
    """The pages that lie elsewhere, at the site's top level."""
    for name, path in OUTSIDE.items():
        if path.suffix == ".md":
            files.append(File.generated(config, name, content=path.read_text(encoding="utf-8")))
        else:
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Links as they are right in the repository become links within the site."""
    here = page.file.src_uri
    source = OUTSIDE.get(here, ROOT / "docs" / here)
    return LINK.sub(lambda found: found[1] + _within(found[2], source, here) + found[3], markdown)


def _within(link: str, source: Path, page: str) -> str:
    """A link from a file of the repository, as one from a page of the site; as it is where it leads to no page."""
    target = (source.parent / link).resolve()
    named = {path: name for name, path in OUTSIDE.items()}
    if target in named:
        place = named[target]
    elif target.is_relative_to(ROOT / "docs"):
        place = target.relative_to(ROOT / "docs").as_posix()
    else:
        return link
    return posixpath.relpath(place, posixpath.dirname(page) or ".")
