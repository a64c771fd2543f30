"""A hook of mkdocs: runs the notebooks when the pages are built, so that no output is stored."""

from __future__ import annotations

import re
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

MARK = re.compile(r"^<!-- notebook: (\S+\.ipynb) -->$", re.MULTILINE)
STRICT = """
import warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", module="ipykernel|IPython|jupyter_client|tornado|zmq")
"""
"""Runs before the first cell: a warning is an error, as everywhere in this project; the kernel's own are not ours."""
LIMIT = 300
"""Seconds that a cell may take on a slow machine."""


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put what a notebook says, runs and shows in the place of its mark."""
    folder = Path(str(page.file.abs_src_path)).parent
    return MARK.sub(lambda found: as_markdown(executed(folder / found[1])), markdown)


def executed(path: Path, replace: dict[str, str] | None = None) -> Any:
    """Run a notebook in a kernel and a folder of its own; `replace` changes text of its code first."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        for old, new in (replace or {}).items():
            if cell.cell_type == "code":
                cell.source = cell.source.replace(old, new)
    first: Any = nbformat.v4.new_code_cell(STRICT)  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, first)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        quiet = ["--HistoryManager.enabled=False", "--Application.log_level=ERROR"]
        options: dict[str, Any] = {"kernel_name": "python3", "timeout": LIMIT, "shutdown_kernel": "immediate"}
        NotebookClient(notebook, resources=resources, extra_arguments=quiet, **options).execute()
    del notebook.cells[0]
    return notebook


def as_markdown(notebook: Any) -> str:
    """A notebook that was run, as a page: text, code, and what the code shows."""
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        else:
            parts.append(f"```python\n{cell.source}\n```")
            parts += [_shown(output) for output in cell.outputs]
    return "\n\n".join(parts) + "\n"


def _shown(output: Any) -> str:
    data = output.get("data", {})
    if "text/html" in data:
        # One line: a blank one would end the element.
        element = " ".join(re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.DOTALL).split())
        return f'<div class="notebook-output" tabindex="0">{element}</div>'
    text = output.get("text") or data.get("text/plain", "")
    return f'<div class="notebook-output" tabindex="0"><pre>{_lines(text)}</pre></div>'


def _lines(text: str) -> str:
    return escape(text.rstrip()).replace("\n", "&#10;")
