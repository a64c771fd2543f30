"""Synthetic extracts: the same for a seed, whole, near the audit's rates, in files as in memory, within memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from cmhs_metrics import BadInput, mhsds
from cmhs_metrics.mhsds.synthesis.extracts import Plan, in_memory
from cmhs_metrics.mhsds.synthesis.providers import Window, first_day, month_of
from cmhs_metrics.team_types import TeamType
from tests.support.agreement import rows as rows_of
from tests.support.budgets import with_deep
from tests.support.extracts import FRAMES

pytest.importorskip("pyarrow")
import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.refusals import raised, refused, says

APRIL_2024 = 1489
FIRST, LAST = pd.Timestamp("2024-04-01"), pd.Timestamp("2025-03-31")
DIRECT = {"01", "02", "04", "11"}
Tables = dict[str, pd.DataFrame]


def tables_of(engine: str = "pandas", **given: object) -> dict[str, object]:
    chosen = {"contacts": 3_000, "providers": 3, "seed": 5, "version": "v5", "dirty": 0.0, "dates": "date"} | given
    months = chosen.pop("months", 12)
    window = Window(APRIL_2024, APRIL_2024 + int(months) - 1)  # type: ignore[call-overload]
    return in_memory(Plan(window=window, **chosen), engine)  # type: ignore[arg-type]


def in_pandas(**given: object) -> Tables:
    """The same by way of Arrow, which is quicker."""
    tables = tables_of("pyarrow", **given)
    return {name: table.to_pandas(date_as_object=False) for name, table in tables.items()}  # type: ignore[attr-defined]


def read(folder: Path) -> Tables:
    return {path.stem: pq.read_table(path).to_pandas(date_as_object=False) for path in folder.glob("*.parquet")}


def latest(rows: pd.DataFrame, *ids: str) -> pd.DataFrame:
    return rows.sort_values("UniqMonthID", kind="stable").drop_duplicates(list(ids), keep="last")


@pytest.fixture(scope="module")
def clean() -> Tables:
    return in_pandas(contacts=20_000, providers=6)


class TestTheSameSeed:
    def test_gives_the_same_rows(self) -> None:
        for table, frame in tables_of().items():
            pd.testing.assert_frame_equal(frame, tables_of()[table])

    def test_another_gives_others(self) -> None:
        contacts = [tables_of(seed=seed)["MHS201CareContact"] for seed in (1, 2)]
        assert not contacts[0].equals(contacts[1])

    @pytest.mark.parametrize("version", ["v4", "v5", "v6"])
    def test_gives_the_same_in_files_as_in_memory(self, version: str, tmp_path: Path) -> None:
        given = {"contacts": 2_000, "providers": 3, "seed": 3, "version": version, "dirty": 0.01, "dates": "text"}
        folder = mhsds.synthesise(tmp_path / "x", **given)
        there, here = read(folder), tables_of(**given)
        assert set(there) == set(here)
        for table, frame in there.items():
            same = here[table]
            assert list(frame.columns) == list(same.columns)
            for column in frame.columns:
                both = [each[column].astype("object").where(each[column].notna(), None) for each in (frame, same)]
                assert both[0].tolist() == both[1].tolist(), (table, column)

    @pytest.mark.parametrize("engine", ["polars", "pyarrow", "duckdb"])
    def test_gives_the_same_on_every_engine(self, engine: str) -> None:
        pytest.importorskip(engine)
        there, here = tables_of(engine), tables_of("pyarrow")
        for table, frame in here.items():
            other = there[table]
            arrow = other.to_arrow() if hasattr(other, "to_arrow") else other
            arrow = arrow.to_arrow_table() if hasattr(arrow, "to_arrow_table") else arrow
            arrow = arrow.read_all() if hasattr(arrow, "read_all") else arrow
            assert arrow.to_pylist() == frame.to_pylist()

    def test_localities_are_drawn_on_their_own(self) -> None:
        # A larger extract of the same seed does not change how a locality is drawn, only which there are.
        plan = Plan(
            contacts=2_000, providers=2, seed=4, window=Window(1489, 1500), version="v5", dirty=0.0, dates="date"
        )
        one, two = plan.localities()
        alone = plan.rows(two)
        plan.rows(one)
        for table, rows in plan.rows(two).items():
            for column, values in rows.items():
                np.testing.assert_array_equal(values, alone[table][column])


class TestTheCalendar:
    def test_months_are_numbered_as_the_data_set_does(self) -> None:
        # Stated in the data set's guidance: April 2019 is 1429.
        assert first_day(1429) == np.datetime64("2019-04-01", "D").astype(int)
        assert month_of(np.array([np.datetime64("2019-04-30", "D").astype(int)])) == [1429]

    @pytest.mark.parametrize("first", ["2024-04", "2024-04-17", pd.Timestamp("2024-04-30").date(), 1489])
    def test_the_first_month_is_given_in_many_ways(self, first: object, tmp_path: Path) -> None:
        folder = mhsds.synthesise(tmp_path, contacts=200, first_month=first, months=2)  # type: ignore[call-overload]
        months = read(folder)["MHS101Referral"]["UniqMonthID"]
        assert sorted(months.unique()) == [1489, 1490]


class TestAClean:
    """An extract without dirty rows is whole."""

    def test_every_row_says_that_it_is_synthetic(self, clean: Tables, tmp_path: Path) -> None:
        for frame in clean.values():
            assert frame["OrgIDProv"].str.startswith("SYN").all()
            assert frame["Person_ID"].str.startswith("SYN").all()
        assert all("Synthetic" in frame.attrs["synthetic"] for frame in tables_of(contacts=50).values())
        folder = mhsds.synthesise(tmp_path, contacts=100)
        assert "SYNTHETIC" in (folder / "README.txt").read_text(encoding="utf-8")
        for path in folder.glob("*.parquet"):
            assert b"Synthetic" in pq.read_schema(path).metadata[b"synthetic"]

    def test_ids_stand_once_a_month(self, clean: Tables) -> None:
        for table, ids in {
            "MHS001MPI": ["Person_ID"],
            "MHS101Referral": ["UniqServReqID"],
            "MHS102ServiceTypeReferredTo": ["UniqServReqID", "ServTeamTypeRefToMH"],
            "MHS201CareContact": ["UniqCareContID"],
            "MHS501HospProvSpell": ["UniqHospProvSpellID"],
            "MHS502WardStay": ["UniqWardStayID"],
            "MHS801ClusterTool": ["UniqClustID"],
        }.items():
            assert not clean[table].duplicated([*ids, "UniqMonthID"]).any(), table

    def test_a_record_number_is_a_person_in_a_submission(self, clean: Tables) -> None:
        people = clean["MHS001MPI"]
        assert people["RecordNumber"].is_unique
        ordered = people.sort_values(["Person_ID", "UniqMonthID"])
        assert ordered.groupby("Person_ID")["RecordNumber"].is_monotonic_increasing.all()

    def test_rows_find_each_other(self, clean: Tables) -> None:
        people = clean["MHS001MPI"].set_index("RecordNumber")["Person_ID"]
        referrals = clean["MHS101Referral"]
        for table, frame in clean.items():
            inside = frame[frame["UniqMonthID"] >= APRIL_2024]
            assert (people.reindex(inside["RecordNumber"]).to_numpy() == inside["Person_ID"].to_numpy()).all(), table
        pairs = set(zip(referrals["Person_ID"], referrals["UniqServReqID"], strict=True))
        for table in ("MHS201CareContact", "MHS204IndirectActivity", "MHS501HospProvSpell", "MHS502WardStay"):
            frame = clean[table]
            assert set(zip(frame["Person_ID"], frame["UniqServReqID"], strict=True)) <= pairs, table
        services = clean["MHS102ServiceTypeReferredTo"]
        assert set(zip(services["UniqServReqID"], services["RecordNumber"], strict=True)) == set(
            zip(referrals["UniqServReqID"], referrals["RecordNumber"], strict=True)
        )

    def test_dates_are_in_order(self, clean: Tables) -> None:
        referrals = latest(clean["MHS101Referral"], "UniqServReqID").set_index("UniqServReqID")
        received = referrals["ReferralRequestReceivedDate"]
        assert received.notna().all()
        assert not (referrals["ServDischDate"] < received).any()
        contacts = latest(clean["MHS201CareContact"], "UniqCareContID")
        assert (contacts["CareContDate"].to_numpy() >= received.reindex(contacts["UniqServReqID"]).to_numpy()).all()
        spells = clean["MHS501HospProvSpell"]
        assert not (spells["DischDateHospProvSpell"] < spells["StartDateHospProvSpell"]).any()

    def test_nothing_is_known_before_it_happens(self, clean: Tables) -> None:
        for frame in clean.values():
            month_end = pd.Series(first_day(frame["UniqMonthID"].to_numpy() + 1) - 1)
            for column in frame.select_dtypes("datetime"):
                days = frame[column].to_numpy().astype("datetime64[D]")
                known = ~np.isnat(days)
                assert (days[known].astype(np.int64) <= month_end.to_numpy()[known]).all(), column

    def test_open_referrals_are_submitted_every_month(self, clean: Tables) -> None:
        referrals, services = clean["MHS101Referral"], clean["MHS102ServiceTypeReferredTo"]
        kept = services["ReferRejectionDate"].isna().groupby(services["UniqServReqID"]).all()
        last = latest(referrals, "UniqServReqID")
        still = last[last["ServDischDate"].isna() & kept.reindex(last["UniqServReqID"]).to_numpy()]
        assert (still["UniqMonthID"] == APRIL_2024 + 11).all()
        months = referrals.groupby("UniqServReqID")["UniqMonthID"].agg(["min", "max", "count"])
        assert (months["max"] - months["min"] + 1 == months["count"]).all()

    def test_some_come_late_and_some_are_put_right(self, clean: Tables) -> None:
        contacts = clean["MHS201CareContact"]
        happened = month_of(contacts["CareContDate"].to_numpy().astype("datetime64[D]").astype(np.int64))
        submitted = contacts["UniqMonthID"].to_numpy()
        assert set(submitted - happened) == {0, 1}
        twice = contacts[contacts.duplicated("UniqCareContID", keep=False)]
        changed = twice.groupby("UniqCareContID")[["CareContDate", "AttendStatus"]].nunique().max()
        assert (changed == 2).all()
        assert 0.005 < len(twice) / 2 / len(contacts) < 0.03
        received = clean["MHS101Referral"].groupby("UniqServReqID")["ReferralRequestReceivedDate"].nunique()
        assert (received == 2).any()

    def test_people_have_second_referrals_that_overlap_or_follow_soon(self, clean: Tables) -> None:
        referrals = latest(clean["MHS101Referral"], "UniqServReqID")
        referrals = referrals.sort_values(["Person_ID", "ReferralRequestReceivedDate"])
        gap = referrals["ReferralRequestReceivedDate"] - referrals.groupby("Person_ID")["ServDischDate"].shift()
        days = gap.dt.days.dropna()
        assert {-1, 0, 5, 6} <= set(days)
        assert (days > 30).any()

    def test_two_teams_and_rejections_are_there(self, clean: Tables) -> None:
        services = latest(clean["MHS102ServiceTypeReferredTo"], "UniqServReqID", "ServTeamTypeRefToMH")
        of_two = services[services.duplicated("UniqServReqID", keep=False)]
        rejected = of_two.groupby("UniqServReqID")["ReferRejectionDate"].count()
        assert set(rejected) == {0, 1, 2}

    def test_codes_are_codes(self, clean: Tables) -> None:
        known = {code for team in TeamType for code in team.mhsds_codes}
        assert set(clean["MHS102ServiceTypeReferredTo"]["ServTeamTypeRefToMH"]) <= known
        assert set(clean["MHS201CareContact"]["AttendStatus"]) == set("234567")
        assert set(clean["MHS201CareContact"]["ConsMechanismMH"]) <= DIRECT | {"05", "09", "98"}
        places = clean["MHS001MPI"]["LADistrictAuth"]
        assert set(places.dropna().str[:4]) == {"E079", "W060"}
        assert 0 < places.isna().mean() < 0.05


class TestVersions:
    def test_name_tables_columns_and_codes(self) -> None:
        old, new = tables_of(version="v4"), tables_of(version="v6")
        assert {"AttendOrDNACode", "ConsMediumUsed"} <= set(old["MHS201CareContact"].columns)
        assert set(old["MHS201CareContact"]["ConsMediumUsed"]) <= {"01", "02", "03", "04", "05", "06", "98"}
        assert "MHS801ClusterTool" not in new
        # As version 6 is collected: rows name teams, and a table says of what type each team is.
        own = {"UniqCareProfTeamLocalID", "ReferRejectionDate", "ReferRejectReason", "ReferClosReason"}
        assert own <= set(new["MHS101Referral"].columns)
        assert "UniqOtherCareProfTeamLocalID" in new["MHS102OtherServiceType"].columns
        assert "UniqOtherCareProfTeamLocalID" in new["MHS201CareContact"].columns
        assert list(new["MHS902ServiceTeamDetails"].columns) == [
            "UniqCareProfTeamLocalID", "OrgIDProv", "UniqMonthID", "ServTeamTypeMH",
        ]  # fmt: skip
        assert not any("ServTeamType" in name for table in new for name in new[table] if table[:6] != "MHS902")
        assert set(new["MHS502WardStay"]["MHAdmittedPatientClass"]) <= {f"20{number}" for number in range(8)}
        assert set(new["MHS001MPI"]["GenderIDCode"]) <= set("1234")
        assert not {"MHS102ServiceTypeReferredTo", "HospitalBedTypeMH", "Gender"} & {
            *new, *new["MHS502WardStay"], *new["MHS001MPI"],
        }  # fmt: skip
        # Only the further teams have a row of their own.
        assert 0 < len(new["MHS102OtherServiceType"]) < len(new["MHS101Referral"]) / 10

    @pytest.mark.parametrize("version", ["v4", "v5", "v6"])
    def test_say_how_hospital_spells_ended(self, version: str) -> None:
        extract = mhsds.synthesise(contacts=3_000, version=version, seed=1)
        lacks = mhsds.national_measures(extract).set_index("measure_id")["lacks"]
        assert lacks[["MHS78", "MHS79", "MHS80"]].tolist() == ["", "", ""]
        ended = {"v4": "DischMethCodeHospProvSpell"}.get(version, "MethOfDischMHHospProvSpell")
        spells = tables_of(version=version)["MHS501HospProvSpell"]
        assert (spells[ended].isna() == spells["DischDateHospProvSpell"].isna()).all()
        assert spells[ended].notna().any()

    def test_every_team_that_a_row_of_version_6_names_has_a_type(self) -> None:
        new = tables_of(version="v6", months=4)
        teams = new["MHS902ServiceTeamDetails"]
        keys = ["UniqCareProfTeamLocalID", "OrgIDProv", "UniqMonthID"]
        assert not teams.duplicated(keys).any()
        for table, team in (
            ("MHS101Referral", "UniqCareProfTeamLocalID"),
            ("MHS102OtherServiceType", "UniqOtherCareProfTeamLocalID"),
            ("MHS201CareContact", "UniqOtherCareProfTeamLocalID"),
        ):
            named = new[table].rename(columns={team: keys[0]}).merge(teams, on=keys, how="left")
            assert named["ServTeamTypeMH"].notna().all(), table

    def test_tell_the_same_of_the_same_services(self) -> None:
        # The draw is the same; only how it is told differs.
        old, new = (mhsds.Extract.of(tables_of(version=version, months=4)) for version in ("v5", "v6"))
        assert (old.version, new.version) == ("v5", "v6")
        one, other = (mhsds.measures(each, "2024-07", by=("organisation", "team_type")) for each in (old, new))
        pd.testing.assert_frame_equal(one, other)


class TestBadlyWritten:
    """Cells may be padded, in small letters, NULL in words or British dates: no measure changes by it."""

    ALL: ClassVar = {"padding": 0.4, "case": 0.4, "null": 0.6, "dates": 0.5}

    def test_each_way_by_its_name(self) -> None:
        shown = {name: tables_of(dirty={name: 0.5}, months=2) for name in self.ALL}
        clean = tables_of(months=2, dates="text")
        for name, tables in shown.items():
            for table, frame in tables.items():
                assert len(frame) == len(clean[table])
            referrals, contacts = tables["MHS101Referral"], tables["MHS201CareContact"]
            days = referrals["ReferralRequestReceivedDate"]
            if name == "padding":
                for cells in (contacts["AttendStatus"], referrals["Person_ID"]):
                    assert 0.4 < cells.str.endswith("  ").mean() < 0.6
                    assert set(cells.str.rstrip()) == set(cells.str.rstrip()) - {""}
            if name == "case":
                assert 0.4 < referrals["Person_ID"].str.startswith("synp").mean() < 0.6
                assert set(referrals["OrgIDProv"]) == {f"{syn}00{n}" for syn in ("SYN", "syn") for n in (1, 2, 3)}
            if name == "null":
                reasons = tables["MHS102ServiceTypeReferredTo"]["ReferRejectReason"]
                assert 0.4 < (reasons == "NULL").sum() / (reasons.isna() | (reasons == "NULL")).sum() < 0.6
            if name == "dates":
                british = days.str.fullmatch(r"[0-3]\d/[01]\d/\d{4}")
                assert 0.4 < british.mean() < 0.6
                again = pd.to_datetime(days.where(british), format="%d/%m/%Y").fillna(
                    pd.to_datetime(days.where(~british), format="%Y-%m-%d")
                )
                there = pd.to_datetime(clean["MHS101Referral"]["ReferralRequestReceivedDate"])
                assert (again == there).all()
            else:
                assert days.dtype.kind == "M"

    @pytest.mark.parametrize(
        ("version", "engine"),
        with_deep(
            [("v4", "polars"), ("v5", "pandas"), ("v6", "polars lazy")],
            ("v6", "duckdb"),
            ("v6", "pyarrow"),
            ("v6", "ibis"),
        ),
    )
    def test_no_measure_changes(self, version: str, engine: str) -> None:
        given = {"contacts": 150, "providers": 2, "months": 3, "version": version, "seed": 9}
        # Ibis plans for long.
        which = ["referrals", "contacts", "caseload"] if engine == "ibis" else None
        answers = []
        for dirty in (0.0, self.ALL):
            tables: Any = tables_of("pyarrow", dirty=dirty, **given)
            extract = mhsds.Extract.of({name: FRAMES[engine](table) for name, table in tables.items()})
            found = rows_of(mhsds.measures(extract, "2024-06", by=("organisation", "team_type"), which=which))
            answers.append(sorted(map(repr, found)))
        assert answers[0] == answers[1]
        assert answers[0]

    @pytest.mark.parametrize(
        ("dirty", "argument", "value"),
        [
            ({"rows": 0.06}, "dirty['rows']", 0.06),
            ({"case": 1.1}, "dirty['case']", 1.1),
            ({"spelling": 0.1}, "dirty", "spelling"),
            ({"": 0.01}, "dirty", ""),
            ({"padding": True}, "dirty['padding']", True),
            ({"null": "much"}, "dirty['null']", "much"),
            ("much", "dirty", "much"),
        ],
    )
    def test_what_is_no_share_or_way_is_refused(self, dirty: object, argument: str, value: object) -> None:
        with refused(argument, value):
            mhsds.synthesise(contacts=100, dirty=dirty)  # type: ignore[call-overload]


def printed(name: str) -> float:
    from cmhs_metrics.audit.figures import load

    return next(each.value for each in load("audit_2016_17") if each.id == name)


@pytest.fixture(scope="module")
def england() -> Tables:
    """A seventieth of England: 200,000 of 14 million contacts."""
    return in_pandas(contacts=200_000, providers=56, seed=11)


def direct_contacts(england: Tables) -> pd.DataFrame:
    contacts = latest(england["MHS201CareContact"], "UniqCareContID")
    return contacts[contacts["AttendStatus"].isin(["5", "6"]) & contacts["ConsMechanismMH"].isin(DIRECT)]


@pytest.fixture(scope="module")
def facts(england: Tables) -> pd.DataFrame:
    """One row a community referral: team, rejection, first and second direct contact."""
    referrals = latest(england["MHS101Referral"], "UniqServReqID")
    services = latest(england["MHS102ServiceTypeReferredTo"], "UniqServReqID", "ServTeamTypeRefToMH")
    facts = referrals.set_index("UniqServReqID")
    facts["team"] = services.sort_values("ServTeamTypeRefToMH").groupby("UniqServReqID")["ServTeamTypeRefToMH"].first()
    facts["rejected"] = services["ReferRejectionDate"].notna().groupby(services["UniqServReqID"]).all()
    direct = direct_contacts(england).sort_values("CareContDate")
    order = direct.groupby("UniqServReqID").cumcount()
    facts["first_contact"] = direct[order == 0].set_index("UniqServReqID")["CareContDate"]
    facts["second_contact"] = direct[order == 1].set_index("UniqServReqID")["CareContDate"]
    return facts[~facts.index.isin(england["MHS501HospProvSpell"]["UniqServReqID"])]


@pytest.mark.deep
class TestTheAuditsRates:
    """The audit's figures, divided by 70 where they are counts."""

    def caseload(self, facts: pd.DataFrame) -> pd.DataFrame:
        closed = facts["ServDischDate"].notna() | facts["rejected"]
        return facts[~closed & facts["first_contact"].notna()]

    def test_referrals_and_acceptance(self, facts: pd.DataFrame) -> None:
        received = facts[facts["ReferralRequestReceivedDate"] >= FIRST]
        # "Around 1.9m referrals are made ... each year"; "Overall referral acceptance rates ... average 82%".
        assert len(received) == pytest.approx(printed("referrals.england.referrals") / 70, rel=0.03)
        accepted = 1 - received["rejected"].mean()
        assert accepted == pytest.approx(printed("referrals.acceptance.all") / 100, abs=0.015)

    def test_caseload_and_time_on_it(self, facts: pd.DataFrame) -> None:
        caseload = self.caseload(facts)
        # "Of the 698,444 people on caseload at 31st March 2017".
        assert len(caseload) == pytest.approx(printed("caseload.england.caseload") / 70, rel=0.05)
        generic = caseload[caseload["team"] == "A06"]
        assert len(generic) == pytest.approx(printed("caseload.by_team.generic_cmht.caseload") / 70, rel=0.06)
        memory = caseload[caseload["team"] == "A17"]
        assert len(memory) == pytest.approx(printed("caseload.by_team.memory.caseload") / 70, rel=0.10)
        # "Average time on caseload (months)": 14, 9 and 1.
        for code, figure, within in (("A06", "generic_cmht", 2.5), ("A07", "older_people", 2), ("A02", "crht", 0.6)):
            here = caseload[caseload["team"] == code]
            months = (LAST - here["first_contact"]).dt.days.mean() / 30.4375
            assert months == pytest.approx(printed(f"time_on_caseload.{figure}"), abs=within)

    def test_contacts_a_patient_and_face_to_face(self, england: Tables, facts: pd.DataFrame) -> None:
        direct = direct_contacts(england)
        direct = direct[direct["CareContDate"] >= FIRST]
        # 14 million contacts and 698,444 people: 20 a person and year. Contacts of the last month that come late are not there.
        assert len(direct) / len(self.caseload(facts)) == pytest.approx(14_000_000 / 698_444, rel=0.06)
        share = printed("contacts.england.face_to_face_share") / 100
        assert (direct["ConsMechanismMH"] == "01").mean() == pytest.approx(share, abs=0.01)

    def test_non_attendance(self, england: Tables, facts: pd.DataFrame) -> None:
        contacts = latest(england["MHS201CareContact"], "UniqCareContID")
        team = facts["team"].reindex(contacts["UniqServReqID"]).to_numpy()
        missed = contacts["AttendStatus"].isin(["3", "7"]).to_numpy()
        direct = contacts.index.isin(direct_contacts(england).index)
        # "the mean average DNA rate for Generic CMHTs of 11%"; "Older People = 4%".
        for code, figure, within in (("A06", "generic_cmht", 0.015), ("A07", "older_people", 0.008)):
            here = team == code
            rate = (missed & here).sum() / ((missed | direct) & here).sum()
            assert rate == pytest.approx(printed(f"contacts.dna.{figure}") / 100, abs=within)

    def test_treated_within_eighteen_weeks(self, facts: pd.DataFrame) -> None:
        seen = facts[facts["second_contact"] >= FIRST]
        weeks = (seen["second_contact"] - seen["ReferralRequestReceivedDate"]).dt.days / 7
        # "around 90% of people receive treatment within 18 weeks".
        assert (weeks <= 18).mean() == pytest.approx(printed("waiting.within_18_weeks.share") / 100, abs=0.03)

    def test_clusters(self, england: Tables, facts: pd.DataFrame) -> None:
        on_caseload = self.caseload(facts)["Person_ID"]
        clusters = latest(england["MHS801ClusterTool"], "UniqClustID")
        now = clusters[clusters["EndDateCareClust"].isna()].sort_values("StartDateCareClust")
        code = now.groupby("Person_ID")["AdultMHCareClusterCodeFinal"].last().astype(int)
        code = code.reindex(on_caseload.unique())
        groups = {"non_psychosis_1_8": (1, 8), "psychosis_10_17": (10, 17), "organic_18_21": (18, 21)}
        for name, (low, high) in groups.items():
            share = code.between(low, high).mean()
            assert share == pytest.approx(printed(f"clusters.profile_2016_17.{name}") / 100, abs=0.03)
        unclustered = printed("clusters.profile_2016_17.unclustered") / 100
        assert code.isna().mean() == pytest.approx(unclustered, abs=0.04)

    def test_providers_differ_as_trusts_do(self, england: Tables, facts: pd.DataFrame) -> None:
        contacts = latest(england["MHS201CareContact"], "UniqCareContID")
        generic = facts.index[facts["team"] == "A06"]
        contacts = contacts[contacts["UniqServReqID"].isin(generic)]
        missed = contacts["AttendStatus"].isin(["3", "7"]).groupby(contacts["OrgIDProv"]).mean()
        # "with a range across Trusts from 3% to 19%" of generic teams.
        assert 0.02 < missed.min() < 0.07
        assert 0.14 < missed.max() < 0.26

    def test_contacts_of_a_referral_have_a_long_tail(self, england: Tables) -> None:
        counts = direct_contacts(england).groupby("UniqServReqID").size()
        assert counts.quantile(0.99) > 8 * counts.median()


