"""A tiny sample of every data set that comes with the workflow, written by hand in its official format.

Twelve users and twelve items, everybody with everything: enough for any filter. The texts are made up.
"""

import gzip
import json
import logging

USERS, ITEMS = range(1, 13), range(1, 13)
WORDS = ["night", "river", "machine", "garden", "winter", "detective", "orchestra", "desert", "island", "letter"]
#: First and last films of ml-100k's table, with the article behind and in front.
TITLES = [f"Film {number}, The" for number in ITEMS]


def stars(user, item):
    """A rating from 1 to 5."""
    return (user * 7 + item * 3 + user * item) % 5 + 1


def text(item):
    """A made-up description that shares words with others."""
    words = [WORDS[(item + step * step) % len(WORDS)] for step in range(5)]
    return f"The {words[0]} and the {' '.join(words[1:])} of number{item}, told at length so that it counts as a text."


def lines(path, rows, end="\n", encoding="utf-8"):
    path.write_bytes((end.join(rows) + end).encode(encoding))


def facets(folder):
    """RecBole's atomic files."""
    rows = [f"{u}\t{i}\t{stars(u, i)}\t0" for u in USERS for i in ITEMS]
    lines(folder / "ml-100k.inter", ["user_id:token\titem_id:token\trating:float\ttimestamp:float", *rows])
    genres = ["Action Comedy", "Drama", "Children's Drama"]
    rows = [f"{i}\t{TITLES[i - 1]}\t{1990 + i}\t{genres[i % 3]}" for i in ITEMS]
    rows[5] = f"6\tunkonwn\tunkonwn\t{genres[0]}"
    lines(folder / "ml-100k.item", ["item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq", *rows])
    rows = [f"{u}\t{20 + u}\tM\tother\t00000" for u in USERS]
    lines(folder / "ml-100k.user", ["user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token", *rows])
    # Film 12 has no entity: its facts are empty.
    lines(folder / "ml-100k.link", ["item_id:token\tentity_id:token", *(f"{i}\tm.{i}" for i in ITEMS if i < 12)])
    relations = [
        "film.film.actor", "film.film.directed_by", "film.film.written_by", "film.film.produced_by",
        "film.film.cinematography", "film.film.production_companies", "film.film.country", "film.film.language",
        "film.film.subjects", "film.film.genre", "film.film.rating", "film.film.award_nomination",
        "film.film.award_won", "film.actor.film",
    ]  # fmt: skip
    rows = [f"m.{i}\t{relation}\tm.x{i % 2}" for i in ITEMS for relation in relations]
    lines(folder / "ml-100k.kg", ["head_id:token\trelation_id:token\ttail_id:token", *rows])


def movielens(folder):
    """GroupLens' files in latin-1 and Wikipedia leads as JSON; film 12 has no lead."""
    lines(folder / "u.data", [f"{u}\t{i}\t{stars(u, i)}\t881250949" for u in USERS for i in ITEMS])
    flags = "|".join("0" if flag else "1" for flag in range(19))
    titles = [f"{title} (1995)" for title in TITLES]
    titles[0] = "Misérables, Les (1995)"
    rows = [f"{i}|{titles[i - 1]}|01-Jan-1995||http://example.org|{flags}" for i in ITEMS]
    lines(folder / "u.item", rows, encoding="latin-1")
    lines(folder / "u.user", [f"{u}|{20 + u}|M|other|00000" for u in USERS])
    films = [{"title": f"The Film {i}", "year": 1995, "extract": text(i)} for i in ITEMS if 1 < i < 12]
    films.append({"title": "Les Miserables", "year": 1996, "extract": text(1), "genres": [], "href": None})
    films.append({"title": "The Film 12", "year": 1995, "extract": "too short"})
    for decade in range(1920, 2000, 10):
        content = films if decade == 1990 else []
        (folder / f"movies-{decade}s.json").write_text(json.dumps(content), "utf-8")


def aliec(folder, end="\r\n"):
    """Alibaba's raw files: NULL brands, a header with a trailing blank, empty values, a user without a profile."""
    rows = ["user,time_stamp,adgroup_id,pid,nonclk,clk"]
    for u in [*USERS, 99]:
        for i in ITEMS:
            click = int(stars(u, i) == 5)
            rows += [f"{u},1494137644,{i},430548_1007,{1 - click},{click}"] * (1 + (u == i))
    lines(folder / "raw_sample.csv", rows, end)
    brands = ["NULL", "95471", "88"]
    rows = [f"{i},{6406 + i % 4},{i},1,{brands[i % 3]},{170.0 * i}" for i in ITEMS]
    lines(folder / "ad_feature.csv", ["adgroup_id,cate_id,campaign_id,customer,brand,price", *rows], end)
    header = (
        "userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,occupation,"
        "new_user_class_level "
    )
    rows = [f"{u},0,5,2,{u % 7},{'' if u % 2 else 1},3,0,{'' if u % 3 else 4}" for u in USERS]
    lines(folder / "user_profile.csv", [header, *rows], end)


