#!/usr/bin/env bash
# cml-schemas 3.0.0 with pyspark 4.0.1 and pandas 2.3.3, Python 3.11.
# One would expect: get_metric_schema("float") means the same number in pandas and on Spark, as its README says of both.
# Seen: 64-bit in pandas and 32-bit on Spark, with no 64-bit kind to ask for. A cost of £17,700,001 is 17,700,000 in the
# Spark table and 17,700,001 in the pandas one, and validate_schema accepts each. Whole
# numbers are alike: 64-bit in pandas, 32-bit on Spark, which ends at 2,147,483,647.
# It hurts whoever publishes costs: totals of a trust have nine digits, and a 32-bit float keeps seven.
# Our exchange.cml puts the whole value beside it, in additional_metric_values.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile pyspark==4.0.1 pandas==2.3.3
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps cml-schemas==3.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from cml_schemas import pandas_schemas, spark_schemas
from pyspark.sql.types import FloatType, IntegerType


def kinds(name):
    [in_pandas] = [field.dtype for field in pandas_schemas.get_metric_schema(name).fields if field.name == "metric_value"]
    return in_pandas, spark_schemas.get_metric_schema(name)["metric_value"].dataType


print(kinds("float"), kinds("int"), np.float32(17_700_001))
assert kinds("float") == ("float64", FloatType())
assert kinds("int") == ("int64", IntegerType())
# Spark's FloatType is IEEE single precision; this is the number that it holds.
assert float(np.float32(17_700_001)) == 17_700_000.0
assert sorted(spark_schemas._METRIC_VALUE_DTYPE_MAP) == ["bool", "float", "int", "string"]
PYTHON
