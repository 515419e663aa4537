"""Loading and closing the models of a server."""

import threading

import pytest

from plaudit.errors import OverloadedError
from plaudit.serving import HostedModel, HostedModels, ServerMetrics, ServingSettings


def test_a_server_that_stops_while_it_loads_waits_for_the_load_and_drops_what_it_gave(folder, monkeypatch):
    # A thread that computes while the process ends aborts it, and SIGTERM would not end with 0.
    begun, go_on, failures = threading.Event(), threading.Event(), []
    load = HostedModel.load

    def slow(*arguments, **options):
        begun.set()
        go_on.wait(300)
        return load(*arguments, **options)

    monkeypatch.setattr(HostedModel, "load", slow)
    hosted = HostedModels({"tiny": str(folder)}, ServingSettings(), ServerMetrics())

    def loading():
        with pytest.raises(OverloadedError, match="the server stops") as caught:
            hosted.load()
        failures.append(caught.value.code)

    thread = threading.Thread(target=loading)
    thread.start()
    assert begun.wait(300)
    assert not hosted.close(0)
    assert failures == []
    go_on.set()
    assert hosted.close(300)
    thread.join()
    assert failures == ["draining"]
    assert hosted.models == []


def test_the_metrics_name_what_is_served_and_nothing_that_was(folder):
    hosted = HostedModels({"one": str(folder), "two": str(folder)}, ServingSettings(), ServerMetrics())

    def names():
        (info,) = hosted.metrics.model_info.collect()
        return sorted(sample.labels["model"] for sample in info.samples if sample.value == 1)

    hosted.load()
    assert names() == ["one", "two"]
    hosted.sources = {"two": str(folder), "three": str(folder)}
    hosted.load()
    assert names() == ["three", "two"]
    assert hosted.close(300)
