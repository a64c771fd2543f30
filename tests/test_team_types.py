"""Team types: the audit's twelve, and the ways in which analysts write them."""

from __future__ import annotations

import csv
import pickle
import re
import string
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics.ages import OLDER, WORKING_AGE
from cmhs_metrics.errors import BadInput
from cmhs_metrics.team_types import TEAM_TYPE_SPELLINGS, TeamType, normalise
from tests.support import official_data
from tests.support.refusals import raised, refused

COST_COLLECTION = official_data.FOLDER / "ncc_2024_25_mental_health.csv"

# The audit, CMHS Finance – Unit Costs and CMHS Workforce – Size and shape: the row heads of both tables.
AUDIT_ROWS = [
    "Generic CMHTS", "Assertive Outreach", "Rehabilitation & Recovery", "Assessment & Brief Intervention",
    "Older People", "CRHT", "EIP", "Perinatal", "Eating Disorders", "Forensic", "Memory Services", "Other CMHTs",
]  # fmt: skip

# The audit, Defining Community Mental Health Services: the full names.
AUDIT_DEFINITIONS = [
    "Generic Community Mental Health Team", "Assertive Outreach", "Rehabilitation and Recovery",
    "Assessment and Brief Intervention", "Older Adult Community Mental Health Team",
    "Crisis Resolution and Home Treatment", "Early Intervention in Psychosis", "Perinatal Mental Health",
    "Eating Disorders", "Forensic", "Memory Services", "Other Community Teams",
]  # fmt: skip


@st.composite
def disguised(draw: st.DrawFn, text: str) -> str:
    """The same name in another case, with other spaces and punctuation."""
    upper = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    noise = draw(st.lists(st.text(" -_./'’()\t–", max_size=2), min_size=len(text), max_size=len(text)))
    letters = (character.upper() if high else character.lower() for character, high in zip(text, upper, strict=True))
    return "".join(before + character for before, character in zip(noise, letters, strict=True))


class TestTheAuditsWords:
    def test_the_rows_of_its_tables_are_the_types_in_their_order(self) -> None:
        assert [TeamType.parse(row) for row in AUDIT_ROWS] == list(TeamType)

    def test_its_definitions_are_the_types_in_their_order(self) -> None:
        assert [TeamType.parse(name) for name in AUDIT_DEFINITIONS] == list(TeamType)

    def test_labels_are_its_row_heads(self) -> None:
        assert [team_type.label.casefold() for team_type in TeamType] == [row.casefold() for row in AUDIT_ROWS]

    def test_older_peoples_and_memory_teams_serve_65_and_over_and_all_others_working_age(self) -> None:
        # CMHS Finance – Unit Costs: "Older Peoples CMHTs and Memory Services use 100,000 population aged 65+, all other
        # teams use working age adults i.e. population aged 16-64".
        older = {team_type for team_type in TeamType if team_type.age_band == OLDER}
        assert older == {TeamType.parse("Older Peoples CMHTs"), TeamType.parse("Memory Services")}
        assert {team_type.age_band for team_type in set(TeamType) - older} == {WORKING_AGE}

    @pytest.mark.parametrize("head", ["Memory", "Rehab and Recovery", "Older People", "Any other team", "EIP"])
    def test_heads_of_its_interventions_table_are_read(self, head: str) -> None:
        assert isinstance(TeamType.parse(head), TeamType)

    def test_every_type_is_described_in_one_sentence(self) -> None:
        assert all(re.fullmatch(r"[A-Z][^.]+\.", team_type.description) for team_type in TeamType)


