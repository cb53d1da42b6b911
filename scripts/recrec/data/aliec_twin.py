"""A made-up twin of Alibaba's "Ad Display/Click Data on Taobao.com": its files, its format, none of its people.

The original (raw_sample.csv, ad_feature.csv, user_profile.csv) lies behind a login. This module writes files that the
same reader takes for it: same headers, codes, id ranges, line ends and published shares of clicks, missing values and
users without a profile. What nobody published (how long the tails are, who likes what) is invented, so that results on
the twin say something about the pipeline and nothing about Taobao.

How a row comes about. Every ad belongs to a category and, mostly, to a brand, and has a popularity. Every user has an
activity and four favourite categories, drawn according to the tastes of one of `CLUSTERS` clusters, which attract ages
and genders unequally. A user is drawn by activity, an ad by popularity (among one of the favourites or among all), and
the ad is shown once or several times, at different hours. It is clicked likelier in a favourite category. The first
impressions are no draws: every user is shown an ad and every ad is shown to a user, because in the original none is
missing. The comments call this the roll call.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from recrec.errors import InputError
from recrec.storage import atomic_write

LOG = logging.getLogger(__name__)

# What the original's description says. Its ids run from 1 to these. Of those of categories and brands only 6,769 and
# 99,815 occur there, and about as many here when all 846,811 ads are drawn.
USER_IDS, AD_IDS, CATEGORY_IDS, BRAND_IDS = 1_141_729, 846_811, 12_960, 461_497
CAMPAIGNS_PER_AD, CUSTOMERS_PER_AD = 423_436 / AD_IDS, 255_875 / AD_IDS
PROFILES_PER_USER = 1_061_768 / USER_IDS
CLICKS, NO_BRAND, BY_STRANGERS, NO_SPENDING, NO_CITY = 0.0514, 0.291, 0.058, 0.542, 0.325
FIRST_SECOND, LAST_SECOND = 1_494_000_000, 1_494_691_186  # 2017-05-06 00:00:00 to 2017-05-13 23:59:46 in Shanghai
HIGHEST_PRICE = 99_999_999

# Shares within the other columns, of which only the codes are described: invented, with an eye on adults who shop.
AGES = (0.002, 0.118, 0.17, 0.285, 0.225, 0.14, 0.06)  # age_level 0 to 6
WOMEN, STUDENTS_AMONG_YOUNG = 0.64, 0.2
SPENDING, DEPTH, CITY = (0.32, 0.6, 0.08), (0.04, 0.08, 0.88), (0.11, 0.45, 0.25, 0.19)
FIRST_PLACE = 0.62  # of the two values of pid
HOURS = (3, 2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 5, 5, 6, 8, 9, 8, 6)  # how much is shown, by hour of day

# Tails and tastes, set together with the sizes in the data set aliec-twin. The logarithm of an ad's popularity is a sum
# of normal parts due to its brand, its category and itself, with these deviations, and grows with the brand's share of
# the ads. The limit is in deviations of the sum.
POPULARITY, POPULARITY_LIMIT = (0.6, 0.5, 1.9), 4.0
BIG_BRANDS = 0.27
ACTIVITY, ACTIVITY_LIMIT = 1.2, 3.5  # exp(1.2 normal), the normal no higher than 3.5: nobody sees ads all day long
CATEGORY_TAIL, BRAND_TAIL = (1.8, 23.0), (1.2, 60.0)
CLUSTERS, FAVOURITES, LIKING = 24, 4, 1.5
BY_TASTE = 0.6  # of the (user, ad) encounters
AGAIN = 0.36  # chance that an ad shown to a user is shown once more
LIFT = 2.0  # clicks on favourites against clicks on others

ENCOUNTERS = 1 << 18  # most at a time: bounds the memory, and belongs to what a seed means
LINES_EVERY = 3_000_000


def _tail(size, exponent, offset):
    """(size,) cumulative shares that fall as a power of the rank."""
    return np.cumsum((np.arange(1, size + 1) + offset) ** -exponent)


def _draw(rng, cumulative, size):
    """`size` positions, each drawn in proportion to the weights that `cumulative` sums up."""
    position = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right")
    return np.minimum(position, len(cumulative) - 1)  # a product may round up to the whole sum


def _runs(rng, size, runs):
    """(size,) numbers 0, 0, 1, 2, 2, ... that cut `size` things into `runs` runs, none of them empty."""
    starts = np.zeros(size, np.int64)
    starts[1 + rng.choice(size - 1, runs - 1, replace=False)] = 1
    return np.cumsum(starts)


class _Ads:
    """The ads, sorted by category.

    Attributes
    ----------
    table : DataFrame
        ad_feature.csv, in the order of its lines.
    ids : (ads,) int array
        adgroup_id, sorted by category.
    category : (ads,) int array
        Ascending.
    reach : (ads + 1,) float array
        Cumulative popularity, from 0.
    begin : (CATEGORY_IDS + 1,) int array
        Where each category's ads begin.
    """

    def __init__(self, rng, ads):
        category_tail, brand_tail = _tail(CATEGORY_IDS, *CATEGORY_TAIL), _tail(BRAND_IDS, *BRAND_TAIL)
        brand = _draw(rng, brand_tail, ads)
        # Most of a brand's ads lie in two categories of its own.
        homes = _draw(rng, category_tail, (BRAND_IDS, 2))[brand, (rng.random(ads) < 0.3).astype(np.int64)]
        category = np.where(rng.random(ads) < 0.7, homes, _draw(rng, category_tail, ads))

        by_brand, by_category, own = POPULARITY
        level = rng.normal(0, by_brand, BRAND_IDS)[brand] - BIG_BRANDS * np.log(brand + 1 + BRAND_TAIL[1])
        level += rng.normal(0, by_category, CATEGORY_IDS)[category] + rng.normal(0, own, ads)
        popularity = np.exp(np.minimum(level, level.mean() + POPULARITY_LIMIT * level.std()))

        level = rng.normal(np.log(150), 0.9, CATEGORY_IDS)[category] + rng.normal(0, 0.4, BRAND_IDS)[brand]
        price = np.exp(level + 0.5 * rng.standard_t(5, ads))
        price = np.where(rng.random(ads) < 0.6, np.round(price), np.round(price, 2)).clip(0.01, HIGHEST_PRICE)

        # The codes of the original are no ranks.
        category = rng.permutation(CATEGORY_IDS)[category]
        brand = 1 + rng.permutation(BRAND_IDS)[brand]
        brand[rng.random(ads) < NO_BRAND] = 0
        ids = 1 + rng.choice(AD_IDS, ads, replace=False)

        # Neighbours in this order have the same brand or else the same category: they make a campaign, and
        # neighbouring campaigns a customer.
        order = np.lexsort((category, np.where(brand > 0, brand, BRAND_IDS + category)))
        campaigns = max(1, round(ads * CAMPAIGNS_PER_AD))
        customers = max(1, round(ads * CUSTOMERS_PER_AD))
        campaign, customer = np.empty(ads, np.int64), np.empty(ads, np.int64)
        campaign[order] = _runs(rng, ads, campaigns)
        customer[order] = _runs(rng, campaigns, customers)[campaign[order]]
        campaign, customer = 1 + rng.permutation(campaigns)[campaign], 1 + rng.permutation(customers)[customer]

        lines = np.lexsort((campaign, customer))
        self.table = pd.DataFrame(
            {
                "adgroup_id": ids,
                "cate_id": category + 1,
                "campaign_id": campaign,
                "customer": customer,
                "brand": np.where(brand > 0, brand.astype("U6").astype(object), "NULL"),
                "price": price,
            }
        ).iloc[lines]
        order = np.argsort(category, kind="stable")
        self.ids, self.category = ids[order], category[order]
        self.reach = np.append(0, np.cumsum(popularity[order]))
        self.begin = np.searchsorted(self.category, np.arange(CATEGORY_IDS + 1))

    def __len__(self):
        return len(self.ids)

    def masses(self):
        """(CATEGORY_IDS,) summed popularity of each category's ads."""
        return np.diff(self.reach[self.begin])

    def draw(self, rng, first, last):
        """Positions of ads, drawn by popularity, each from its own range ``first <= position < last``.

        Parameters
        ----------
        rng : numpy.random.Generator
        first, last : (n,) int arrays

        Returns
        -------
        (n,) int array
        """
        low, high = self.reach[first], self.reach[last]
        position = np.searchsorted(self.reach[1:], low + rng.random(len(first)) * (high - low), side="right")
        return np.minimum(position, last - 1)


