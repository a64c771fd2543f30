"""The pages: their links lead somewhere, their words are British and plain, and every term has its entry."""

from __future__ import annotations

import json
import re
import tokenize
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import MEASURES

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"
NOTEBOOKS = sorted(DOCS.rglob("*.ipynb"))
PAGES = sorted(
    [*DOCS.rglob("*.md"), *NOTEBOOKS, *(PROJECT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"))]
)
BLOCK = re.compile(r"^(`{3,})[^\n]*\n.*?^\1`*\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def text_of(page: Path) -> str:
    """The Markdown of a page, or of the cells of a notebook."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def prose(page: Path) -> str:
    """A page without its blocks of code and its marks for what is generated."""
    return re.sub(r"<!--.*?-->", "", BLOCK.sub("", text_of(page)), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The addresses of the headings, as mkdocs makes them; those of the catalogue come from the code."""
    found = set()
    for heading in re.findall(r"^#{1,6} (.+)$", BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        given = re.search(r"\{ *#([\w-]+) *\}", heading)
        words = re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)|`", r"\1", heading)).strip().lower()
        found.add(given[1] if given else re.sub(r"[-\s]+", "-", words))
    return found | (set(CATALOGUE) if page.name == "catalogue.md" else set())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links(page: Path) -> None:
    wrong = []
    for address in LINK.findall(prose(page)):
        parts = urlsplit(address)
        if parts.scheme:
            well_formed = parts.scheme in ("https", "mailto") and (parts.scheme == "mailto" or "." in parts.netloc)
            wrong += [] if well_formed else [f"{address}: no well-formed https address"]
            continue
        target = page if not parts.path else (page.parent / parts.path).resolve()
        if not target.exists():
            wrong.append(f"{address}: no such file")
        elif parts.fragment and target.suffix == ".md" and parts.fragment not in anchors(target):
            wrong.append(f"{address}: no such heading in {target.name}")
    assert not wrong, "\n".join(wrong)


def test_every_page_stands_in_the_contents_once() -> None:
    _, _, contents = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")
    listed = re.findall(r"^ +- [^:\n]+: (\S+\.md)$", contents, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


AMERICAN = re.compile(
    r"\b((?:un)?(?:organi|normali|standardi|summari|recogni|utili|initiali|generali|speciali|categori|minimi|maximi|"
    r"prioriti|emphasi|stabili|visuali|apologi|locali|rationali)z(?:e|es|ed|er|ing|ation|ations)|(?:anal|paral)yz(?:e|ed|ing)|"
    r"(?:behavi|fav|col|lab|neighb|hon|rum)ors?|(?:color|favor|labor|neighbor|honor)(?:ed|ing|s|able|hood)|"
    r"centers?|centered|meters?|fibers?|liters?|catalogs?|dialogs?|artifacts?|defense|offense|licensing|"
    r"(?:model|label|cancel|travel|signal)(?:ed|ing)|fulfill?ment|enrollment|aging|gray|judgment|mom|math|anymore)\b",
    re.IGNORECASE,
)
"""American spellings; those of double l are American with a single one."""
ALLOWED = re.compile(
    # A title is cited as it is; names of other people's code and instruments are theirs.
    r"Standardization and decomposition of rates|^NHS-R.*$|(?-i:\bDIALOG\b)|`[^`]*`|\(https?://[^)]*\)",
    re.IGNORECASE | re.MULTILINE,
)


def american(text: str) -> list[str]:
    return [found[0] for found in AMERICAN.finditer(ALLOWED.sub(" ", text))]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pages_are_spelt_as_in_britain(page: Path) -> None:
    assert american(prose(page)) == []


@pytest.mark.deep
def test_comments_and_messages_are_spelt_as_in_britain() -> None:
    for file in sorted((PROJECT / "src").rglob("*.py")):
        with file.open("rb") as source:
            words = [
                f"line {token.start[0]}: {word}"
                for token in tokenize.tokenize(source.readline)
                # A single word in quotes is as a rule the name of something in another library.
                if token.type in (tokenize.COMMENT, tokenize.STRING) and " " in token.string
                for word in american(token.string)
            ]
        assert words == [], file.relative_to(PROJECT)


def test_the_list_of_american_spellings_tells_them_apart() -> None:
    assert american("We analyze the behavior of labeled centers, standardized") == [
        "analyze", "behavior", "labeled", "centers", "standardized",
    ]  # fmt: skip
    assert american("We analyse the behaviour of labelled centres, standardised, parameters of the size `color`") == []


LONGEST, USUAL, SYLLABLES = 45, 20, 1.9
"""Words of the longest sentence, words of a sentence on average, syllables of a word on average."""
WRITTEN = [
    page for page in PAGES if page.name not in ("changelog.md", "CHANGELOG.md") and page.parent.name != "reference"
]


def sentences(text: str) -> list[str]:
    """The sentences of running text: no tables, headings or formulas."""
    lines = ["" if re.match(r"\s*(\||#|!!!|:::|\d+\. |[-*] |\[)", line) else line for line in text.splitlines()]
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", "\n".join(lines))
    plain = re.sub(r"`[^`]*`", "code", plain)
    found = re.split(r"(?<=[.!?:])\s+|\n\s*\n", plain)
    return [sentence for sentence in found if len(sentence.split()) > 2]


def syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower()))))


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_pages_are_read_easily(page: Path) -> None:
    found = sentences(prose(page))
    too_long = [sentence for sentence in found if len(sentence.split()) > LONGEST]
    assert too_long == [], f"sentences of more than {LONGEST} words"
    words = [word for sentence in found for word in re.findall(r"[A-Za-z]+", sentence)]
    assert len(words) / max(1, len(found)) <= USUAL
    assert sum(map(syllables, words)) / max(1, len(words)) <= SYLLABLES


