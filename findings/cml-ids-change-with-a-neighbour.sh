#!/usr/bin/env bash
# cml-conversion-helpers 0.5.0 (pandas functions) with pandas 3.1.1, Python 3.11.
# One would expect: the id of a row depends on the values of that row alone.
# Seen: the row is taken as one array first. Where all columns are numbers, one null or one fractional measure among
# them, in any other row or column, writes the whole numbers of every row as floats: "2024|1" becomes "2024.0|1.0", and
# each MD5 is another. One column of text keeps them whole again.
# It hurts whoever joins this month's cohorts to last month's by id: none match, and no error is raised.
# docs/comparison.md says to make the columns text first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile pandas==3.1.1
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps cml-conversion-helpers==0.5.0
"$folder/venv/bin/python" - <<'PYTHON'
import pandas as pd
from cml_conversion_helpers.pandas_functions.dimension_cohorts import create_dimension_cohort_id_col, create_md5_hash_col

keys = ["year", "imd_decile"]
table = pd.DataFrame({"year": [2024, 2024], "imd_decile": [1, 2]})
one_row_more = pd.DataFrame({"year": [2024, 2024, 2024], "imd_decile": [1, 2, None]})
with_text = one_row_more.assign(region=["Fenland", "Fenland", "Fenland"]).head(2).astype({"imd_decile": int})


def ids(frame, columns=keys):
    return create_dimension_cohort_id_col(frame, columns)["dimension_cohort_id"].tolist()


def hashes(frame):
    return create_md5_hash_col(frame, keys, "id")["id"].tolist()


print(ids(table), ids(one_row_more), ids(with_text, [*keys, "region"]))
assert ids(table) == ["2024|1", "2024|2"]
assert ids(one_row_more) == ["2024.0|1.0", "2024.0|2.0", "2024.0"]
assert ids(with_text, [*keys, "region"]) == ["2024|1|Fenland", "2024|2|Fenland"]
beside_a_fraction = table.assign(rate=[0.5, 1.5])
assert ids(beside_a_fraction, [*keys, "rate"]) == ["2024.0|1.0|0.5", "2024.0|2.0|1.5"]
assert not set(hashes(table)) & set(hashes(one_row_more))
assert ids(one_row_more.astype("Int64").astype("string")) == ["2024|1", "2024|2", "2024"]
PYTHON
