# Benchmarks, each a target of its own. snakemake results/benchmarks/aliec-full generates AliEC's 26.6 million rows and
# reads them.
rule aliec_full_table:
    input:
        "results/data/aliec-twin-full/matrices.npz",
    output:
        "results/benchmarks/aliec-full.csv",
    log:
        "results/logs/aliec_full_table.log",
    params:
        logs=expand("results/logs/{rule}/aliec-twin-full.log", rule=["generate", "featurize"]),
        code=code("aliec_full_table"),
    run:
        submit("aliec_full_table", input, output, params, wildcards, threads, resources, log)


rule aliec_full:
    name:
        "results/benchmarks/aliec-full"
    input:
        rules.aliec_full_table.output,


# Each of these jobs has the machine for itself, and comes after the study, whose own cost is one of the benchmarks.
STUDY_FIRST = ancient("results/benchmarks/workflow.csv")


# The solver beside Algorithm 1 as printed and with autograd.
rule bench_solvers:
    input:
        matrices=MATRICES,
        model=of_content(MODEL),
        sorted_scores=of_content(SORTED_SCORES),
        selection=of_content(f"results/selection/{GROUP}.csv"),
        study=STUDY_FIRST,
    output:
        "results/benchmarks/solvers/{dataset}/group{group}.csv",
    log:
        "results/logs/bench_solvers/{dataset}/group{group}.log",
    threads: workflow.cores
    params:
        ranks=benchmarked("ranks"),
        samplings=benchmarked("samplings"),
        iterations=config["benchmarks"]["iterations"],
        repeats=config["benchmarks"]["repeats"],
        settings=lambda wildcards: STUDY.method_settings("recrec", wildcards.dataset),
        synthetic=lambda wildcards: STUDY.dataset(wildcards.dataset)["synthetic"],
        seeds=config["seeds"],
        candidates=config["candidates"],
        code=code("bench_solvers", BENCHMARKED),
    run:
        submit("bench_solvers", input, output, params, wildcards, threads, resources, log)


rule bench_growth:
    input:
        study=STUDY_FIRST,
    output:
        "results/benchmarks/growth/{dimension}.csv",
    log:
        "results/logs/bench_growth/{dimension}.log",
    wildcard_constraints:
        dimension="users|items|features|sampled-users",
    threads: workflow.cores
    params:
        doublings=config["benchmarks"]["doublings"],
        repeats=config["benchmarks"]["repeats"],
        code=code("bench_growth", BENCHMARKED),
    run:
        submit("bench_growth", input, output, params, wildcards, threads, resources, log)


rule bench_roofline:
    input:
        matrices=of_largest_cells(MATRICES),
        model=of_largest_cells(of_content(MODEL)),
        sorted_scores=of_largest_cells(of_content(SORTED_SCORES)),
        selection=of_largest_cells(of_content(f"results/selection/{GROUP}.csv")),
        study=STUDY_FIRST,
    output:
        roofline="results/benchmarks/roofline.csv",
        machine="results/benchmarks/machine.csv",
    log:
        "results/logs/bench_roofline.log",
    threads: workflow.cores
    params:
        cells=largest_cells,
        penalty=PENALTY,
        repeats=config["benchmarks"]["repeats"],
        seeds=config["seeds"],
        candidates=config["candidates"],
        code=code("bench_roofline", BENCHMARKED),
    run:
        submit("bench_roofline", input, output, params, wildcards, threads, resources, log)


rule bench_device:
    input:
        matrices=of_largest_cells(MATRICES),
        model=of_largest_cells(of_content(MODEL)),
        sorted_scores=of_largest_cells(of_content(SORTED_SCORES)),
        selection=of_largest_cells(of_content(f"results/selection/{GROUP}.csv")),
        study=STUDY_FIRST,
    output:
        "results/benchmarks/device.csv",
    log:
        "results/logs/bench_device.log",
    threads: workflow.cores
    resources:
        gpu=GPU,
    params:
        cells=largest_cells,
        penalty=PENALTY,
        batch_mib=config["batch_mib"],
        repeats=config["benchmarks"]["repeats"],
        seeds=config["seeds"],
        candidates=config["candidates"],
        code=code("bench_device", BENCHMARKED),
    run:
        submit("bench_device", input, output, params, wildcards, threads, resources, log)


rule benchmark_figures:
    input:
        solvers=lambda wildcards: [
            f"results/benchmarks/solvers/{name}/group{group}.csv"
            for name, cells in benchmark_cells().items()
            for group in cells["groups"]
        ],
        growth=expand(
            "results/benchmarks/growth/{dimension}.csv", dimension=["users", "items", "features", "sampled-users"]
        ),
        roofline="results/benchmarks/roofline.csv",
        machine="results/benchmarks/machine.csv",
        device="results/benchmarks/device.csv",
        workflow="results/benchmarks/workflow.csv",
    output:
        solvers="results/benchmarks/solvers.csv",
        summary="results/benchmarks/summary.csv",
        exponents="results/benchmarks/exponents.csv",
        figures=expand(
            "results/benchmarks/figures/{figure}.{suffix}",
            figure=["solvers", "growth", "roofline", "workflow", "device"],
            suffix=["png", "pdf"],
        ),
    log:
        "results/logs/benchmark_figures.log",
    params:
        titles=lambda wildcards: {
            name: (STUDY.dataset(name)["title"], STUDY.dataset(name)["synthetic"]) for name in benchmark_cells()
        },
        code=code("benchmark_figures"),
    run:
        submit("benchmark_figures", input, output, params, wildcards, threads, resources, log)


rule benchmarks:
    name:
        "results/benchmarks/figures"
    input:
        rules.benchmark_figures.output,
