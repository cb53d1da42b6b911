"""What a run says: how far it is, what went wrong and why, and nothing else.

Snakemake tells its log handlers of every event (`LogEvent`); its own one writes all of them out. `attach` puts this
one in its place, for runs of which nobody asked for more or less (``--verbose``, ``--quiet``, a logger plugin, ...).
Snakemake's log file, ``.snakemake/log``, has everything in any case.
"""

import json
import logging
import sys
import time
from collections import Counter

from snakemake_interface_logger_plugins.common import LogEvent
from tqdm import tqdm

from recrec.workflow.job import record_path
from recrec.workflow.pool import JobFailed

#: Without a terminal: a line after so many seconds, or so large a part of the jobs.
SECONDS, SHARE = 10.0, 0.1
#: The part of the jobs that say nothing yet of the others' pace.
EARLY = 0.05
#: What Snakemake says before the jobs, and again in the lines of progress.
SILENT = {LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.RUN_INFO, LogEvent.RULEGRAPH}
#: What is said where nobody who was there could say it.
NO_WORD = "it left no word on why"
NO_WORD_OF_GROUP = "the job on the cluster ended early, and none of its own jobs left word on why"
#: The line of a terminal.
BAR = "{n_fmt} of {total_fmt} jobs |{bar}| {elapsed}, {remaining} left{postfix}"


def attach(logger, settings):
    """Let a run be told by a `Progress`, if it is told by Snakemake's own handler and nobody asked for anything.

    Parameters
    ----------
    logger : logging.Logger
        ``snakemake.logging.logger``.
    settings : OutputSettings
        ``workflow.output_settings``.

    Returns
    -------
    Progress or None
    """
    streams = [
        handler
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler)
    ]
    asked = (settings.dryrun, settings.quiet, settings.verbose, settings.printshellcmds, settings.debug_dag)
    if any(asked) or settings.show_failed_logs or len(streams) != 1:
        return None
    progress = Progress(streams[0].stream)
    streams[0].addFilter(progress.leaves)
    logger.addHandler(progress)
    return progress


