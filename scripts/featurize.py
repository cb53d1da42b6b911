"""Turn a data set's files into matrices and tables."""

import numpy as np

from recrec.data import dataset, features, groups, items
from recrec.data.matrices import Matrices
from recrec.errors import InputError
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    config = snakemake.params.tables
    data = dataset.build(config, snakemake.input.raw, log)
    for table, reason, rows in data.dropped:
        log.info(f"dropped {rows} {table}: {reason}")
    matrix, columns = features.featurize(config["features"], data.items, data.sources)
    if not columns["mutable"].any():
        raise InputError("features: none is mutable; set mutable: true for what a provider can change")
    users = items.name_of(config["users"]) if "users" in config else "users"
    values = groups.group_values(config["groups"], data.users, data.ratings, users)
    group = groups.equal_groups(values, snakemake.params.groups)
    labels = groups.labels(values, group, snakemake.params.groups, config["groups"]["label"])
    log.info(
        f"{matrix.shape[0]} items, {len(values)} users, {data.ratings.nnz} interactions, {matrix.shape[1]} features"
    )

    mutable = columns["mutable"].to_numpy(dtype=bool)
    Matrices(matrix, data.ratings, mutable, group + 1).save(snakemake.output.matrices)
    write_rows(snakemake.output.item_table, ["item", "id", "title"], data.items[["id", "title"]].itertuples())
    write_rows(
        snakemake.output.user_table,
        ["user", "id", "value", "group"],
        zip(range(len(values)), data.users["id"], values, group + 1, strict=True),
    )
    write_rows(
        snakemake.output.feature_table,
        ["feature", *columns.columns, "items"],
        zip(
            columns.index,
            *(columns[name] for name in columns),
            np.bincount(matrix.indices, minlength=matrix.shape[1]),
            strict=True,
        ),
    )
    sizes = np.bincount(group, minlength=len(labels))
    write_rows(
        snakemake.output.group_table,
        ["group", "label", "users"],
        zip(range(1, len(labels) + 1), labels, sizes, strict=True),
    )
    write_rows(snakemake.output.drop_table, ["table", "reason", "rows"], data.dropped)