def glossary() -> dict[str, str]:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\S.*)\n:   ((?:.+\n?(?:    .+\n?)*))", text, re.MULTILINE))


def test_the_glossary_is_in_the_order_of_the_alphabet() -> None:
    terms = [re.sub(r"[^a-z0-9 ]", "", term.casefold()) for term in glossary()]
    assert len(terms) > 60
    assert terms == sorted(terms)


def test_every_abbreviation_of_the_vocabulary_is_in_the_glossary() -> None:
    said = [measure.description for measure in MEASURES.values()]
    said += [f"{metric.label}. {metric.definition} {' '.join(metric.caveats)}" for metric in CATALOGUE.values()]
    said += [f"{team_type.label}. {team_type.description}" for team_type in cm.TeamType]
    known = " ".join(f"{term} {text}" for term, text in glossary().items())
    # England's health service, and general practitioners, need no entry.
    used = set(re.findall(r"\b[A-Z]{2,}s?\b", " ".join(said))) - {"NHS", "GP", "GPs"}
    missing = {word for word in used if not re.search(rf"\b{word.removesuffix('s')}s?\b", known)}
    assert not missing


def test_every_type_of_team_is_in_the_glossary() -> None:
    text = " ".join(f"{term} {said}" for term, said in glossary().items()).casefold()
    for team_type in cm.TeamType:
        words = re.findall(r"[a-z]{3,}", team_type.label.casefold())
        assert all(word.removesuffix("s") in text for word in words), team_type.label


def test_every_measure_says_something_that_the_glossary_explains() -> None:
    headwords = {
        word.removesuffix("s") for term in glossary() for word in re.findall(r"[a-z]{3,}", term.casefold())
    } - {"and", "for", "care", "health"}
    for name, measure in MEASURES.items():
        whole = MEASURES[measure.part_of].description if measure.part_of else ""
        words = re.findall(
            r"[a-z]{3,}", f"{name.replace('_', ' ')} {measure.unit} {measure.description} {whole}".casefold()
        )
        assert headwords & {word.removesuffix("s") for word in words}, name