def goodbooks(folder):
    """The releases overlap: the second one's ratings come first and are kept."""
    ratings = [f"{u},{i},{stars(u, i)}" for u in USERS for i in ITEMS]
    packed(folder / "ratings_v2_users5pct.csv.gz", ["user_id,book_id,rating", *ratings[:72]])
    repeated = [f"{i},{u},{stars(u, i)}" for u in USERS for i in ITEMS][70:]
    packed(folder / "ratings_v1.csv.gz", ["book_id,user_id,rating", *repeated])
    header = "book_id,goodreads_book_id,title,authors,work_text_reviews_count,genres,shelf_genres,description"
    rows = [
        f'{i},{i + 100},"Book {i}, a novel","A. Writer, B. Writer{i % 2}",{10 * i},fiction|poetry,fiction|x{i % 2},'
        f'"{text(i)}"'
        for i in ITEMS
    ]
    # Beyond the cut, and nobody rated it.
    rows.append('9000,1,Late book,C. Writer,5,fiction,fiction,""')
    packed(folder / "books.csv.gz", [header, *rows])


def goodbooks_v2(folder):
    """One release alone, with every rating."""
    goodbooks(folder)
    ratings = [f"{u},{i},{stars(u, i)}" for u in USERS for i in ITEMS]
    packed(folder / "ratings_v2_users5pct.csv.gz", ["user_id,book_id,rating", *ratings])


def _books():
    for i in ITEMS:
        yield json.dumps({
            "book_id": str(1000 + i), "title": f"Book {i}", "description": text(i) if i < 12 else "",
            "format": ["Hardcover", "ebook", ""][i % 3], "text_reviews_count": "" if i == 2 else str(i),
            "popular_shelves": [{"count": "3", "name": "to-read"}, {"count": "1", "name": f"s{i % 2}"}],
            "is_ebook": "false", "authors": [{"author_id": "1", "role": ""}], "similar_books": [],
        })  # fmt: skip


def _genres():
    return [
        json.dumps({"book_id": str(1000 + i), "genres": {"poetry": 3, f"g{i % 2}": 1} if i > 1 else {}}) for i in ITEMS
    ]


def goodreads(folder):
    """UCSD's whole files: CSV interactions with ids of their own, some of books that are not in the table."""
    packed(folder / "goodreads_books.json.gz", _books())
    packed(folder / "goodreads_book_genres_initial.json.gz", _genres())
    lines(folder / "book_id_map.csv", ["book_id_csv,book_id", *(f"{i},{1000 + i}" for i in [*ITEMS, 50])])
    rows = [f"{u},{i},1,{0 if u == i else stars(u, i)},0" for u in USERS for i in [*ITEMS, 50]]
    lines(folder / "goodreads_interactions.csv", ["user_id,book_id,is_read,rating,is_reviewed", *rows])


def goodreads_genre(folder):
    """UCSD's files of one genre: interactions as JSON lines."""
    packed(folder / "goodreads_books_poetry.json.gz", _books())
    packed(folder / "goodreads_book_genres_initial.json.gz", _genres())
    rows = [
        json.dumps({"user_id": f"{u:032x}", "book_id": str(1000 + i), "rating": 0 if u == i else stars(u, i)})
        for u in USERS
        for i in ITEMS
    ]  # fmt: skip
    packed(folder / "goodreads_interactions_poetry.json.gz", rows)


def packed(path, rows):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{row}\n" for row in rows)


#: The sample of each data set, by the name of its config.
SAMPLES = {
    "ml-100k-facets": facets,
    "ml-100k": movielens,
    "aliec": aliec,
    "aliec-twin": aliec,
    "aliec-twin-full": aliec,
    "aliec-twin-minmax": aliec,
    "goodbooks": goodbooks,
    "goodbooks-v2": goodbooks_v2,
    "goodreads": goodreads,
    "goodreads-poetry": goodreads_genre,
}


class Lines(logging.Logger):
    """A logger that keeps what it is told.

    Attributes
    ----------
    lines : list of str
    """

    def __init__(self):
        super().__init__("lines")
        self.lines = []

    def handle(self, record):
        """Keep a message."""
        self.lines.append(record.getMessage())
