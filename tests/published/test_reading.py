"""Official files as they come: plain or gzipped, from disk or open, and everything that is not such a file."""

from __future__ import annotations

import gzip
import io
import re
import zipfile

import pandas as pd
import pytest

from cmhs_metrics.published import read_icb_allocations, read_mhsds_monthly, read_national_costs
from cmhs_metrics.published.content import read_content
from cmhs_metrics.published.formats import NATIONAL_COSTS
from tests.support.official_files import ALLOCATIONS, COSTS, monthly_text
from tests.support.refusals import ANY, problem, raised, refused

MONTHLY = monthly_text({"MRS02": 372_004, "MRS02a": 78_261, "MRS02b": 21.037678})
FILES = {
    "allocations": (read_icb_allocations, ALLOCATIONS, "NHS England's ICB place-based allocations"),
    "monthly": (read_mhsds_monthly, MONTHLY, "the MHSDS monthly statistics' performance files"),
    "costs": (read_national_costs, COSTS, "the National Cost Collection's schedule for mental health"),
}
every_file = pytest.mark.parametrize(("read", "text", "title"), FILES.values(), ids=FILES.keys())


@every_file
def test_texts_come_as_texts(read, text, title) -> None:
    assert not any(isinstance(dtype, pd.CategoricalDtype) for dtype in read(io.StringIO(text)).dtypes)


@every_file
def test_a_file_is_read_from_wherever_it_is(read, text, title, tmp_path) -> None:
    expected = read(io.StringIO(text))
    data = text.encode()
    for name, content in (
        ("plain.csv", data),
        ("zipped.csv.gz", gzip.compress(data)),
        ("zipped.csv", gzip.compress(data)),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with path.open("rb") as binary:
            for source in (path, str(path), binary, io.BytesIO(content)):
                assert read(source).equals(expected), (name, source)
            assert not binary.closed
    with (tmp_path / "plain.csv").open(encoding="utf-8") as opened, gzip.open(tmp_path / "zipped.csv.gz") as unzipped:
        assert read(opened).equals(expected)
        assert read(unzipped).equals(expected)


OPTIONAL = ("Practice_Postcode", "Latitude", "CCG", "Patients", "G&A WP")


@every_file
def test_a_column_that_is_lacking_is_named_as_it_is_published(read, text, title) -> None:
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    for column in table:
        lacking = io.StringIO(table.drop(columns=column).to_csv(index=False))
        if column in OPTIONAL:
            assert len(read(lacking)) > 0
        else:
            with refused(problem(None, ANY, expected="a column"), problem(column, expected="a column")):
                read(lacking)


@every_file
@pytest.mark.parametrize(
    "change",
    [
        "mark",
        "windows line ends",
        "old line ends",
        "blank last lines",
        "rows of nothing",
        "header in capitals and spaced",
    ],
)
def test_what_programs_do_to_a_csv_file_changes_nothing(read, text, title, change) -> None:
    header, rest = text.split("\n", 1)
    changed = {
        "mark": "\ufeff" + text,
        "windows line ends": text.replace("\n", "\r\n"),
        "old line ends": text.replace("\n", "\r"),
        "blank last lines": text + "\n\n",
        "rows of nothing": text.replace("\n", "\n" + "," * header.count(",") + "\n", 1).rstrip("\n")
        + "\n"
        + " ," * header.count(",")
        + "\n",
        "header in capitals and spaced": header.upper().replace(",", " , ") + "\n" + rest,
    }[change]
    result, expected = read(io.BytesIO(changed.encode())), read(io.StringIO(text))
    assert [name.casefold() for name in result] == [name.casefold() for name in expected]
    assert result.iloc[:, 0].tolist() == expected.iloc[:, 0].tolist()
    if change == "mark":
        with_mark_in_text = read(io.StringIO(changed))
        assert with_mark_in_text.equals(expected)


@every_file
def test_cells_that_no_comma_separates(read, text, title) -> None:
    header, row = text.split("\n")[:2]
    with refused(None, ANY, expected="a column", names=(title, "commas", "';'", "'CSV UTF-8'")):
        read(io.StringIO(f"{header.replace(',', ';')}\n{row.replace(',', ';')}\n"))


@every_file
def test_columns_in_another_order_and_columns_nobody_knows(read, text, title) -> None:
    import pandas as pd

    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    shuffled = table[table.columns[::-1]].assign(**{"Note of 2027": [f"007{row}" for row in range(len(table))]})
    result = read(
        io.StringIO(shuffled.to_csv(index=False)), **({"level": "practice"} if title.startswith("NHS") else {})
    )
    assert result["Note of 2027"].tolist() == shuffled["Note of 2027"].tolist(), "kept in place, as text"
    assert len(result) == len(table)


@every_file
@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_an_empty_file(read, text, title, content) -> None:
    with refused(None, names=(title, "empty")):
        read(io.StringIO(content))


@every_file
def test_a_header_alone(read, text, title) -> None:
    with refused(None, ANY, names=(title, "rows")):
        read(io.StringIO(text.split("\n")[0] + "\n"))


@every_file
def test_an_error_page_saved_as_csv(read, text, title, tmp_path) -> None:
    path = tmp_path / "download.csv"
    path.write_text("\n<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>", encoding="utf-8")
    with refused(None, "<!DOCTYPE html>", names=(title, "CSV")) as caught:
        read(path)
    assert caught.value.subject == str(path)


@every_file
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"PK\x03\x04and so on", "an Excel workbook or a zip archive"),
        (b"%PDF-1.7", "a PDF"),
        ("ICB".encode("utf-16"), "text in UTF-16"),
        (b"Practice_Code,\x96\n", "byte 0x96 at position 14"),
    ],
)
def test_other_kinds_of_file(read, text, title, content, found) -> None:
    with refused(None, found, names=(title, "CSV")):
        read(io.BytesIO(content))


