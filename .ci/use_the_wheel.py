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
print("the wheel works:", cm.__version__)
