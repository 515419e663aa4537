"""What a server tells Prometheus. Labels hold names of wires and models, never texts, tokens or users."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from plaudit.scoring import BatchReport

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 200)
_SCORES = (-20, -10, -7, -5, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 20)
_TOKENS = (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class ServerMetrics:
    """The server's counts, each application with a registry of its own.

    Example:
        >>> metrics = ServerMetrics()
        >>> metrics.rejected.labels("overloaded").inc()
        >>> 'plaudit_rejected_total{reason="overloaded"} 1.0' in metrics.text().decode()
        True
    """

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()

        def histogram(name: str, help: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"plaudit_{name}", help, labels, registry=registry, buckets=buckets)

        def counter(name: str, help: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"plaudit_{name}", help, labels, registry=registry)

        def gauge(name: str, help: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"plaudit_{name}", help, labels, registry=registry)

        self.requests = counter("requests", "Requests answered.", ("wire", "code"))
        self.request_seconds = histogram("request_seconds", "From arrival to answer.", ("wire",), _SECONDS)
        self.tokenize_seconds = histogram("tokenize_seconds", "Rendering and tokenising a request.", (), _SECONDS)
        self.queue_seconds = histogram("queue_seconds", "How long a response waited.", ("model",), _SECONDS)
        self.forward_seconds = histogram("forward_seconds", "Computing a batch.", ("model",), _SECONDS)
        self.forward_tokens = histogram("forward_tokens", "Tokens read in a batch.", ("model",), _TOKENS)
        self.forward_responses = histogram("forward_responses", "Responses of a batch.", ("model",), _COUNTS)
        self.tokens = counter("tokens", "Tokens, by whether they were computed, shared or cached.", ("model", "kind"))
        self.responses = counter("responses", "Responses scored.", ("model",))
        self.cut_prompts = counter("cut_prompts", "Responses read with the middle of their prompt cut.", ("model",))
        self.cut_responses = counter("cut_responses", "Responses that were cut.", ("model",))
        self.queued_tokens = gauge("queued_tokens", "Tokens that wait.", ("model",))
        self.in_flight = gauge("in_flight_requests", "Requests being answered.")
        self.rejected = counter("rejected", "Requests refused.", ("reason",))
        self.disconnected = counter("disconnected", "Clients that left before their answer.")
        self.score = histogram("score", "Scores given, raw.", ("model",), _SCORES)
        self.model_info = gauge("model_info", "The models that are served.", ("model", "version", "template"))
        self.ready = gauge("ready", "1 where every model is ready.")

    def observe_request(self, wire: str, code: int, seconds: float, refused: str | None = None) -> None:
        """Count a request that was answered, or refused with an error of this code."""
        self.requests.labels(wire, str(code)).inc()
        self.request_seconds.labels(wire).observe(seconds)
        if refused:
            self.rejected.labels(refused).inc()

    def observe_batch(self, model: str, report: BatchReport) -> None:
        """Count a batch that a model computed."""
        for seconds in report.queue_seconds:
            self.queue_seconds.labels(model).observe(seconds)
        self.forward_seconds.labels(model).observe(report.forward_seconds)
        self.forward_tokens.labels(model).observe(report.tokens)
        self.forward_responses.labels(model).observe(report.responses)
        self.tokens.labels(model, "computed").inc(report.computed)
        self.tokens.labels(model, "shared").inc(max(report.tokens - report.computed, 0))

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)