class _Users:
    """The users.

    Attributes
    ----------
    table : DataFrame
        user_profile.csv, in the order of its lines.
    ids : (users,) int array
    activity : (users,) float array
        Cumulative.
    favourites : (users, FAVOURITES) int array
        Categories with ads, now and then one twice.
    click_chance : (2,) float array
        Chance of a click on an ad outside and inside a user's favourites.
    """

    def __init__(self, rng, users, ads, encounters):
        self.ids = np.sort(1 + rng.choice(USER_IDS, users, replace=False))
        age = _draw(rng, np.cumsum(AGES), users)
        gender = np.where(rng.random(users) < WOMEN, 2, 1)
        known = np.zeros(users, bool)
        known[rng.choice(users, max(1, round(users * PROFILES_PER_USER)), replace=False)] = True
        strangers = users - known.sum()
        self.table = self._profiles(rng, age, gender, self.ids).loc[known]

        activity = np.exp(ACTIVITY * np.minimum(rng.normal(0, 1, users), ACTIVITY_LIMIT))
        if strangers:  # 7.0 % of the users and of the roll call, but 5.8 % of the impressions
            share = (BY_STRANGERS * encounters - strangers) / max(encounters - users, 1)
            share = np.clip(share, BY_STRANGERS / 2, BY_STRANGERS)  # where the roll call is nearly all there is
            activity[~known] *= share / (1 - share) * activity[known].sum() / activity[~known].sum()
        self.activity = np.cumsum(activity)

        cluster = self._clusters(rng, age, gender)
        masses = ads.masses()
        self.favourites = np.empty((users, FAVOURITES), np.int32)
        for number in range(CLUSTERS):
            liking = np.cumsum(masses * rng.lognormal(0, LIKING, CATEGORY_IDS))
            members = np.flatnonzero(cluster == number)
            self.favourites[members] = _draw(rng, liking, (len(members), FAVOURITES))

        # Favourites are met by taste and by chance; from how often follow the chances that give the published rate.
        distinct = np.sort(self.favourites, axis=1)
        mass = masses[distinct] / masses.sum()
        mass[:, 1:][distinct[:, 1:] == distinct[:, :-1]] = 0
        by_taste = BY_TASTE * max(0, 1 - len(ads) / max(encounters, 1))  # the roll call of the ads has no taste
        met = by_taste + (1 - by_taste) * np.average(mass.sum(axis=1), weights=activity)
        self.click_chance = CLICKS / (1 + (LIFT - 1) * met) * np.array([1, LIFT])

    def __len__(self):
        return len(self.ids)

    @staticmethod
    def _profiles(rng, age, gender, ids):
        """All users' lines of user_profile.csv; codes that are unknown are empty."""
        users = len(ids)

        def coded(shares, missing):
            codes = (1 + _draw(rng, np.cumsum(shares), users)).astype("U1").astype(object)
            codes[rng.random(users) < missing] = ""
            return codes

        return pd.DataFrame(
            {
                "userid": ids,
                "cms_segid": np.where(rng.random(users) < 0.4, 0, rng.integers(1, 97, users)),
                "cms_group_id": np.where(age == 0, 0, np.where(gender == 2, age, age + 6)),  # 13 codes
                "final_gender_code": gender,
                "age_level": age,
                "pvalue_level": coded(SPENDING, NO_SPENDING),
                "shopping_level": coded(DEPTH, 0),
                "occupation": ((age >= 1) & (age <= 2) & (rng.random(users) < STUDENTS_AMONG_YOUNG)).astype(np.int64),
                "new_user_class_level ": coded(CITY, NO_CITY),  # the blank is the original's
            }
        )

    @staticmethod
    def _clusters(rng, age, gender):
        """(users,) clusters, loosely tied to age and gender: each has an age it attracts most, and a lean."""
        centre, lean = rng.uniform(0, len(AGES) - 1, CLUSTERS), rng.normal(0, 0.7, CLUSTERS)
        cluster = np.empty(len(age), np.int64)
        for one_age in range(len(AGES)):
            for one_gender, sign in ((1, -1), (2, 1)):
                attraction = np.exp(-(((one_age - centre) / 2) ** 2) + sign * lean)
                members = np.flatnonzero((age == one_age) & (gender == one_gender))
                cluster[members] = _draw(rng, np.cumsum(attraction), len(members))
        return cluster


