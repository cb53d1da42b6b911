"""What every script of the workflow does around its one call: log, and fail in one line where the input is at fault."""

import contextlib
import resource
import sys
import time
import traceback

from recrec.errors import InputError
from recrec.storage import seconds_spent

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
    start = time.monotonic()
    with open(snakemake.log[0], "w", encoding="utf-8") as file:

        def say(line):
            file.write(f"{time.monotonic() - start:8.2f} s  {line}\n")
            file.flush()

        try:
            yield say
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // PER_MIB
            say(f"done, peak memory {peak} MiB, of {time.monotonic() - start:.3f} s {seconds_spent():.3f} s for files")
        except InputError as error:
            say(f"error: {error}")
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
        except Exception:
            say(traceback.format_exc())
            raise
