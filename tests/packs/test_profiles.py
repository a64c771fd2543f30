"""Profiles and types of team: what is said by hand, and that no part that is hidden can be had from the others."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.packs.figures import compare
from cmhs_metrics.packs.profiles import ALL, profile_data, profile_findings, profiles
from cmhs_metrics.packs.team_types import by_team_type, type_findings, type_rows
from tests.support.budgets import by_example, examples
from tests.support.pages import CAUSES, JUDGEMENTS, Tags, downloads, said, stands_in

TYPES = ["Generic CMHTs", "CRHT", "EIP"]
TEAMS = pd.DataFrame(
    {
        "icb": ["A", "A", "B", "B", "C", "C"],
        "team_type": ["CMHT", "CRHT", "CMHT", "CRHT", "CMHT", "EIP"],
        "caseload": [300.0, 100.0, 200.0, 50.0, 100.0, 250.0],
        "contacts": [3000.0, 500.0, 1000.0, 500.0, 500.0, 2500.0],
        "did_not_attends": [300.0, 0.0, 250.0, 50.0, 100.0, 0.0],
        "total_cost": [4e5, 2e5, 2e5, 1e5, 1e5, 5e5],
    }
)
FEW = TEAMS[["icb", "team_type", "caseload"]]
PEOPLE = pd.DataFrame({"icb": ["A", "B", "C"], "registered_population": [10_000.0] * 3})


def hide(table: pd.DataFrame, measure: str, *rows: int) -> pd.DataFrame:
    """The table with some counts suppressed: known to lie from 0 to 4."""
    held = table.assign(**{f"{measure}_lower": table[measure], f"{measure}_upper": table[measure]})
    held.loc[list(rows), [measure, f"{measure}_lower", f"{measure}_upper"]] = [math.nan, 0.0, 4.0]
    return held


def profile(table: pd.DataFrame, key: str, **arguments: Any) -> Any:
    comparison = compare(table, PEOPLE, **arguments)
    return next(each for each in profiles(comparison) if each.key == key), comparison


class TestByHand:
    def test_shares_of_a_place_and_of_all(self) -> None:
        # A has 300 of 400; all have 600, 150 and 250 of 1,000.
        held, comparison = profile(TEAMS, "profile-caseload-by-team-type", focus=["A"])
        assert held.shares.loc["A"].to_dict() == {"Generic CMHTs": 0.75, "CRHT": 0.25, "EIP": 0.0}
        assert held.shares.loc[ALL].to_dict() == {"Generic CMHTs": 0.6, "CRHT": 0.15, "EIP": 0.25}
        assert [each.sentence for each in profile_findings(held, comparison)] == [
            "Caseload by team type, A: the largest part is Generic CMHTs with 75.0%; of all 3 ICBs together it is 60.0%."
        ]
        assert profile_findings(held, comparison)[0].figures == {"share": 0.75, "share_of_all": 0.6, "places": 3}

    def test_equal_parts_are_said_together(self) -> None:
        table = TEAMS.assign(caseload=[100.0, 100.0, 200.0, 50.0, 100.0, 250.0])
        held, comparison = profile(table, "profile-caseload-by-team-type", focus=["A"])
        assert profile_findings(held, comparison)[0].sentence == (
            "Caseload by team type, A: the largest parts are Generic CMHTs and CRHT with each 50.0%."
        )

    def test_without_focus_it_is_of_all(self) -> None:
        held, comparison = profile(TEAMS, "profile-total-cost-by-team-type")
        # 700,000 of 1,500,000.
        assert profile_findings(held, comparison)[0].sentence == (
            "Cost by team type, all 3 ICBs: the largest part is Generic CMHTs with 46.7%."
        )

    def test_spellings_of_one_type_are_one(self) -> None:
        table = pd.concat([TEAMS.assign(organisation="X"), TEAMS.head(1).assign(team_type="generic", organisation="X")])
        held, _ = profile(table.reset_index(drop=True), "profile-caseload-by-team-type", by="icb", focus=["A"])
        assert held.values.loc["A"].to_dict() == {"Generic CMHTs": 600, "CRHT": 100, "EIP": 0}

    def test_a_missing_part_leaves_the_whole_open(self) -> None:
        table = FEW.assign(caseload=[300.0, None, 200.0, 50.0, 100.0, 250.0])
        made = said(table, PEOPLE, focus=["A", "B"])
        why = {each.what: each.why for each in made.not_shown}
        assert why["Caseload by team type: A"] == "A part is not known for A, and so neither is the whole."
        assert "one place or more" in why["Caseload by team type: all 3 ICBs"]
        told = [each for each in made.findings if each.kind == "profile" and each.metric == "caseload_share"]
        # 200 of 250, and nothing of all.
        assert [each.sentence for each in told] == [
            "Caseload by team type, B: the largest part is Generic CMHTs with 80.0%."
        ]

    def test_nothing_to_share_out(self) -> None:
        made = said(FEW.assign(caseload=[0.0, 0.0, 2, 5, 1, 2]), PEOPLE, focus=["A"])
        why = {each.what: each.why for each in made.not_shown}
        assert why["Caseload by team type: A"] == "Not defined for A: there is nothing to divide by."

    def test_one_type_of_team_is_no_profile(self) -> None:
        assert compare(TEAMS.iloc[[0, 2, 4]], PEOPLE).parts == ()


class TestFurtherParts:
    STAFF = pd.DataFrame(
        {
            "icb": ["A", "A", "B", "B", "C", "C"],
            "staff_group": ["Nursing", "Medicine"] * 3,
            "wte": [30.0, 10.0, 20.0, 20.0, 40.0, 0.0],
        }
    )
    CLUSTERS = pd.DataFrame(
        {
            "icb": ["A"] * 3 + ["B", "C"],
            "cluster": ["3", "Cluster 11", "12", "18", "99"],
            "caseload": [10, 20, 10, 5, 5],
        }
    )

    def test_skill_mix_and_clusters_beside_the_teams(self) -> None:
        """Rows that name a part are no rows of teams: the caseload is counted once."""
        table = pd.concat([FEW, self.STAFF, self.CLUSTERS], ignore_index=True)
        made = said(table, PEOPLE, focus=["A"])
        told = [each.sentence for each in made.findings if each.kind == "profile"]
        # 30 of 40 beside 90 of 120; 30 of 40 people beside 30 of 50.
        assert "Skill mix, A: the largest part is Nursing with 75.0%; of all 3 ICBs together it is 75.0%." in told
        assert (
            "Caseload by care cluster, A: the largest part is Psychosis with 75.0%; of all 3 ICBs together it is 60.0%."
        ) in told
        first = next(each for each in made.findings if each.metric == "caseload_per_100k")
        assert first.figures["value"] == 4000

    def test_where_every_row_is_of_a_part_they_make_the_whole(self) -> None:
        made = said(self.STAFF, PEOPLE, focus=["A"])
        first = next(each for each in made.findings if each.metric == "wte_per_100k")
        assert first.figures["value"] == 400
        assert any(each.sentence.startswith("Skill mix, A") for each in made.findings)

    def test_clusters_are_grouped_as_in_the_audit(self) -> None:
        held, _ = profile(self.CLUSTERS, "profile-caseload-by-cluster", focus=["A"])
        assert list(held.values) == ["Non-psychosis", "Psychosis", "Organic", "Unclustered"]

    def test_a_hidden_cluster_hides_the_groups(self) -> None:
        held, _ = profile(hide(self.CLUSTERS.astype({"caseload": float}), "caseload", 1), "profile-caseload-by-cluster",
                          focus=["A", "B"])  # fmt: skip
        assert held.status.to_dict() == {"A": "suppressed", "B": "known", ALL: "suppressed"}
        assert held.values.loc[["A", ALL]].isna().all(axis=None)


class TestTypes:
    def test_above_and_below_by_hand(self) -> None:
        # Generic: 3,000 beside 600 of 30,000 (2,000); CRHT: 1,000 beside 150 of the 20,000 who have one (750).
        comparison = compare(TEAMS, PEOPLE, focus=["A"])
        made, _ = by_team_type(comparison)
        caseload = next(each for each in made if each.metric == "caseload_per_100k")
        assert type_findings(caseload, comparison)[0].sentence == (
            "Caseload by team type, A: above the pooled average of the type in 2 of 2 types of team, below it in none; "
            "furthest from it in Generic CMHTs, 50% above (3,000 beside 2,000)."
        )
        headings, rows = type_rows(caseload, comparison)
        assert headings == ["Team type", "A", "Difference", "Rank", "Average, pooled"]
        assert rows == [
            ["Generic CMHTs", "3,000", "+50%", "1st of 3", "2,000"],
            ["CRHT", "1,000", "+33%", "1st of 2", "750"],
        ]

    def test_the_same_as_the_average_is_neither(self) -> None:
        # Each place has 200 of 10,000 in generic teams; A has 100 in its CRHT, and B 50.
        table = TEAMS.assign(caseload=[200.0, 100.0, 200.0, 50.0, 200.0, 250.0])
        comparison = compare(table, PEOPLE, focus=["A"])
        told = type_findings(by_team_type(comparison)[0][0], comparison)[0]
        assert "above the pooled average of the type in 1 of 2 types of team, below it in none" in told.sentence

    def test_shares_by_points(self) -> None:
        # 300 of 3,300 beside 650 of 5,150; 0 of 500 beside 50 of 1,050.
        comparison = compare(TEAMS, PEOPLE, focus=["A"])
        dna = next(each for each in by_team_type(comparison)[0] if each.metric == "dna_rate")
        assert type_findings(dna, comparison)[0].sentence == (
            "DNA rate by team type, A: above the pooled average of the type in none of 2 types of team, below it in 2; "
            "furthest from it in CRHT, 4.8 percentage points below (0.0% beside 4.8%)."
        )

    def test_a_place_without_a_team_says_so(self) -> None:
        table = pd.concat([TEAMS, TEAMS.tail(1).assign(icb="B")], ignore_index=True)
        comparison = compare(table, PEOPLE, focus=["A", "C"])
        made, said = by_team_type(comparison)
        _, rows = type_rows(made[0], comparison)
        assert [row[:3] for row in rows] == [
            ["Generic CMHTs", "3,000", "1,000"], ["CRHT", "1,000", "no such team"], ["EIP", "no such team", "2,500"]
        ]  # fmt: skip
        assert said == []

    def test_types_of_one_place_are_said(self) -> None:
        _, said = by_team_type(compare(TEAMS, PEOPLE, focus=["A"]))
        assert [each.why for each in said] == ["Of one place only, and so not compared: EIP."]

    def test_a_hidden_count_is_a_word(self) -> None:
        table = TEAMS.drop(columns=["caseload", "did_not_attends"])
        comparison = compare(hide(table, "contacts", 0), PEOPLE, focus=["A", "B"])
        made, said = by_team_type(comparison)
        cost = next(each for each in made if each.metric == "cost_per_contact")
        assert type_rows(cost, comparison)[1][0] == ["Generic CMHTs", "suppressed", "£200", "open"]
        assert ("Cost per contact, by team type", "Suppressed in the data: Generic CMHTs (A).") in [
            (each.what, each.why) for each in said
        ]


class TestThePage:
    EVIL = '=HYPERLINK("x")<script>alert(1)</script>'

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> cm.packs.Pack:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        staff = TestFurtherParts.STAFF.replace({"Nursing": cls.EVIL})
        table = pd.concat([FEW, staff], ignore_index=True).replace({"icb": {"A": cls.EVIL}})
        return cm.pack(table, PEOPLE.replace({"icb": {"A": cls.EVIL}}), focus=cls.EVIL, peers=["B"])

    def test_names_inject_neither_markup_nor_formulas(self, made: cm.packs.Pack) -> None:
        tags = Tags(made.html)
        assert not tags.open
        assert not tags.of("script")
        files = {name: content for name, content in downloads(made.html).items() if "profile" in name or "type" in name}
        assert {"cmhs-profile-wte-by-staff-group.csv", "cmhs-by-team-type-caseload-per-100k.csv"} <= set(files)
        for content in files.values():
            cells = [cell for row in csv.reader(io.StringIO(content, newline="")) for cell in row]
            assert f"'{self.EVIL}" in cells
            assert not [each for each in cells if each.startswith(("=", "@", "+"))]

    def test_structure_is_accessible(self, made: cm.packs.Pack) -> None:
        part = made.html[made.html.index('<h2 id="profiles">') : made.html.index('<h2 id="not-shown">')]
        tables = re.findall(r"<table>(.*?)</table>", part, re.S)
        # Caseload by type and WTE by group, and the caseload per head by type.
        assert len(tables) == 3
        for each in tables:
            assert each.count("<caption") == 1
            assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", each))
        charts = re.findall(r'<svg[^>]*role="img".*?</svg>', part, re.S)
        assert len(charts) == 3
        assert all(re.search(r"<title[^>]*>[^<]+</title>.*<desc[^>]*>[^<]{40,}</desc>", each, re.S) for each in charts)
        for key in ("profiles", "by-team-type"):
            assert f'<a href="#{key}">' in made.html

    def test_every_name_is_there_once(self, made: cm.packs.Pack) -> None:
        ids = [attributes["id"] for _, attributes in Tags(made.html).all if "id" in attributes]
        assert len(ids) == len(set(ids))

    def test_the_same_each_time_and_on_every_engine(self) -> None:
        held = [
            cm.pack(make(FEW), make(PEOPLE), focus="A", charts=False).html
            for make in (lambda t: t, lambda t: t.iloc[::-1], lambda t: pl.from_pandas(t).lazy())
        ]
        assert held.count(held[0]) == 3

    def test_every_finding_stands_in_the_page(self, made: cm.packs.Pack) -> None:
        text = " ".join(Tags(made.html).text)
        assert {"profile", "team types"} <= {each.kind for each in made.findings}
        for each in made.findings:
            assert stands_in(each.sentence, self.EVIL, text)


CELLS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(10, 3000), st.sampled_from(["known", "known", "known", "hidden"])),
    min_size=9,
    max_size=9,
)


def random_teams(cells: list[tuple[int, int, str]]) -> tuple[pd.DataFrame, list[int]]:
    table = pd.DataFrame(
        {
            "icb": [place for place in "ABC" for _ in TYPES],
            "team_type": TYPES * 3,
            "caseload": [float(count) for count, *_ in cells],
            "contacts": [float(count) for _, count, _ in cells],
        }
    )
    rows = [at for at, (*_, word) in enumerate(cells) if word == "hidden"]
    return hide(table, "caseload", *rows), rows


def published_sums(made: cm.packs.Pack, table: pd.DataFrame) -> list[np.ndarray]:
    """What the downloads tell of the caseloads: for each number, which cells it is the sum of."""
    told = []

    def cells(**keys: str) -> np.ndarray:
        chosen = np.ones(len(table), dtype=bool)
        for name, value in keys.items():
            chosen &= (table[name] == value).to_numpy()
        return chosen.astype(float)

    files = {name: list(csv.DictReader(io.StringIO(text))) for name, text in downloads(made.html).items()}
    for row in files.get("cmhs-profile-caseload-by-team-type.csv", []):
        if row["value"] or row["share"]:
            place = {} if row["place"] == "all places" else {"icb": row["place"]}
            told += [cells(**place, team_type=row["team_type"]), cells(**place)]
    of_the_caseload = {"caseload_per_100k", "contacts_per_patient", "contacts_per_patient_month", "patients_per_wte"}
    for name, rows in files.items():
        for row in rows:
            if row.get("metric") in of_the_caseload:
                team = {"team_type": row["team_type"]} if "by-team-type" in name else {}
                told += [cells(icb=row["place"], **team)] if row["value"] or row["lower"] else []
                told += [cells(**team)] if row["average"] or row["difference"] else []
    return told


@by_example(3)
@given(CELLS)
@example(
    [
        (30, 900, "known"),
        (2, 50, "hidden"),
        (45, 1200, "known"),
        (12, 300, "known"),
        (50, 2000, "known"),
        (3, 80, "hidden"),
        (60, 3000, "known"),
        (25, 700, "known"),
        (8, 150, "known"),
    ]
)
@example(
    [
        (4, 10, "hidden"),
        (1, 20, "hidden"),
        (17, 640, "known"),
        (0, 30, "known"),
        (3, 50, "hidden"),
        (22, 410, "known"),
        (35, 1800, "known"),
        (2, 95, "hidden"),
        (51, 2600, "known"),
    ]
)
def test_no_hidden_part_can_be_had_from_the_others(cells: list[tuple[int, int, str]]) -> None:
    """Of all sums that the page tells, none and no combination of them is a cell that is hidden."""
    table, hidden = random_teams(cells)
    made = cm.pack(table, PEOPLE, focus=["A", "B"], peers=["C"], charts=False)
    told = published_sums(made, table)
    if not told:
        return
    sums = np.array(told)
    rank = np.linalg.matrix_rank(sums)
    for row in hidden:
        cell = np.zeros(len(table))
        cell[row] = 1.0
        assert np.linalg.matrix_rank(np.vstack([sums, cell])) == rank + 1, (table.loc[row].to_dict(), "can be had")
    for place in {table["icb"][row] for row in hidden} & {"A", "B"}:
        article = made.html.split('<article aria-labelledby="profile-caseload-by-team-type">')
        assert f"Caseload by team type, {place}:" not in (article[1] if len(article) > 1 else "").split("</article>")[0]


@examples(2)
@given(CELLS)
def test_whatever_the_figures(cells: list[tuple[int, int, str]]) -> None:
    table, _ = random_teams(cells)
    comparison = compare(table, PEOPLE, focus=["A"])
    found = [each for held in profiles(comparison) for each in profile_findings(held, comparison)]
    found += [each for held in by_team_type(comparison)[0] for each in type_findings(held, comparison)]
    for each in found:
        assert not CAUSES.search(each.sentence), each.sentence
        assert not JUDGEMENTS.search(each.sentence), each.sentence
        assert all(math.isfinite(value) for value in each.figures.values())
        numbers = re.findall(r"\d[\d,]*(?:\.\d+)?", each.sentence.replace("100,000", ""))
        figures = [abs(value) * scale for value in each.figures.values() for scale in (1, 100)]
        for number in numbers:
            size = float(number.replace(",", ""))
            assert any(abs(size - figure) <= max(0.051, 0.005 * figure, 0.5 * (figure >= 9.9)) for figure in figures)
    for held in profiles(comparison):
        data = profile_data(held, comparison)
        known = data[data["status"] == "known"]
        assert known.groupby("place")["share"].sum().round(9).isin([1.0]).all()
        assert data.loc[data["status"] != "known", ["value", "share"]].isna().all(axis=None)
