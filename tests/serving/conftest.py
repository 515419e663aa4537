"""Models that are served, in the process itself."""

import httpx2
import pytest
from serving.served import serving
from tiny import tiny_model_folder

from plaudit.serving import HostedModels, ServerMetrics, ServingSettings, create_app


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A tiny decoder with a chat template, whose end of turn is followed by a line break."""
    return tiny_model_folder(tmp_path_factory.mktemp("served") / "tiny")


@pytest.fixture(scope="session")
def guarded(folder, tmp_path_factory):
    """A process that serves it; the URL holds the token that it wants."""
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text("s3cret\n")
    with serving(folder, token_file=token) as server:
        server.url = server.url.replace("http://", "http://any:s3cret@")
        yield server


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def host():
    """Serve models: `host(name=source, ..., **settings)` -> (a client that calls the application, its models)."""
    opened = []

    def start(sources, *, tokens=None, admin_tokens=None, **settings):
        hosted = HostedModels(
            {name: str(source) for name, source in sources.items()}, ServingSettings(**settings), ServerMetrics()
        )
        hosted.load()
        opened.append(hosted)
        gates = {name: value for name, value in {"tokens": tokens, "admin_tokens": admin_tokens}.items() if value}
        app = create_app(hosted, **gates)
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://host"), hosted

    yield start
    for hosted in opened:
        hosted.close(5)
