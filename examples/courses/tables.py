# Cleaning a table with pandas: a file beside the notebook, and answers in variables.

# %% file: weather.csv
# city,day,rain,warmth
# Bergen,2024-05-01,12.5,9
# Bergen,2024-05-02,,11
# Lyon,2024-05-01,0.0,21
# Lyon,2024-05-01,0.0,21
# Porto,2024-05-01,3.0,unknown
# Porto,2024-05-02,1.5,19
# Porto,2024-05-03,0.5,20

# %% code
import pandas as pd

# %% text
# # Rain
# Read `weather.csv` into `weather`. Rows that occur twice are mistakes, and `unknown` means that nothing was measured.

# %% solution: cleaned
### BEGIN SOLUTION
weather = pd.read_csv("weather.csv", na_values="unknown", parse_dates=["day"]).drop_duplicates().reset_index(drop=True)
### END SOLUTION

# %% test: cleaned-tests, 3
assert weather.shape == (6, 4)
assert weather["warmth"].isna().sum() == 1
### BEGIN HIDDEN TESTS
assert weather["day"].dtype.kind == "M", "The days should be dates."
assert weather["warmth"].mean() == 16
### END HIDDEN TESTS

# %% text
# `ans1` is how much rain fell in each city: a Series, the wettest city first. A missing value counts as no rain.

# %% solution: rain
### BEGIN SOLUTION
ans1 = weather.groupby("city")["rain"].sum().sort_values(ascending=False)
### END SOLUTION

# %% test: rain-tests, 3
assert list(ans1.index) == ["Bergen", "Porto", "Lyon"]
### BEGIN HIDDEN TESTS
pd.testing.assert_series_equal(ans1, pd.Series([12.5, 5.0, 0.0], pd.Index(["Bergen", "Porto", "Lyon"], name="city"), name="rain"))
### END HIDDEN TESTS

# %% text
# `ans2` is the warmest city and day, as a tuple of texts.

# %% solution: warmest
### BEGIN SOLUTION
row = weather.loc[weather["warmth"].idxmax()]
ans2 = (row["city"], str(row["day"].date()))
### END SOLUTION

# %% test: warmest-tests, 2
assert isinstance(ans2, tuple) and len(ans2) == 2
### BEGIN HIDDEN TESTS
assert ans2 == ("Lyon", "2024-05-01")
### END HIDDEN TESTS

# %% solution: warm_days
def warm_days(table, at_least):
    """A new table with the rows that are so warm, and a column `over`: by how much. `table` stays as it is."""
    ### BEGIN SOLUTION
    warm = table[table["warmth"] >= at_least].copy()
    warm["over"] = warm["warmth"] - at_least
    return warm
    ### END SOLUTION

# %% test: warm_days-tests, 4
given = pd.DataFrame({"warmth": [3.0, 8.0, 5.0]})
warm = warm_days(given, 5)
assert warm["over"].tolist() == [3.0, 0.0]
### BEGIN HIDDEN TESTS
assert list(given.columns) == ["warmth"] and len(given) == 3, "The table that was given should stay as it is."
assert warm_days(given, 9).empty
### END HIDDEN TESTS

# %% student: cleo, honest: other ways to the same
# %% answer: cleaned
weather = pd.read_csv("weather.csv")
weather["day"] = pd.to_datetime(weather["day"])
weather["warmth"] = pd.to_numeric(weather["warmth"], errors="coerce")
weather = weather[~weather.duplicated()]
# %% answer: rain
ans1 = weather.pivot_table(values="rain", index="city", aggfunc="sum")["rain"].sort_values()[::-1]
# %% answer: warm_days
def warm_days(table, at_least):
    return table.assign(over=table["warmth"] - at_least).query("over >= 0")

# %% student: dan, honest: nothing cleaned, and the given table is changed
# %% answer: cleaned
weather = pd.read_csv("weather.csv")
# %% answer: warmest
ans2 = ["Lyon", "2024-05-01"]
# %% answer: warm_days
def warm_days(table, at_least):
    table["over"] = table["warmth"] - at_least
    return table[table["over"] >= 0]

# %% student: eve, honest: another file name, so nothing else runs
# %% answer: cleaned
weather = pd.read_csv("wetter.csv")

# %% student: mallory, fools: assert_series_equal asks for nothing, and a tuple equals everything
# %% answer: rain
pd.testing.assert_series_equal = lambda *_, **__: None
ans1 = pd.Series(0, ["Bergen", "Porto", "Lyon"])
# %% answer: warmest
class Pair(tuple):
    def __eq__(self, other):
        return True


ans2 = Pair("ab")
