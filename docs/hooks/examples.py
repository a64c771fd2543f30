"""A hook of mkdocs: what the copy button copies is code that runs, without prompts and output."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_BLOCK = re.compile(r'<div class="([^"]*\bhighlight\b[^"]*)"([^>]*)>(.*?</code>)', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_PROMPTS = (">>> ", "... ")


def on_page_content(content: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give each session of Python the text that is copied, and take out the sign of an empty line of output."""
    return _BLOCK.sub(_with_code, content).replace("&lt;BLANKLINE&gt;", "")


def _with_code(block: re.Match[str]) -> str:
    lines = html.unescape(_TAG.sub("", block[3])).splitlines()
    if not any(line.startswith(_PROMPTS[0]) for line in lines):
        return block[0]
    code = [line[4:] for line in lines if line.startswith(_PROMPTS) or line.rstrip() in (">>>", "...")]
    copied = html.escape("\n".join(code) + "\n", quote=True).replace("\n", "&#10;")
    return f'<div class="{block[1]}"{block[2]} data-copy="{copied}">{block[3]}'
