"""Two hundred malformed files: the command line says what is wrong, and never falls over."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from cmhs_metrics.__main__ import main
from tests.support import returns as shapes
from tests.support.budgets import with_deep

_SIGNS = ['"', "'", ",", ";", "\t", "|", "\n", "\r", "\0", "£", "%", "(", "=1+1", "#REF!", "\u202e", "é", "-", "1e999"]
_SIGNS += ["<5", "Total", "contacts", "2023-24", "31/02/2024", "[c]", " ", "0", "\ufeff", "٣", "½", "x" * 200, "nan"]


def _plain(draw: random.Random) -> list[list[str]]:
    lines = shapes.lines_of(draw.choice([shapes.PLAIN, shapes.OWN]))
    return [list(line) for line in lines]


def _inserted(draw: random.Random, raw: bytes) -> bytes:
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(raw) + 1)
        raw = raw[:at] + draw.choice(_SIGNS).encode() + raw[at:]
    return raw


def _cut(draw: random.Random, raw: bytes) -> bytes:
    start = draw.randrange(len(raw))
    return raw[:start] + raw[start + draw.randint(1, 60) :]


def _bytes(draw: random.Random, raw: bytes) -> bytes:
    held = bytearray(raw)
    for _ in range(draw.randint(1, 5)):
        held[draw.randrange(len(held))] = draw.randrange(256)
    return bytes(held)


def _encoded(draw: random.Random, raw: bytes) -> bytes:
    return raw.decode().encode(draw.choice(["utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7"]), "replace")[
        : draw.randint(1, 900)
    ]


def _ends(draw: random.Random, raw: bytes) -> bytes:
    return raw.replace(b"\n", draw.choice([b"\r", b"\n\r", b"\x0b", b"\x85", b"\n\n\n", b""]))


def _shuffled(draw: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\n")
    draw.shuffle(lines)
    return b"\n".join(lines)


_WAYS = [_inserted, _inserted, _cut, _bytes, _encoded, _ends, _shuffled]


def _made(seed: int, folder: Path) -> Path:
    draw = random.Random(seed)
    if seed % 10 == 0:
        path = shapes.workbook(shapes.typed(shapes.OWN))(folder)
        way = draw.choice([_cut, _bytes, _inserted])
        path.write_bytes(way(draw, path.read_bytes()))
        return path
    lines = _plain(draw)
    for _ in range(draw.randint(0, 3)):
        line = draw.choice(lines)
        line[draw.randrange(len(line))] = draw.choice(_SIGNS)
    raw = "\n".join(",".join(line) for line in lines).encode()
    path = folder / f"return{draw.choice(['.csv', '.txt', '.xlsx'])}"
    path.write_bytes(draw.choice(_WAYS)(draw, raw))
    return path


@pytest.mark.parametrize("tens", with_deep(range(10), *range(10, 20)))
def test_no_file_makes_it_fall_over(tens: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        path = _made(seed, tmp_path)
        code = main([str(path)])
        said = capsys.readouterr()
        assert code in (0, 2), seed
        if code == 2:
            assert re.search(r"has \d+ problems?:\n  \S", said.err), (seed, said.err)
            assert len(said.err) < 20_000, seed
        else:
            assert said.out.strip(), seed
        assert not re.search("[\0\u202e]", said.out + said.err), seed


@pytest.mark.parametrize(
    ("row", "column", "text", "told"),
    [(3, 4, "about 5", "line 4"), (2, 6, "5%", "line 3"), (5, 5, "#REF!", "line 6"), (1, 4, "1,2,3", "line 2"),
     (4, 6, '"9', "line 5"), (4, 5, "1e999", "line 5"), (0, 5, "contacts", "line 1"), (3, 0, "A,B", "line 4")],
)  # fmt: skip
def test_the_line_of_the_file_is_named(
    row: int, column: int, text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shapes.replaced(shapes.lines_of(), row, column, text)
    path = tmp_path / "return.csv"
    path.write_text("\n".join(",".join(line) for line in lines) + "\n", encoding="utf-8")
    assert main([str(path)]) == 2
    assert told in capsys.readouterr().err
