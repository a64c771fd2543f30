"""The front page, every valid table, and what the page becomes elsewhere: workbook, files of charts, other templates."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.packs.figures import compare, spoken
from tests.support.budgets import with_deep
from tests.support.pages import Tags, downloads, said
from tests.support.refusals import problem, raised, refused

TYPES = [each.label for each in cm.TeamType][:12]
CODES = ["QUE", "QJG", "QH8", "QYG", "QE1", "QF7", "QGH", "QHG", "QHL", "QHM", "QJ2", "QJK"]


def teams(places: int, types: int) -> pd.DataFrame:
    rows = [
        {
            "organisation": f"Trust {place}",
            "team_type": kind,
            "caseload": 100.0 + 10 * place + at,
            "contacts": 900.0 + at,
        }
        for place in range(places)
        for at, kind in enumerate(TYPES[:types])
    ]
    return pd.DataFrame(rows)


def months(count: int, **last: float) -> pd.DataFrame:
    """Twelve ICBs over some months, alike but for chance, with other values of the first in the last month."""
    rows = [
        {"icb": code, "period": f"{2023 + month // 12}-{month % 12 + 1:02}", "contacts": 1000.0,
         "did_not_attends": 100.0 + (7 * at + 3 * month) % 11}
        for at, code in enumerate(CODES)
        for month in range(count)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    chosen = (table["icb"] == CODES[0]) & (table["period"] == table["period"].max())
    for name, value in last.items():
        table.loc[chosen, name] = value
    return table


class TestEveryValidTable:
    # One place or more, one type or more, asked for or not: each with each, and the most types that panels are drawn of.
    @pytest.mark.parametrize(
        ("places", "types", "asked"),
        with_deep(
            [(1, 1, False), (1, 2, True), (2, 1, True), (2, 2, False)],
            *((1, 1, True), (1, 2, False), (2, 1, False), (2, 2, True), (2, 12, False), (2, 12, True)),
            *((places, 2, asked) for places in (3, 4) for asked in (False, True)),
        ),
    )
    def test_builds_with_its_charts(self, places: int, types: int, asked: bool) -> None:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        made = cm.pack(teams(places, types), focus="Trust 0" if asked else ())
        tags = Tags(made.html)
        assert not tags.open
        images = [each for each in tags.of("svg") if each.get("role") == "img" and "viewbox" in each]
        assert bool(images) == (places > 1 or types > 1)
        assert "Contacts per patient" in made.html

    def test_one_place_has_its_values_and_nothing_beside_them(self) -> None:
        made = cm.pack(teams(1, 1), focus="Trust 0", charts=False)
        # 900 contacts of 100 patients.
        assert [str(each) for each in made.findings] == [
            "Contacts per patient per year, Trust 0: 9.00 contacts per patient."
        ]
        lead = re.search('<p class="lead">(.*?)</p>', made.html)
        assert lead[1] == "Trust 0, beside no other organisation"
        row = next(csv.DictReader(downloads(made.html)["cmhs-all-figures.csv"].splitlines()))
        assert (row["value"], row["rank"], row["average"], row["places"]) == ("9", "", "", "1")

    def test_nine_places_of_one_type_each(self) -> None:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        table = teams(9, 3)
        table = table[[int(row["organisation"][-1]) % 3 == at % 3 for at, (_, row) in enumerate(table.iterrows())]]
        assert cm.pack(table, focus="Trust 0", peers=["Trust 1"]).html

    def test_a_place_that_only_the_last_month_has_company_in(self) -> None:
        table = pd.concat([teams(1, 1).assign(period="2024-05"), teams(3, 1).assign(period="2024-06")])
        table = table.assign(did_not_attends=100)
        made = cm.pack(table, focus="Trust 0", charts=False)
        assert "one of 3 organisations, June 2024" in made.html


class TestTheFrontPage:
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> cm.packs.Pack:
        table = months(14, did_not_attends=600.0).assign(
            icb_name=lambda rows: "NHS " + rows["icb"] + " INTEGRATED CARE BOARD"
        )
        return cm.pack(
            table,
            focus=CODES[0],
            peers=CODES[1:3],
            charts=False,
            targets={"dna_rate": 0.5},
            improvement={"dna_rate": "low"},
        )

    def front(self, made: cm.packs.Pack) -> str:
        return made.html[made.html.index('<section class="front"') :].split("</section>")[0]

    def test_says_what_the_place_is_of_how_many_and_when(self, made: cm.packs.Pack) -> None:
        assert re.search('<p class="lead">(.*?)</p>', made.html)[1].endswith("one of 12 ICBs, February 2024")
        assert "have their boundaries" in made.html

    def test_a_row_has_value_average_funnel_trend_and_peers_by_name(self, made: cm.packs.Pack) -> None:
        row = re.search(r'<tr role="row"><th role="rowheader".*?DNA rate.*?</tr>', self.front(made), re.S)[0]
        cells = re.findall(r'data-heading="(\w+)"[^>]*>(.*?)</td>', row, re.S)
        held = {name: re.sub(r"<[^>]+>|\s+", " ", text).strip() for name, text in cells}
        # 600 of 1,600; the funnel of eleven others about 0.1.
        assert held["Value"] == "37.5%"
        assert held["Rank"] == "1st of 12"
        assert held["Funnel"].startswith("above the ")
        assert 'class="sparkline"' in row
        assert "special cause: concern, high" in row
        # Every limit lies below a half, and low is good.
        assert "the target is passed" in row
        assert [name for name, _ in cells] == ["Value", "Average", "Rank", "Funnel", "Trend", "Peers"]
        assert held["Peers"].count("%") == 2

    def test_three_to_five_sentences_each_with_a_figure(self, made: cm.packs.Pack) -> None:
        said = re.findall("<li>(.*?)</li>", self.front(made))
        assert 1 <= len(said) <= 5
        assert all(re.search(r"\d", each) for each in said)
        assert said[0].startswith("DNA rate: 37.5%")
        assert "It lies above the" in said[0]
        assert any("from January 2023 to February 2024" in each for each in said)

    def test_many_measures_leave_it_a_page(self) -> None:
        few = cm.synthetic_providers(12)
        comparison = compare(few[few["team_type"] == "CRHT"], by="icb", focus=["Synthetic ICB 07"])
        from cmhs_metrics.packs.contents import contents
        from cmhs_metrics.packs.headlines import front_findings, headlines

        made = contents(comparison)
        assert len(headlines(made, comparison)) == 9
        assert 3 <= len(front_findings(made, comparison)) <= 5

    def test_chance_is_said_where_it_tells_places_apart(self) -> None:
        table = pd.DataFrame(
            {"icb": list("ABCD"), "referrals": [100, 100, 100, 130], "referrals_accepted": [50, 52, 48, 65]}
        )
        people = pd.DataFrame({"icb": list("ABCD"), "registered_population": [1e4] * 4})
        told = [str(each) for each in said(table, people, focus=["A"]).findings]
        assert any("no more than chance may give" in each for each in told)
        wide = table.assign(referrals=[10_000, 20_000, 30_000, 40_000], referrals_accepted=[10, 9_000, 20_000, 39_000])
        told = [str(each) for each in said(wide, people.assign(registered_population=1e6), focus=["A"]).findings]
        assert not any("chance" in each for each in told)
        assert any("Its 95% interval: " in each for each in told)

    def test_what_could_not_be_shown_is_short_and_whole_in_a_file(self, made: cm.packs.Pack) -> None:
        part = made.html[made.html.index('<h2 id="not-shown">') :].split("</section>")[0]
        assert part.count("<li>") <= 6
        rows = list(csv.DictReader(downloads(made.html)["cmhs-what-could-not-be-shown.csv"].splitlines()))
        assert sorted((row["what"], row["why"]) for row in rows) == sorted(
            (each.what, each.why) for each in made.not_shown
        )


class TestElsewhere:
    TABLE = teams(3, 2)

    def test_as_a_workbook(self, tmp_path: Path) -> None:
        openpyxl = pytest.importorskip("openpyxl", reason="workbooks need openpyxl")
        table = self.TABLE.assign(contacts_lower=self.TABLE["contacts"], contacts_upper=self.TABLE["contacts"])
        table.loc[0, ["contacts", "contacts_lower", "contacts_upper"]] = [None, 0, 4]
        made = cm.pack(table, focus="Trust 1", peers=["Trust 0"], charts=False)
        book = openpyxl.load_workbook(made.to_xlsx(tmp_path / "pack.xlsx"))
        assert book.sheetnames[:5] == ["Cover", "Contents", "Notes", "Front page", "Sentences"]
        assert {"All figures", "Profiles", "By team type", "Not shown"} <= set(book.sheetnames)
        cells = [cell.value for row in book["All figures"].iter_rows() for cell in row]
        assert "[c]" in cells
        said = [row[-1].value for row in book["Sentences"].iter_rows(min_row=5)]
        assert said == [str(each) for each in made.findings]
        with refused("path", "pack.csv", names=".xlsx"):
            made.to_xlsx(tmp_path / "pack.csv")

    def test_its_charts_as_files(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        from PIL import Image

        made = cm.pack(self.TABLE, focus="Trust 1")
        files = made.save_charts(tmp_path / "charts")
        rows = list(csv.DictReader(files[-1].read_text(encoding="utf-8-sig").splitlines()))
        images = [each for each in Tags(made.html).of("svg") if each.get("role") == "img" and "viewbox" in each]
        assert len(rows) == len(images) == (len(files) - 1) / 2
        said = {str(each) for each in made.findings}
        for row in rows:
            assert row["alternative_text"] in said
            with Image.open(tmp_path / "charts" / row["png"]) as image:
                assert image.text["Description"] == row["alternative_text"]
            assert row["alternative_text"] in (tmp_path / "charts" / row["svg"]).read_text(encoding="utf-8")

    def test_by_the_template_of_a_designer(self, tmp_path: Path) -> None:
        (tmp_path / "front.html").write_text(
            "<section><h2 id='summary'>{{ names[0] }}: ours</h2></section>", encoding="utf-8"
        )
        evil = self.TABLE.replace({"organisation": {"Trust 1": "<b>Trust</b>"}})
        made = cm.pack(evil, focus="<b>Trust</b>", charts=False, templates=tmp_path)
        assert "<h2 id='summary'>&lt;b&gt;Trust&lt;/b&gt;: ours</h2>" in made.html
        assert "at a glance" not in made.html

    def test_without_jinja_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys

        from cmhs_metrics.packs import page

        page._environment.cache_clear()
        monkeypatch.setitem(sys.modules, "jinja2", None)
        with raised(ImportError, "jinja2", "pip install jinja2", "pack"):
            cm.pack(self.TABLE, charts=False)

    def test_the_outline_of_the_page(self) -> None:
        made = cm.pack(self.TABLE, focus="Trust 1", charts=False)
        headings = re.findall(r"<(h[1-4])[^>]*>(.*?)</\1>", made.html, re.S)
        assert [f"{tag} {text}" for tag, text in headings] == [
            "h1 Community mental health services: Trust 1", "h2 Contents", "h2 Summary", "h2 Contacts",
            "h3 Contacts per patient per year", "h2 Profiles: what services are made of", "h3 Caseload by team type",
            "h3 Contacts by team type", "h2 By team type", "h3 Contacts per patient per year, by team type",
            "h2 What could not be shown", "h2 Notes, definitions and data", "h3 How to read the figures",
            "h3 Populations", "h3 The data", "h3 Definitions",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "given", "wrong"),
    [
        ("targets", {"dna_rat": 0.1}, problem("targets", "dna_rat", suggests="dna_rate")),
        ("targets", {"dna_rate": "x"}, problem("targets", "x", row="dna_rate", expected="a finite number")),
        ("improvement", {"dna_rate": "up"}, problem("improvement", "up", row="dna_rate", names=("high", "low"))),
    ],
)
def test_targets_and_directions_are_checked(argument: str, given: dict[str, object], wrong: Any) -> None:
    with refused(wrong):
        cm.pack(teams(3, 1), charts=False, **{argument: given})


def test_shouted_names_are_spoken() -> None:
    assert spoken("NHS KENT AND MEDWAY INTEGRATED CARE BOARD") == "NHS Kent and Medway Integrated Care Board"
    comparison = compare(
        pd.DataFrame({"icb": ["QKS", "QUE"], "icb_name": ["NHS KENT AND MEDWAY INTEGRATED CARE BOARD", "NHS X ICB"],
                      "caseload": [1, 2], "contacts": [3, 4]}),
    )  # fmt: skip
    assert comparison.short_name("QKS") == "Kent and Medway ICB"
    assert comparison.name("QKS") == "NHS Kent and Medway Integrated Care Board (QKS)"


def test_names_are_written_as_people_write_them() -> None:
    assert spoken("NHS Hampshire And Isle Of Wight ICB") == "NHS Hampshire and Isle of Wight ICB"
    assert spoken("Of One Mind In The Community") == "Of One Mind In The Community"
