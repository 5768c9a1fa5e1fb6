"""What can be taken away of a chart."""

from __future__ import annotations

import csv
import io
import json

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.measure.loader_runs import ConfigurationResult
from core.measure.tabular import csv_text, json_text
from ui.shared import chart_export
from ui.shared.ranking_chart import ranking_chart


@pytest.fixture
def chart() -> alt.LayerChart:
    return ranking_chart(
        [ConfigurationResult("lmdb/raw", "lmdb", 20, 10, 30, 3), ConfigurationResult("hdf5/raw", "hdf5", 9, 8, 11, 3)]
    )


def test_a_picture_holds_the_chart_on_white(chart: alt.LayerChart) -> None:
    image = Image.open(io.BytesIO(chart_export.png(chart))).convert("RGB")
    assert image.width >= chart_export.WIDTH * chart_export.SCALE
    pixels = np.asarray(image)
    assert tuple(pixels[0, 0]) == (255, 255, 255)
    assert (pixels == (0x2F, 0x7D, 0xD1)).all(axis=2).sum() > 10_000, "the bar of LMDB in its colour"


def test_a_drawing_keeps_its_text(chart: alt.LayerChart) -> None:
    text = chart_export.svg(chart).decode()
    assert text.startswith("<svg")
    assert "lmdb/raw" in text
    assert "images per second" in text


def test_the_converter_knows_the_charts_version() -> None:
    assert chart_export._version() in vl_convert.get_vegalite_versions()


def test_csv_flattens_and_keeps_raw_times() -> None:
    text = csv_text([{"store": "a", "seconds": [0.5, 1.0], "ceilings": {"read": 3}}, {"store": "b", "rate": None}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0] == {"store": "a", "seconds": "[0.5, 1.0]", "ceilings.read": "3", "rate": ""}
    assert rows[1] == {"store": "b", "seconds": "", "ceilings.read": "", "rate": ""}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@sum", "\tx"])
def test_text_is_no_formula(text: str) -> None:
    [row] = csv.DictReader(io.StringIO(csv_text([{"name": text, "number": -1.5}])))
    assert row == {"name": f"'{text}", "number": "-1.5"}


def test_json_is_standard() -> None:
    data = [{"a": float("nan"), "b": np.float32(0.5), "c": float("inf"), "d": ["é", 1, True, None], "e": object}]
    assert json.loads(json_text(data))[0] | {"e": ""} == {
        "a": None, "b": 0.5, "c": None, "d": ["é", 1, True, None], "e": "",
    }  # fmt: skip


def test_tables_of_pandas_go_as_well() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [0.5, float("nan")]})
    assert chart_export._csv(table).decode("utf-8-sig") == "a,b\n1,0.5\n2,\n"
    assert json.loads(chart_export._json(table)) == [{"a": 1, "b": 0.5}, {"a": 2, "b": None}]


def _page() -> None:
    import altair as alt
    import pandas as pd

    from ui.shared.chart_export import download_row

    chart = alt.Chart(pd.DataFrame({"x": [1]})).mark_bar().encode(x="x")
    download_row(chart, [{"x": 1}], "My chart: x/y")
    download_row(None, [{"x": 1}], "numbers")


def test_the_row_of_buttons() -> None:
    app = AppTest.from_function(_page).run()
    assert not app.exception
    assert [button.label for button in app.get("download_button")] == ["CSV", "JSON", "PNG", "SVG", "CSV", "JSON"]
