"""What is said about a run: statements, claims, costs."""

import os

import numpy as np
import pandas as pd
import pytest

from recrec import storage
from recrec.benchmarks import costs
from recrec.evaluation import claims
from recrec.reporting import cells as tables_of_cells
from recrec.reporting import sentences as statements


def test_a_change_is_said_in_known_units_largest_first():
    phrases = statements.change_phrases(
        np.array([0.48, -1.0, 0.0, 0.5, -2.0]),
        np.array([0.0, 3.0, 1.0, 0.25, 2.0]),
        ["'love'", "'war'", "'sea'", "price", "brand 7"],
        np.array([0.0, 0.0, 0.0, 10.0, 0.0]),
        np.array([1.0, 1.0, 1.0, 100.0, 1.0]),
    )
    assert phrases == [
        "remove brand 7 (2 → 0)",
        "lower 'war' (3 → 2)",
        "raise price (35 → 85)",
        "add 'love' (0 → 0.48)",
    ]


def test_a_statement_reads_like_a_sentence():
    said = statements.statement("Heat", ["add 'love' (0 → 0.48)"], 102.71, 8.06, 10, 158, 189, "age 7-22")
    assert said == (
        "Heat: add 'love' (0 → 0.48): moves from rank 102.7 to 8.1 on average, top 10 for 158 of 189 users of group "
        "age 7-22"
    )


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.001, "-0.001"), (1.5, "1.5"), (100.0, "100"), (0.126, "0.13")]
)
def test_amounts_are_short(value, text):
    assert statements.amount(value) == text


def cells(**columns):
    table = {
        "dataset": "films", "synthetic": False, "group": 1, "rank": 11, "sampling": [1.0, 1.0, 20.0, 20.0],
        "success_before_thresholding": [1.0, 0.9, 1.0, 1.0], "success": 0.8, "rbo": 0.995,
        "changed_share": [0.01, 0.01, 0.002, 0.002],
    }  # fmt: skip
    return pd.DataFrame({**table, **columns})


def held(table, claim, statistic):
    row = table[table["claim"].str.startswith(claim) & (table["statistic"] == statistic)]
    assert len(row) == 1
    return bool(row["holds"].iloc[0]), float(row["short_by"].iloc[0])


def test_each_claim_says_whether_it_holds_and_by_how_much_not():
    table = claims.compare(cells(), {"films": "movielens"})
    before = "success 100 % from 1 % sampling, before"
    assert held(table, before, "mean at 1 %") == (False, pytest.approx(0.05))
    assert held(table, before, "mean at 20 %") == (True, 0)
    assert held(table, before, "worst group, rank and sampling") == (False, pytest.approx(0.05))
    assert held(table, "mean RBO", "mean over all cells") == (True, 0)
    assert held(table, "changed features fall", "largest rise from one sampling percentage to the next") == (True, 0)
    assert held(table, "changed features become", "mean share at 20 %") == (False, pytest.approx(0.001))
    assert set(table["stands_for"]) == {"movielens"}
    assert set(claims.compare(cells(dataset="ml-100k"), {"ml-100k": "movielens"})["stands_for"]) == {"itself"}


def test_changed_features_that_rise_break_the_claim():
    table = claims.compare(cells(changed_share=[0.001, 0.001, 0.004, 0.004]), {"films": "goodreads"})
    holds, short_by = held(table, "changed features fall", "largest rise from one sampling percentage to the next")
    assert (holds, short_by) == (False, pytest.approx(0.003))


def test_the_papers_overlap_is_that_of_its_own_data_sets_only():
    assert claims.own_rbo("ml-100k", "movielens") == 0.9943
    assert claims.own_rbo("ml-100k-facets", "movielens") is None, "a stand-in"
    assert claims.own_rbo("ml-100k", "aliec") is None
    assert claims.own_rbo("films", None) is None


def test_a_data_set_that_is_not_the_papers_has_no_claims():
    assert claims.compare(cells(), {"films": None}).empty


def test_costs_count_rules_and_what_is_lost_between_them(tmp_path):
    def ran(place, end, starting, peak):
        log = tmp_path / f"logs/{place}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        said = f"done, peak memory {peak} MiB; {starting:.3f} s to start, 1.000 s for files, 2.000 s of work"
        log.write_text(f"   0.1 s  12 users\n   3.1 s  {said}\n")
        os.utime(log, (end, end))
        return log

    logs = [
        ran("recourse/a/1", 1010.0, 7.0, 90),
        ran("recourse/a/2", 1010.0, 5.0, 120),
        ran("plot", 1015.0, 1.0, 200),
        ran("download/a", 500.0, 2.0, 300),  # an earlier run
        tmp_path / "logs/evaluate/a/1.log",  # somebody has removed it
    ]
    found = costs.read_jobs(logs)
    rows = {row[0]: row[1:] for row in costs.summarise(found, started=998.0)}
    assert rows["recourse"] == (2, 18.0, 9.0, 12.0, 2.0, 4.0, 120.0)
    assert rows["download"] == (1, 5.0, 5.0, 2.0, 1.0, 2.0, 300.0)
    assert rows["in rules"] == (3, 22.0, pytest.approx(22 / 3), 13.0, 3.0, 6.0, 200.0)
    assert rows["wall"][1] == 17.0
    assert rows["wall at work"][:2] == (3, 3.0 + 3.0), "two at the same time count once, starting not at all"
    assert rows["overhead"][1] == 17.0 * 2 - 22.0


def test_jobs_one_after_the_other_do_not_run_side_by_side():
    """Though the times in their logs are rounded."""
    jobs = [costs.Job("plot", begin, begin + 1.001, 10.0, 0.0, 0.0, 1.0) for begin in (100.0, 101.0, 102.0)]
    rows = {row.rule: row for row in costs.summarise(jobs, started=99.0)}
    assert rows["overhead"].seconds == pytest.approx(4.001 - 3 * 1.001)


def test_a_film_called_na_keeps_its_name(tmp_path):
    storage.write_rows(tmp_path / "items.csv", ["item", "id", "title"], [(0, "NA", "None"), (1, "02", "null")])
    table = tables_of_cells.read(tmp_path / "items.csv")
    assert list(table["id"]) == ["NA", "02"]
    assert list(table["title"]) == ["None", "null"]


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.csv"
    storage.write_rows(path, ["a"], [[1]])
    with pytest.raises(ZeroDivisionError):
        storage.write_rows(path, ["a"], ([1 / number] for number in (1, 0)))
    assert path.read_text() == "a\n1\n"
    assert [one.name for one in tmp_path.iterdir()] == ["table.csv"]


def test_arrays_give_the_same_bytes_again_and_are_never_unpickled(tmp_path):
    for name in ("one.npz", "two.npz"):
        storage.save_arrays(tmp_path / name, a=np.arange(3), b=np.array(["x"]))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    np.savez(tmp_path / "object.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        storage.load_arrays(tmp_path / "object.npz")
