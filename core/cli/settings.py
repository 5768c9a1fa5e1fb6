"""`settings`: what every setting is, and who says so."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from ..base.events import Event, Message, Result
from ..base.home import Home
from ..base.names import readable
from ..base.settings import (
    SETTINGS,
    SettingSpec,
    setting,
    settings_file,
    unknown_variables,
    usual_settings_file,
)
from ..base.settings_file import NUMBER, TEXTS
from ..base.strict_json import dumps
from .verb import Drawing, Verb

FILE_HEAD = """\
# Settings of Format Matters. The command line and environment variables come before this file.
# A line without its "#" counts; paths are full ones, or begin with ~/.
"""

_EXAMPLES = {
    "home": "~/format-matters",
    "roots": ["~/data", "s3://bucket/images"],
    "hosts": ["images.example.com"],
    "port": 8600,
    "plugins": ["my_format"],
    "kernels": "wait",
    "cache": "/scratch/format-matters",
    "session": "first-try",
}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--template", action="store_true", help="print a settings file to begin with, in which everything is commented"
    )


def _answer(given: Namespace) -> Iterator[Event]:
    if given.template:
        yield Result({"template": Drawing(template())})
        return
    for text in (unknown := unknown_variables()):
        yield Message(text, "warning")
    file = settings_file()
    shown = readable(usual_settings_file() if file is None else file)
    rows = [_row(spec, given) for spec in SETTINGS.values()]
    if given.json:
        yield Result({"file": shown, "read": file is not None, "settings": rows, "unknown": unknown})
    else:
        place = shown if file is not None else f"{shown} (not there)"
        yield Result({"file": place, "settings": [_brief(row) for row in rows]})


def _row(spec: SettingSpec, given: Namespace) -> dict[str, Any]:
    """A setting as it is told in JSON. `value`: what it is, a list where it holds several; null for the default."""
    now = setting(spec.name)
    values, source = list(now.values), now.source
    if spec.name == "home":
        values, source = [readable(Home.find(given.home).root)], "--home" if given.home else source
    value: Any = values if spec.holds == TEXTS else next(iter(values), None)
    return {
        "name": spec.name,
        "value": int(value) if spec.holds == NUMBER and value else value or None,
        "source": source,
        "variable": spec.variable,
        "default": spec.default.replace("`", ""),
        "help": spec.help.replace("`", ""),
    }


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    source = {"variable": f"the variable {row['variable']}", "file": "the file"}.get(row["source"], row["source"])
    value = str(row["value"]) if isinstance(row["value"], int) else row["value"]
    return {"name": row["name"], "value": value, "from": source, "decides": row["help"]}


def template() -> str:
    """A settings file that changes nothing: each setting with what it decides and an example, commented."""
    lines, table = [FILE_HEAD], ""
    for spec in SETTINGS.values():
        above, _, key = spec.name.rpartition(".")
        if above != table:
            lines.append(f"[{above}]\n")
            table = above
        example = _EXAMPLES.get(spec.name, "https://mirror.example.com/")
        lines.append(f"# {spec.help}; default: {spec.default}\n# {key} = {dumps(example)}\n")
    return "\n".join(lines)


SETTINGS_VERB = Verb("list the settings, and where each comes from", _arguments, _answer)
