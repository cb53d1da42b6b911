"""The tables of all causal data sets of the study, and the findings of the paper's abstract beside them."""

import pandas as pd

from recrec.actionability.populations import Scheme
from recrec.causal import claims, tables
from recrec.causal.gaps import Inference
from recrec.workflow.job import job

with job(snakemake) as log:
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    whole = {}
    for name in ("people", "cells", "gaps", "models", "counts", "times"):
        whole[name] = pd.concat([tables.read(path) for path in files[name]], ignore_index=True)
        tables.write(whole[name], output[name])
        log.info("%s.csv: %d rows", name, len(whole[name]))
    strengths = {name: Scheme.model_validate(scheme).kind for name, scheme in params.schemes.items()}
    found = claims.claims(
        whole["people"], whole["gaps"], strengths, set(params.trained), Inference(**params.statistics)
    )
    tables.write(found, output.claims)
    for claim in found.itertuples():
        log.info("%s, %s, %s: %s", claim.claim, claim.dataset, claim.method, claim.agrees)
