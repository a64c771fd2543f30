"""What holds of every picture: it can be read, it says what it shows, and it leaves nothing behind."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from PIL import Image

import cmhs_metrics as cm
from cmhs_metrics import plots
from cmhs_metrics.plots.colours import contrast
from tests.support.budgets import with_deep
from tests.support.gallery import ENDLESS, GALLERY, LONG, as_svg, drawn, extent, pixels, seen, texts
from tests.support.refusals import raised, refused

# All tests of a picture stand together, so that one process draws it, once.
ALIKE = [
    "ranked columns", "ranked, ties", "ranked, 6 long names", "ranked, 42 long names", "trend, one series",
    "small multiples, one scale", "tiles", "ranked, sixty", "ranked, 120 long names", "ranked, 20 long names",
    "ranked, 2 long names", "funnel, long names", "trend, focus", "profile, columns", "ranked columns, long names",
    "dot and range, long names", "waterfall, product",
]  # fmt: skip
"""Another picture has all that could be found in these: more rows, a gap, a longer name."""
every_picture = pytest.mark.parametrize(
    "name", with_deep([each for each in GALLERY if each not in ALIKE], *ALIKE), scope="module"
)
# One of each module that draws.
KINDS = ["ranked bars, gaps", "funnel", "trend", "profile, amounts", "waterfall", "xmr", "tiles, gaps"]
# And what else is of a kind of its own in a file: dots, panels, a page, letters that no file may take for markup.
WRITTEN = [
    *KINDS, "ranked columns, gaps", "ranked, 42 in a page", "profile in a page", "ranges in a page", "index",
    "small multiples", "dot and range", "xmr, new limits", "ranked bars, long names",
]  # fmt: skip


@every_picture
def test_text_is_legible_and_in_its_place(name: str) -> None:
    ax = drawn(name)
    wide, high = ax.figure.get_size_inches()
    if not ax.figure.in_page:
        assert wide == 13.33
        # Higher than a slide only where so many places are named.
        assert high == 7.5 or name.startswith("tiles") or len(ax.child_axes[0].get_yticks()) > 20
    assert min(text.get_fontsize() for text in seen(name)) >= 12
    width, height = ax.figure.bbox.width, ax.figure.bbox.height
    boxes = seen(name)
    for text, box in boxes.items():
        assert box.x0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= height + 1, text
    # A line of text is higher than its letters: a quarter of it may lie in its neighbour's.
    spare = 0.25 * 12 * ax.figure.dpi / 72
    for (one, first), (other, second) in combinations(boxes.items(), 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        upright = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across <= spare or upright <= spare, f"{one} lies on {other}"


@every_picture
def test_text_stands_out_from_what_is_behind_it(name: str) -> None:
    ax = drawn(name)
    renderer = ax.figure.canvas.get_renderer()
    patches = [
        (patch.get_window_extent(renderer), to_hex(patch.get_facecolor()))
        for axes in [ax, *ax.child_axes]
        for patch in axes.patches
        if patch.get_fill()
    ]
    for text, box in seen(name).items():
        middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        behind = "#ffffff"
        for where, colour in patches:
            behind = colour if where.contains(*middle) else behind
        own = text.get_bbox_patch()
        behind = to_hex(own.get_facecolor()) if own is not None else behind
        assert contrast(to_hex(text.get_color()), behind) >= 4.5, text


@every_picture
def test_names_are_no_formulas(name: str) -> None:
    assert not any(text.get_parse_math() for text in seen(name))


@every_picture
def test_it_says_what_it_shows(name: str) -> None:
    ax = drawn(name)
    text = plots.alternative_text(ax)
    title = " ".join(ax.get_title(loc="left").split())
    assert title
    assert text[0].isupper()
    assert text.endswith(".")
    assert not re.search(r"\bnan\b", text)
    assert "Source of the data not given." in text or "Data: " in text
    assert "  " not in text
    assert len(text) < 6_500


@pytest.mark.parametrize("name", with_deep(WRITTEN, *(each for each in GALLERY if each not in WRITTEN)), scope="module")
def test_files_carry_the_words(name: str) -> None:
    ax = drawn(name)
    element = as_svg(name)
    root = ElementTree.fromstring(element)
    named = {node.get("id"): node for node in root.iter() if node.get("id")}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "one-title one-description"
    assert named["one-description"].text == plots.alternative_text(ax)
    assert all(name.startswith("one-") for name in named)
    assert "<style" not in element
    assert not re.search(r"https?://(?!www\.w3\.org)", element)
    for target in re.findall(r'(?:href="#|url\(#)([^")]+)', element):
        assert target in named


@pytest.mark.parametrize("name", with_deep(["profile, amounts"], *KINDS[:3], *KINDS[4:]), scope="module")
def test_a_figure_saved_by_itself_carries_the_words(name: str) -> None:
    file = io.BytesIO()
    drawn(name).figure.savefig(file, format="svg")
    held = [node.text for node in ElementTree.fromstring(file.getvalue().decode()).iter() if node.text]
    assert plots.alternative_text(drawn(name)) in held


@pytest.mark.parametrize(
    "name",
    with_deep(["funnel", "trend", "waterfall", "xmr"], *KINDS[:1], KINDS[3], KINDS[-1], "ranked, sixty"),
    scope="module",
)
def test_whatever_the_settings_the_picture_is_the_same_and_leaves_nothing_behind(name: str) -> None:
    import matplotlib.pyplot as plt

    hostile = {
        "font.size": 4,
        "text.color": "yellow",
        "axes.facecolor": "black",
        "axes.titlesize": 40,
        "lines.linewidth": 9,
    }
    with mpl.rc_context(hostile | {"axes.grid": True, "axes.spines.left": False, "legend.fontsize": 30}):
        before = dict(mpl.rcParams)
        assert plots.to_svg(GALLERY[name](), "one") == as_svg(name)
        assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "name",
    with_deep(["waterfall", "xmr"], "trend", "ranked bars, gaps", "tiles, gaps", "small multiples"),
    scope="module",
)
def test_on_axes_of_the_user_it_keeps_to_their_place(name: str) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(26, 14))
    left, right = figure.subplots(1, 2)
    place = left.get_position()
    ax = GALLERY[name](ax=left)
    assert ax is left
    FigureCanvasAgg(figure).draw()
    wide = figure.bbox.width
    for text in texts(ax):
        if text.axes in (left, *left.child_axes):
            box = extent(text)
            assert box.x0 >= place.x0 * wide - 1, text
            assert box.x1 <= place.x1 * wide + 1, text
    assert right.get_title() == ""
    assert plots.alternative_text(right) == ""


def test_axes_too_small_for_the_words_are_refused() -> None:
    from matplotlib.figure import Figure

    with refused("ax", re.compile(r"1\.\d by 1\.\d inches")):
        GALLERY["ranked bars, gaps"](ax=Figure(figsize=(2, 1.5)).subplots())


def test_files_of_every_kind(tmp_path: Any) -> None:
    ax = GALLERY["waterfall, mix"]()
    words = plots.alternative_text(ax)
    for ending in ("svg", "png", "pdf", "jpg"):
        plots.save(ax, tmp_path / f"picture.{ending}")
        ax.figure.savefig(tmp_path / f"figure.{ending}")
        assert (tmp_path / f"figure.{ending}").stat().st_size > 1_000
    for name in ("picture.png", "figure.png"):
        with Image.open(tmp_path / name) as image:
            assert image.text["Description"] == words
    assert (tmp_path / "picture.svg").read_text() == (tmp_path / "figure.svg").read_text()
    assert f'alt="{words}"' in ax.figure._repr_html_()


def test_a_file_without_an_ending_carries_the_words(tmp_path: Any) -> None:
    ax = GALLERY["waterfall, mix"]()
    for save in (lambda to: plots.save(ax, to), ax.figure.savefig):
        file = io.BytesIO()
        save(file)
        save(tmp_path / "picture")
        for held in (file, tmp_path / "picture.png"):
            with Image.open(held) as image:
                assert image.text["Description"] == plots.alternative_text(ax)
    with refused("path", 5):
        plots.save(ax, 5)  # type: ignore[arg-type]


def test_a_picture_is_saved_as_it_was_drawn() -> None:
    ax = GALLERY["waterfall, mix"]()
    plain = plots.to_svg(ax)
    file, other = io.BytesIO(), io.BytesIO()
    ax.figure.savefig(file, format="png", dpi=30)
    dark = {"savefig.facecolor": "black", "savefig.edgecolor": "red", "savefig.bbox": "tight", "svg.fonttype": "none"}
    with mpl.rc_context(dark | {"savefig.transparent": True}):
        assert plots.to_svg(ax) == plain
        ax.figure.savefig(other, format="png", dpi=30)
    assert file.getvalue() == other.getvalue()


def test_a_name_cannot_inject_markup() -> None:
    import pandas as pd

    name = "</title></desc><script>alert(1)</script> \" onload='x' -->"
    ax = plots.ranked_bars(pd.DataFrame({"place": [name, "B"], "value": [2.0, 1]}), title=name, source=name)
    for element in (plots.to_svg(ax), ax.figure._repr_html_()):
        assert "<script" not in element
        ElementTree.fromstring(element.replace('">', '"/>') if element.startswith("<img") else element)
    assert name in plots.alternative_text(ax)


def test_an_endless_name_does_not_fill_the_words() -> None:
    text = plots.alternative_text(GALLERY["ranked bars, long names"]())
    assert ENDLESS.strip() not in text
    assert LONG in text


def test_names_that_begin_alike_stay_apart() -> None:
    from cmhs_metrics.plots.text import shorten_all, width

    names = [f"The Mental Health Trust of a Very Long County, Division {number}" for number in range(20)]
    short = shorten_all([*names, "Another"], 150)
    assert len(set(short)) == 21
    assert max(width(each, bold=True) for each in short) <= 150
    # What all have in common is left out first.
    assert shorten_all(["NHS North ICB", "NHS Somewhere Far Away and Long ICB"], 150)[0] == "North"


def test_a_changed_value_changes_the_picture_where_it_stands() -> None:
    import pandas as pd

    def draw(last: float) -> Any:
        table = pd.DataFrame({"place": ["A", "B", "C"], "value": [30.0, 20.0, last]})
        return plots.ranked_bars(table, mean=False, median=False)

    ax = draw(10.0)
    before, after = pixels(ax), pixels(draw(12.0))
    np.testing.assert_array_equal(before, pixels(draw(10.0)))
    rows = np.flatnonzero((before != after).any(axis=(1, 2)))
    bar = ax.patches[2].get_window_extent()
    height = before.shape[0]
    # The bar and the number beside it, and nothing else.
    assert rows.min() >= height - bar.y1 - 2
    assert rows.max() <= height - bar.y0 + 2


@pytest.mark.parametrize(
    ("values", "colour"), [([400.0, 300.0, 100.0], (63, 143, 208)), ([8.0, 4.0, 2.0], (63, 143, 208))]
)
def test_bars_are_as_long_on_paper_as_their_values(values: list[float], colour: tuple[int, int, int]) -> None:
    import pandas as pd

    ax = plots.ranked_bars(pd.DataFrame({"place": list("ABC"), "value": values}), mean=False, median=False)
    image = pixels(ax, dpi=100)
    lengths = []
    for bar in ax.patches:
        box = bar.get_window_extent()
        row = image[image.shape[0] - round((box.y0 + box.y1) / 2)]
        # The square in the key is not in this row.
        lengths.append(int((np.abs(row - np.array(colour)).sum(axis=1) < 12).sum()))
    assert lengths[1] / lengths[0] == pytest.approx(values[1] / values[0], abs=0.01)
    assert lengths[2] / lengths[0] == pytest.approx(values[2] / values[0], abs=0.01)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with raised(ImportError, "ranked_bars", "pip install matplotlib"):
        cm.plots.ranked_bars
    with raised(AttributeError, "ranked_bar"):
        cm.plots.ranked_bar


def test_matplotlib_is_loaded_when_the_first_picture_is_asked_for() -> None:
    program = (
        "import sys; from cmhs_metrics import *; import cmhs_metrics as cm; cm.plots; dir(cm.plots)\n"
        "assert 'matplotlib' not in sys.modules and 'cmhs_metrics.plots' in sys.modules\n"
        "cm.plots.ranked_bars; assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_public_name_is_there() -> None:
    assert set(dir(plots)) == set(plots._MODULES) == set(plots.__all__)
    # Type checkers read the names where the pictures are defined.
    for module in set(plots._MODULES.values()):
        named = importlib.import_module(f"cmhs_metrics.plots.{module}").__all__
        assert named == [name for name in plots.__all__ if plots._MODULES[name] == module]
    assert all(getattr(plots, name).__doc__ for name in plots.__all__)
