"""Every real set in ../shared/data in a shape we read, against counts made by parsing the files here, independently."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from plaudit.data import ReadReport, load_groups, split_groups
from plaudit.data.scales import Scale, scales_of
from plaudit.errors import DataError
from plaudit.judgements import majority

SHARED = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the human judgements in ../shared/data")


def ukp_pairs():
    for path in sorted((SHARED / "ukp-convarg/pairs").iterdir()):
        for line in path.read_text(encoding="utf-8").split("\n")[1:]:
            if line:
                _, label, a1, a2 = line.split("\t")
                yield path.stem, label, a1, a2


def ukp_votes():
    for path in sorted((SHARED / "ukp-convarg/judgements").iterdir()):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def pairs_of(groups):
    """(prompt, better text, worse text) of every untied comparison, counted."""
    return Counter(
        (group.prompt, group.responses[a], group.responses[b])
        for group in groups
        for ranking in group.rankings
        for a, b, tied in ranking.comparisons()
        if not tied
    )


def test_ukp_pairs():
    raw = list(ukp_pairs())
    groups = load_groups(SHARED / "ukp-convarg/pairs")
    assert len(raw) == 8459
    assert len(groups) == len({stem for stem, *_ in raw}) == 24
    wins = Counter((a1, a2) if label == "a1" else (a2, a1) for _, label, a1, a2 in raw)
    assert Counter((better, worse) for (_, better, worse), n in pairs_of(groups).items() for _ in range(n)) == wins
    arguments = {(stem, a) for stem, _, a1, a2 in raw for a in (a1, a2)}
    assert sum(len(group.responses) for group in groups) == len(arguments)


@pytest.fixture(scope="module")
def votes():
    reading = ReadReport(keep_going=True)
    return load_groups(SHARED / "ukp-convarg/judgements", report=reading), reading


def test_ukp_votes_count_the_votes_on_one_and_the_same_text(votes):
    groups, reading = votes
    raw = list(ukp_votes())
    same = [row for row in raw if row["a1"] == row["a2"]]
    assert (reading.rows, len(reading.rejected)) == (len(raw), len(same)) == (63140, 60)
    rankings = [ranking for group in groups for ranking in group.rankings]
    assert len(rankings) == len(raw) - len(same)
    ties = sum(len(ranking.tiers) == 1 for ranking in rankings)
    assert ties == sum(row["choice"] == "equal" for row in raw if row["a1"] != row["a2"])
    assert {r.annotator for r in rankings} == {row["annotator"] for row in raw if row["a1"] != row["a2"]}
    with pytest.raises(DataError, match=r"_no\.jsonl\.gz:\d+: the two responses are the same text"):
        load_groups((SHARED / "ukp-convarg/judgements").glob("human-growth*_no.jsonl.gz"))


def test_ukp_votes_pairs_and_ranks_meet_in_the_same_groups(votes):
    votes, _ = votes
    pairs = load_groups(SHARED / "ukp-convarg/pairs")
    # Two of the 24 file names were shortened by hand, so that no rule leads from the debate's name to them.
    assert len({g.id for g in votes} & {g.id for g in pairs}) == 22
    assert [g.id for g in load_groups(SHARED / "ukp-convarg/rankings")] == [g.id for g in pairs]
    # The published pairs keep only what the voters agreed on: a majority of the votes must say the same nearly always.
    agreed = {key for key in pairs_of(pairs) if key[0] in {g.prompt for g in votes}}
    settled = pairs_of(map(majority, votes))
    with_majority = sum(key in settled for key in agreed)
    against = sum((prompt, worse, better) in settled for prompt, better, worse in agreed)
    assert with_majority > 50 * against


def test_ukp_ranks_lower_is_better():
    groups = load_groups(SHARED / "ukp-convarg/rankings")
    rows = 0
    for group, path in zip(groups, sorted((SHARED / "ukp-convarg/rankings").iterdir()), strict=True):
        with path.open(encoding="utf-8", newline="") as lines:
            table = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        rows += len(table)
        best = min(table, key=lambda row: float(row["rank"]))
        assert group.responses[group.rankings[0].tiers[0][0]] == best["argument"]
        assert len(group.responses) == len({row["argument"] for row in table})
    assert rows == 788


def test_hh_harmless():
    with gzip.open(SHARED / "hh-harmless/pairs.jsonl.gz", "rt", encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    groups = load_groups(SHARED / "hh-harmless")
    assert sum(len(g.rankings) for g in groups) == len(raw) == 1704
    # Where the prompts are the same (all but 5 rows), each side is the prompt and its last turn, to the character.
    rebuilt = Counter()
    for group in groups:
        turns = "".join(f"\n\n{'Human' if m['role'] == 'user' else 'Assistant'}: {m['content']}" for m in group.prompt)
        for response in group.responses:
            if isinstance(response, str):
                rebuilt[f"{turns}\n\nAssistant: {response}".split().__str__()] += 1
    sides = {row[side].split().__str__() for row in raw for side in ("chosen", "rejected")}
    assert set(rebuilt) <= sides
    assert len(sides) - len(rebuilt) <= 10
    assert sum(not isinstance(r, str) for g in groups for r in g.responses) == 5


def test_pandalm():
    raw = json.loads((SHARED / "pandalm/three-annotators.json").read_text(encoding="utf-8"))
    groups = load_groups(SHARED / "pandalm")
    assert len(groups) == len({(row["instruction"], row["input"]) for row in raw})
    votes = Counter(row[f"annotator{i}"] for row in raw for i in (1, 2, 3))
    rankings = [ranking for group in groups for ranking in group.rankings]
    assert len(rankings) == 3 * 722
    assert sum(len(ranking.tiers) == 1 for ranking in rankings) == votes[0]
    texts = {}
    for row in raw:
        prompt = f"{row['instruction']}\n{row['input']}" if row["input"] else row["instruction"]
        texts.setdefault(prompt, set()).update({str(row["response1"]), str(row["response2"])})
    assert {group.prompt: set(group.responses) for group in groups} == texts


def test_llmbar():
    groups = load_groups(SHARED / "llmbar")
    for path in (SHARED / "llmbar").iterdir():
        raw = json.loads(path.read_text(encoding="utf-8"))
        mine = [group for group in groups if group.subset == path.stem]
        wins = {(r["input"], r[f"output_{r['label']}"], r[f"output_{3 - r['label']}"]): 1 for r in raw}
        assert pairs_of(mine) == wins
    assert len(groups) == 419


def test_wmt23_mqm():
    rows = []
    for path in sorted((SHARED / "wmt23-mqm").iterdir()):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows += map(json.loads, lines)
    groups = load_groups(SHARED / "wmt23-mqm")
    said = Counter(
        (row["source"], one["target"], rater, score)
        for row in rows
        for one in row["translations"]
        for rater, score in one["mqm_by_rater"].items()
    )
    assert said.total() == 10_200
    found = Counter((g.prompt, g.responses[r.response], r.annotator, r.value) for g in groups for r in g.ratings)
    assert found == said
    # One source, a lone quotation mark, stands in two documents.
    assert Counter(g.subset for g in groups) == {"en-de": 71, "zh-en": 268}
    assert {g.meta["doc"] for g in groups} == {row["doc"] for row in rows}
    sides = split_groups(groups, test=0.3, by="doc")
    assert not {g.meta["doc"] for g in sides["test"]} & {g.meta["doc"] for g in sides["train"]}
    scale = scales_of(groups)["overall"]
    assert scale == Scale(-72, 0, None)


def test_caption_contest():
    groups = load_groups(SHARED / "caption-contest")
    for group, path in zip(groups, sorted((SHARED / "caption-contest").iterdir()), strict=True):
        assert group.prompt == f"New Yorker caption contest {path.name.split('.')[0]}"
        votes: dict[str, Counter[int]] = {}
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                counts = {1: int(row["unfunny"]), 2: int(row["somewhat_funny"]), 3: int(row["funny"])}
                votes.setdefault(row["caption"], Counter()).update(counts)
        assert group.responses == tuple(votes)
        assert group.meta["votes"] == [counts.total() for counts in votes.values()]
        found: dict[str, Counter[int]] = {}
        for r in group.ratings:
            held = found.setdefault(group.responses[r.response], Counter())
            held[r.value] = round(r.weight * group.meta["votes"][r.response])
        assert found == {caption: +counts for caption, counts in votes.items()}
    assert scales_of(groups)["funny"] == Scale(1, 3, (1, 2, 3))


def test_dpo_zh_demo():
    raw = json.loads((SHARED / "dpo-zh-demo/dpo_zh_demo.json").read_text(encoding="utf-8"))
    groups = load_groups(SHARED / "dpo-zh-demo")
    roles = {"human": "user", "system": "system"}
    prompts = {tuple((roles[m["from"]], m["value"]) for m in row["conversations"]) for row in raw}
    assert {tuple((m["role"], m["content"]) for m in group.prompt) for group in groups} == prompts
    wins = Counter((row["chosen"]["value"], row["rejected"]["value"]) for row in raw)
    found = Counter(
        (group.responses[a], group.responses[b])
        for group in groups
        for ranking in group.rankings
        for a, b, _ in ranking.comparisons()
    )
    assert found == wins


RATED_TEXT = {
    "topical-chat": (
        252,
        42,
        {"naturalness", "coherence", "engagingness", "understandability", "groundedness", "overall"},
    ),
    "qags-cnndm": (177, 177, {"consistency"}),
    "qags-xsum": (187, 187, {"consistency"}),
    "sfres": (881, 432, {"informativeness", "naturalness", "overall"}),
}


@pytest.mark.parametrize("name", RATED_TEXT)
def test_rated_text(name):
    rows, prompts, attributes = RATED_TEXT[name]
    path = SHARED / f"rated-text/{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("needs rated-text/ in ../shared/data")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    groups = load_groups(path)
    assert (len(raw), len(groups)) == (rows, prompts)
    given = Counter(
        (row["source"], row["system_output"], attribute, value)
        for row in raw
        for attribute, value in row["scores"].items()
    )
    # A fact that belongs to the prompt stands before the conversation.
    facts = {f"{row['context']}\n\n{row['source']}": row["source"] for row in raw if row.get("context")}
    found = Counter(
        (facts.get(group.prompt, group.prompt), group.responses[r.response], r.attribute, r.value)
        for group in groups
        for r in group.ratings
    )
    assert found == given
    assert {attribute for *_, attribute, _ in found} == attributes
