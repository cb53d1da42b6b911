"""A SLURM of one node, this machine, for as long as a command runs.

    python tests/one_node_slurm.py snakemake --profile workflow/profiles/slurm --slurm-status-command squeue ...

Debian's packages slurm-wlm and munge have all that it takes. Keys, states and logs lie in a temporary folder, every
port is one of the loopback interface's, and nothing of a SLURM that the machine already has is read or changed.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

#: munged checks credentials, slurmctld keeps the queue, slurmd runs a node's jobs.
DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "setpriv")
NEEDED = "needs SLURM: slurmctld, slurmd, munged and their clients on the PATH (Debian: slurm-wlm, munge), and root"
#: Where Debian has daemons; a user's PATH may lack it.
SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin"
#: Seconds for a daemon to answer, and to end when it is asked to.
PATIENCE = 30

CONF = """\
ClusterName=onenode
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
PlugStackConfig={folder}/plugstack.conf
# No control groups: in a container there may be none to write to.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
# A job takes as many cores and as much memory of the node as it asks for.
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# The memory that the test gives away need not be there.
SlurmdParameters=config_overrides
MailProg=/bin/true
# Seconds from SIGTERM to SIGKILL.
KillWait=5
# Finished jobs stay in the queue's list, to be looked at.
MinJobAge=86400
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""

# The executor plugin clears every variable SLURM_* before it calls srun on the node, the path of the config with them.
SRUN = """\
#!/bin/sh
SLURM_CONF={folder}/slurm.conf exec {srun} "$@"
"""


def missing():
    """Why SLURM cannot be started here: a sentence, or None if it can be."""
    path = _path()
    lacking = [name for name in (*DAEMONS, *CLIENTS) if shutil.which(name, path=path) is None]
    if lacking:
        return f"{NEEDED}; there is no {', '.join(lacking)}"
    if os.geteuid() != 0:
        return f"{NEEDED}; this is user {os.geteuid()}"
    try:
        address = socket.gethostbyname(socket.gethostname())
    except OSError:
        address = "no address"
    # slurmd and its steps listen where the host's own name points to.
    if not address.startswith("127."):
        return f"{NEEDED}, on the loopback interface; {socket.gethostname()} has {address}"
    return None


@contextlib.contextmanager
def one_node(cpus=None, memory=None):
    """Start SLURM; end it, its jobs included, when the block is left.

    Parameters
    ----------
    cpus : int, optional
        Cores that the node has to give away; default: the machine's.
    memory : int, optional
        Memory that it has to give away, in MiB; default: the machine's.

    Yields
    ------
    environment : dict of str
        Environment for what is to use this SLURM.
    processes : list of psutil.Process
        The daemons.

    Raises
    ------
    RuntimeError
        If a daemon does not answer in time; with its log.
    """
    # Not pytest's folder, for the path of a socket may have 107 bytes only.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    environment = _write(folder, cpus, memory)
    daemons = {}
    try:
        daemons["munged"] = _start(
            environment,
            *["munged", "--foreground", "--force", f"--key-file={folder}/munge.key"],
            *[f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid"],
            *[f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed"],
        )
        _await(daemons, folder, lambda: (folder / "munge.socket").exists())
        daemons["slurmctld"] = _start(environment, "slurmctld", "-D", "-f", f"{folder}/slurm.conf")
        _await(daemons, folder, lambda: _says(environment, "scontrol", "ping").endswith(" is UP"))
        daemons["slurmd"] = _start(environment, "slurmd", "-D", "-f", f"{folder}/slurm.conf")
        _await(daemons, folder, lambda: _says(environment, "sinfo", "--noheader", "--format=%t") == "idle")
        yield environment, [psutil.Process(daemon.pid) for daemon in daemons.values()]
    finally:
        _stop(environment, daemons)
        shutil.rmtree(folder, ignore_errors=True)


def _path():
    return os.pathsep.join([os.environ.get("PATH", os.defpath), SYSTEM])


def _write(folder, cpus, memory):
    """Write keys and configs; returns the environment to use them in."""
    folder.chmod(0o755)
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    (folder / "munge.key").touch(0o600)
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "plugstack.conf").touch()
    # Both at once, so that they differ.
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        ports = {"controller": one.getsockname()[1], "node": other.getsockname()[1]}
    conf = CONF.format(
        folder=folder,
        host=socket.gethostname().split(".")[0],
        user=pwd.getpwuid(os.geteuid()).pw_name,
        cpus=cpus or os.cpu_count(),
        memory=memory or psutil.virtual_memory().total // 2**20,
        **ports,
    )
    (folder / "slurm.conf").write_text(conf, "utf-8")
    srun = folder / "bin" / "srun"
    srun.write_text(SRUN.format(folder=folder, srun=shutil.which("srun", path=_path())), "utf-8")
    srun.chmod(0o755)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "SBATCH_", "SRUN_"))}
    return {
        **inherited,
        "SLURM_CONF": f"{folder}/slurm.conf",
        "PATH": os.pathsep.join([f"{folder}/bin", _path()]),
    }


def _start(environment, *command):
    """A daemon in the foreground, in a session of its own: a Ctrl-C is for the command, not for SLURM.

    It ends with its parent, even if that is killed.
    """
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _says(environment, *command):
    """What a client prints, blanks at its ends left out; nothing if it fails or takes too long."""
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _await(daemons, folder, ready):
    """Wait until the last daemon is ready."""
    name, daemon = list(daemons.items())[-1]
    end = time.monotonic() + PATIENCE
    while not ready():
        if daemon.poll() is not None or time.monotonic() > end:
            log = folder / f"{name}.log"
            text = log.read_text("utf-8", errors="replace") if log.exists() else "no log"
            raise RuntimeError(f"{name} did not start:\n{text[-4000:]}")
        time.sleep(0.1)


def _stop(environment, daemons):
    """End jobs, then daemons, the last one first; kill what stays."""
    if "slurmd" in daemons:
        _says(environment, "scancel", "--full", f"--user={pwd.getpwuid(os.geteuid()).pw_name}")
        end = time.monotonic() + PATIENCE
        while _says(environment, "squeue", "--noheader") and time.monotonic() < end:
            time.sleep(0.2)
    for daemon in reversed(daemons.values()):
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    # Jobs are no children of slurmd; what is left of them was given this config.
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("SLURM_CONF") == environment["SLURM_CONF"]:
                process.kill()


def main(command):
    """Run a command with a SLURM of one node; returns its exit status."""
    reason = missing()
    if reason or not command:
        print(reason or __doc__, file=sys.stderr)
        return 1
    # As an exception, so that SLURM ends with the command.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with one_node() as (environment, _):
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
