"""The demo's model as a server, for a moment: the same scores over HTTP, and the best of n chosen by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plaudit.data import load_groups
from plaudit.demo.candidates import ATTRIBUTE, candidate_set
from plaudit.demo.run import Demo
from plaudit.errors import PlauditError
from plaudit.evaluation import best_of
from plaudit.groups import Group

if TYPE_CHECKING:
    from plaudit.model import Scorer
    from plaudit.statistics import Measurement

# Enough to see it work; the whole curve is a command of its own.
_PROMPTS, _CANDIDATES = 8, 8

_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class ServedDemo:
    """What the demo's model said as a server.

    Attributes:
        responses: how many were scored over HTTP and here.
        difference: the largest between the two scores of one.
        prompts: whose best of n was chosen over HTTP.
        n: how many candidates each of them has.
        gain: in true quality, of the best of n over a random candidate, in its standard deviations within prompts.
        requests: a line for a terminal for each protocol, with its name.

    Example:
        >>> from pathlib import Path
        >>> from plaudit.model import open_model
        >>> demo = Demo(open_model("my-bow"), Path("."), recovery={})
        >>> write_requests(demo.model, "http://localhost:8000")[0][0]
        'Plaudit'
    """

    responses: int
    difference: float
    prompts: int
    n: int
    gain: Measurement
    requests: Sequence[tuple[str, str]]


def serve_demo(demo: Demo, address: str = "http://127.0.0.1:8000") -> ServedDemo:
    """Serve the model on a free port of this machine, score a group over HTTP and here, and choose the best of n.

    Args:
        demo: that was run.
        address: for the lines of `requests`: where the model will be served later.

    Raises:
        MissingExtraError: if the `serve` extra is not installed.
        PlauditError: if the scores differ, or no port can be listened on.

    Example:
        >>> from pathlib import Path
        >>> from plaudit.demo import run_demo
        >>> served = serve_demo(run_demo("demo", "bow", questions=1))
        >>> served.difference < 1e-5, served.n
        (True, 8)
    """
    from plaudit.serving import require_libraries

    require_libraries()
    from plaudit.model import open_model
    from plaudit.serving import ServingSettings, running_server

    held_out = load_groups(demo.folder / "new-topics.jsonl")
    group, candidates = held_out[0], candidate_set(_spread(held_out), _CANDIDATES)
    # A small batch is enough here, and warms up sooner.
    with running_server({"demo": str(demo.folder / "model")}, ServingSettings(batch_tokens=1024)) as url:
        remote = open_model(url)
        over_http = remote.score([group])[0]
        by_remote = remote.score(candidates, truncate_responses=True)
    here = demo.model.score([group])[0]
    difference = max(abs(one.score - other.score) for one, other in zip(over_http, here, strict=True))
    if difference > _TOLERANCE:
        raise PlauditError(f"a score over HTTP differs by {difference:.1e} from the same score here")
    truth = [[rating.value for rating in one.ratings if rating.attribute == ATTRIBUTE] for one in candidates]
    chosen = best_of(candidates, {"model": by_remote}, truth, clusters="topic").curves[0]
    return ServedDemo(
        responses=len(here),
        difference=difference,
        prompts=len(candidates),
        n=_CANDIDATES,
        gain=chosen.gold[-1],
        requests=write_requests(demo.model, address),
    )


def write_requests(model: Scorer, address: str) -> list[tuple[str, str]]:
    """A line for a terminal for each protocol, with its name, that works where this model is served there."""
    from plaudit.model import RewardModel
    from plaudit.serving import request_examples

    prompt, answers = "How do I boil an egg?", ["Seven minutes in boiling water.", "No idea."]
    conversation = f"User: {prompt}\n\nAssistant: {answers[0]}"
    if isinstance(model, RewardModel) and not model.renderer.reads_pairs:
        conversation, _ = model.renderer.uncut(Group("", prompt, (answers[0],)), 0)
    return [(example.wire, example.curl(address)) for example in request_examples(prompt, answers, conversation)]


def _spread(groups: Sequence[Group]) -> list[Group]:
    """A few groups, of different topics."""
    by_topic = {group.meta["topic"]: group for group in groups}
    return list(by_topic.values())[:_PROMPTS]