class TestSize:
    @pytest.mark.parametrize("contacts", [1, 500, 20_000])
    def test_is_what_was_asked_for(self, contacts: int) -> None:
        rows = tables_of(contacts=contacts, providers=2, seed=8)["MHS201CareContact"]
        found = latest(rows, "UniqCareContID")
        found = found[(found["CareContDate"] >= FIRST) & found["AttendStatus"].isin(["5", "6"])]
        found = found[found["ConsMechanismMH"].isin(DIRECT)]
        # Contacts of one person come together: the spread is that of a tenth as many.
        assert len(found) == pytest.approx(contacts, abs=6 * (10 * contacts) ** 0.5 + 0.03 * contacts)

    def test_shares_contacts_among_months(self) -> None:
        one, six = (tables_of(contacts=20_000, months=months)["MHS201CareContact"] for months in (1, 6))
        counts = [(rows["UniqMonthID"] >= APRIL_2024).sum() for rows in (one, six)]
        assert counts[0] == pytest.approx(counts[1], rel=0.12)

    @pytest.mark.deep
    def test_memory_does_not_grow_with_size(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cmhs_metrics.mhsds.synthesis.providers.CONTACTS_IN_A_LOCALITY", 2_000)
        monkeypatch.setattr("cmhs_metrics.mhsds.synthesis.extracts.ROWS_IN_A_GROUP", 5_000)
        mhsds.synthesise(tmp_path, contacts=100)
        peaks = []
        for contacts in (6_000, 36_000):
            tracemalloc.start()
            try:
                mhsds.synthesise(tmp_path, contacts=contacts, providers=1)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
        # NumPy's and Python's memory: six times the rows take hardly more.
        assert peaks[1] < 1.3 * peaks[0]


class TestArguments:
    def test_are_refused_with_all_their_problems(self) -> None:
        with pytest.raises(BadInput) as caught:
            mhsds.synthesise(
                contacts=0, providers=1_000, first_month="April", months=0, version="v7", seed=-1, dirty=0.5,
                dates="words", engine="abacus",
            )  # fmt: skip
        columns = {problem.column for problem in caught.value.problems}
        expected = "contacts providers first_month months version seed dirty dates engine"
        assert columns == set(expected.split())
        (month,) = (problem for problem in caught.value.problems if problem.column == "first_month")
        assert says(month.expected, "2024-04"), "how a month is written"

    @pytest.mark.parametrize("contacts", [True, 2.5, "many", None])
    def test_that_are_no_numbers_are_refused(self, contacts: object) -> None:
        with refused("contacts", contacts, expected="a whole number"):
            mhsds.synthesise(contacts=contacts)  # type: ignore[call-overload]

    def test_files_without_pyarrow_are_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with raised(ImportError, "pip install pyarrow"):
            mhsds.synthesise(tmp_path)
        with raised(ImportError, "polars", "pip install pyarrow"):
            mhsds.synthesise(engine="polars")

    @pytest.mark.parametrize("folder", ["", " "])
    def test_a_folder_without_a_name_is_refused(self, folder: str) -> None:
        with refused("folder", folder):
            mhsds.synthesise(folder, contacts=100)

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("")
        with refused("folder", str(tmp_path / "x")):
            mhsds.synthesise(tmp_path / "x", contacts=100)

    def test_progress_is_told_when_asked_for(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        mhsds.synthesise(tmp_path, contacts=100, progress=True)
        assert "2 of 2 localities" in capsys.readouterr().err
        mhsds.synthesise(tmp_path, contacts=100)
        assert capsys.readouterr().err == ""


class TestTheFolder:
    def test_real_files_are_not_written_over_nor_mixed_with(self, tmp_path: Path) -> None:
        mhsds.synthesise(tmp_path, contacts=100)
        for name in ("MHS101Referral", "others"):
            pq.write_table(pa.table({"Person_ID": ["P1"]}), tmp_path / f"{name}.parquet")
        (tmp_path / "notes.parquet").write_text("no Parquet")
        with pytest.raises(BadInput) as caught:
            mhsds.synthesise(tmp_path, contacts=100)
        named = [problem.value for problem in caught.value.problems]
        assert named == ["MHS101Referral.parquet", "notes.parquet", "others.parquet"]
        assert pq.read_table(tmp_path / "MHS101Referral.parquet").num_rows == 1

    def test_an_earlier_extract_is_replaced_whole(self, tmp_path: Path) -> None:
        mhsds.synthesise(tmp_path, contacts=100, version="v5", dirty=0.01)
        mhsds.synthesise(tmp_path, contacts=100, version="v6")
        fresh = mhsds.synthesise(tmp_path / "fresh", contacts=100, version="v6")
        assert {path.name for path in tmp_path.iterdir()} - {"fresh"} == {path.name for path in fresh.iterdir()}

    def test_an_interrupted_run_leaves_what_was_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mhsds.synthesise(tmp_path, contacts=100)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        monkeypatch.setattr("cmhs_metrics.mhsds.synthesis.extracts.ROWS_IN_A_GROUP", 1)
        drawn = []

        def rows(self: Plan, locality: object, original: object = Plan.rows) -> object:
            if drawn:
                raise KeyboardInterrupt
            drawn.append(locality)
            return original(self, locality)  # type: ignore[operator]

        monkeypatch.setattr(Plan, "rows", rows)
        with pytest.raises(KeyboardInterrupt):
            mhsds.synthesise(tmp_path, contacts=500, seed=2)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

    def test_the_rows_do_not_depend_on_how_they_are_grouped(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = read(mhsds.synthesise(tmp_path / "whole", contacts=500, dirty=0.01))
        monkeypatch.setattr("cmhs_metrics.mhsds.synthesis.extracts.ROWS_IN_A_GROUP", 7)
        for table, frame in read(mhsds.synthesise(tmp_path / "parts", contacts=500, dirty=0.01)).items():
            pd.testing.assert_frame_equal(frame, whole[table])


def test_parquet_files_are_in_row_groups(tmp_path: Path) -> None:
    folder = mhsds.synthesise(tmp_path, contacts=2_000, providers=2)
    for path in folder.glob("*.parquet"):
        schema = pq.read_schema(path)
        for field in schema:
            assert field.type in (pa.string(), pa.int64(), pa.date32())
