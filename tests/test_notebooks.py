"""The notebooks of the docs run without an error or a warning, are stored without outputs, and each has its page."""

from __future__ import annotations

import importlib.util
import json
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support import official_data
from tests.support.budgets import with_deep

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """What runs the notebooks when the docs are built; nbclient and ipykernel come with the extra `docs`."""
    pytest.importorskip("nbclient", reason="nbclient is not installed: it comes with the extra docs")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: it comes with the extra docs")
    spec = importlib.util.spec_from_file_location("notebooks_hook", PROJECT / "docs" / "hooks" / "notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third parties' deprecations at import
        spec.loader.exec_module(module)
    return module


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def written(folder: Path, *sources: str) -> Path:
    """A notebook of these cells."""
    cells = [
        {"cell_type": "code", "id": f"c{at}", "source": each, "metadata": {}, "outputs": [], "execution_count": None}
        for at, each in enumerate(sources)
    ]
    path = folder / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_there_are_four() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["first-hour", "icb-waits", "records-to-table", "unit-costs"]


# The build of the docs runs all of them, as strictly: the everyday run tries by one that it would see what is wrong.
@pytest.mark.parametrize("path", with_deep(NOTEBOOKS[:1], *NOTEBOOKS[1:]), ids=lambda path: path.stem)
def test_it_runs_and_shows_tables_and_pictures(hook: ModuleType, path: Path) -> None:
    notebook = hook.executed(path)
    found = outputs(notebook)
    assert [each.text for each in found if each.get("name") == "stderr"] == []
    shown = [each.data.get("text/html", "") for each in found if "data" in each]
    assert any("<table" in each for each in shown)
    assert all('alt="' in each for each in shown if "<img" in each)
    assert any("<img" in each for each in shown)
    page = hook.as_markdown(notebook)
    assert page.count('<div class="notebook-output"') == len(found)
    assert "<cmhs_metrics." not in page, "an object that does not say what it is"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert len(cell["source"]) <= 14, "a cell of a few lines"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_has_a_page_that_shows_it_and_offers_it(path: Path) -> None:
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert re.findall(r"^<!-- notebook: (.+) -->$", page, re.MULTILINE) == [path.name]
    assert f"]({path.name})" in page
    assert f"notebooks/{path.stem}.md" in (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    assert f"({path.stem}.md)" in (FOLDER / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", ["1 / 0", "import warnings\nwarnings.warn('old')"])
def test_an_error_or_a_warning_of_a_cell_stops_the_run(hook: ModuleType, tmp_path: Path, source: str) -> None:
    with pytest.raises(Exception, match="ZeroDivisionError|UserWarning"):
        hook.executed(written(tmp_path, source))


def test_what_a_cell_shows_cannot_break_the_page(hook: ModuleType, tmp_path: Path) -> None:
    page = hook.as_markdown(hook.executed(written(tmp_path, "print('<b>\\n\\n# no heading')")))
    assert page.splitlines()[-1] == (
        '<div class="notebook-output" tabindex="0"><pre>&lt;b&gt;&#10;&#10;# no heading</pre></div>'
    )


def test_the_official_files_give_what_is_known_of_them(hook: ModuleType) -> None:
    if not official_data.FOLDER.is_dir():
        pytest.skip(official_data.MISSING)
    change = {
        'Path("sample files")': f"Path({str(official_data.FOLDER.resolve())!r})",
        "published.sample_files(folder)  # leave this out for official files\n": "",
    }
    page = hook.as_markdown(hook.executed(FOLDER / "icb-waits.ipynb", change))
    # Open referral-spells per 100,000 people of the 42 ICBs, June 2024: a 4.8-fold range, 4.9-fold where weighted.
    rows = re.findall(r"<th>(registered|weighted)</th> <td>[\d,.]+</td> <td>[\d,.]+</td> <td>([\d.]+)</td>", page)
    assert {basis: round(float(fold), 1) for basis, fold in rows} == {"registered": 4.8, "weighted": 4.9}
    costs = hook.as_markdown(hook.executed(FOLDER / "unit-costs.ipynb", change))
    # A functional community team's contact, 2024/25: £278.91.
    assert re.search(r"<td>A06</td> .*?<td>278\.91</td>", costs)
