"""A program put together from parts: a docstring, imports in their order, constants, functions, one Dataset class, and
lines that make a DataLoader of it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from string import Template
from textwrap import dedent, indent, wrap

from ..base.printable import printable
from .snippet import DatasetCode

IMPORTED = re.compile(r"(import |from [\w.]+ import )([\w, ]+)")
"""A statement, and its names. Those of a module in a package (`import a.b`) are always used."""

WIDTH = 100

DISTRIBUTIONS = {"PIL": "pillow", "lance": "pylance"}
"""Module -> what brings it, where that is called otherwise."""

CLASS = Template('''\
class $name(Dataset):
    """$about"""

    def __init__(self, path, transform=None):
        self.path, self.transform = Path(path), transform
$init

    def __len__(self):
        return $counted

    def __getitem__(self, i):
        i = range(len(self))[i]  # IndexError beyond the end
$get
        image = torch.from_numpy(pixels).permute(2, 0, 1)  # (3, height, width)
        return (self.transform(image) if self.transform else image), $label
$methods''')

MAIN = Template("""\
if __name__ == "__main__":
    loader = DataLoader(open_split(), batch_size=256, shuffle=True, num_workers=2)
    for images, labels in loader:  # uint8 (batch, $shape), $labels
        print(images.shape, labels[:8])
""")

MAIN_OF_PAIRS = """\
if __name__ == "__main__":
    loader = DataLoader(open_split(), batch_size=32, shuffle=True, num_workers=2, collate_fn=list)
    for batch in loader:  # pairs: images differ in size (else leave out collate_fn)
        print(len(batch), batch[0][0].shape, batch[0][1])
"""

LIST_OF_PATHS = Template("""\
def open_split(split=$split, transform=None):
    shards = json.loads((STORE / "manifest.json").read_text("utf-8"))["shards"][split]
    return ConcatDataset([$name(STORE / shard["path"], transform) for shard in shards])
""")

ONE_PATH = Template("""\
def open_split(split=$split, transform=None):
    return $name($path, transform)
""")

GETSTATE = Template("""
    def __getstate__(self):  # what is open stays in its process
        return self.__dict__ | {$lazy}
""")


def dataset_script(
    doc: str,
    name: str,
    code: DatasetCode,
    location: str,
    split: str,
    *,
    sharded: bool = False,
    shape: str = "",
    label: str = "int(self.labels[i])",
    counted: str = "len(self.labels)",
    opening: str = "",
) -> tuple[str, tuple[str, ...]]:
    """The program, and what to install for it. `doc`: what it is about; `location`: the constants that say where the
    data is; `sharded`: each split is several containers; `shape`: of an image where all have one, as text."""
    imports = [
        "from pathlib import Path",
        "import torch",
        "import numpy as np",
        "from torch.utils.data import DataLoader, Dataset",
        *code.imports,
    ]
    if sharded:
        imports += ["import json", "from torch.utils.data import ConcatDataset"]
    opening = opening or (LIST_OF_PATHS if sharded else ONE_PATH).substitute(
        name=name, split=quoted(split), path=code.path
    )
    labels = "int64 (batch,)"
    main = Template(MAIN.template if shape else MAIN_OF_PAIRS).substitute(shape=shape, labels=labels)
    main = main.replace("open_split()", f"{opening.split('(')[0].removeprefix('def ')}()")
    if code.context:
        main = main.replace("num_workers=2", f'num_workers=2, multiprocessing_context="{code.context}"')
    head = "\n".join([ordered(imports), "", location.strip(), *code.constants])
    blocks = [head, *code.functions, _class(name, code, label, counted), opening, main]
    text = without_unused("\n\n\n".join(block.strip("\n") for block in blocks) + "\n")
    needs = needed(text)
    return f"{docstring(doc + ' Needs ' + ', '.join(needs) + '.')}\n\n{text}", needs


def needed(text: str) -> tuple[str, ...]:
    """What to install for a program, as pip calls it."""
    modules = [found[1] for found in re.finditer(r"^(?:import|from) (\w+)", text, re.MULTILINE)]
    named = dict.fromkeys(name for name in modules if name not in sys.stdlib_module_names)
    return tuple(DISTRIBUTIONS.get(name, name) for name in named)


def docstring(text: str) -> str:
    lines = wrap(f'"""{text}', WIDTH)
    return "\n".join(lines) + ('"""' if len(lines) == 1 and len(lines[0]) <= WIDTH - 3 else '\n"""')


def _class(name: str, code: DatasetCode, label: str, counted: str) -> str:
    lazy = code.lazy
    init = []
    by_value: dict[str, list[str]] = {}
    for attribute, value in lazy.items():
        by_value.setdefault(value, []).append(attribute)
    for value, names in by_value.items():
        if value == "None":
            init.append(" = ".join(f"self.{one}" for one in names) + " = None  # opened at the first read")
        else:
            init += [f"self.{one} = {value}  # opened at the first read" for one in names]
    init.append(code.init.strip("\n"))
    methods = ""
    if code.methods:
        methods += "\n" + _indented(dedent(code.methods))
    if lazy:
        state = ", ".join(f'"{one}": {value}' for one, value in lazy.items())
        methods += GETSTATE.substitute(lazy=state)
        close = code.close or "\n".join(f"self.{one} = {value}" for one, value in lazy.items())
        methods += "\n    def close(self):\n" + indent(dedent(close).strip("\n"), " " * 8) + "\n"
    else:
        methods += '\n    def close(self):\n        """Nothing stays open between two reads."""\n'
    return CLASS.substitute(
        name=name,
        about=code.about,
        init=indent(dedent("\n".join(init)), " " * 8),
        get=indent(dedent(code.get).strip("\n"), " " * 8),
        methods=methods,
        label=label,
        counted=counted,
    )


def said(text: str) -> str:
    """A name from a file as it may stand in a docstring: in one line, of at most 80 characters, without quotes and
    backslashes, so that nothing in it is ever code."""
    return printable(text).replace('"', "'").replace("\\", "/").replace("\n", " ")[:80]


def quoted(text: str) -> str:
    """As a Python literal, in double quotes where that takes no escapes."""
    plain = repr(text)
    return plain if '"' in text or "\\" in plain or "'" in text else f'"{plain[1:-1]}"'


def _indented(text: str) -> str:
    return indent(text.strip("\n"), " " * 4) + "\n"


def ordered(statements: Iterable[str]) -> str:
    """Import statements in the order that formatters give them, names of one module together: the standard library's,
    a blank line, the others."""
    plain: set[str] = set()
    named: dict[str, set[str]] = {}
    for statement in statements:
        if statement.startswith("import "):
            plain.add(statement)
            continue
        module, _, names = statement.removeprefix("from ").partition(" import ")
        named.setdefault(module, set()).update(name.strip() for name in names.split(","))
    lines = sorted(plain) + sorted(
        f"from {module} import {', '.join(sorted(names))}" for module, names in named.items()
    )
    own = [line for line in lines if line.split()[1].partition(".")[0] in sys.stdlib_module_names]
    others = [line for line in lines if line not in own]
    return "\n\n".join("\n".join(group) for group in (own, others) if group)


def without_unused(text: str) -> str:
    """Without the imported names that are used nowhere."""
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    lines = []
    for line in text.splitlines():
        found = IMPORTED.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        names = [name for name in found[2].split(", ") if name.split()[-1] in used]
        lines += [f"{found[1]}{', '.join(names)}"] if names else []
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines) + "\n")