def test_text_opened_in_a_wrong_encoding(tmp_path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("\ufeff" + COSTS, encoding="utf-8")
    with path.open(encoding="cp1252") as opened:
        with refused(None, ANY, names=("bytes", "encoding='utf-8'")):
            read_national_costs(opened)
    path.write_bytes(COSTS.encode("cp1252"))
    with path.open(encoding="utf-8") as opened:
        with refused(None, re.compile("byte 0x96.*")):
            read_national_costs(opened)


@every_file
def test_half_of_a_gzipped_file(read, text, title, tmp_path) -> None:
    whole = gzip.compress(text.encode())
    path = tmp_path / "half.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[20] ^= 0xFF
    with gzip.open(path) as opened:
        for source in (path, opened, io.BytesIO(damaged)):
            with refused(None, ANY, names=(title, "gzipped")):
                read(source)


@every_file
def test_a_file_that_is_cut_short_in_a_line(read, text, title) -> None:
    lines = text.splitlines()
    width = lines[0].count(",") + 1
    cut = "\n".join([*lines[:-1], ",".join(lines[-1].split(",")[:3])])
    with refused(None, "3 fields", row=f"line {len(lines)}", names=width):
        read(io.StringIO(cut))


@every_file
def test_every_line_with_fields_too_few_or_too_many_is_named(read, text, title) -> None:
    lines = text.splitlines()
    width = lines[0].count(",") + 1
    with refused(
        problem(None, f"{width + 2} fields", row="line 3", names=width),
        problem(None, "1 field", row="line 4", names=width),
    ):
        read(io.StringIO("\n".join([*lines[:2], lines[1] + ",1,2", "x", *lines[2:]])))


@every_file
def test_a_quoted_cell_that_never_ends(read, text, title) -> None:
    with refused(None, ANY, names=(title, "whole")):
        read(io.StringIO(text + '"P9,FEN'))


@every_file
def test_all_missing_columns_are_named_at_once(read, text, title) -> None:
    header, rest = text.split("\n", 1)
    names = header.split(",")
    last, middle = names[-1], next(name for name in ("ICB", "PRIMARY_LEVEL", "activity") if name in names)
    changed = ",".join(f"New {name}" if name in (last, middle) else name for name in names)
    with refused(
        problem(None, re.compile(f"{names[0]}.*"), expected="a column", names=title),
        problem(middle, expected="a column"),
        problem(last, expected="a column"),
        in_order=False,
    ):
        read(io.StringIO(changed + "\n" + rest))


def test_the_nearest_column_is_offered() -> None:
    with refused(problem("MH WP", expected="a column", suggests="MH WP 2026"), others=ANY):
        read_icb_allocations(io.StringIO(ALLOCATIONS.replace("MH WP", "MH WP 2026")))


@every_file
def test_another_official_file_is_recognised(read, text, title) -> None:
    for other, other_text, other_title in FILES.values():
        if other is not read:
            awaited = problem(None, ANY, expected="a column", names=(title, other_title, other.__name__))
            with refused(awaited, others=ANY):
                read(io.StringIO(other_text))


@every_file
def test_a_file_of_which_not_one_column_is_known(read, text, title) -> None:
    with refused(None, "Question, Breakdown1, value", expected="a column", names=title):
        read(io.StringIO("Question,Breakdown1,value\na,b,1\n"))
    for length, shown in ((200, "x" * 200), (201, "x" * 200 + "…")):
        with refused(None, shown, expected="a column", names=title):
            read(io.StringIO("x" * length + "\n1\n"))


def zipped(**files: str) -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return io.BytesIO(content.getvalue())


@every_file
def test_the_only_csv_file_of_a_zip_archive(read, text, title) -> None:
    assert read(zipped(main_csv=text, notes_txt="Notes")).equals(read(io.StringIO(text)))
    for files in ({"a_csv": text, "b_csv": text}, {"notes_txt": "Notes"}):
        with refused(None, re.compile(rf"a zip archive of {len(files)} file.*"), names=(title, "CSV")):
            read(zipped(**files))
    with refused(None, ANY, names=(title, "zipped")):
        read(io.BytesIO(zipped(main_csv=text).getvalue()[:-30]))


@every_file
def test_what_else_may_be_given(read, text, title, tmp_path) -> None:
    with refused(None, "a folder", names=(title, "file")):
        read(tmp_path)
    with refused(None, "a Parquet file", names=(title, "CSV")):
        read(io.BytesIO(b"PAR1\x15\x04"))
    damaged = (text + "é").encode()[:-1]
    with refused(None, ANY, row=ANY):
        read(io.BytesIO(damaged))


@every_file
def test_a_column_twice(read, text, title) -> None:
    header, *rows = text.splitlines()
    repeated = [f"{header},{header.split(',')[0].lower()}", *(f"{row},x" for row in rows)]
    with refused(ANY, ANY, row=ANY, expected="once"):
        read(io.StringIO("\n".join(repeated)))


def test_a_column_without_a_name_is_kept() -> None:
    text = "\n".join(line + "," for line in COSTS.splitlines())
    assert read_national_costs(io.StringIO(text))["Unnamed: 6"].tolist() == [""] * 9


@every_file
def test_what_is_no_file_at_all(read, text, title, tmp_path) -> None:
    with raised(TypeError, "source", "int"):
        read(5)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("before", range(3))
def test_long_characters_stand_anywhere(before: int) -> None:
    # Three bytes each, of which any may be the last that is looked at to tell what kind of file it is.
    content = ("x" * before + "€" * 3_000).encode()
    assert read_content(io.BytesIO(content), NATIONAL_COSTS) == ("the file", content)
