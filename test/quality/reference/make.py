"""Makes reference.json: what scipy, numpy and evidently say of samples, for the tests beside this folder.

    python3 -m venv venv && venv/bin/pip install scipy evidently "pandas<3"
    venv/bin/python test/quality/reference/make.py > test/quality/reference/reference.json
"""
import json
import sys

import evidently
import numpy as np
import pandas as pd
import scipy
from evidently.legacy.calculations.stattests.psi import _psi
from evidently.legacy.core import ColumnType
from scipy import special, stats
from scipy.spatial import distance

rng = np.random.default_rng(4711)


def shares(counts):
    counts = np.asarray(counts, dtype=float)
    return np.maximum(counts, 0.5) / counts.sum()


def bins(p, q):
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    either = (p > 0) | (q > 0)
    floored_p, floored_q = np.maximum(p, 0.5)[either] / p.sum(), np.maximum(q, 0.5)[either] / q.sum()
    return {
        "baseline": p.astype(int).tolist(),
        "current": q.astype(int).tolist(),
        "psi": float(special.kl_div(floored_q, floored_p).sum() + special.kl_div(floored_p, floored_q).sum()),
        "kl": float(special.kl_div(floored_q, floored_p).sum()),
        "js": float(distance.jensenshannon(p / p.sum(), q / q.sum(), base=2) ** 2),
        "by_chance": 0.0 if either.sum() == 1 else float(stats.chi2.isf(0.001, either.sum() - 1) * (1 / p.sum() + 1 / q.sum())),
    }


def evidently_psi(p, q):
    """Of categories that both have: evidently's floor is another one."""
    names = [f"c{at}" for at in range(len(p))]
    series = lambda counts: pd.Series(np.repeat(names, counts))
    return {"baseline": p, "current": q, "psi": float(_psi(series(p), series(q), ColumnType.Categorical, 0.1)[0])}


def ks(a, b):
    a, b = np.sort(a), np.sort(b)
    n, m = len(a), len(b)
    statistic = float(stats.ks_2samp(a, b, method="asymp").statistic)
    size = np.sqrt(n * m / (n + m))
    return {
        "baseline": a.tolist(),
        "current": b.tolist(),
        "statistic": statistic,
        "p_value": float(special.kolmogorov(size * statistic)),
        "threshold": float(max(0.2, np.sqrt(-np.log(0.001 / 2) / 2) / size)),
    }


def summary(a):
    a = np.asarray(a, dtype=float)
    percents = [1, 5, 25, 50, 75, 90, 95, 99]
    return {
        "values": a.tolist(),
        "mean": float(a.mean()),
        "stddev": float(a.std(ddof=1)),
        "percentiles": {f"p{p}": float(np.percentile(a, p, method="inverted_cdf")) for p in percents},
    }


document = {
    "versions": {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__, "evidently": evidently.__version__},
    "chi_squared": [{"tail": t, "df": d, "value": float(stats.chi2.isf(t, d))} for t in (0.5, 0.05, 0.001) for d in (1, 2, 3, 9, 10, 31, 200)],
    "kolmogorov": [{"x": x, "tail": float(special.kolmogorov(x))} for x in (0.05, 0.3, 0.5, 0.8, 1.0, 1.17, 1.18, 1.19, 1.5, 1.949, 3.0)],
    "bins": [
        bins([10, 20, 30, 40], [12, 18, 33, 37]),
        bins([100, 0, 50, 0], [0, 100, 50, 0]),
        bins([5] * 10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 14]),
        bins(rng.multinomial(100_000, [0.1] * 10).tolist(), rng.multinomial(90_000, [0.05] * 5 + [0.15] * 5).tolist()),
        bins([1], [1]),
        bins([7, 0], [0, 9]),
    ],
    "evidently": [
        evidently_psi([10, 20, 30, 40], [12, 18, 33, 37]),
        evidently_psi([500, 300, 200], [100, 450, 450]),
        evidently_psi([3, 5, 8, 13], [21, 13, 8, 5]),
    ],
    "ks": [
        ks(rng.normal(size=80), rng.normal(0.5, 1.2, size=50)),
        ks(rng.integers(0, 24, size=200).astype(float), rng.integers(0, 20, size=90).astype(float)),
        ks(rng.random(30), rng.random(30)),
        ks(np.zeros(5), np.ones(7)),
        ks(np.zeros(5), np.zeros(7)),
    ],
    "summaries": [summary(rng.random(101)), summary(rng.integers(0, 9, size=40)), summary([1e9, 1e9 + 1, 1e9 + 2])],
}
json.dump(document, sys.stdout, indent=1)
print()
