"""A small policy that writes lists of colours, and ends them."""

import pytest
from painting import pretrain_painter, reds
from ruled import by_text


@pytest.fixture
def likes_red():
    return by_text(reds)


@pytest.fixture(scope="session")
def painter(tmp_path_factory):
    return pretrain_painter(tmp_path_factory.mktemp("painter"))
