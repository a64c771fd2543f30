"""Every example in a docstring, in the README and in the docs runs and gives what it shows."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pandas as pd
import pytest

import cmhs_metrics
from tests.support import spark_session
from tests.support.budgets import with_deep
from tests.support.engines import on_spark

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
PROJECT = Path(__file__).parents[1]


class Checker(doctest.OutputChecker):
    """Reads quantities alike: pint shows them as <Quantity(1, 'm')> or, in newer versions, as Quantity(1, "m")."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        new_form = re.compile(r'(?<!<)Quantity\(([^"]*), "([^"]*)"\)')
        got = re.sub(r"Quantity\(np\.float64\(([^()]*)\)", r"Quantity(\1", got)
        return super().check_output(want, new_form.sub(r"<Quantity(\1, '\2')>", got), optionflags)


SOURCES = Path(cmhs_metrics.__file__).parent
MODULES = sorted(
    ".".join(["cmhs_metrics", *path.relative_to(SOURCES).with_suffix("").parts]).removesuffix(".__init__")
    for path in SOURCES.rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)
"""Those that have an example."""
PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")])
DEAR = {
    "beside-the-published-file", "data-quality", "draw-it", "make-a-pack", "records-to-measures", "synthetic-records",
    *("cmhs_metrics.mhsds." + name for name in (
        "caseload", "clusters", "dashboard", "national.comparing", "national.paired", "national.publishing", "quality",
        "quality_report", "rows", "waits",
    )),
    "cmhs_metrics.exchange.semantic_model", "cmhs_metrics.plots.ranked", "cmhs_metrics.plots.tiles",
    "cmhs_metrics.published.samples",
}  # fmt: skip
"""Pages and modules that draw extracts or many pictures: as long as all others together, and tried in a deep run."""


@pytest.fixture(autouse=True)
def _as_in_a_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Tables print whole, and files that an example writes go away."""
    monkeypatch.chdir(tmp_path)
    with pd.option_context("display.width", 120, "display.max_columns", 20, "display.max_rows", 40):
        yield


@pytest.mark.parametrize("name", with_deep((each for each in MODULES if each not in DEAR), *sorted(DEAR & {*MODULES})))
def test_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(Checker(), verbose=False, optionflags=FLAGS)
    for test in doctest.DocTestFinder().find(module):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


ON_SPARK = 'title="On Spark"'


def run_page(page: Path, names: dict[str, object], *, with_spark: bool) -> None:
    # Only what stands in fenced blocks is an example; the closing fence must not be read as output.
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:python|pycon)([^\n]*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    source = "\n".join(
        block for title, block in blocks if block.lstrip().startswith(">>>") and (with_spark or ON_SPARK not in title)
    )
    test = doctest.DocTestParser().get_doctest(source, names, page.name, str(page), 0)
    assert doctest.DocTestRunner(Checker(), verbose=False, optionflags=FLAGS).run(test).failed == 0


@pytest.mark.parametrize(
    "page",
    with_deep((each for each in PAGES if each.stem not in DEAR), *(each for each in PAGES if each.stem in DEAR)),
    ids=lambda page: str(page.relative_to(PROJECT)),
)
def test_pages(page: Path) -> None:
    run_page(page, {}, with_spark=False)


@on_spark
def test_pages_with_examples_on_spark() -> None:
    pages = [page for page in PAGES if ON_SPARK in page.read_text(encoding="utf-8")]
    assert pages
    for page in pages:
        run_page(page, {"spark": spark_session.session()}, with_spark=True)


def test_every_python_block_of_the_pages_is_an_example_that_runs() -> None:
    for page in PAGES:
        for block in re.findall(
            r"^```python[^\n]*\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            assert block.lstrip().startswith(">>>"), (
                f"{page.name} has a block without a prompt, which no test runs:\n{block}"
            )


def test_the_typing_examples_run() -> None:
    pytest.importorskip("polars")
    path = Path(__file__).parent / "typing_examples.py"
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), {"__name__": "typing_examples"})
