"""The models of a server by name, each replaced beside itself when it is loaded anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from plaudit.errors import NotFoundError, OverloadedError
from plaudit.serving.hosted import HostedModel
from plaudit.serving.metrics import ServerMetrics
from plaudit.serving.settings import ServingSettings


class HostedModels:
    """The models of a server by name.

    Args:
        sources: name -> what `open_model` takes.
        settings: of the server.
        metrics: of the server.
        options: of `open_model`.

    Example:
        >>> from plaudit.serving import ServerMetrics, ServingSettings
        >>> hosted = HostedModels({"mine": "my-bow"}, ServingSettings(), ServerMetrics())
        >>> hosted.ready
        False
        >>> hosted.load()
        >>> hosted.ready, hosted.get("whatever").name
        (True, 'mine')
        >>> hosted.close()
        True
    """

    def __init__(
        self, sources: Mapping[str, str], settings: ServingSettings, metrics: ServerMetrics, **options: Any
    ) -> None:
        self.sources = dict(sources)
        self.settings = settings
        self.metrics = metrics
        self.options = options
        self.draining = False
        self._models: dict[str, HostedModel] = {}
        self._served: set[tuple[str, str, str]] = set()
        self._retired: list[threading.Thread] = []
        self._loading = threading.Lock()
        self._changing = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether every model can be asked."""
        models = self._models
        alive = all(name in models and models[name].batcher.alive for name in self.sources)
        return alive and not self.draining

    @property
    def models(self) -> list[HostedModel]:
        """Those that are loaded."""
        return list(self._models.values())

    def load(self) -> None:
        """Load every model, each beside the one that is served under its name, which is replaced between two batches
        and works off what it has taken. Where one cannot be loaded, all stay as they were.

        Raises:
            PlauditError: if one cannot be loaded.
        """
        with self._loading:
            loaded: dict[str, HostedModel] = {}
            try:
                for name, source in self.sources.items():
                    loaded[name] = HostedModel.load(name, source, self.settings, self.metrics, **self.options)
                    if self.draining:
                        raise OverloadedError("the server stops", code="draining", retry_after=1.0)
            except Exception:
                for model in loaded.values():
                    model.close(0)
                raise
            with self._changing:
                before, self._models = self._models, loaded
            # Never without any: the metrics may be asked for in between.
            served = {(model.name, model.version, model.info()["template"] or "") for model in loaded.values()}
            for labels in served:
                self.metrics.model_info.labels(*labels).set(1)
            for labels in self._served - served:
                self.metrics.model_info.remove(*labels)
            self._served = served
            for model in before.values():
                thread = threading.Thread(target=_retire, args=(model,), daemon=True)
                thread.start()
                self._retired.append(thread)

    @contextmanager
    def borrow(self, name: str | None) -> Iterator[HostedModel]:
        """`get`, for as long as a request is answered: a model that is replaced meanwhile stays until then."""
        with self._changing:
            model = self.get(name)
            model.asking += 1
        try:
            yield model
        finally:
            with self._changing:
                model.asking -= 1

    def get(self, name: str | None) -> HostedModel:
        """The model of this name. Where one is served, any name is its own: trainers send "model", or a path.

        Raises:
            PlauditError: while it is loading, or if there are several and none is called so.
        """
        models = self._models
        if not models:
            raise OverloadedError("the model is loading", remedy="try again", code="loading", retry_after=2.0)
        if len(models) == 1:
            return next(iter(models.values()))
        if name in models:
            return models[str(name)]
        what = (
            "several models are served, and the request names none" if name is None else f"there is no model {name!r}"
        )
        error = NotFoundError(what, remedy=f"there are {', '.join(models)}")
        error.code = "model_not_found"
        raise error

    def close(self, timeout: float | None = None) -> bool:
        """Take nothing new and work off what waits; whether all was, in so many seconds. What is being loaded is waited
        for too: a thread that computes while the process ends would abort it."""
        self.draining = True
        end = None if timeout is None else time.monotonic() + timeout

        def left() -> float | None:
            return None if end is None else max(0.0, end - time.monotonic())

        done = [self._loading.acquire(timeout=-1 if end is None else max(0.0, end - time.monotonic()))]
        if done[0]:
            self._loading.release()
        done += [model.close(left()) for model in self._models.values()]
        for thread in self._retired:
            thread.join(left())
        return all(done) and not any(thread.is_alive() for thread in self._retired)


def _retire(model: HostedModel) -> None:
    """Close a model that was replaced, when those who ask it have their answers."""
    while model.asking:
        time.sleep(0.05)
    model.close()
