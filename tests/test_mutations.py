"""The mistakes that `mutations.py` makes on purpose can be made: each of their texts stands once where it says."""

import pytest
from conftest import REPOSITORY
from mutations import MUTATIONS


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_its_text_stands_once(mutation):
    text = (REPOSITORY / "scripts" / mutation.file).read_text("utf-8")
    assert text.count(mutation.old) == 1
    assert mutation.new != mutation.old
