"""A tiny reward model, a process that serves it, and the scores of a file."""

import pytest
from serving.served import scores_of_file, serving
from tiny import tiny_model_folder

from plaudit.groups import Group

WORDS = ("blue", "green", "grey", "dark", "light", "wide", "high", "near", "far", "old", "new", "wet")
QUESTIONS = [f"why is the sky {word}" for word in WORDS]
ANSWERS = ["because light is scattered by the air", "the sea", "the cat sat on the mat", "no"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A tiny decoder with a chat template, whose end of turn is followed by a line break."""
    return tiny_model_folder(tmp_path_factory.mktemp("rewards") / "tiny")


@pytest.fixture(scope="session")
def guarded(folder, tmp_path_factory):
    """A process that serves it; the URL holds the token that it wants."""
    pytest.importorskip("fastapi")
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text("s3cret\n")
    with serving(folder, token_file=token) as server:
        server.url = server.url.replace("http://", "http://any:s3cret@")
        yield server


@pytest.fixture(params=["folder", "url"])
def source(request):
    """What stands in a model's place: the folder itself, or the address of the server."""
    value = request.getfixturevalue({"folder": "folder", "url": "guarded"}[request.param])
    return getattr(value, "url", value)


@pytest.fixture(scope="session")
def samples():
    """48 completions of 12 prompts, in an order in which siblings are apart."""
    return [(prompt, f"{answer} {number % 5}") for answer in ANSWERS for number, prompt in enumerate(QUESTIONS)]


@pytest.fixture(scope="session")
def offline(folder, samples, tmp_path_factory):
    """What `plaudit score` gives them, each alone."""
    groups = [Group(f"{number}", prompt, (answer,)) for number, (prompt, answer) in enumerate(samples)]
    return scores_of_file(folder, groups, tmp_path_factory.mktemp("offline"))
