"""What every script of the workflow does around its one call: log, and fail in one line where the input is at fault."""

import contextlib
import logging
import os
import resource
import sys
import time
import traceback

import psutil

from recrec.errors import InputError
from recrec.storage import seconds_spent
from recrec.workflow.workers import LAUNCHED

#: ru_maxrss counts KiB on Linux, bytes on macOS.
PER_MIB = 1024 if sys.platform != "darwin" else 1024 * 1024


@contextlib.contextmanager
def job(snakemake):
    """Log to the rule's log file; turn an `InputError` into one line and exit status 1.

    Yields
    ------
    callable
        Writes one line to the log, with the seconds since the start.
    """
    start, files, launched = time.monotonic(), seconds_spent(), _launched()
    starting = max(0.0, time.time() - launched)
    with open(snakemake.log[0], "w", encoding="utf-8") as file:

        class Log(logging.Logger):
            def __call__(self, line):
                self.info("%s", line)

            def handle(self, record):
                file.write(f"{time.monotonic() - start:8.2f} s  {record.getMessage()}\n")
                file.flush()

        say = Log("job")
        try:
            yield say
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // PER_MIB
            files = seconds_spent() - files
            parts = (starting, files, time.monotonic() - start - files)
            say(
                "done, peak memory {} MiB; {:.3f} s to start, {:.3f} s for files, {:.3f} s of work".format(peak, *parts)
            )
        except InputError as error:
            say(f"error: {error}")
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
        except Exception:
            say(traceback.format_exc())
            raise


def _launched():
    """When this job was started, in seconds since the epoch."""
    given = os.environ.get(LAUNCHED)
    return float(given) if given else psutil.Process().create_time()
