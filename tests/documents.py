"""The documents: which there are, and the blocks of code in them."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
README = REPOSITORY / "README.md"
DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md")),
    *sorted((REPOSITORY / "workflow/docs").glob("*.md")),
]
HEADING = re.compile(r"^#+ (.+)$")


def lines(path):
    """Each line of a document with the chapter that it is in, and the language of the code block that it is in.

    Yields
    ------
    chapter : str
    block : int or None
        Number of the code block; None for prose.
    language : str
    line : str
    """
    chapter, block, language, blocks = "", None, "", 0
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("```"):
            block, language = (blocks, line[3:].strip()) if block is None else (None, "")
            blocks += block is None
            continue
        if block is None and (heading := HEADING.match(line)):
            chapter = heading[1]
        yield chapter, block, language, line


def blocks_of(chapter, language, path=README):
    """The code blocks of a chapter in one language.

    Returns
    -------
    list of str
    """
    found = {}
    for of, block, spoken, line in lines(path):
        if block is not None and (of, spoken) == (chapter, language):
            found.setdefault(block, []).append(line)
    assert found, f"{path.name} has no {language} under {chapter}"
    return ["".join(f"{line}\n" for line in block) for block in found.values()]


def prose(path):
    """A document without its code blocks."""
    return "\n".join(line for _, block, _, line in lines(path) if block is None)


def anchors(path):
    """What its headings are linked to as."""
    headings = [HEADING.match(line)[1] for line in prose(path).splitlines() if HEADING.match(line)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
