"""The pictures of a file's structure: what is drawn where, of numbers whose answer is known."""

from __future__ import annotations

import re
from typing import Any

import pytest
import vl_convert

from core.inspect.size_estimate import SizeEstimate
from ui.inspector.sizes import sizes_chart, title_of
from ui.inspector.structure_file import CELLS, COLUMNS, file_picture, order_picture
from ui.inspector.structure_hdf5 import _cost, cells_of, in_order, tree_table
from ui.inspector.structure_lmdb import DRAWN, KINDS, levels, parts_chart, thinned, tree_chart
from ui.shared.labels import verbatim


def database(**numbers: int) -> dict[str, Any]:
    empty = {"entries": 1000, "depth": 1, "branch_pages": 0, "leaf_pages": 1, "overflow_pages": 0}
    return {"name": None, **empty, **numbers}


def test_the_levels_of_a_tree() -> None:
    deep = database(depth=3, branch_pages=8, leaf_pages=500, overflow_pages=1000)
    assert [(level.kind, level.pages) for level in levels(deep)] == [
        ("branch", 1), ("branch", 7), ("leaf", 500), ("overflow", 1000),
    ]  # fmt: skip
    assert [level.kind for level in levels(database())] == ["leaf"]
    assert levels(database(depth=0, leaf_pages=0, entries=0)) == []
    assert "on 3 levels" in levels(database(depth=5, branch_pages=90, leaf_pages=5000))[1].title


@pytest.mark.parametrize("numbers", [{}, {"depth": 2, "branch_pages": 1, "leaf_pages": 3}, {"leaf_pages": 0}])
def test_any_tree_is_drawn(numbers: dict[str, int]) -> None:
    found = levels(database(**numbers))
    drawn = tree_chart(found).to_dict()
    boxes = drawn["datasets"][drawn["layer"][1]["data"]["name"]] if found else []
    assert len(boxes) == sum(level.pages for level in found)


def test_of_many_pages_no_more_are_drawn_than_fit_and_more_of_more() -> None:
    found = levels(database(depth=3, branch_pages=11, leaf_pages=900, overflow_pages=10**6))
    drawn = tree_chart(found).to_dict()
    boxes = [box["y"] for box in drawn["datasets"][drawn["layer"][1]["data"]["name"]]]
    by_level = [boxes.count(-level.number) for level in found]
    assert by_level == sorted(by_level)
    assert by_level[0] == 1
    assert max(by_level) == DRAWN


def test_what_is_scattered_keeps_its_share() -> None:
    cells = ["overflow", "overflow", "overflow", "free"] * 20_000
    shown = thinned(cells)
    assert len(shown) == CELLS
    assert shown.count("free") / len(shown) == pytest.approx(0.25, abs=0.03)
    assert thinned(["meta", "leaf"]) == ["meta", "leaf"]


def test_a_bar_that_would_hide_the_others_is_cut_and_says_so() -> None:
    rows = parts_chart({"in use": (10_000, "#111111"), "map": (10**12, "#222222")}).to_dict()["datasets"]
    (table,) = rows.values()
    assert [row["figure"] for row in table] == ["10.0 kB", "1.00 TB (bar cut short)"]
    assert table[1]["shown"] < 2 * table[0]["shown"]


def test_a_file_is_drawn_row_by_row() -> None:
    cells = ["meta"] + ["leaf"] * COLUMNS + [None]
    drawn = file_picture(cells, KINDS).to_dict()
    sheet, known = (drawn["datasets"][layer["data"]["name"]] for layer in drawn["layer"])
    assert len(sheet) == len(cells)
    assert [(cell["column"], cell["row"]) for cell in known if cell["row"] == 1] == [(0, 1)]


