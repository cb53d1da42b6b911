"""A tiny synthetic data set and a study of it, on which the whole workflow runs in seconds."""

import csv
import hashlib
import random
from pathlib import Path

import yaml

USERS, ITEMS, RATINGS_PER_USER = 60, 40, 15
GENRES = ["comedy", "drama", "thriller", "western"]
WORDS = [
    "desert", "family", "ghost", "harbour", "heist", "island", "jury", "letter", "lighthouse", "love", "market",
    "mountain", "murder", "music", "orchard", "railway", "river", "school", "secret", "sheriff", "soldier", "stranger",
    "summer", "theatre", "train", "village", "war", "wedding", "winter", "witness",
]  # fmt: skip

DATASET = {
    "title": "Tiny synthetic films",
    "synthetic": True,
    "licence": "none, the data are drawn at random",
    "terms": "none",
    "interactions": {
        "read": {"files": ["ratings.csv"]},
        "user": "user",
        "item": "item",
        "weight": {"column": "rating"},
    },
    "items": {"read": {"files": ["items.csv"]}, "id": "item", "title": "title"},
    "users": {"read": {"files": ["users.csv"]}, "id": "user"},
    "features": {
        "summary": {"kind": "text", "mutable": True},
        "genre": {"kind": "multi", "separator": "|", "mutable": False},
    },
    "groups": {"by": "age", "label": "age {range}"},
}

#: What differs from config.yaml. A list of five items is a short enough part of 40, and the items behind it may be in
#: it for every fifth user, for few items are in nobody's.
STUDY = {
    "groups": 2,
    "ranks": [11, 15],
    "samplings": [20, 100],
    "items_per_rank": 2,
    "seeds": [1, 2],
    "top_k": 5,
    "max_top_share": 0.2,
    "method_settings": {"recrec": {"default": {"aggregate": "mean", "desired_rank": 3, "max_iterations": 500}}},
    "sweep": {
        "samplings": [20, 100],
        "aggregate": ["mean", "sum"],
        "desired_rank": [3],
        "lambda": [0.0],
        "learning_rate": [0.05],
        "max_iterations": [50, 500],
    },
    "benchmarks": {
        "cells": [{"dataset": "tiny", "groups": [1, 2], "ranks": [15], "samplings": [20, 100]}],
        "iterations": 2,
        "doublings": 1,
        "repeats": 1,
    },
}


def tables(seed=0):
    """Rows of ratings, items and users. A film's words come from its genres, a user's films from the user's tastes."""
    random_ = random.Random(seed)
    vocabulary = {genre: random_.sample(WORDS, 12) for genre in GENRES}
    genres = [random_.sample(GENRES, random_.choice([1, 2])) for _ in range(ITEMS)]
    items = [
        {
            "item": f"i{number}",
            "title": f"Film {number}",
            "summary": " ".join(
                random_.choice(vocabulary[random_.choice(genres[number])]) for _ in range(random_.randint(7, 10))
            ),
            "genre": "|".join(genres[number]),
        }
        for number in range(ITEMS)
    ]
    users = [{"user": f"u{number}", "age": random_.randint(18, 70)} for number in range(USERS)]
    ratings = []
    for user in users:
        taste = {genre: random_.random() ** 2 for genre in GENRES}
        liking = [max(taste[genre] for genre in of_item) + 0.3 * random_.random() for of_item in genres]
        chosen = sorted(range(ITEMS), key=lambda number: -liking[number] * random_.random())[:RATINGS_PER_USER]
        for number in sorted(chosen):
            rating = min(5, 1 + int(4 * liking[number]))
            ratings.append({"user": user["user"], "item": f"i{number}", "rating": rating})
    return {"ratings": ratings, "items": items, "users": users}


def write(folder):
    """Write the files of a mirror, ``mirror/*.csv``, the data set, ``tiny.yaml``, and the study, ``study.yaml``.

    Both configs name one another by paths relative to the folder's parent, from which Snakemake is to run.
    """
    folder = Path(folder)
    mirror = folder / "mirror"
    mirror.mkdir(parents=True)
    files = {}
    for name, rows in tables().items():
        path = mirror / f"{name}.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        files[path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "mirror": path.name}
    study = {**STUDY, "study": [f"{folder.name}/tiny.yaml"], "mirror": f"{folder.name}/mirror"}
    _write_yaml(folder / "tiny.yaml", {**DATASET, "files": files})
    _write_yaml(folder / "study.yaml", study)


def _write_yaml(path, content):
    path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
