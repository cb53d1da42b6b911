"""RecRec Bench: algorithmic recourse for recommender systems.

One module per concept. The workflow's scripts import from here; nothing here imports Snakemake.
"""