@pytest.mark.parametrize("picture", [file_picture(["meta"] * 5, KINDS), order_picture([0.0, 1.0])])
def test_a_small_file_has_room_beside_its_legend(picture: Any) -> None:
    """Streamlit has Vega fit the whole picture, its legend and margins too, into the height that is asked for."""
    margins = {"padding": {"bottom": 40}, "autosize": {"type": "fit", "contains": "padding"}}
    fitted = picture.to_dict() | margins | {"width": 600}
    svg = vl_convert.vegalite_to_svg(fitted)
    square = re.search(r'aria-label="column: 0; row: 0;[^>]* d="([^"]+)"', svg)
    assert square is not None
    assert max(float(y) for y in re.findall(r",(-?[0-9.]+)", square[1])) > 8


def test_where_chunks_lie() -> None:
    node = {"shape": [40, 8], "chunk": [10, 8]}
    chunks = [[3000, 1000, 0, 0], [2000, 1000, 1, 0], [1000, 1000, 2, 0], [0, 1000, 3, 0]]  # written backwards
    places = {"chunks": chunks, "total": 4, "file_bytes": 5000, "contiguous": False, "chunk": [10, 8]}
    cells = cells_of(places, node)
    fifth = CELLS // 5
    assert [cells[fifth * part + fifth // 2] for part in range(5)] == [0.75, 0.5, 0.25, 0.0, None]


def test_one_piece_is_a_gradient() -> None:
    places = {"chunks": [[0, 5000, 0]], "total": 1, "file_bytes": 10_000, "contiguous": True, "chunk": None}
    cells = cells_of(places, {"shape": [100]})
    known = [cell for cell in cells if cell is not None]
    assert known == sorted(known)
    assert len(known) == pytest.approx(CELLS / 2, abs=1)
    assert order_picture(cells).to_dict()["layer"]


def test_of_sampled_chunks_each_stands_for_its_neighbours() -> None:
    chunks = [[number * 1000, 100, number * 10] for number in range(10)]  # every tenth of a hundred
    places = {"chunks": chunks, "total": 100, "file_bytes": 10_000, "contiguous": False, "chunk": [1]}
    cells = cells_of(places, {"shape": [100]})
    assert None not in cells
    assert cells == sorted(cells)


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"shape": [100, 4], "chunk": None, "logical_bytes": 400}, "can be read alone"),
        (
            {"shape": [100, 4], "chunk": [10, 4], "logical_bytes": 400, "filter": "gzip"},
            "10.0 times the row",
        ),
        ({"shape": [100, 4], "chunk": [1, 4], "logical_bytes": 400}, "reads nothing else"),
        ({"shape": [100, 4], "chunk": [10, 1], "logical_bytes": 400}, "spread over 4 chunks"),
    ],
)
def test_what_a_row_costs(node: dict[str, Any], sentence: str) -> None:
    assert sentence in _cost(node)


def test_a_tree_is_read_from_group_to_content_and_never_as_markup() -> None:
    tree = [{"name": "b"}, {"name": "a/x"}, {"name": "a", "kind": "group"}, {"name": "a-b"}]
    assert [node["name"] for node in in_order(tree)] == ["a", "a/x", "a-b", "b"]
    html = tree_table([{"name": "<script>", "kind": "soft link", "target": "<b>"}])
    assert "<script>" not in html
    assert "<b>" not in html


def test_estimates_are_drawn_with_the_file_itself() -> None:
    found = [SizeEstimate("lmdb", "png", "none", 2e6, 1.8e6, 2.2e6), SizeEstimate("disk", "raw", "zstd", 3e6, 3e6, 3e6)]
    assert [title_of(one) for one in found] == ["LMDB · PNG", "Files on disk · raw pixels + zstd"]
    assert len(sizes_chart(found, 5_000_000).to_dict()["layer"]) == 4
    assert len(sizes_chart(found, None).to_dict()["layer"]) == 3


def test_text_of_strangers_is_shown_letter_by_letter() -> None:
    """An invisible letter keeps apart what Streamlit looks for after the Markdown is read: addresses and icons."""
    shown = verbatim("![x](http://y) :material/home: $a$\n# b")
    assert shown.replace("\u2060", "") == r"\!\[x\]\(http://y\) :material/home: \$a\$ \# b"
    assert "http://" not in shown
    assert ":material/" not in shown
