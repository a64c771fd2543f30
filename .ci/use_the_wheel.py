"""Use the installed wheel as a stranger would: only what the package itself requires is there."""

import subprocess
import sys
from importlib.metadata import metadata, requires
from importlib.resources import files

import cmhs_metrics as cm

assert "site-packages" in cm.__file__, cm.__file__
assert files("cmhs_metrics").joinpath("py.typed").is_file()
assert metadata("cmhs_metrics")["License-Expression"] == "MIT"
needed = {line.split(">")[0] for line in requires("cmhs_metrics") or [] if "extra" not in line}
assert needed == {"numpy", "pandas", "pint", "scipy", "narwhals"}, needed

import pandas as pd  # noqa: E402

teams = pd.DataFrame({"team": ["North", "South"], "total_cost": [17.7e6, 2.2e6], "caseload": [5_291, 0]})
assert cm.with_metrics(teams)["year_of_care_cost"].round(2).tolist()[0] == 3345.3
assert cm.aggregate(teams)["caseload"].tolist() == [5_291]
assert len(cm.audit.figures()) > 400
for words in ([], ["--help"]):
    done = subprocess.run([sys.executable, "-m", "cmhs_metrics", *words], capture_output=True, text=True, check=True)
    assert done.stdout.strip(), words

if "with-extras" in sys.argv:
    # With the extras plot, excel and pack: from a messy workbook to a workbook of results and a pack.
    import openpyxl

    book = openpyxl.Workbook()
    for line in (
        ["Community teams 2023/24"], ["Trust", "Type of team", "FY", "Total spend (£000)", "Caseload*", "Contacts"],
        ["007", "CMHT", "2023-24", 17_700, 5_291, 108_589], ["5E1", "CMHT", "2023-24", 8_850, 3_000, 60_000],
        ["012", "CMHT", "2023-24", 950, 77, 6_513], ["Total", None, None, 27_500, 8_368, 175_102],
    ):  # fmt: skip
        book.active.append(line)
    book.save("teams.xlsx")
    for words in (["teams.xlsx", "-o", "result.xlsx"], ["pack", "teams.xlsx", "--focus", "007", "-o", "pack.html"]):
        subprocess.run([sys.executable, "-m", "cmhs_metrics", *words], capture_output=True, text=True, check=True)
    cells = {str(cell) for page in openpyxl.load_workbook("result.xlsx") for row in page.values for cell in row}
    assert {"007", "5E1", "012", "All organisations"} <= cells, cells
    with open("pack.html", encoding="utf-8") as page:
        assert "007" in page.read()
print("the wheel works:", cm.__version__)
