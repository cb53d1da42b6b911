"""Every data set config on a tiny sample of its official format, and real rows where there are some."""

import gzip

import numpy as np
import pandas as pd
import pytest
import samples
from conftest import REPOSITORY
from random_study import choose, solve_cell

from recrec.data import catalogue, dataset, features, groups
from recrec.errors import InputError
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.target import Target
from recrec.recommenders.content import ContentAudience

NAMES = catalogue.known_datasets(REPOSITORY)


def config_of(name):
    return catalogue.load_dataset(catalogue.find_dataset(name, REPOSITORY))


def rows_dropped(data):
    return {(table, reason): rows for table, reason, rows in data.dropped}


@pytest.fixture
def read(tmp_path):
    """Build a data set from its sample."""

    def build(name, sample=None):
        (sample or samples.SAMPLES[name])(tmp_path)
        return dataset.build(config_of(name), tmp_path)

    return build


def test_every_data_set_has_a_sample():
    assert sorted(samples.SAMPLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_goes_through_to_a_recourse(name, read):
    data, rules = read(name), config_of(name)
    matrix, columns = features.featurize(rules["features"], data.items)
    assert matrix.shape == (len(data.items), len(columns))
    assert np.isfinite(matrix.data).all()
    assert list(dict.fromkeys(columns["block"])) == list(rules["features"])
    assert columns["mutable"].any()
    assert not columns.duplicated(["block", "name"]).any()
    values = groups.group_values(rules["groups"], data.users, data.ratings)
    group = groups.equal_groups(values, 5)
    labels = groups.labels(values, group, 5, rules["groups"]["label"])
    assert len(set(labels)) == 5
    assert (data.items["title"] != "").all()
    ratings = data.ratings[np.flatnonzero(group == 0)]
    ordered = np.empty(ratings.shape)
    users = ContentAudience(matrix, columns["mutable"].to_numpy(bool), ratings, "all")
    found = rank_baseline(users, 10, 100, ordered)
    target = Target(users, ordered)
    last = int(np.argmax(found.mean_rank))
    [(_, _, path)] = solve_cell(target, [last], 100, [1], choose(aggregate="mean", desired_rank=3))
    assert path.status == "reached"


def test_facts_become_features_and_missing_ones_none(read):
    data = read("ml-100k-facets")
    assert data.items.loc[0, "actor"] == "m.x1"
    assert data.items.loc[11, "actor"] == ""
    assert data.items.loc[5, "year"] == ""
    assert data.items.loc[0, "year"] == "1991"


def test_leads_match_by_folded_title_and_near_year(read):
    data = read("ml-100k")
    assert list(data.items["id"]) == [str(i) for i in range(1, 12)]
    assert data.items.loc[0, "title"] == "Misérables, Les (1995)"
    assert "number1," in data.items.loc[0, "summary"]
    assert rows_dropped(data)["items", "no summary"] == 1
    assert rows_dropped(data)["interactions", "item dropped"] == 12


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_aliec_traps(end, read):
    data = read("aliec", lambda folder: samples.aliec(folder, end))
    assert rows_dropped(data)["interactions", "not in the table of users"] == 12
    assert rows_dropped(data)["interactions", "added to another of the same user and item"] == 12
    assert list(data.items["brand"][:3]) == ["95471", "88", ""]
    ratings = data.ratings.toarray()
    # Two impressions of one ad to one user add up; a click counts five.
    assert ratings[0, 0] == 2 * (5 if samples.stars(1, 1) == 5 else 1)
    assert ratings[0, 1] == (5 if samples.stars(1, 2) == 5 else 1)
    matrix, columns = features.featurize(config_of("aliec")["features"], data.items)
    assert columns.groupby("block").size().to_dict() == {"brand": 2, "category": 4, "price": 1}
    price = matrix[:, [len(columns) - 1]].toarray()[:, 0]
    assert price.min() > 0 and price.std() == pytest.approx(1)
    known = columns["offset"].iloc[-1] + columns["scale"].iloc[-1] * price
    np.testing.assert_allclose(known, 170.0 * np.arange(1, 13))


def test_a_weight_that_is_neither_click_nor_impression_is_refused(read, tmp_path):
    def sample(folder):
        samples.aliec(folder)
        with open(folder / "raw_sample.csv", "ab") as file:
            file.write(b"1,1494137644,1,430548_1007,0,2\r\n")

    with pytest.raises(InputError, match=r"raw_sample.csv, column clk, row 169: '2' is not one of 0, 1"):
        read("aliec", sample)


def test_the_most_interacted_are_kept_with_ties_by_their_place(tmp_path):
    samples.aliec(tmp_path)
    rules = config_of("aliec") | {"filters": {"top_items": 3, "top_users": 2}}
    data = dataset.build(rules, tmp_path)
    assert list(data.items["id"]) == ["1", "2", "3"]
    assert list(data.users["id"]) == ["1", "2"]
    assert rows_dropped(data)["items", "not among the 3 with most interactions"] == 9
    assert rows_dropped(data)["users", "not among the 2 with most interactions"] == 10


def test_goodbooks_releases_are_put_together(read):
    data = read("goodbooks")
    assert data.ratings.nnz == 144
    assert rows_dropped(data) == {
        ("items", "book_id not within 1 to 4300"): 1,
        ("interactions", "repeated user and item, first kept"): 2,
    }
    assert data.ratings.toarray()[2, 4] == samples.stars(3, 5)


@pytest.mark.parametrize("name", ["goodreads", "goodreads-poetry"])
def test_goodreads_ratings_of_0_are_no_ratings(name, read):
    data = read(name)
    assert list(data.items["id"]) == [str(1000 + i) for i in range(1, 12)]
    dropped = rows_dropped(data)
    assert dropped["interactions", "weight 0"] == 12
    assert dropped["items", "no description"] == 1
    assert dropped.get(("interactions", "not in the table of items"), 0) == (12 if name == "goodreads" else 0)
    _, columns = features.featurize(config_of(name)["features"], data.items)
    assert set(columns.loc[columns["block"] == "genre", "name"]) == {"poetry", "g0", "g1"}
    assert set(columns.loc[columns["block"] == "format", "name"]) == {"Hardcover", "ebook"}


def test_a_light_first_reading_gives_the_same_items(read, tmp_path, monkeypatch):
    """The first reading keeps only whether a text is filled; small pieces must not change anything."""
    whole = read("goodreads")
    monkeypatch.setattr("recrec.data.tables.ROWS", 300)
    again = dataset.build(config_of("goodreads"), tmp_path)
    pd.testing.assert_frame_equal(whole.items, again.items)
    assert (whole.ratings != again.ratings).nnz == 0


def test_a_gzip_that_is_cut_off_is_refused(read):
    def sample(folder):
        samples.goodreads(folder)
        path = folder / "goodreads_books.json.gz"
        path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(InputError, match=r"goodreads_books.json.gz: cannot be unpacked .* cut off or damaged"):
        read("goodreads", sample)


def test_a_damaged_record_is_named_by_its_line(read):
    def sample(folder):
        samples.goodreads(folder)
        path = folder / "goodreads_books.json.gz"
        with gzip.open(path, "at") as file:
            file.write('{"book_id": \n')

    with pytest.raises(InputError, match=r"goodreads_books.json.gz line 13: not JSON"):
        read("goodreads", sample)


def test_real_rows_of_taobao_go_through_the_same_columns(mirror, tmp_path):
    rows = pd.read_csv(mirror / "taobao_ads/impressions_sample_500.csv", dtype=str)
    ads = rows.drop_duplicates("adgroup_id").rename(columns={"price_scaled": "price"})
    ads["brand"] = ads["brand"].replace("0", "NULL")  # in this copy a missing brand is 0
    ads[["adgroup_id", "cate_id", "campaign_id", "customer", "brand", "price"]].to_csv(
        tmp_path / "ad_feature.csv", index=False, lineterminator="\r\n"
    )
    users = rows.drop_duplicates("userid").rename(columns={"new_user_class_level": "new_user_class_level "})
    users.iloc[:, :9].to_csv(tmp_path / "user_profile.csv", index=False, lineterminator="\r\n")
    shown = rows.rename(columns={"userid": "user"})[["user", "adgroup_id", "clk"]]
    shown.to_csv(tmp_path / "raw_sample.csv", index=False, lineterminator="\r\n")
    rules = config_of("aliec")
    data = dataset.build(rules, tmp_path)
    assert (len(data.items), len(data.users)) == (297, 230)
    assert data.ratings.sum() == 210 * 5 + 290
    _, columns = features.featurize(rules["features"], data.items)
    assert columns.groupby("block").size().to_dict() == {"brand": 193, "category": 137, "price": 1}


@pytest.mark.parametrize(
    ("name", "items", "users", "interactions"),
    [("goodbooks", 4299, 11866, 604_855), ("ml-100k", 1196, 943, 87_543)],
)
def test_real_data_has_the_documented_size(name, items, users, interactions, mirror, tmp_path):
    rules = config_of(name)
    for file, entry in rules["files"].items():
        (tmp_path / file).symlink_to((mirror / entry["mirror"]).resolve())
    data = dataset.build(rules, tmp_path)
    assert (len(data.items), len(data.users), data.ratings.nnz) == (items, users, interactions)