def _encounters(rng, users, ads, begin, end, rows):
    """The next rows of raw_sample.csv: pairs of a user and an ad, some of them several times, shuffled.

    Parameters
    ----------
    rng : numpy.random.Generator
    users : _Users
    ads : _Ads
    begin, end : int
        Which encounters: the first are the roll call of the users, the next that of the ads.
    rows : int
        The most that are wanted.

    Returns
    -------
    user, ad : (at most `rows`,) int arrays
        Positions.
    time : int array
        Unix seconds.
    place, click : int arrays
        Each 0 or 1.
    """
    number, size = np.arange(begin, end), end - begin
    user = np.where(number < len(users), number, _draw(rng, users.activity, size))
    liked = users.favourites[user, rng.integers(0, FAVOURITES, size)]
    by_taste = rng.random(size) < BY_TASTE
    ad = ads.draw(rng, np.where(by_taste, ads.begin[liked], 0), np.where(by_taste, ads.begin[liked + 1], len(ads)))
    number -= len(users)
    ad = np.where((number >= 0) & (number < len(ads)), number, ad)
    favourite = (users.favourites[user] == ads.category[ad][:, None]).any(axis=1)

    row = rng.permutation(np.repeat(np.arange(size), rng.geometric(1 - AGAIN, size))[:rows])
    hour = _draw(rng, np.cumsum(HOURS * 8), len(row))
    time = np.minimum(FIRST_SECOND + 3600 * hour + rng.integers(0, 3600, len(row)), LAST_SECOND)
    place = (rng.random(len(row)) < FIRST_PLACE).astype(np.int64)
    click = (rng.random(len(row)) < users.click_chance[favourite[row].astype(np.int64)]).astype(np.int64)
    return user[row], ad[row], time, place, click


