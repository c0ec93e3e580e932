"""How to use a snapshot: run `npx tipstream snapshot tips.db`, then `python3 examples/analysts.py tips.db`.

The script needs only Python 3.9. With pandas or DuckDB installed, it shows the same with them.
The `# %%` lines mark cells for Jupyter and for editors that support them.
"""

# %% Open the snapshot. It is a plain SQLite file. mode=ro opens it for reading only.
import sqlite3
import sys
from pathlib import Path

path = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "tips.db"
if not Path(path).exists():
    sys.exit(f"{path} is missing: run `npx tipstream snapshot {path}` first")
db = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)

# %% Which moment does it hold? Everything before these offsets is in it, and nothing after them.
meta = dict(db.execute("SELECT name, value FROM meta"))
print("profiles as of", meta["as_of_ms"], "with feature set", meta["feature_set"])
for topic, events in db.execute("SELECT topic, sum(next_offset) FROM offsets GROUP BY topic ORDER BY topic"):
    print(f"  {topic}: {events}")

# %% How many tips are done? Users to whom nothing was served have a NULL rate, which avg ignores.
users, rate, volume = db.execute("SELECT count(*), avg(completion_rate_30d), sum(tip_volume_30d) FROM profiles").fetchone()
print("users:", users, " mean completion rate:", None if rate is None else round(rate, 4), " tips:", volume)

# %% The same by category, from the tips.
BY_CATEGORY = """
    SELECT served_category AS category, count(*) AS served, count(done_at_ms) AS done
    FROM tips WHERE served_at_ms IS NOT NULL GROUP BY served_category ORDER BY served DESC, category
"""
for category, served, done in db.execute(BY_CATEGORY):
    print(f"  {category!r}: {done} of {served} done")

# %% What was the mean reward? Weights of 1 / propensity undo the policy's preferences and estimate the reward of a random choice.
# The propensity belongs to the chosen tip, so only decisions whose chosen tip was served count.
BY_POLICY = """
    SELECT policy, count(*) AS decisions, avg(reward) AS mean_reward, sum(reward / chosen_propensity) / sum(1 / chosen_propensity) AS at_random
    FROM decisions WHERE reward_tip_id = chosen_tip_id AND reward IS NOT NULL GROUP BY policy ORDER BY policy
"""
for row in db.execute(BY_POLICY):
    print(" ", row)

# %% The profiles in pandas, if it is installed.
try:
    import pandas
except ImportError:
    print("pandas is not installed")
else:
    profiles = pandas.read_sql("SELECT * FROM profiles", db)
    assert len(profiles) == users
    print(profiles.describe())

# %% The tips in DuckDB, if it is installed. DuckDB also reads what `npx tipstream export --out profiles.parquet` writes.
try:
    import duckdb
except ImportError:
    print("duckdb is not installed")
else:
    # DuckDB downloads its SQLite reader on first use. This copies the rows instead, which works without a network.
    duck = duckdb.connect()
    columns = [row[1] for row in db.execute("PRAGMA table_info(tips)")]
    duck.execute("CREATE TABLE tips (user_id VARCHAR, tip_id VARCHAR, served_at_ms BIGINT, served_category VARCHAR, done_at_ms BIGINT,"
                 " done_utc_offset_min BIGINT, dismiss_at_ms BIGINT, snooze_at_ms BIGINT, partition BIGINT)")
    rows = db.execute("SELECT * FROM tips").fetchall()
    if rows:
        duck.executemany(f"INSERT INTO tips VALUES ({', '.join('?' for _ in columns)})", rows)
    print(duck.sql("SELECT served_category, count(*) AS served FROM tips GROUP BY 1 ORDER BY 2 DESC LIMIT 5"))
