"""A request and its parts as spans of a stand-in for an SDK's provider; a caller's `traceparent` is their parent."""

from contextlib import contextmanager

import pytest

trace = pytest.importorskip("opentelemetry.trace")
fastapi_tracing = pytest.importorskip("fastapi.telemetry", reason="this FastAPI makes no spans")

pytestmark = pytest.mark.anyio

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Tracer(trace.Tracer):
    """Keeps (name, trace, number of the parent) of each span, whose number is its place here, from 1."""

    def __init__(self):
        self.spans = []
        self.attributes = []

    def start_span(self, name, context=None, kind=None, attributes=None, **options):
        parent = trace.get_current_span(context).get_span_context()
        self.spans.append((name, f"{parent.trace_id:032x}", parent.span_id))
        self.attributes.append(dict(attributes or {}))
        identity = trace.SpanContext(parent.trace_id or 1, len(self.spans), False, trace.TraceFlags(1))
        return trace.NonRecordingSpan(identity)

    @contextmanager
    def start_as_current_span(self, name, context=None, kind=None, attributes=None, **options):
        started = self.start_span(name, context, kind, attributes)
        with trace.use_span(started, record_exception=False, set_status_on_exception=False):
            yield started


class Provider(trace.TracerProvider):
    def __init__(self):
        self.tracer = Tracer()

    def get_tracer(self, *names, **options):
        return self.tracer


@pytest.fixture
def tracer(monkeypatch):
    provider = Provider()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return provider.tracer


async def test_a_request_and_its_parts_are_spans_of_the_caller_s_trace(host, folder, tracer):
    client, _ = host({"tiny": folder})
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    body = {"prompt": "why", "responses": ["because", "no"]}
    assert (await client.post("/v1/rewards", json=body, headers=headers)).status_code == 200
    caller = 0x00F067AA0BA902B7
    (_, its_trace, parent), *parts = tracer.spans
    assert (its_trace, parent) == (TRACE, caller)
    # Both are parts of the request's span, the first of all.
    assert parts == [("plaudit.prepare", TRACE, 1), ("plaudit.score", TRACE, 1)]
    assert tracer.attributes[1] == {"plaudit.responses": 2}
    assert tracer.attributes[2]["plaudit.model"] == "tiny"
    assert "because" not in str(tracer.attributes)


async def test_what_cannot_be_scored_ends_its_span(host, folder, tracer):
    client, _ = host({"tiny": folder})
    assert (await client.post("/get_reward", json={"query": ["of another template"]})).status_code == 422
    assert [name for name, *_ in tracer.spans][1:] == ["plaudit.prepare"]
    assert "another template" not in str(tracer.attributes)


async def test_without_an_sdk_nothing_changes(host, folder, monkeypatch):
    monkeypatch.setattr("plaudit.serving.tracing.trace", None)
    client, _ = host({"tiny": folder})
    assert (await client.post("/reward", json={"prompt": "why", "response": "because"})).status_code == 200