def _write_impressions(file, rng, users, ads, impressions, log):
    """Write raw_sample.csv, at most `ENCOUNTERS` pairs at a time."""
    file.write(b"user,time_stamp,adgroup_id,pid,nonclk,clk\r\n")
    ends = [f"{place},{1 - click},{click}\r\n" for place in ("430539_1007", "430548_1007") for click in (0, 1)]
    written = said = begin = 0
    while written < impressions:
        missing = impressions - written
        end = begin + min(ENCOUNTERS, int(np.ceil(missing * (1 - AGAIN))))
        user, ad, time, place, click = _encounters(rng, users, ads, begin, end, missing)
        columns = users.ids[user], time, ads.ids[ad], 2 * place + click
        rows = zip(*(column.tolist() for column in columns), strict=True)
        file.write("".join([f"{user},{time},{ad},{ends[code]}" for user, time, ad, code in rows]).encode("ascii"))
        begin, written = end, written + len(user)
        if written - said >= LINES_EVERY and written < impressions:
            said = written
            log.info(f"raw_sample.csv: {written:,} of {impressions:,} impressions")


def _write_table(file, table):
    table.to_csv(file, index=False, lineterminator="\r\n", chunksize=100_000)


def generate(folder, seed, users, ads, impressions, log=LOG):
    """Write raw_sample.csv, ad_feature.csv and user_profile.csv: all three or, when interrupted, none.

    The files end their lines with CRLF. The same arguments give the same bytes (with the same NumPy). Memory is bounded
    by the numbers of users and ads, whatever the number of impressions.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    seed : int
    users : int
        With and without a profile. At most 1,141,729, the original's number.
    ads : int
        At most 846,811.
    impressions : int
        Rows of raw_sample.csv. The original has 26,557,961. With less than two for every user and ad together, some of
        them do not occur, and the shares of clicks and of users without a profile may be off.
    log : logging.Logger
        Told what is done so far.

    Raises
    ------
    InputError
        If there are more users or ads than ids, or none.
    """
    for what, number, most in (("users", users, USER_IDS), ("ads", ads, AD_IDS)):
        if not 1 <= number <= most:
            raise InputError(f"{what}: {number} is not between 1 and {most:,}, the number of the original's {what}")
    if impressions < 0:
        raise InputError(f"impressions: {impressions} is below 0")
    folder, rng = Path(folder), np.random.default_rng(seed)
    with (
        atomic_write(folder / "ad_feature.csv") as ad_feature,
        atomic_write(folder / "user_profile.csv") as user_profile,
        atomic_write(folder / "raw_sample.csv") as raw_sample,
    ):
        drawn_ads = _Ads(rng, ads)
        _write_table(ad_feature, drawn_ads.table)
        log.info(f"ad_feature.csv: {ads:,} ads")
        drawn_users = _Users(rng, users, drawn_ads, impressions * (1 - AGAIN))
        _write_table(user_profile, drawn_users.table)
        log.info(f"user_profile.csv: {len(drawn_users.table):,} of {users:,} users")
        del drawn_ads.table, drawn_users.table  # not needed any more, and large
        with open(raw_sample, "wb") as file:
            _write_impressions(file, rng, drawn_users, drawn_ads, impressions, log)
        log.info(f"raw_sample.csv: {impressions:,} impressions")
