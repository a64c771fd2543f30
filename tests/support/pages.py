"""How a page is read, and the words that no finding may use."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote_to_bytes

from cmhs_metrics.packs.contents import Contents, contents
from cmhs_metrics.packs.figures import compare

VOID = {"meta", "br", "img", "link", "hr", "input"}
CAUSES = re.compile(
    r"\b(because|due to|owing to|caus\w*|leads? to|led to|result\w*|driven|drives?|explain\w*|reflect\w*|thanks to|"
    r"therefore|hence|consequen\w*|impact\w*|effect\w*|contribut\w*|attribut\w*|since)\b",
    re.IGNORECASE,
)
JUDGEMENTS = re.compile(r"\b(better|worse|best|worst|good|bad|poor\w*|strong\w*|weak\w*|significan\w*|should)\b", re.I)


class Tags(HTMLParser):
    """Every element with its attributes, and whether all of them close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.all: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.all if name == tag]


def said(data: Any, populations: Any = None, **arguments: Any) -> Contents:
    """What a pack says (`findings`, `not_shown`), without the page."""
    return contents(compare(data, populations, **arguments))


def downloads(page: str) -> dict[str, str]:
    links = re.findall(r'<a download="([^"]+)" href="data:text/csv;charset=utf-8,([^"]+)"', page)
    return {name: unquote_to_bytes(content).decode("utf-8-sig") for name, content in links}


def stands_in(sentence: str, name: str, text: str) -> bool:
    """Whether a page says a sentence: below the heading of its metric, and on a page of one place, without these."""
    told = sentence.partition(name)[2] or sentence.partition(": ")[2]
    return told.lstrip(":, ")[1:] in text