class TestSpellings:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("CMHTs", TeamType.GENERIC_CMHT),
            ("Adult CMHT", TeamType.GENERIC_CMHT),
            ("AOT", TeamType.ASSERTIVE_OUTREACH),
            ("rehab & recovery team", TeamType.REHABILITATION_RECOVERY),
            ("Single Point of Access", TeamType.ASSESSMENT_BRIEF_INTERVENTION),
            ("Older people’s CMHTs", TeamType.OLDER_PEOPLE),
            ("MHOP", TeamType.OLDER_PEOPLE),
            ("CRHTT", TeamType.CRHT),
            ("HTT", TeamType.CRHT),
            ("Crisis Resolution Team/Home Treatment Service", TeamType.CRHT),
            ("EIP teams", TeamType.EIP),
            ("Eating-disorder service", TeamType.EATING_DISORDERS),
            ("Memory Services/Clinic/Drop in service", TeamType.MEMORY),
            ("Forensic CMHT", TeamType.FORENSIC),
            ("OTHER CMHTS", TeamType.OTHER),
        ],
    )
    def test_names_as_analysts_write_them(self, text: str, expected: TeamType) -> None:
        assert TeamType.parse(text) is expected

    @given(st.data(), st.sampled_from(TeamType))
    def test_label_slug_and_codes_are_read_in_any_dress(self, data: st.DataObject, team_type: TeamType) -> None:
        text = data.draw(st.sampled_from([team_type.label, team_type.value, *team_type.mhsds_codes]))
        assert TeamType.parse(data.draw(disguised(text))) is team_type

    @given(st.sampled_from(AUDIT_ROWS))
    def test_ampersand_and_the_word_are_one(self, row: str) -> None:
        assert TeamType.parse(row.replace("&", "and")) is TeamType.parse(row.replace("and", "&"))

    def test_a_type_reads_as_itself(self) -> None:
        assert all(TeamType.parse(team_type) is team_type for team_type in TeamType)

    def test_no_two_types_share_a_spelling(self) -> None:
        assert sum(len(team_type.spellings) for team_type in TeamType) == len(TEAM_TYPE_SPELLINGS)
        assert frozenset().union(*(team_type.spellings for team_type in TeamType)) == set(TEAM_TYPE_SPELLINGS)

    def test_spellings_are_in_normal_form(self) -> None:
        assert all(normalise(spelling) == spelling != "" for spelling in TEAM_TYPE_SPELLINGS)

    @given(st.one_of(st.sampled_from(sorted(TEAM_TYPE_SPELLINGS)), st.text(max_size=12)))
    def test_parse_is_a_look_up_and_nothing_more(self, text: str) -> None:
        expected = TEAM_TYPE_SPELLINGS.get(normalise(text))
        if expected is None:
            with pytest.raises(BadInput):
                TeamType.parse(text)
        else:
            assert TeamType.parse(text) is expected

    @given(st.text())
    def test_normalise_is_three_steps(self, text: str) -> None:
        kept = string.ascii_lowercase + string.digits
        assert normalise(text) == "".join(each for each in text.lower().replace("&", "and") if each in kept)

    def test_nobody_can_add_a_spelling(self) -> None:
        with raised(TypeError, "mappingproxy"):
            TEAM_TYPE_SPELLINGS["ward"] = TeamType.OTHER  # type: ignore[index]


class TestCodes:
    def test_each_code_belongs_to_one_type(self) -> None:
        codes = [code for team_type in TeamType for code in team_type.mhsds_codes]
        assert len(codes) == len(set(codes))
        assert all(re.fullmatch(r"[A-FZ]\d\d", code) for code in codes)

    def test_both_codes_of_eating_disorders(self) -> None:
        assert TeamType.parse("C10") is TeamType.parse("C03") is TeamType.EATING_DISORDERS

    @pytest.mark.parametrize("code", ["A05", "A16", "B02", "F07", "F99", "A00", "Z01"])
    def test_codes_of_no_other_type_are_other(self, code: str) -> None:
        assert TeamType.parse(code) is TeamType.OTHER

    @pytest.mark.parametrize("code", ["G01", "A6", "A006", "06", "Z03"])
    def test_what_is_no_code_is_refused(self, code: str) -> None:
        with refused("team_type", code):
            TeamType.parse(code)

    @official_data.needed("ncc_2024_25_mental_health.csv")
    def test_every_code_of_the_national_cost_collection_is_read_and_listed(self) -> None:
        with COST_COLLECTION.open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["department_code"] == "Mental Health Care Contact"]
        codes = {row["currency_code"] for row in rows}
        listed = {code for team_type in TeamType for code in team_type.mhsds_codes}
        # Of earlier months, or of the data set alone.
        assert listed - codes == {"A03", "A04", "C03", "D03"}
        assert codes <= listed
        named = {row["currency_code"]: row["currency_desc"] for row in rows}
        for team_type in set(TeamType) - {TeamType.OTHER}:
            for code in set(team_type.mhsds_codes) & codes:
                assert TeamType.parse(named[code]) is team_type is TeamType.parse(code)


class TestBadInput:
    def test_the_value_is_named_and_the_nearest_offered(self) -> None:
        with refused("team_type", "Oldr Peple", suggests="Older People"):
            TeamType.parse("Oldr Peple")

    @pytest.mark.parametrize(
        "text",
        ["Mother and Baby", "All CMHTs", "Total", "Community Mental Health Services", "Recovery Team", "ABI", "", "&"],
    )
    def test_totals_wards_and_names_of_two_things_are_refused(self, text: str) -> None:
        with refused("team_type", text):
            TeamType.parse(text)

    def test_a_missing_type_is_refused(self) -> None:
        with refused("team_type", names="A06"):
            TeamType.parse(None)  # type: ignore[arg-type]

    @pytest.mark.parametrize("value", [float("nan"), 6, True, b"A06"])
    def test_what_is_not_text_is_refused(self, value: object) -> None:
        with refused("team_type", value, names="A06"):
            TeamType.parse(value)  # type: ignore[arg-type]


def test_a_type_survives_pickling_and_is_found_by_its_slug() -> None:
    for team_type in TeamType:
        assert pickle.loads(pickle.dumps(team_type)) is team_type is TeamType(team_type.value)


@pytest.mark.slow
def test_importing_the_vocabulary_loads_nothing_slow() -> None:
    program = (
        "import sys, cmhs_metrics.errors, cmhs_metrics.units; before = set(sys.modules)\n"
        "import cmhs_metrics.team_types, cmhs_metrics.clusters, cmhs_metrics.populations\n"
        "print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {name for name in loaded if name.split(".")[0] in {"scipy", "narwhals", "pandas", "polars"}}
