"""The command line: the audit recomputed, and a user's own table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.__main__ import main
from tests.support.refusals import says

TABLE = """organisation,team_type,period,total_cost,caseload,contacts,registered_population
RT1,Generic CMHT,2016/17,17700000,5291,108600,834586
RT1,CRHT,2016/17,7400000,650,33600,834586
RV9,Generic CMHT,2016/17,12000000,4100,81000,600000
RV9,CRHT,2016/17,5000000,,22000,600000
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "teams.csv"
    path.write_text(TABLE, encoding="utf-8-sig")
    return path


def edited(table: Path, old: str, new: str) -> str:
    table.write_text(TABLE.replace(old, new), encoding="utf-8")
    return str(table)


class TestTheAudit:
    def test_sets_published_beside_recomputed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 0
        printed = capsys.readouterr().out
        # Unit Costs 2016/17, first row: £3,345 a year of care and £163 a contact are 20.5 contacts, against 16 printed.
        lines = printed.splitlines()
        row = lines[next(at for at, line in enumerate(lines) if "£3,345 ÷ £163" in line) - 1]
        assert row.split() == ["Generic", "CMHTs", "16.0", "20.5", "+28.3%", "different", "averages"]
        # £2.38bn over 698,444 people on caseload.
        assert "£3,408" in printed
        assert "disagree" in printed
        assert "79% + 29% = 108%" in printed

    def test_runs_as_a_module(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "cmhs_metrics", "--help"], capture_output=True, text=True, check=True
        )
        assert "TABLE.csv" in done.stdout
        assert "published beside recomputed" in " ".join(done.stdout.split())
        done = subprocess.run(
            [sys.executable, "-m", "cmhs_metrics", "--version"], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("cmhs_metrics ")


class TestATable:
    def test_prints_metrics_and_totals(self, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([str(table)]) == 0
        printed = capsys.readouterr().out
        first = printed.split("\n\n")[0]
        assert first.startswith("RT1, 2016/17")
        year_of_care = next(line for line in first.splitlines() if line.startswith("Cost of a year of care"))
        # £17.7m / 5,291, £7.4m / 650, and for the organisation £25.1m / 5,941.
        assert year_of_care.split()[-3:] == ["£3,345", "£11,385", "£4,225"]
        rate = next(line for line in first.splitlines() if line.startswith("Caseload per 100,000 people, registered"))
        # The two teams share 834,586 people: 5,941 of them are 711.8 per 100,000.
        assert rate.split()[-1] == "712"
        assert "All organisations, 2016/17" in printed
        assert "A total is missing where a part of it is." in printed
        assert "year_of_care_cost_on_average_caseload (no average_caseload)" in printed
        assert "bed_occupancy" not in printed, "nothing of it is there"

    def test_writes_rows_and_totals(self, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        output = tmp_path / "result.csv"
        assert main([str(table), "--output", str(output)]) == 0
        result = pd.read_csv(output)
        assert result["team_type"].tolist() == [
            "Generic CMHT",
            "CRHT",
            "Generic CMHT",
            "CRHT",
            "All teams",
            "All teams",
            "All teams",
        ]
        assert result["organisation"].tolist()[-1] == "All organisations"
        assert result["total_cost"].tolist()[-1] == 42_100_000
        assert pd.isna(result["caseload"].tolist()[-1]), "one team's caseload is missing, so the total is"
        assert result["registered_population"].tolist()[-1] == 834_586 + 600_000
        # A long path is put on a line of its own.
        assert f"Written to {output}: 7 rows" in " ".join(capsys.readouterr().out.split())

    def test_populations_of_team_types_have_no_total(self, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([edited(table, "650,33600,834586", "650,33600,700000")]) == 0
        assert "No totals per 100,000 people: the organisation has more than one population" in capsys.readouterr().out

    def test_months_add_up_to_a_year(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "months.csv"
        months = [f"2016-{month:02}" for month in range(4, 13)] + ["2017-01", "2017-02", "2017-03"]
        path.write_text("\n".join(["organisation,period,total_cost,caseload", *(f"RT1,{m},100,50" for m in months)]))
        assert main([str(path)]) == 2
        assert "months are added up with over_time=" in capsys.readouterr().err
        assert main([str(path), "--over-time", "last"]) == 0
        assert capsys.readouterr().out.splitlines()[2].split()[-1] == "£24.0"

    def test_empty_cells_at_the_end_shift_nothing(self, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
        table.write_text("".join(f"{line},\n" for line in TABLE.splitlines()))
        table.write_text(table.read_text().replace("registered_population,\n", "registered_population\n"))
        assert main([str(table)]) == 0
        assert capsys.readouterr().out.startswith("RT1, 2016/17")

    def test_an_organisation_may_be_called_na(self, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([edited(table, "RV9", "NA")]) == 0
        assert "NA, 2016/17" in capsys.readouterr().out

    def test_one_row_is_enough(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "one.csv"
        path.write_text("total_cost,contacts\n100,4\n", encoding="utf-8")
        assert main([str(path)]) == 0
        assert "£25.0" in capsys.readouterr().out


class TestBadFiles:
    def refused(self, path: str, capsys: pytest.CaptureFixture[str]) -> str:
        assert main([path]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err

    @pytest.mark.parametrize(
        ("old", "new", "names"),
        [
            ("7400000", "-7400000", ["total_cost", "organisation=RT1, team_type=CRHT, period=2016/17", "-7400000.0"]),
            ("7400000", "n/k", ["total_cost", "line 3", "'n/k'"]),
            ("RT1,CRHT", "RT1,CRTH", ["team_type", "'CRTH'", "'CRHT'"]),
            ("RT1,CRHT", "RT1,Generic CMHT", ["organisation=RT1, team_type=Generic CMHT, period=2016/17"]),
            ("2016/17", "this year", ["period", "'this year'", "'2016/17'"]),
            ("total_cost,caseload,contacts,registered_population", "a,b,c,d", ["line 1", "a | b | c | d", "measure"]),
        ],
    )
    def test_name_what_is_wrong(self, table: Path, capsys, old: str, new: str, names: list[str]) -> None:
        assert says(self.refused(edited(table, old, new), capsys), *names)

    def test_that_are_no_tables(self, tmp_path: Path, capsys) -> None:
        assert says(self.refused(str(tmp_path / "none.csv"), capsys), "none.csv", "file")
        page = tmp_path / "page.csv"
        page.write_text("<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", encoding="utf-8")
        assert says(self.refused(str(page), capsys), "page.csv", "CSV", "Excel", "OpenDocument")
        page.write_text("", encoding="utf-8")
        assert says(self.refused(str(page), capsys), "page.csv", "empty")
        page.write_text("total_cost,contacts\n", encoding="utf-8")
        assert says(self.refused(str(page), capsys), "page.csv", "row")
        page.write_text("total_cost,contacts\n1,2\n1,2,3,4\n", encoding="utf-8")
        assert says(self.refused(str(page), capsys), "line 3", "4 cells", 2)
        page.write_bytes(b"PK\x03\x04 workbook")
        assert says(self.refused(str(page), capsys), "page.csv", "workbook")


class TestAPack:
    def test_of_a_table(self, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        people = tmp_path / "people.csv"
        people.write_text("organisation,weighted_population\nRT1,830000\nRV9,610000\n", encoding="utf-8")
        output = tmp_path / "pack.html"
        table.write_text(TABLE.replace(",registered_population", "").replace(",834586", "").replace(",600000", ""))
        arguments = ["pack", str(table), "--populations", str(people), "--focus", "RT1", "--peers", "RV9"]
        assert main([*arguments, "--source", "A survey", "--output", str(output)]) == 0
        assert capsys.readouterr().out.startswith(f"Written to {output}: ")
        page = output.read_text(encoding="utf-8")
        # (108,600 + 33,600) contacts of 830,000 people.
        assert "17,133 contacts per 100,000 weighted population, 1st of 2 organisations" in page
        assert "Data: A survey." in page

    def test_bad_input_is_named(self, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        output = tmp_path / "pack.html"
        assert main(["pack", str(table), "--focus", "RT9", "--output", str(output)]) == 2
        assert says(capsys.readouterr().err, "focus", "'RT9'", "'RV9'", "'RT1'")
        assert not output.exists()
        assert main(["pack", "no.csv", "--output", str(output)]) == 2
        assert "no.csv" in capsys.readouterr().err

    def test_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["pack", "--help"])
        assert ended.value.code == 0
        assert "--focus" in capsys.readouterr().out


class TestAMessyReturn:
    """Codes stay codes, totals are told, and what was understood is said."""

    def test_codes_are_text(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path, output = tmp_path / "t.csv", tmp_path / "out.csv"
        path.write_text("organisation,team,period,contacts,caseload\n007,A,2016/17,100,10\n7,5E1,2016/17,300,10\n")
        assert main([str(path), "-o", str(output)]) == 0
        result = pd.read_csv(output, dtype=str)
        assert result["organisation"].tolist()[:2] == ["007", "7"]
        assert result["team"].tolist()[:2] == ["A", "5E1"]
        assert result["contacts_per_patient"].astype(float).tolist()[:2] == [10.0, 30.0]

    def test_two_columns_of_one_name_are_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "t.csv"
        path.write_text("caseload,caseload,contacts\n1,2,3\n")
        assert main([str(path)]) == 2
        assert says(capsys.readouterr().err, "caseload", "line 1")

    def test_a_row_of_totals_is_not_added_again(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path, output = tmp_path / "t.csv", tmp_path / "out.csv"
        path.write_text("organisation,total_cost,contacts\nA,17700000,108589\nB,8850000,60000\nTotal,26550000,168589\n")
        assert main([str(path), "-o", str(output)]) == 0
        assert pd.read_csv(output)["total_cost"].tolist() == [17_700_000, 8_850_000, 26_550_000]
        assert "Line 4 is set aside" in capsys.readouterr().out

    def test_options(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "t.csv"
        path.write_text("Trust,Seen,Total cost\nA,100,1000\nClosed,1,1\n")
        assert main([str(path), "--rename", "Seen=contacts", "--exclude", "Closed", "--json"]) == 0
        held = json.loads(capsys.readouterr().out)
        assert [row["cost_per_contact"] for row in held["rows"]] == [10.0]
        assert any("Left out, as asked: 1 row of 'Closed'" in question for question in held["questions"])
        assert main([str(path), "--rename", "Seen=contacts", "--exclude", "Closd"]) == 2
        assert says(capsys.readouterr().err, "'Closd'", "'Closed'")
        assert main([str(path), "--rename", "Seen"]) == 2
        assert main(["--place", "icb"]) == 2
        assert "--place" in capsys.readouterr().err

    def test_populations_of_their_own(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path, people = tmp_path / "t.csv", tmp_path / "people.csv"
        path.write_text("icb,caseload\nQUE,1000\nQH8,500\n")
        people.write_text("ICB code,Reg pop\nQUE,100000\nQH8,100000\n")
        assert main([str(path), "--populations", str(people), "--json"]) == 0
        rates = [row["caseload_per_100k_registered"] for row in json.loads(capsys.readouterr().out)["rows"]]
        # 1,500 people of 200,000 are 750 per 100,000.
        assert rates == [1000.0, 500.0, 750.0]
        people.write_text("ICB code,Reg pop\nE54,100000\n")
        assert main([str(path), "--populations", str(people)]) == 2
        assert says(capsys.readouterr().err, "places", "E54")

    def test_a_workbook_comes_out(self, table: Path, tmp_path: Path) -> None:
        openpyxl = pytest.importorskip("openpyxl")
        output = tmp_path / "result.xlsx"
        assert main([str(table), "-o", str(output)]) == 0
        sheet = openpyxl.load_workbook(output)["Metrics"]
        assert [cell.value for cell in sheet[4]][:4] == ["Organisation", "Team type", "Period", "Total cost (£)"]
        assert sheet["D5"].value == 17_700_000
        again = cm.read_return(output, totals=True).table
        assert {"organisation", "team_type", "period", "total_cost", "contacts"} <= set(again)
        assert again["total_cost"][0] == 17_700_000

    def test_what_is_refused_later_is_told_by_line_too(self, tmp_path: Path, capsys) -> None:
        path = tmp_path / "t.csv"
        path.write_text("Trust,Team,Contacts,Caseload\nA,x,100,5\n,y,90,4\nB,x,10,5\n")
        assert main([str(path)]) == 2
        assert "(line 3)" in capsys.readouterr().err

    def test_a_year_of_care_where_people_stay_for_weeks_is_told(self, tmp_path: Path, capsys) -> None:
        path = tmp_path / "t.csv"
        path.write_text("Trust,Team type,FY,Total cost,Caseload\nA,A02,2023/24,100,5\nA,CMHT,2023/24,90,4\n")
        assert main([str(path)]) == 0
        assert "A year for each person on the caseload, of A02" in capsys.readouterr().out

    def test_an_output_of_another_kind_is_refused(self, table: Path, tmp_path: Path, capsys) -> None:
        assert main([str(table), "-o", str(tmp_path / "result.docx")]) == 2
        assert says(capsys.readouterr().err, ".csv", ".xlsx")
        assert not (tmp_path / "result.docx").exists()

    def test_a_heading_that_is_not_understood_is_named(self, tmp_path: Path, capsys) -> None:
        path = tmp_path / "t.csv"
        path.write_text("Trust,Contacts,Caseload,Total spend (hours)\nA,10,2,5\n")
        assert main([str(path)]) == 0
        assert "'Total spend (hours)'" in capsys.readouterr().out
        assert main([str(path), "--rename", "Contacts=contact"]) == 2
        assert says(capsys.readouterr().err, "'contact'", "'contacts'")

    def test_cells_are_safe_to_open(self, tmp_path: Path) -> None:
        path, output = tmp_path / "t.csv", tmp_path / "out.csv"
        path.write_text("organisation,contacts,caseload\n=1+1,100,10\n+A,1,1\n")
        assert main([str(path), "-o", str(output)]) == 0
        assert pd.read_csv(output)["organisation"].tolist()[:2] == ["'=1+1", "'+A"]

    def test_never_over_its_input(self, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = table.read_bytes()
        assert main([str(table), "-o", str(table)]) == 2
        assert "another file than the one it reads" in capsys.readouterr().err
        assert table.read_bytes() == before

    def test_no_line_is_longer_than_100(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 0
        cm.synthetic_providers().head(36).to_csv(tmp_path / "t.csv", index=False)
        assert main([str(tmp_path / "t.csv")]) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 100

    def test_nothing_steers_the_terminal(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "t.csv"
        path.write_text("organisation,contacts,caseload\n\x1b[31mA\u202e,100,10\n", encoding="utf-8")
        assert main([str(path)]) == 0
        printed = capsys.readouterr().out
        assert "\x1b" not in printed
        assert "\u202e" not in printed


class TestAnyConsole:
    """The first command of the README, as Windows, an old terminal and a pipe run it."""

    def run(self, *words: str, encoding: str = "utf-8", **options: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "cmhs_metrics", *words],
            capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}, check=False, **options,
        )  # fmt: skip

    @pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
    def test_of_few_characters(self, encoding: str) -> None:
        done = self.run(encoding=encoding)
        assert done.returncode == 0, done.stderr
        assert (b"GBP 3,345" if encoding == "ascii" else b"\xa33,345") in done.stdout
        assert b"Traceback" not in done.stderr

    @pytest.mark.skipif(sys.platform == "win32", reason="there is no such pipe")
    def test_that_stops_reading(self) -> None:
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([sys.executable, "-m", "cmhs_metrics"], stdout=write, stderr=subprocess.PIPE, check=False)
        os.close(write)
        assert (done.returncode, done.stderr) == (0, b"")

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk to write to")
    def test_that_is_full(self) -> None:
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "cmhs_metrics"], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