class Progress(logging.Handler):
    """A log handler for people: one line that is rewritten on a terminal, one now and then elsewhere.

    Parameters
    ----------
    stream : file
    terminal : bool, optional
        Whether it is one; asked of it if it is not given.

    Attributes
    ----------
    finished : Counter
        Jobs that ended well, by rule.
    planned : dict
        Jobs of the run, by rule; empty before it starts.
    """

    def __init__(self, stream, terminal=None):
        super().__init__(logging.INFO)
        self.planned, self.finished, self._jobs = {}, Counter(), {}
        self._stream = stream
        self._terminal = stream.isatty() if terminal is None else terminal
        self._bar = None
        self._begin = self._told = 0.0
        self._since = 0.0  # since the epoch
        self._told_jobs = 0
        self._failed, self._interrupted, self._closed = [], 0, False
        self._of_groups = set()

    def leaves(self, entry):
        """Whether something is left to Snakemake's own handler: what is said before the jobs."""
        return not (self.planned or self._closed) and getattr(entry, "event", None) not in SILENT

    def emit(self, entry):
        """Take one event; what goes wrong here is no reason for the run to stop."""
        try:
            self._take(entry)
        except Exception:
            self.handleError(entry)

    def _take(self, entry):
        event = getattr(entry, "event", None)
        if event == LogEvent.RUN_INFO:
            self._start(entry.stats)
        elif not self.planned or self._closed:
            return
        elif event == LogEvent.JOB_INFO:
            self._jobs[entry.jobid] = entry
            self._show()
        elif event == LogEvent.JOB_FINISHED:
            self.finished[self._jobs[entry.job_id].rule_name] += 1
            self._show()
        elif event == LogEvent.GROUP_ERROR:
            self._fail_group(entry)
        elif event == LogEvent.JOB_ERROR:
            # After a group's error comes one for each of its jobs, those included that ended well.
            if entry.jobid in self._of_groups:
                self._of_groups.remove(entry.jobid)
            else:
                self._fail(entry)
        elif entry.levelno >= logging.WARNING and not self._repeats(entry, event):
            self.write(entry.getMessage(), self._stream)

    def write(self, text, stream=None):
        """Print something without tearing the line of progress.

        Parameters
        ----------
        text : str
        stream : file, optional
            The standard output, if it is not given.
        """
        with self.lock:
            if self._bar is not None:
                self._bar.clear()
            print(text.rstrip("\n"), file=stream or sys.stdout, flush=True)
            if self._bar is not None:
                self._bar.refresh()

    def close_run(self, error=False):
        """End the line of progress; after a run that did not end well, say how far it came and, last of all, why."""
        with self.lock:
            self._closed = True
            if self._bar is not None:
                self._bar.close()
                self._bar = None
            done, total = self.finished.total(), self.planned.get("total", 0)
            if not error:
                self._say(f"{done} of {total} jobs done in {_duration(time.monotonic() - self._begin)}")
                return
            self._say(f"{done} of {total} jobs done; they are kept, and the same command goes on from there")
            for reason in self._failed or (["interrupted"] if self._interrupted else []):
                self._say(f"stopped: {reason}")

    def _start(self, stats):
        self.planned = stats
        self._begin = self._told = time.monotonic()
        self._since = time.time()
        if self._terminal:
            self._bar = tqdm(total=stats["total"], bar_format=BAR, file=self._stream, leave=False, dynamic_ncols=True)
        else:
            self._say(f"{stats['total']} jobs to do")

    def _show(self):
        """Bring the line of progress up to date."""
        done, total = self.finished.total(), self.planned["total"]
        if self._bar is not None:
            self._bar.set_postfix_str(self._counts(), refresh=False)
            self._bar.update(done - self._bar.n)
            return
        now = time.monotonic()
        if done == self._told_jobs or done == total:
            return
        if now - self._told > SECONDS or done - self._told_jobs >= SHARE * total:
            # At the last pace: the first jobs are the slow ones, of the data.
            left = (now - self._told) / (done - self._told_jobs) * (total - done)
            when = f", about {_duration(left)} left" if done > EARLY * total else ""
            self._told, self._told_jobs = now, done
            self._say(f"{done} of {total} jobs{when}: {self._counts()}".removesuffix(": "))

    def _counts(self):
        """How far the rules are that have begun and are not through."""
        begun = dict.fromkeys(job.rule_name for job in self._jobs.values())
        open_ = [rule for rule in begun if self.finished[rule] < self.planned.get(rule, 0)]
        return ", ".join(f"{rule} {self.finished[rule]}/{self.planned[rule]}" for rule in open_)

    def _fail(self, entry):
        """Say which job failed and why: as its record tells, or what Snakemake knows of it."""
        told = self._recorded(entry.log)
        if told.get("outcome") == "interrupted":
            self._interrupted += 1
            return
        reason = told.get("error") or entry.rule_msg or NO_WORD
        aux = getattr(entry, "aux", {})
        self._explain(reason, self._title(entry.rule_name, entry.jobid), told.get("outcome"), aux, entry.log)

    def _fail_group(self, entry):
        """Say why the jobs of a group failed, each reason once, and how many were not run, in one line."""
        self._of_groups.update(info["jobid"] for info in entry.job_error_info)
        failed, unrun, interrupted, total = {}, 0, 0, len(entry.job_error_info)
        for info in entry.job_error_info:
            told = self._recorded(info["log"])
            if not told:
                unrun += 1
            elif told["outcome"] == "interrupted":
                interrupted += 1
            elif told["outcome"] != "done":
                failed.setdefault(told["error"], []).append((info, told["outcome"]))
        self._interrupted += interrupted
        aux = entry.job_error_info[0]["aux"] if total else {}
        for reason, jobs in failed.items():
            info, outcome = jobs[0]
            name = self._title(info["rule_name"], info["jobid"])
            others = f" and {len(jobs) - 1} more of its group" if len(jobs) > 1 else ""
            self._explain(reason, name + others, outcome, aux, [*info["log"], *entry.aux_logs])
        if not failed and not interrupted:
            self._explain(NO_WORD_OF_GROUP, f"group {entry.groupid}", None, aux, entry.aux_logs)
        if unrun:
            self.write(f"{unrun} of the {total} jobs of the group were not run, or not to their end", self._stream)

    def _title(self, rule, jobid):
        """A job, for people."""
        wildcards = self._jobs[jobid].wildcards if jobid in self._jobs else {}
        named = ", ".join(f"{name}={value}" for name, value in wildcards.items())
        return f"{rule} ({named})" if named else rule

    def _explain(self, reason, where, outcome, aux, logs):
        self._failed.append(f"{where}: {reason}")
        lines = [f"error: {reason}", f"    in {where}"]
        if outcome == "failed":
            lines.append("    an error in the program: its log has the whole of it")
        lines += [f"    {name}: {value}" for name, value in aux.items() if value]
        lines += [f"    log: {path}" for path in logs or ()]
        self.write("\n".join(lines), self._stream)

    def _recorded(self, logs):
        """The record that a job of this run left; nothing if it left none."""
        try:
            told = json.loads(record_path(logs[0]).read_text("utf-8"))
        except (OSError, ValueError, IndexError, TypeError):
            return {}
        # A former run's is still there if the job has not begun. By its end: a node's clock may be a little behind.
        return told if told["end"] >= self._since else {}

    def _repeats(self, entry, event):
        """Whether an error says again what a failed job's own event does, or that there was one."""
        text = entry.getMessage()
        return (event == LogEvent.ERROR and JobFailed.__name__ in text) or text.startswith("Exiting because a job")

    def _say(self, line):
        print(line, file=self._stream, flush=True)


def _duration(seconds):
    """A time for people.

    Examples
    --------
    >>> _duration(7.2), _duration(75), _duration(7300)
    ('7 s', '1 min 15 s', '2 h 1 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
