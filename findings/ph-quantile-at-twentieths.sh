#!/usr/bin/env bash
# PHStatsMethods 0.1.16 with pandas 2.3.3, numpy 2.4.6 and scipy 1.17.1, Python 3.11.
# One would expect: the quantile of an area follows from its rank and the number of areas, by exact arithmetic. Of 28 areas
# with 28 different scores, asked for twentieths, rank 8 has (28 + 1 - 8) * 20 / 28 = 15 exactly, which is quantile 6.
# Seen: it has quantile 5, for the number is reached as 21 / 1.4, which is 15.000000000000002, and is rounded up. Quantile 6
# has one area and quantile 5 has two. Among 20 to 399 areas it was found at 12 sizes (28, 56, 92, 112 ...), all for
# twentieths; quarters, fifths and tenths were right at every size up to 399.
# It hurts whoever compares twentieths of small areas. Our library's comparison with this package does not cover quantiles.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
    phstatsmethods==0.1.16 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PYTHON'
import pandas as pd
from PHStatsMethods import ph_quantile


def quantiles(areas, parts):
    table = pd.DataFrame({"score": range(1, areas + 1)})
    found = ph_quantile(table, "score", nquantiles=parts, invert=False)["quantile"].astype(int).tolist()
    exact = [max(1, parts + 1 + (-(areas + 1 - rank) * parts) // areas) for rank in range(1, areas + 1)]
    return [(rank, was, due) for rank, (was, due) in enumerate(zip(found, exact, strict=True), 1) if was != due]


print(quantiles(28, 20), quantiles(56, 20), quantiles(28, 10))
assert quantiles(28, 20) == [(8, 5, 6)]
assert quantiles(56, 20) == [(15, 5, 6)]
assert quantiles(28, 10) == quantiles(27, 20) == []
PYTHON
