"""OpenAI's early sets: summaries compared (summarize-from-feedback), and samples of which one is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, leave, leave_each, name_of, need, number_of
from plaudit.data.formats.texts import response_of, text_of, words_of
from plaudit.groups import Group, GroupError, Ranking

_SAMPLES = ("sample0", "sample1", "sample2", "sample3")


def knows_comparisons(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("info"), Mapping) and isinstance(row.get("summaries"), (list, tuple)) and "choice" in row


def read_comparisons(row: dict[str, Any], file: FileReading) -> Group:
    """Summaries of a post or an article; `choice` is the index of the better one.

    Example:
        >>> info = {"id": "t3", "title": "Help", "post": "It rains.", "subreddit": "weather"}
        >>> row = {"info": info, "summaries": [{"text": "Rain."}, {"text": "Sun."}], "choice": 0, "worker": "w"}
        >>> group = read_comparisons(row, FileReading())
        >>> group.prompt
        'SUBREDDIT: r/weather\\n\\nTITLE: Help\\n\\nPOST: It rains.\\n\\nTL;DR:'
        >>> group.rankings
        (Ranking(tiers=((0,), (1,)), strength=None, annotator='w', weight=1.0),)
    """
    info, summaries = need(row, "info"), need(row, "summaries")
    if not isinstance(info, Mapping) or not isinstance(summaries, (list, tuple)) or not summaries:
        raise GroupError('"info" must be an object and "summaries" a list of at least one')
    info = {name: value for name, value in info.items() if value is not None}
    summaries = [dict(one) if isinstance(one, Mapping) else {"text": one} for one in summaries]
    texts = tuple(response_of(need(one, "text"), "a summary") for one in summaries)
    identity, prompt = name_of(info, "id"), prompt_of_post(info)
    leave(row, "info", info)
    leave_each(row, "summaries", summaries)
    return Group(
        id=identity or "",
        prompt=prompt,
        responses=texts,
        rankings=_best(number_of(need(row, "choice"), '"choice"'), len(texts), "choice", name_of(row, *ANNOTATORS)),
        subset=name_of(row, "subset"),
    )


def prompt_of_post(info: dict[str, Any]) -> str:
    """The prompt as the paper's models were given it."""
    if info.get("post") is None:
        return f"{words_of(need(info, 'article'), 'the article')}\n\nTL;DR:"
    parts = (("SUBREDDIT: r/", "subreddit"), ("TITLE: ", "title"), ("POST: ", "post"))
    lines = [f"{opening}{words_of(info.pop(name), name)}" for opening, name in parts if info.get(name) is not None]
    return "\n\n".join([*lines, "TL;DR:"])


def knows_samples(row: Mapping[str, Any]) -> bool:
    return {"query", "best", *_SAMPLES} <= row.keys()


def read_samples(row: dict[str, Any], file: FileReading) -> Group:
    """Four samples, of which `best` (from 0) beats each of the others. Published, all of them are token ids.

    Raises:
        GroupError: for token ids.
    """
    query, samples = need(row, "query"), [need(row, name) for name in _SAMPLES]
    for text in (query, *samples):
        if isinstance(text, Sequence) and not isinstance(text, str) and any(isinstance(one, int) for one in text):
            raise GroupError(
                "the query and the samples are token ids, not text",
                remedy="decode them with the tokenizer they were made with (GPT-2's, in the published sets)",
            )
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=text_of(query, "the query"),
        responses=tuple(response_of(text, "a sample") for text in samples),
        rankings=_best(number_of(need(row, "best"), '"best"'), len(samples), "best", name_of(row, *ANNOTATORS)),
        subset=name_of(row, "subset"),
    )


def _best(index: float, count: int, column: str, annotator: str | None) -> tuple[Ranking, ...]:
    """The best of several beats each of the others; nothing was said about these among each other."""
    if index not in range(count):
        raise GroupError(f'"{column}" is {index:g}', remedy=f"it must be from 0 to {count - 1}")
    best = int(index)
    return tuple(Ranking(((best,), (i,)), annotator=annotator) for i in range(count) if i != best)


register_format(
    Format(
        name="summaries",
        priority=75,
        columns="info, summaries, choice, worker",
        knows=knows_comparisons,
        read=read_comparisons,
    )
)
register_format(
    Format(
        name="lm-human-preferences",
        priority=76,
        columns="query, sample0, sample1, sample2, sample3, best",
        knows=knows_samples,
        read=read_samples,
    )
)
