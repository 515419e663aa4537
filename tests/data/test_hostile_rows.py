"""Whatever stands in a row, it becomes a group or a bad row: never a traceback, never nothing."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.data import ReadReport, Row, Table, load_groups
from plaudit.data.formats import FORMATS
from plaudit.errors import DataError

SOME = [
    "system",
    "history",
    "context",
    "margin",
    "score_chosen",
    "annotator",
    "weight",
    "subset",
    "id",
    "merged",
    "text",
]
leaves = st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.sampled_from(
    ["", "a", "b", "tie", "1", "2", "nan", "\n\nHuman: P\n\nAssistant: a", "Human: x", "assistant", "user", "P: a"]
)  # fmt: skip
keys = st.sampled_from(
    [
        "role",
        "content",
        "from",
        "value",
        "text",
        "rank",
        "tiers",
        "response",
        "annotations",
        "Rating",
        "target",
        "mqm_by_rater",
        "full_text",
        "post",
        "overall_pref",
        "axes",
        "pm_score",
        "overall_score",
        "evaluator",
        "replies",
        "turn",
        "if_chosen",
        "choices",
        "status",
        "user_id",
        "response_1",
        "result",
        "selected",
        "labels",
    ]
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
needed = {
    "trl": ["prompt", "chosen", "rejected"],
    "hh": ["chosen", "rejected"],
    "labelled": ["prompt", "response_a", "response_b", "winner", "turn", "preference_strength", "prob_a"],
    "pandalm": ["instruction", "response1", "response2", "annotator1"],
    "llmbar": ["input", "output_1", "output_2", "label"],
    "ranked": ["prompt", "responses", "ranks", "scores"],
    "rated": ["prompt", "response", "value", "scale"],
    "native": ["prompt", "responses", "rankings", "ratings", "meta"],
    "candidates": ["question", "answers"],
    "prompts": ["prompt", "messages"],
    "ms-swift": ["messages", "rejected_response", "rejected_messages"],
    "llama-factory": ["conversations", "chosen", "rejected"],
    "ukp-votes": ["debate", "stance", "a1", "a2", "choice"],
    "ukp-pairs": ["id", "label", "a1", "a2"],
    "clicks": ["prompt", "shown", "clicked", "seconds"],
    "mqm": ["doc", "source", "translations"],
    "caption-contest": ["caption", "unfunny", "somewhat_funny", "funny"],
    "ukp-ranks": ["id", "rank", "argument"],
    "shp": ["history", "human_ref_A", "human_ref_B", "labels", "score_A", "score_B", "domain"],
    "webgpt": ["question", "answer_0", "answer_1", "score_0", "score_1"],
    "pku-safe-rlhf": ["prompt", "response_0", "response_1", "better_response_id", "is_response_0_safe"],
    "safety": ["prompt", "response", "is_safe", "severity_level"],
    "summaries": ["info", "summaries", "choice"],
    "lm-human-preferences": ["query", "sample0", "sample1", "sample2", "sample3", "best"],
    "multipref": ["text", "completion_a", "completion_b", "normal_worker_annotations", "expert_worker_annotations"],
    "prometheus-preference": ["orig_instruction", "orig_response_A", "orig_response_B", "orig_preference"],
    "pairs": ["input", "preferred_output", "non_preferred_output"],
    "distilabel": ["input", "chosen", "rejected", "order", "rating", "chosen_score"],
    "refused": ["completions", "labels"],
    "summary-axes": ["info", "summary", "worker"],
    "prometheus-feedback": ["orig_instruction", "orig_response", "orig_score"],
    "dices": ["context", "response", "rater_id", "Q_overall"],
    "oasst": ["message_id", "parent_id", "text", "role", "rank", "deleted", "labels"],
    "oasst-trees": ["message_tree_id", "prompt"],
    "argilla": ["prompt", "response_1", "response_2", "best", "best.responses", "fields", "responses"],
    "label-studio": ["data", "annotations"],
    "label-studio-min": ["prompt", "response", "rating", "annotation_id"],
    "prism-conversations": ["conversation_history"],
    "prism-utterances": ["user_prompt", "model_response", "conversation_id", "turn", "if_chosen"],
    "choices": ["input", "targets"],
    "scored-pairs": ["prompt", "response_a", "response_b", "score_a", "score_b"],
    "judgelm": ["question_body", "answer1_body", "answer2_body", "score"],
}
assert needed.keys() == set(FORMATS)
COLUMNS = sorted({name for names in needed.values() for name in names} | set(SOME))
rows = st.dictionaries(st.sampled_from(COLUMNS), values, min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, min_size=1, max_size=3), st.sampled_from([None, *FORMATS]), st.data())
def test_every_row_is_read_or_refused(some, format, data):
    for row in some if format else []:
        row.update({name: data.draw(values) for name in needed[format]})
    # Not through a file, where one row alone may be a table written as an object.
    parsed = (Row("is-it-so_yes", line, json.loads(json.dumps(row))) for line, row in enumerate(some, 1))
    reading = ReadReport(keep_going=True)
    try:
        groups = load_groups(Table("is-it-so_yes", "is-it-so_yes", parsed), format=format, report=reading)
    except DataError as error:
        in_two_ways = "which can be read in two ways" in str(error)
        assert in_two_ways or (format is None and "no format has these columns" in str(error))
        return
    assert reading.rows == len(some)
    assert groups or reading.rejected
    assert all("\n" not in row.reason for row in reading.rejected)
