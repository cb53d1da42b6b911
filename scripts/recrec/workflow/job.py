"""What every script of the workflow does around its one call: a log to read, and one line of JSON to count."""

import contextlib
import json
import logging
import resource
import sys
import time
import traceback
from pathlib import Path

from recrec.errors import InputError
from recrec.storage import atomic_write, seconds_spent

#: ru_maxrss counts KiB on Linux, bytes on macOS.
PER_MIB = 1024 if sys.platform != "darwin" else 1024 * 1024


@contextlib.contextmanager
def job(snakemake):
    """Log to the rule's log file, and leave a `record` of how the job went.

    An `InputError` is logged as one line, any other error with its traceback; both are raised again.

    Parameters
    ----------
    snakemake : ScriptJob
        Of `recrec.workflow.pool`.

    Yields
    ------
    logging.Logger
        What it and all loggers of the package say goes to the file, with the seconds since the start.

    Examples
    --------
    >>> with job(snakemake) as log:  # doctest: +SKIP
    ...     log.info("%d items", 12)
    """
    begin, files = time.time(), seconds_spent()
    path = snakemake.log[0]
    logger = logging.getLogger("recrec")
    with _logged(logger, path, begin):
        outcome, error = "done", None
        try:
            yield logger
        except InputError as refusal:
            outcome, error = "refused", str(refusal)
            logger.error("error: %s", error)
            raise
        except BaseException as failure:
            outcome = "interrupted" if isinstance(failure, KeyboardInterrupt) else "failed"
            error = "".join(traceback.format_exception_only(failure)).strip()
            logger.error(traceback.format_exc())
            raise
        finally:
            end, files, peak = time.time(), seconds_spent() - files, peak_mib()
            starting = max(0.0, begin - snakemake.launched)
            if outcome == "done":
                logger.info(
                    "done, peak memory %.0f MiB; %.3f s to start, %.3f s for files, %.3f s of work",
                    peak, starting, files, end - begin - files,
                )  # fmt: skip
            record(
                path, snakemake.rule, snakemake.wildcards, begin - starting, end, outcome, error,
                peak_mib=round(peak, 1), starting=starting, files=files, work=end - begin - files,
            )  # fmt: skip


def record(log, rule, wildcards, begin, end, outcome, error=None, **measured):
    """Leave one line of JSON beside a job's log.

    Parameters
    ----------
    log : path
        Of the log, ``x.log``; the line goes to ``x.json``.
    rule : str
    wildcards : Named
        Of text.
    begin, end : float
        From when the job was handed over until it ended, in seconds since the epoch.
    outcome : str
        ``done``, ``refused`` (an `InputError`), ``failed``, ``interrupted`` or ``killed``.
    error : str, optional
        What was wrong, in a line or two.
    **measured : float
        ``peak_mib``, and of the seconds between `begin` and `end` those of ``starting``, ``files`` and ``work``.
    """
    line = {
        "rule": rule, "wildcards": dict(wildcards.items()), "begin": begin, "end": end, "outcome": outcome,
        "error": error, **measured,
    }  # fmt: skip
    with atomic_write(record_path(log)) as temporary:
        temporary.write_text(json.dumps(line) + "\n", "utf-8")


def record_path(log):
    """Where the record of a log's job is."""
    return Path(log).with_suffix(".json")


def peak_mib():
    """The most memory that this process had at once, in MiB, since `reset_peak` where there is such a thing."""
    with contextlib.suppress(OSError, StopIteration, ValueError), open("/proc/self/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PER_MIB


def reset_peak():
    """Forget the peak so far: what this process did for other jobs is not the next one's."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


@contextlib.contextmanager
def _logged(logger, path, begin):
    """A logger that writes to a file for the time of the block."""

    class Formatter(logging.Formatter):
        def format(self, entry):
            return f"{entry.created - begin:8.2f} s  {entry.getMessage()}"

    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(Formatter())
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
        handler.close()
