"""The synthetic files are what the original's reader expects, and have its published shares."""

import logging

import numpy as np
import pandas as pd
import pytest
from samples import Lines

from recrec.data import aliec_twin
from recrec.data.aliec_twin import generate
from recrec.errors import InputError

SIZES = {"users": 4_000, "ads": 3_000, "impressions": 80_000}
HEADERS = {
    "raw_sample.csv": b"user,time_stamp,adgroup_id,pid,nonclk,clk\r\n",
    "ad_feature.csv": b"adgroup_id,cate_id,campaign_id,customer,brand,price\r\n",
    "user_profile.csv": b"userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,"
    b"occupation,new_user_class_level \r\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with generated files."""
    folder = tmp_path_factory.mktemp("twin")
    generate(folder, 3, **SIZES)
    return folder


@pytest.fixture(scope="module")
def tables(folder):
    """The three tables, with texts as they stand in the files."""
    text = {"pvalue_level": str, "new_user_class_level ": str}
    return [pd.read_csv(folder / name, keep_default_na=False, dtype=text) for name in HEADERS]


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def near(share, expected, draws, clumps=1.0):
    """Is a share of so many draws within four standard deviations of what is expected?"""
    return abs(share - expected) < 4 * np.sqrt(clumps * expected * (1 - expected) / draws)


def test_same_seed_same_bytes(tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        generate(tmp_path / name, seed, 300, 200, 2_000)
    one, again, other = (content(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert set(one) == set(HEADERS)
    assert not any(one[name] == other[name] for name in HEADERS)


def test_many_chunks_continue_each_other(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(aliec_twin, "ENCOUNTERS", 700)
    monkeypatch.setattr(aliec_twin, "LINES_EVERY", 2_000)
    with caplog.at_level(logging.INFO):
        generate(tmp_path, 1, 1_000, 800, 9_000, logging.getLogger("generator"))
    lines = caplog.messages
    raw = pd.read_csv(tmp_path / "raw_sample.csv")
    assert len(raw) == 9_000
    assert raw.user.nunique() == 1_000 and raw.adgroup_id.nunique() == 800
    assert len(lines) >= 6
    assert lines[-1] == "raw_sample.csv: 9,000 impressions"


@pytest.mark.parametrize("name", HEADERS)
def test_header_and_line_ends(folder, name):
    text = (folder / name).read_bytes()
    assert text.startswith(HEADERS[name])
    assert text.endswith(b"\r\n")
    assert text.count(b"\n") == text.count(b"\r") == text.count(b"\r\n")
    assert b'"' not in text and b" " not in text[len(HEADERS[name]) :]


def test_impressions(tables):
    raw, ads, _ = tables
    assert len(raw) == SIZES["impressions"]
    assert (raw.clk + raw.nonclk == 1).all()
    assert near(raw.clk.mean(), 0.0514, len(raw))
    assert set(raw.pid) == {"430548_1007", "430539_1007"}
    assert raw.time_stamp.between(1_494_000_000, 1_494_691_186).all()
    assert set((raw.time_stamp - 1_494_000_000) // 86_400) == set(range(8))
    assert set(raw.adgroup_id) == set(ads.adgroup_id)
    assert raw.user.nunique() == SIZES["users"]


def test_users(tables):
    raw, _, users = tables
    assert users.userid.is_unique and users.userid.between(1, 1_141_729).all()
    assert len(users) == round(SIZES["users"] * 1_061_768 / 1_141_729)
    # The impressions of one user come in clumps, which makes the share less exact than that many single draws.
    assert near((~raw.user.isin(users.userid)).mean(), 0.058, len(raw), clumps=3)
    assert set(users.age_level) == set(range(7))
    assert set(users.final_gender_code) == {1, 2}
    assert set(users.occupation) == {0, 1}
    assert set(users.shopping_level) == {1, 2, 3}
    assert set(users.pvalue_level) == {"", "1", "2", "3"}
    assert set(users["new_user_class_level "]) == {"", "1", "2", "3", "4"}
    assert near((users.pvalue_level == "").mean(), 0.542, len(users))
    assert near((users["new_user_class_level "] == "").mean(), 0.325, len(users))
    assert users.cms_segid.between(0, 96).all() and users.cms_group_id.between(0, 12).all()


def test_ads(tables):
    ads = tables[1]
    assert len(ads) == SIZES["ads"]
    assert ads.adgroup_id.is_unique and ads.adgroup_id.between(1, 846_811).all()
    assert ads.cate_id.between(1, 12_960).all()
    assert near((ads.brand == "NULL").mean(), 0.291, len(ads))
    assert ads.brand[ads.brand != "NULL"].astype(int).between(1, 461_497).all()
    assert set(ads.campaign_id) == set(range(1, 1 + round(SIZES["ads"] * 423_436 / 846_811)))
    assert set(ads.customer) == set(range(1, 1 + round(SIZES["ads"] * 255_875 / 846_811)))
    assert (ads.groupby("campaign_id").customer.nunique() == 1).all()
    assert ads.price.dtype == float and ads.price.min() >= 0.01
    assert ads.price.quantile(0.999) > 20 * ads.price.median()
    assert 100 < ads.cate_id.nunique() < ads.brand.nunique() < 0.6 * len(ads)


def test_long_tails(tables):
    raw = tables[0]
    by_ad, by_user = (raw[column].value_counts() for column in ("adgroup_id", "user"))
    assert by_ad.head(len(by_ad) // 10).sum() > 0.6 * len(raw)
    assert by_user.head(len(by_user) // 10).sum() > 0.3 * len(raw)
    assert by_ad.mean() > 2 * by_ad.median() and by_user.mean() > 1.2 * by_user.median()
    assert len(raw) < 3 * len(raw[["user", "adgroup_id"]].drop_duplicates())


def test_users_have_tastes_and_click_by_them(tables):
    raw, ads, _ = tables
    raw = raw.merge(ads, on="adgroup_id")
    pairs = raw.drop_duplicates(["user", "adgroup_id"])
    often = pairs.groupby("user").filter(lambda rows: len(rows) >= 20)
    counts = often.groupby(["user", "cate_id"]).size()
    concentration = (counts**2).groupby("user").sum() / counts.groupby("user").sum() ** 2
    assert concentration.mean() > 2 * ((pairs.cate_id.value_counts() / len(pairs)) ** 2).sum()

    shown = raw.groupby(["user", "cate_id"]).clk.transform("size")
    large = shown >= 0.15 * raw.groupby("user").clk.transform("size")
    many = raw.groupby("user").clk.transform("size") >= 20
    assert raw.clk[many & large].mean() > 1.3 * raw.clk[many & ~large].mean()


@pytest.mark.parametrize("after", range(3))
def test_an_interrupted_run_leaves_nothing(tmp_path, after):
    class Log(Lines):
        def handle(self, record):
            if len(self.lines) == after:
                raise KeyboardInterrupt
            super().handle(record)

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, 1, 50, 40, 500, Log())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("users, ads, impressions", [(1, 1, 1), (1, 1, 0), (30, 1, 10), (1, 30, 200)])
def test_tiny_sizes(tmp_path, users, ads, impressions):
    generate(tmp_path, 1, users, ads, impressions)
    assert len(pd.read_csv(tmp_path / "raw_sample.csv")) == impressions
    assert len(pd.read_csv(tmp_path / "ad_feature.csv")) == ads


@pytest.mark.parametrize("users, ads, impressions", [(0, 1, 1), (1_141_730, 1, 1), (1, 846_812, 1), (1, 1, -1)])
def test_impossible_sizes(tmp_path, users, ads, impressions):
    with pytest.raises(InputError):
        generate(tmp_path, 1, users, ads, impressions)
    assert list(tmp_path.iterdir()) == []
