"""Every shape is recognised from its content, and read into the group that a person would make of it."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from plaudit.data import ReadReport, load_groups
from plaudit.data.formats import FORMATS, detect_format
from plaudit.errors import DataError
from plaudit.groups import Group, Ranking, Rating

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


def pair(prompt, chosen, rejected, strength=None, **more):
    return Group("", prompt, (chosen, rejected), (Ranking(FIRST, strength),), **more)


# (the format it must be recognised as, a row, the group it must become); ids are compared only where the row has one.
CASES = {
    "native": (
        "native",
        {"id": "q", "prompt": "P", "responses": ["a", "b"], "rankings": [{"tiers": [[1], [0]], "annotator": "x"}]},
        Group("q", "P", ("a", "b"), (Ranking(SECOND, annotator="x"),)),
    ),
    "native, nothing judged": ("native", {"prompt": "P", "responses": ["a"]}, Group("", "P", ("a",))),
    "candidates": (
        "candidates",
        {"id": 7, "question": "P", "answers": ["a", {"text": "b"}], "model": "m", "notes": [1]},
        Group("7", "P", ("a", "b"), meta={"model": "m"}),
    ),
    "candidates, one a row": ("candidates", {"prompt": "P", "response": ""}, Group("", "P", ("",))),
    "trl": ("trl", {"prompt": "P", "chosen": "a", "rejected": "b"}, pair("P", "a", "b")),
    "trl with margin": ("trl", {"prompt": "P", "chosen": "a", "rejected": "b", "margin": 2}, pair("P", "a", "b", 2)),
    "trl with a margin in words": (
        "trl",
        {"prompt": "P", "chosen": "a", "rejected": "b", "margin": "Slightly better"},
        pair("P", "a", "b", 1),
    ),
    "trl with an empty prompt": ("trl", {"prompt": "", "chosen": "a", "rejected": "b"}, pair("", "a", "b")),
    "trl implicit, as text": (
        "trl",
        {
            "chosen": "User: Colour of the sky?\nAssistant: blue.",
            "rejected": "User: Colour of the sky?\nAssistant: black.",
        },
        pair("User: Colour of the sky?\nAssistant: ", "blue.", "black."),
    ),
    "trl implicit, after a template": (
        "trl",
        {"chosen": "<s>[INST] Why? [/INST] So.", "rejected": "<s>[INST] Why? [/INST] Sorry.", "source": "a set"},
        pair("<s>[INST] Why? [/INST] ", "So.", "Sorry.", meta={"source": "a set"}),
    ),
    "trl, the prompt called otherwise": (
        "trl",
        {"problem": "x + 1 = 2", "chosen": "The answer is 1.", "rejected": "The answer is 3."},
        pair("x + 1 = 2", "The answer is 1.", "The answer is 3."),
    ),
    "trl, several rejected": (
        "trl",
        {"prompt": "P", "chosen": "a", "rejected": ["b", "c"]},
        Group("", "P", ("a", "b", "c"), (Ranking(((0,), (1,))), Ranking(((0,), (2,))))),
    ),
    "trl with scores on either side": (
        "trl",
        {
            "prompt": "P",
            "chosen": "a",
            "rejected": "b",
            "chosen_score": 8.5,
            "score_rejected": None,
            "chosen-rating": 4,
        },
        pair("P", "a", "b", ratings=(Rating(0, 8.5, "score"), Rating(0, 4, "rating"))),
    ),
    "trl with messages of text parts": (
        "trl",
        {
            "prompt": [{"role": "user", "content": [{"type": "text", "text": "P"}, {"type": "text", "text": "Q"}]}],
            "chosen": [{"role": "assistant", "content": [{"type": "text", "text": "a"}]}],
            "rejected": [{"role": "assistant", "text": "b"}],
        },
        pair((user("PQ"),), "a", "b"),
    ),
    "trl with tools": (
        "trl",
        {
            "prompt": [user("P")],
            "chosen": [{"role": "assistant", "content": None, "tool_calls": [{"name": "f"}]}],
            "rejected": "b",
            "tools": '[{"name": "f"}]',
        },
        Group(
            "",
            (user("P"),),
            (({"role": "assistant", "content": "", "tool_calls": [{"name": "f"}]},), "b"),
            (Ranking(FIRST),),
            tools=({"name": "f"},),
        ),
    ),
    "trl conversational": (
        "trl",
        {"prompt": [user("P")], "chosen": [assistant("a")], "rejected": [assistant("b")]},
        pair((user("P"),), "a", "b"),
    ),
    "trl conversational implicit": (
        "trl",
        {"chosen": [user("P"), assistant("a")], "rejected": [user("P"), assistant("b")]},
        pair((user("P"),), "a", "b"),
    ),
    "trl conversational, several turns differ": (
        "trl",
        {
            "chosen": [user("P"), assistant("a"), user("and?"), assistant("c")],
            "rejected": [user("P"), assistant("b"), user("and?"), assistant("c")],
        },
        pair(
            (user("P"),),
            (assistant("a"), user("and?"), assistant("c")),
            (assistant("b"), user("and?"), assistant("c")),
        ),
    ),
    "the prompt given twice, with scores": (
        "trl",
        {
            "prompt": "P",
            "chosen": [user("P"), assistant("a")],
            "rejected": [user("P"), assistant("b")],
            "score_chosen": 4.5,
            "score_rejected": 3,
        },
        pair((user("P"),), "a", "b", ratings=(Rating(0, 4.5, "score"), Rating(1, 3, "score"))),
    ),
    "OpenAI's preference fine-tuning": (
        "pairs",
        {
            "input": {"messages": [user("P")], "tools": [{"name": "f"}], "parallel_tool_calls": True},
            "preferred_output": [{"role": "assistant", "content": None, "tool_calls": [{"name": "f"}]}],
            "non_preferred_output": [assistant("b")],
        },
        Group(
            "",
            (user("P"),),
            (({"role": "assistant", "content": "", "tool_calls": [{"name": "f"}]},), "b"),
            (Ranking(FIRST),),
            tools=({"name": "f"},),
            meta={"input.parallel_tool_calls": True},
        ),
    ),
    "ms-swift, query and history": (
        "ms-swift",
        {"system": "S", "query": "Q", "response": "a", "rejected_response": ["b", "c"], "history": [["P", "p"]]},
        Group(
            "",
            ({"role": "system", "content": "S"}, user("P"), assistant("p"), user("Q")),
            ("a", "b", "c"),
            (Ranking(((0,), (1,))), Ranking(((0,), (2,)))),
        ),
    ),
    "accepted and rejected": (
        "pairs",
        {"qid": 1, "question": "P", "accepted": "a", "rejected": "b"},
        pair("P", "a", "b", meta={"qid": 1}),
    ),
    "argilla's names": (
        "pairs",
        {"instruction": "P", "chosen_response": "a", "rejected_response": "b", "chosen_avg_rating": 4.5},
        pair("P", "a", "b", ratings=(Rating(0, 4.5, "rating"),)),
    ),
    "conversations in objects": (
        "pairs",
        {"chosen": {"messages": [user("P"), assistant("a")]}, "rejected": {"messages": [user("P"), assistant("b")]}},
        pair((user("P"),), "a", "b"),
    ),
    "a trajectory is the prompt": (
        "trl",
        {"trajectory": [{"from": "user", "value": "P"}], "chosen": "Step 1: a", "rejected": "Step 1: b"},
        pair((user("P"),), "Step 1: a", "Step 1: b"),
    ),
    "distilabel's points stand in the order the judge saw": (
        "distilabel",
        {
            "system": "",
            "input": "P",
            "chosen": "a",
            "rejected": "b",
            "generations": ["b", "a"],
            "order": ["rejected", "chosen"],
            "rating": [2, 9],
            "chosen_score": 9,
            "status": "unchanged",
        },
        pair("P", "a", "b", ratings=(Rating(0, 9, "rating"), Rating(1, 2, "rating")), meta={"status": "unchanged"}),
    ),
    "distilabel's ties": (
        "distilabel",
        {
            "input": "P",
            "chosen": "a",
            "rejected": "b",
            "order": ["chosen", "rejected"],
            "rating": [7, 7],
            "status": "tie",
        },
        Group(
            "",
            "P",
            ("a", "b"),
            (Ranking(TIE),),
            (Rating(0, 7, "rating"), Rating(1, 7, "rating")),
            meta={"status": "tie"},
        ),
    ),
    "hh": (
        "hh",
        {"chosen": "\n\nHuman: P\n\nAssistant: a", "rejected": "\n\nHuman: P\n\nAssistant: b"},
        pair((user("P"),), "a", "b"),
    ),
    "hh, several turns": (
        "hh",
        {
            "chosen": "\n\nHuman: P\n\nAssistant: x\n\nHuman: Q\n\nAssistant: a",
            "rejected": "\n\nHuman: P\n\nAssistant: x\n\nHuman: Q\n\nAssistant: b",
        },
        pair((user("P"), assistant("x"), user("Q")), "a", "b"),
    ),
    "hh, the assistant speaks twice": (
        "hh",
        {"chosen": "\n\nHuman: P\n\nAssistant: a\n\nAssistant: b", "rejected": "\n\nHuman: P\n\nAssistant: a"},
        pair((user("P"),), (assistant("a"), assistant("b")), "a"),
    ),
    "hh with a prompt": (
        "hh",
        {"prompt": "\n\nHuman: P\n\nAssistant:", "chosen": " a", "rejected": " b"},
        pair((user("P"),), "a", "b"),
    ),
    "llama-factory, sharegpt": (
        "llama-factory",
        {
            "conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "P"}],
            "chosen": {"from": "gpt", "value": "a"},
            "rejected": {"from": "gpt", "value": "b"},
        },
        pair(({"role": "system", "content": "S"}, user("P")), "a", "b"),
    ),
    "llama-factory, alpaca": (
        "llama-factory",
        {"instruction": "Add.", "input": "1 + 1", "chosen": "2", "rejected": "3"},
        pair("Add.\n1 + 1", "2", "3"),
    ),
    "llama-factory, alpaca with history": (
        "llama-factory",
        {"instruction": "P", "input": "", "system": "S", "history": [["Q", "A"]], "chosen": "a", "rejected": "b"},
        pair(({"role": "system", "content": "S"}, user("Q"), assistant("A"), user("P")), "a", "b"),
    ),
    "ms-swift": (
        "ms-swift",
        {"messages": [user("P"), assistant("a")], "rejected_response": "b", "margin": 2},
        pair((user("P"),), "a", "b", 2),
    ),
    "ms-swift, two conversations": (
        "ms-swift",
        {"messages": [user("P"), assistant("a")], "rejected_messages": [user("P"), assistant("b")]},
        pair((user("P"),), "a", "b"),
    ),
    "ms-swift, a query": (
        "ms-swift",
        {"query": "P", "response": "a", "rejected_response": ["b", "c"], "history": [["Q", "A"]]},
        Group(
            "",
            (user("Q"), assistant("A"), user("P")),
            ("a", "b", "c"),
            (Ranking(((0,), (1,))), Ranking(((0,), (2,)))),
        ),
    ),
    "pandalm": (
        "pandalm",
        {"instruction": "P", "input": "", "response1": "a", "response2": True, "annotator1": 1, "annotator2": 0},
        Group("", "P", ("a", "True"), (Ranking(FIRST, annotator="annotator1"), Ranking(TIE, annotator="annotator2"))),
    ),
    "llmbar": (
        "llmbar",
        {"input": "P", "output_1": "a", "output_2": "b", "label": 2},
        Group("", "P", ("a", "b"), (Ranking(SECOND),), subset="file"),
    ),
    "shp": (
        "shp",
        {"post_id": "p", "domain": "askx_train", "history": "P", "human_ref_A": "a", "human_ref_B": "b", "labels": 1},
        Group("p", "P", ("a", "b"), (Ranking(FIRST),), subset="askx"),
    ),
    "webgpt": (
        "webgpt",
        {
            "question": {"id": "q", "dataset": "d", "full_text": "P"},
            "answer_0": "a",
            "answer_1": "b",
            "score_0": -0.5,
            "score_1": 0.5,
        },
        Group("q", "P", ("a", "b"), (Ranking(SECOND, 0.5),), meta={"question.dataset": "d"}),
    ),
    "pku-safe-rlhf, one dimension": (
        "pku-safe-rlhf",
        {"prompt": "P", "response_0": "a", "response_1": "b", "better_response_id": 1},
        Group("", "P", ("a", "b"), (Ranking(SECOND),), subset="better"),
    ),
    "beavertails": (
        "safety",
        {"prompt": "P", "response": "a", "is_safe": False, "category": {"theft": True}},
        Group("", "P", ("a",), ratings=(Rating(0, 0, "safe", scale=(0, 1)),)),
    ),
    "pku-safe-rlhf-qa": (
        "safety",
        {"prompt": "P", "response": "a", "is_safe": True, "severity_level": 1},
        Group("", "P", ("a",), ratings=(Rating(0, 1, "safe", scale=(0, 1)), Rating(0, -1, "severity", scale=(-3, 0)))),
    ),
    "summaries compared": (
        "summaries",
        {
            "info": {"id": "t3", "post": "R.", "title": "T", "subreddit": "s", "article": None},
            "summaries": [{"text": "a", "policy": "ref"}, {"text": "b", "policy": "sup"}],
            "choice": 1,
            "worker": "w",
        },
        Group("t3", "SUBREDDIT: r/s\n\nTITLE: T\n\nPOST: R.\n\nTL;DR:", ("a", "b"), (Ranking(SECOND, None, "w"),)),
    ),
    "summaries of an article": (
        "summaries",
        {"info": {"id": "a", "article": "It rained."}, "summaries": [{"text": "a"}, {"text": "b"}], "choice": 0},
        Group("a", "It rained.\n\nTL;DR:", ("a", "b"), (Ranking(FIRST),)),
    ),
    "lm-human-preferences, as text": (
        "lm-human-preferences",
        {"query": "P", "sample0": "a", "sample1": "b", "sample2": "c", "sample3": "d", "best": 2},
        Group("", "P", ("a", "b", "c", "d"), tuple(Ranking(((2,), (i,))) for i in (0, 1, 3))),
    ),
    "multipref, one dimension": (
        "multipref",
        {
            "comparison_id": "c",
            "text": "P",
            "completion_a": "a",
            "completion_b": "b",
            "normal_worker_annotations": [{"evaluator": "w", "overall_pref": "A-is-slightly-better"}],
            "expert_worker_annotations": [{"evaluator": "e", "overall_pref": "Tie", "time_spent": 7}],
        },
        Group(
            "c/overall",
            "P",
            ("a", "b"),
            (Ranking(FIRST, 1, "w"), Ranking(TIE, annotator="e")),
            subset="overall",
        ),
    ),
    "prometheus, two responses": (
        "prometheus-preference",
        {
            "instruction": "###Task Description: which is better?",
            "output": "Feedback. [RESULT] A",
            "input": "",
            "orig_instruction": "P",
            "orig_response_A": "a",
            "orig_response_B": "b",
            "orig_preference": "A",
            "orig_score_A": "4",
            "orig_score_B": "2",
        },
        Group("", "P", ("a", "b"), (Ranking(FIRST),), (Rating(0, 4, scale=(1, 5)), Rating(1, 2, scale=(1, 5)))),
    ),
    "a tree of messages": (
        "oasst-trees",
        {
            "message_tree_id": "m",
            "prompt": {
                "message_id": "m",
                "text": "P",
                "role": "prompter",
                "replies": [
                    {"message_id": "1", "text": "a", "role": "assistant", "rank": 1, "replies": []},
                    {
                        "message_id": "2",
                        "text": "b",
                        "role": "assistant",
                        "rank": 0,
                        "labels": {"quality": {"value": 0.75, "count": 3}, "pii": {"value": 0, "count": 3}},
                        "replies": [],
                    },
                    {"message_id": "3", "text": "c", "role": "assistant", "rank": 2, "deleted": True, "replies": []},
                    {"message_id": "4", "text": "d", "role": "assistant", "rank": None, "replies": []},
                ],
            },
        },
        Group(
            "m",
            (user("P"),),
            ("a", "b", "d"),
            (Ranking(SECOND),),
            (Rating(1, 0.75, "quality", scale=(0, 1)),),
            meta={"message_tree_id": "m"},
        ),
    ),
    "hhh alignment": (
        "choices",
        {"input": "P", "targets": {"choices": ["a", "b", "c"], "labels": [0, 1, 0]}},
        Group("", "P", ("a", "b", "c"), (Ranking(((1,), (0,))), Ranking(((1,), (2,))))),
    ),
    "two scores and no verdict": (
        "scored-pairs",
        {
            "prompt": "P",
            "candidate0": [user("P"), assistant("a")],
            "candidate1": [user("P"), assistant("b")],
            "candidate0_score": 9.0,
            "candidate1_score": None,
            "candidate0_policy": "m",
        },
        Group("", (user("P"),), ("a", "b"), ratings=(Rating(0, 9, "score"),), meta={"candidate0_policy": "m"}),
    ),
    "stack exchange, paired": (
        "pairs",
        {"qid": 1, "question": "P", "response_j": "a", "response_k": "b"},
        pair("P", "a", "b", meta={"qid": 1}),
    ),
    "prism, one turn": (
        "prism-conversations",
        {
            "conversation_id": "c",
            "user_id": "u",
            "conversation_history": [
                {"turn": 0, "role": "user", "content": "P"},
                {"turn": 0, "role": "model", "content": "a", "if_chosen": False, "score": 13},
                {"turn": 0, "role": "model", "content": "b", "if_chosen": True, "score": 88},
                {"turn": 0, "role": "model", "content": "c", "if_chosen": False, "score": None},
            ],
        },
        Group(
            "c/0",
            (user("P"),),
            ("a", "b", "c"),
            (Ranking(((1,), (0,)), annotator="u"), Ranking(((1,), (2,)), annotator="u")),
            (Rating(0, 13, annotator="u", scale=(1, 100)), Rating(1, 88, annotator="u", scale=(1, 100))),
            meta={"conversation_id": "c"},
        ),
    ),
    "argilla, a ranking and a tie": (
        "argilla",
        {
            "prompt": "P",
            "response_1": "a",
            "response_2": "b",
            "best": [
                {
                    "user_id": "u",
                    "value": [{"rank": 2, "value": "response-1"}, {"rank": 1, "value": "response-2"}],
                    "status": "submitted",
                },
                {
                    "user_id": "v",
                    "value": [{"rank": 1, "value": "response-1"}, {"rank": 1, "value": "response-2"}],
                    "status": "submitted",
                },
                {"user_id": "w", "value": None, "status": "discarded"},
            ],
            "best-suggestion": None,
            "external_id": "e",
            "metadata": "{}",
        },
        Group(
            "e", "P", ("a", "b"), (Ranking(SECOND, annotator="u"), Ranking(TIE, annotator="v")), meta={"metadata": "{}"}
        ),
    ),
    "argilla, ratings but no suggestion": (
        "argilla",
        {
            "instruction": "P",
            "response": "a",
            "quality": {"user_id": ["u", "v"], "value": [5, 3], "status": ["submitted", "submitted"]},
            "quality-suggestion": 1,
        },
        Group(
            "",
            "P",
            ("a",),
            ratings=(Rating(0, 5, "quality", "u"), Rating(0, 3, "quality", "v")),
            meta={"quality-suggestion": 1},
        ),
    ),
    "argilla, a rating for each response": (
        "argilla",
        {
            "fields": {"prompt": "P", "response1": "a", "response2": "b"},
            "responses": {"rating-1": [{"value": 2, "user_id": "u"}], "rating-2": [{"value": 4, "user_id": "u"}]},
            "suggestions": {"rating-1": {"value": 5}},
        },
        Group("", "P", ("a", "b"), ratings=(Rating(0, 2, annotator="u"), Rating(1, 4, annotator="u"))),
    ),
    "argilla, version 2 in columns": (
        "argilla",
        {
            "id": "r",
            "prompt": "P",
            "response_a": "a",
            "response_b": "b",
            "preference.responses": ["response_b", "response_a"],
            "preference.responses.users": ["u", "v"],
            "preference.responses.status": ["submitted", "draft"],
            "preference.suggestion": None,
        },
        Group("r", "P", ("a", "b"), (Ranking(SECOND, annotator="u"),)),
    ),
    "label studio, a pair": (
        "label-studio",
        {
            "id": 1,
            "data": {"prompt": "P", "answer1": "a", "answer2": "b"},
            "annotations": [
                {
                    "completed_by": {"id": 3, "email": "ann@example.org"},
                    "result": [
                        {
                            "from_name": "c",
                            "to_name": "answer2,answer1",
                            "type": "pairwise",
                            "value": {"selected": "left"},
                        }
                    ],
                },
                {"completed_by": 4, "was_cancelled": True, "result": []},
            ],
            "predictions": [],
        },
        Group("1", "P", ("a", "b"), (Ranking(SECOND, annotator="3"),)),
    ),
    "label studio, a ranking": (
        "label-studio",
        {
            "data": {"prompt": "P", "items": [{"id": "x", "body": "a"}, {"id": "y", "body": "b"}]},
            "annotations": [
                {
                    "completed_by": 3,
                    "result": [
                        {"from_name": "r", "to_name": "items", "type": "ranker", "value": {"ranker": {"_": ["y", "x"]}}}
                    ],
                }
            ],
        },
        Group("", "P", ("a", "b"), (Ranking(SECOND, annotator="3"),)),
    ),
    "label studio, an annotation a row": (
        "label-studio-min",
        {"prompt": "P", "response": "a", "rating": '[{"rating": 4}]', "annotator": 3, "annotation_id": 8},
        Group("", "P", ("a",), ratings=(Rating(0, 4, annotator="3"),), meta={"annotation_id": 8}),
    ),
    "judgelm": (
        "judgelm",
        {"question_id": 7, "question_body": "P", "answer1_body": "a", "answer2_body": "b", "score": [8, 3]},
        Group("7", "P", ("a", "b"), ratings=(Rating(0, 8, scale=(1, 10)), Rating(1, 3, scale=(1, 10)))),
    ),
    "labelled": (
        "labelled",
        {"prompt": "P", "response_a": "a", "response_b": "b", "winner": "model_b", "annotator": "x"},
        Group("", "P", ("a", "b"), (Ranking(SECOND, annotator="x"),)),
    ),
    "labelled, a tie": (
        "labelled",
        {"question": "P", "answer_1": "a", "answer_2": "b", "label": "tie"},
        Group("", "P", ("a", "b"), (Ranking(TIE),)),
    ),
    "chatbot arena": (
        "labelled",
        {
            "question_id": "q7",
            "conversation_a": [user("P"), assistant("a")],
            "conversation_b": [user("P"), assistant("b")],
            "winner": "tie (bothbad)",
            "judge": "arena_user_1",
        },
        Group("q7", (user("P"),), ("a", "b"), (Ranking(TIE, annotator="arena_user_1"),)),
    ),
    "a signed preference": (
        "labelled",
        {"prompt": "P", "response_1": "a", "response_2": "b", "preference_strength": -2},
        Group("", "P", ("a", "b"), (Ranking(FIRST, 2),)),
    ),
    "a signed preference after a conversation": (
        "labelled",
        {"context": [user("P")], "response1": "a", "response2": "b", "overall_preference": 3},
        Group("", (user("P"),), ("a", "b"), (Ranking(SECOND, 3),)),
    ),
    "ranks": (
        "ranked",
        {"prompt": "P", "responses": ["a", "b", "c", "d"], "ranks": [2, 1, 2, None]},
        Group("", "P", ("a", "b", "c", "d"), (Ranking(((1,), (0, 2))),)),
    ),
    "ranking": (
        "ranked",
        {"prompt": "P", "completions": ["a", "b", "c"], "ranking": [2, [0, 1]]},
        Group("", "P", ("a", "b", "c"), (Ranking(((2,), (0, 1))),)),
    ),
    "nectar": (
        "ranked",
        {
            "prompt": "\n\nHuman: P\n\nAssistant: ",
            "answers": [{"answer": "a", "model": "m", "rank": 2.0}, {"answer": "b", "model": "n", "rank": 1.0}],
        },
        Group("", (user("P"),), ("a", "b"), (Ranking(SECOND),)),
    ),
    "ultrafeedback": (
        "ranked",
        {
            "instruction": "P",
            "completions": [
                {"response": "a", "overall_score": 7, "annotations": {"honesty": {"Rating": "4"}}},
                {"response": "b", "overall_score": 8.5, "annotations": {"honesty": {"Rating": "N/A"}}},
            ],
        },
        Group(
            "",
            "P",
            ("a", "b"),
            ratings=(
                Rating(0, 7, scale=(1, 10)),
                Rating(0, 4, "honesty", scale=(1, 5)),
                Rating(1, 8.5, scale=(1, 10)),
            ),
        ),
    ),
    "scores beside responses": (
        "ranked",
        {"prompt": "P", "responses": ["a", "b"], "scores": [0.5, 1]},
        Group("", "P", ("a", "b"), ratings=(Rating(0, 0.5), Rating(1, 1))),
    ),
    "a rating": (
        "rated",
        {"prompt": "P", "response": "a", "rating": 3, "attribute": "tone", "annotator": 5, "scale": [0, 4]},
        Group("", "P", ("a",), ratings=(Rating(0, 3, "tone", "5", 1.0, (0, 4)),)),
    ),
    "a rating in words": (
        "rated",
        {"prompt": "P", "response": "a", "label": "ok"},
        Group("", "P", ("a",), ratings=(Rating(0, 1, scale=(0, 2)),)),
    ),
    "unpaired, true or false": (
        "rated",
        {"prompt": [user("P")], "completion": [assistant("a")], "label": True},
        Group("", (user("P"),), ("a",), ratings=(Rating(0, 1, scale=(0, 1)),)),
    ),
    "helpsteer": (
        "rated",
        {"prompt": "P", "response": "a", "helpfulness": 3, "verbosity": 1},
        Group("", "P", ("a",), ratings=(Rating(0, 3, "helpfulness"), Rating(0, 1, "verbosity"))),
    ),
    "axes of a summary": (
        "summary-axes",
        {
            "info": {"id": "t3", "post": "It rains.", "title": "Rain", "subreddit": "weather", "article": None},
            "summary": {"text": "Rain.", "policy": "ref", "axes": {"overall": 6, "coverage": None, "accuracy": 7}},
            "worker": "w",
        },
        Group(
            "t3",
            "SUBREDDIT: r/weather\n\nTITLE: Rain\n\nPOST: It rains.\n\nTL;DR:",
            ("Rain.",),
            ratings=(Rating(0, 6, annotator="w", scale=(1, 7)), Rating(0, 7, "accuracy", "w", scale=(1, 7))),
            meta={"summary.policy": "ref"},
        ),
    ),
    "prometheus' feedback: what the judge was told is no prompt": (
        "prometheus-feedback",
        {
            "orig_instruction": "P",
            "orig_response": "a",
            "orig_score": "4",
            "orig_criteria": "Is it right?",
            "orig_feedback": "Yes.",
            "instruction": "###Task Description: rate P",
            "input": "",
            "output": "Yes. [RESULT] 4",
        },
        Group("", "P", ("a",), ratings=(Rating(0, 4, scale=(1, 5)),), meta={"orig_criteria": "Is it right?"}),
    ),
    "dices": (
        "dices",
        {"id": 1, "item_id": 9, "rater_id": 3, "context": "USER: P", "response": "a", "Q_overall": "Yes"},
        Group("9", "USER: P", ("a",), ratings=(Rating(0, 0, "safe", "3", scale=(0, 1)),)),
    ),
    "dices, unsure": (
        "dices",
        {"rater_id": 4, "context": "USER: P", "response": "a", "Q_overall": "Unsure"},
        Group("", "USER: P", ("a",), ratings=(Rating(0, 0.5, "safe", "4", scale=(0, 1)),)),
    ),
    "ukp votes": (
        "ukp-votes",
        {"debate": "Is it?", "stance": "No!", "a1": "a", "a2": "b", "choice": "equal", "annotator": "w", "reason": "-"},
        Group("", "is it: no", ("a", "b"), (Ranking(TIE, annotator="w"),), meta={"debate": "is it", "stance": "no"}),
    ),
    "mqm": (
        "mqm",
        {
            "doc": "news.7:en-de",
            "segment": "3",
            "source": "the river",
            "translations": [
                {"system": "A", "target": "der Fluss", "mqm_by_rater": {"r1": 0, "r2": -1.1}},
                {"system": "B", "target": "die Fluss", "mqm_by_rater": {"r1": -5}},
            ],
        },
        Group(
            "news.7:en-de:3",
            "the river",
            ("der Fluss", "die Fluss"),
            ratings=(Rating(0, 0, annotator="r1"), Rating(0, -1.1, annotator="r2"), Rating(1, -5, annotator="r1")),
            subset="en-de",
            meta={"doc": "news.7:en-de", "segment": "3"},
        ),
    ),
    "mqm, without a document": (
        "mqm",
        {"source": "s", "translations": [{"target": "t"}]},
        Group("", "s", ("t",)),
    ),
    "caption contest": (
        "caption-contest",
        {"caption": "Hm.", "funny": "1", "somewhat_funny": "0", "unfunny": "3", "count": "4", "contest": "9"},
        Group(
            "",
            "New Yorker caption contest 9",
            ("Hm.",),
            ratings=(
                Rating(0, 1, "funny", weight=0.75, scale=(1, 3)),
                Rating(0, 3, "funny", weight=0.25, scale=(1, 3)),
            ),
            meta={"contest": "9", "votes": [4]},
        ),
    ),
    "clicks by index": (
        "clicks",
        {"session": "s", "prompt": "P", "shown": ["a", "b", "c"], "clicked": [2], "seconds": [None, 1, 9]},
        Group(
            "",
            "P",
            ("a", "b", "c"),
            (Ranking(((2,), (0,)), annotator="s"), Ranking(((2,), (1,)), annotator="s")),
        ),
    ),
    "clicks, one index": (
        "clicks",
        {"prompt": "P", "shown": ["a", "b"], "clicked": 1, "seconds": 4},
        Group("", "P", ("a", "b"), (Ranking(SECOND),)),
    ),
    "clicks, true or false": (
        "clicks",
        {"prompt": "P", "shown": ["a", "b"], "clicked": [True, False]},
        Group("", "P", ("a", "b")),
    ),
}


def bare(group):
    """A group without the id that was made for it."""
    return {**group.to_dict(), "id": None}


@pytest.mark.parametrize("case", CASES)
def test_a_row_is_recognised_and_read(case, tmp_path):
    name, row, expected = CASES[case]
    assert detect_format([row], "here").name == name
    path = tmp_path / "file.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    [group] = load_groups(path)
    assert bare(group) == bare(expected)
    assert group.id == expected.id or not expected.id
    # Named, the format reads the same.
    assert load_groups(path, format=name) == [group]


PAGE = (Path(__file__).parents[2] / "docs/formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", re.findall(r"(?:^\*\*|own: )(`[\w-]+`.*?)(?=^\*\*`|^## |\Z)", PAGE, re.M | re.S))
def test_the_examples_in_the_docs_are_what_they_are_said_to_be(part, tmp_path):
    name = part[1 : part.index("`", 1)]
    examples = re.findall(r"^```(json|csv|text)\n(.*?)^```", part, re.M | re.S)
    assert examples
    for kind, example in examples:
        path = tmp_path / f"is-it-so_yes.{ {'json': 'jsonl', 'csv': 'csv', 'text': 'tsv'}[kind] }"
        path.write_text(example, encoding="utf-8")
        reading = ReadReport()
        assert load_groups(path, report=reading)
        assert set(reading.formats) == {name}


def test_the_docs_list_every_format_in_its_order():
    [order] = re.findall(r"in this order: (.*?)\. The\sfirst", PAGE, re.S)
    assert re.findall(r"`([\w-]+)`", order) == [format.name for format in FORMATS.values()]


def test_every_format_has_a_case_or_is_a_table():
    assert {format.name for format in FORMATS.values()} - {name for name, *_ in CASES.values()} == {
        "refused",
        "prompts",
        "oasst",
        "prism-utterances",
        "ukp-pairs",
        "ukp-ranks",
    }


def test_ukp_tables_are_not_quoted(tmp_path):
    path = tmp_path / "is-it-so_yes.tsv"
    path.write_text('#id\tlabel\ta1\ta2\n1_2\ta2\t"no\tyes" it is\n3_2\ta1\t"no\tmaybe\n', encoding="utf-8")
    [group] = load_groups(path)
    assert (group.prompt, group.responses) == ("is it so: yes", ('"no', 'yes" it is', "maybe"))
    assert [r.tiers for r in group.rankings] == [((1,), (0,)), ((0,), (2,))]


def test_ukp_ranks_lower_is_better_equal_ties_twice_entered_means(tmp_path):
    path = tmp_path / "is-it-so_yes.tsv"
    # c was entered at 0.1 and 0.5, so it stands at 0.3, level with a.
    path.write_text("#id\trank\targument\n1\t0.3\ta\n2\t0.2\tb\n3\t0.1\tc\n4\t0.5\tc\n", encoding="utf-8")
    [group] = load_groups(path)
    assert [r.tiers for r in group.rankings] == [((1,), (0, 2))]


def test_csv_ratings_with_quotes_and_line_feeds(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text('prompt,response,value,topic\n"P, ""so""","a\nb",4.5,t\nQ,c,2,t\n', encoding="utf-8")
    first, second = load_groups(path)
    assert (first.prompt, first.responses, first.ratings[0].value) == ('P, "so"', ("a\nb",), 4.5)
    assert second.meta == {"topic": "t"}
    bad = tmp_path / "bad.csv"
    bad.write_text('prompt,response,value\n"P","a\nb",4\nQ,c,nan\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.csv:4: the overall rating of response 0 is nan"):
        load_groups(bad)


def test_columns_of_ones_own_go_to_meta_or_are_reported(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"prompt":"P","chosen":"a","rejected":"b","topic":"t","messages":[1]}\n', encoding="utf-8")
    reading = ReadReport()
    [group] = load_groups(path, report=reading)
    assert group.meta == {"topic": "t"}
    assert reading.left_behind == {"messages": 1}


def test_llmbar_takes_its_subset_from_the_folder_when_the_file_says_nothing(tmp_path):
    folder = tmp_path / "GPTInst"
    folder.mkdir()
    (folder / "dataset.json").write_text('[{"input":"P","output_1":"a","output_2":"b","label":2}]', encoding="utf-8")
    assert load_groups(tmp_path)[0].subset == "GPTInst"


def test_a_contest_is_one_group_and_a_caption_entered_twice_stands_once(tmp_path):
    path = tmp_path / "12.csv"
    path.write_text(
        "caption,unfunny,somewhat_funny,funny,score\na,3,0,1,1.5\nb,0,2,0,2\na,1,0,3,2.5\n", encoding="utf-8"
    )
    reading = ReadReport()
    [group] = load_groups(path, report=reading)
    # a: 3 + 1 unfunny and 1 + 3 funny votes of 8.
    assert group.prompt == "New Yorker caption contest 12"
    assert group.responses == ("a", "b")
    assert [(r.response, r.value, r.weight) for r in group.ratings] == [(0, 1, 0.5), (0, 3, 0.5), (1, 2, 1)]
    assert group.meta == {"contest": "12", "votes": [8, 2]}
    assert reading.left_behind == {"score": 3}


def test_two_contests_in_one_file_are_an_error(tmp_path):
    path = tmp_path / "both.csv"
    path.write_text("caption,unfunny,somewhat_funny,funny,contest\na,3,0,1,7\nb,0,2,0,8\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"both\.csv: the file holds the contests 7 and 8; give each a file of its own"):
        load_groups(path)


# What is wrong with a row -> what the message must say, in which format.
FAULTS = {
    '{"prompt":"P","response":"a","value":1' + "0" * 400 + "}": "not a number",
    '{"prompt":"P","response":"a","value":1' + "0" * 5000 + "}": "too many digits",
    '{"prompt":' + "[" * 100_000: "nested too deeply",
    '{"prompt":"P","chosen":"a","rejected":"b","merged":"yes"}': '"merged" in meta is where',
    '{"prompt":"P","responses":["a"],"meta":{"merged":[1]}}': '"merged" in meta is where',
    '{"prompt":"P","responses":["a"],"meta":[1]}': '"meta" must be an object',
    '{"prompt":"P","chosen":"a","rejected":"a"}': "the two responses are the same text",
    '{"prompt":"P","chosen":"a"}': "no format has these columns: prompt, chosen",
    '{"prompt":"P","chosen":"a","rejected":null}': "has no 'rejected'",
    '{"prompt":"P","chosen":"a","rejected":"b","margin":-1}': "the margin is -1, which is against the label",
    '{"prompt":"P","chosen":"a","rejected":"b","margin":[2]}': "the margin is .2.; it must be a number",
    '{"chosen":"yes","rejected":"no"}': 'there is no prompt, and the two texts begin with none; give it as "prompt"',
    '{"chosen":"The answer: 4","rejected":"The answer: 5"}': "there is no prompt, and the two texts begin with none",
    '{"chosen":"Answer: 4","rejected":"Answer: 5"}': "there is no prompt, and the two texts begin with none",
    '{"puzzle":"What is it?","chosen":"The one.","rejected":"The two."}': "no prompt; it may be 'puzzle'; say so: "
    "--column prompt=puzzle",
    json.dumps(
        {"chosen": "Human: a\n\nAssistant: b\n\nHuman: c", "rejected": "Human: a\n\nAssistant: d"}
    ): "chosen ends with the human's turn",
    json.dumps(
        {"chosen": [{"role": "system", "content": "S"}, user("P")], "rejected": [user("P"), assistant("b")]}
    ): "only the first of the two conversations begins with a system message, so they share no prompt",
    json.dumps(
        {"chosen": [assistant("a"), user("P")], "rejected": [user("P"), assistant("b")]}
    ): "begin differently .assistant and user., so they share no prompt",
    '{"input":"P","targets":{"choices":["a","b"],"labels":[1]}}': "must be lists of the same length",
    '{"conversation_history":[{"turn":0,"role":"user","content":"P","if_chosen":null}]}': "no turn with an answer",
    '{"prompt":"P","image":"a.png","chosen":"a","rejected":"b"}': "'image', which a model of text cannot read",
    '{"prompt":[{"role":"user","content":[{"type":"image_url"}]}],"chosen":"a","rejected":"b"}': "a part of the type "
    "'image_url', which a model of text cannot read",
    '{"prompt":"P","chosen":"a","rejected":"b","tools":"[{"}': '"tools" is text but not JSON',
    '{"prompt":"P","chosen":"a","rejected":"b","tools":[1]}': '"tools" must be a list of objects',
    '{"prompt":"P","responses":["a","b","c"],"rankings":[{"tiers":[[7],[0]]}]}': "names response 7; the group has "
    "responses 0 to 2",
    '{"prompt":"P","responses":["a","b"],"rankings":[{"tiers":[[0],[0]]}]}': "names response 0 twice",
    '{"prompt":"P","responses":["a","a"],"rankings":[{"tiers":[[0],[1]]}]}': "the two responses are the same text",
    '{"prompt":"P","responses":["a"],"ratings":[{"response":0,"value":NaN}]}': "is nan, not a number",
    '{"prompt":"P","responses":["a"],"ratings":[{"response":0,"value":9,"scale":[0,5]}]}': "outside its scale",
    '{"prompt":"P","responses":["a"],"rankings":[],"mine":1}': "unknown field 'mine'",
    '{"prompt":"P","responses":[],"mine":1}': "the responses must be a list of at least one",
    '{"prompt":"P","response":"a","value":"great"}': "must be a number",
    '{"prompt":"P","response":"a","value":7,"scale_min":1,"scale_max":5}': "outside its scale",
    '{"prompt":"P","response_a":"a","response_b":"b","winner":"1"}': "'winner'. is 1 on columns that have letters, "
    "which can be read in two ways: the second is better .zero-based. or the first response is better .one-based.",
    '{"prompt":"P","response_a":"a","response_b":"b","winner":"c"}': "'winner'. is 'c'; it must be one of a, b, tie",
    '{"history":"P","human_ref_A":"a","human_ref_B":"b","labels":2}': '"labels" is 2; it must be 1 .A is better. or 0',
    '{"question":"P","answer_0":"a","answer_1":"b","score_0":4,"score_1":3}': "score_0 is 4 and score_1 is 3, which "
    "are not opposite, so they are no preference",
    '{"prompt":"P","response_0":"a","response_1":"b","better_response_id":2}': '"better_response_id" is 2; it must',
    '{"prompt":"P","response":"a","is_safe":"maybe"}': "\"is_safe\" is 'maybe'; it must be true or false",
    '{"info":{"post":"P"},"summaries":[{"text":"a"},{"text":"b"}],"choice":2}': '"choice" is 2; it must be from 0 to 1',
    '{"query":[1],"sample0":[2],"sample1":[3],"sample2":[4],"sample3":[5],"best":0}': "token ids, not text; decode",
    '{"question_body":"P","answer1_body":"a","answer2_body":"b","score":8}': "it must be a list of two numbers",
    '{"prompt":"P","responses":["a","b"],"ranks":[1]}': "2 responses but 1 rank",
    '{"prompt":"P","responses":["a","b"],"ranking":[1,2]}': "names response 2",
    '{"prompt":"P","response_1":"a","response_2":"b","label":3}': "the verdict .'label'. is 3; a number must be",
    '{"prompt":"P","response":"a","value":1,"weight":0}': "weight 0; a weight is a number > 0",
    '{"prompt":"P","response":"a","value":1,"weight":-2}': "weight -2; a weight is a number > 0",
    '{"prompt":"P","responses":["a","b"],"rankings":[{"tiers":[[0],[1]],"weight":0}]}': "has weight 0; a weight is",
    '{"source":"s","translations":["t"]}': '"translations" must be a list of objects',
    '{"source":"s","translations":[{"mqm_by_rater":{"r":0}}]}': "translation 0 is missing",
    '{"source":"s","translations":[{"target":"t","mqm_by_rater":{"r":null}}]}': "translation 0 by r is None",
    '{"source":"s","translations":[{"target":"t","mqm_by_rater":[0]}]}': '"mqm_by_rater" of translation 0 must be',
    '{"caption":"c","unfunny":0,"somewhat_funny":0,"funny":0}': "nobody voted on the caption",
    '{"caption":"c","unfunny":-1,"somewhat_funny":0,"funny":2}': "the count of unfunny is -1; it must be a whole",
    '{"caption":"c","unfunny":"nan","somewhat_funny":0,"funny":2}': "the count of unfunny is nan; it must be a whole",
    "[1, 2]": "no objects with columns|no format has these columns",
    '{"prompt":"P","chosen":"a",': "this is not JSON: .* at character",
}


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row[:60])
def test_a_bad_row_is_named_with_its_line_and_the_remedy(row, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text(row + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=FAULTS[row]) as error:
        load_groups(path)
    assert str(error.value).startswith(str(path))
    assert len(str(error.value).splitlines()) == (3 if "such as: --column" in str(error.value) else 1)


def test_a_new_format_is_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(FORMATS, "_entries", dict(FORMATS))
    (tmp_path / "stars.py").write_text(
        """
from plaudit.data.formats import Format, register_format
from plaudit.data.formats.fields import need
from plaudit.groups import Group, Rating


def read(row, file):
    return Group("", need(row, "q"), (need(row, "a"),), ratings=(Rating(0, float(need(row, "stars"))),))


register_format(
    Format(name="stars", priority=45, columns="q, a, stars", knows=lambda row: "stars" in row, read=read)
)
"""
    )
    monkeypatch.syspath_prepend(tmp_path)
    import_module("stars")
    path = tmp_path / "x.jsonl"
    path.write_text('{"q": "Q", "a": "A", "stars": 4}\n')
    [group] = load_groups(path)
    assert (group.prompt, group.ratings[0].value) == ("Q", 4)
    assert load_groups(path, format="stars") == [group]
    assert list(FORMATS).index("stars") == list(FORMATS).index("clicks") + 1


# What is noticed, read and said all the same.
NOTES = {
    '{"prompt":"P","chosen":"a","rejected":"a \\n"}': "differ in white space alone",
    json.dumps(
        {"chosen": [user("P"), assistant("a"), user("Q"), assistant("b")], "rejected": [user("P"), assistant("a")]}
    ): "one response is the beginning of the other",
    '{"prompt":"Name a river","chosen":[{"role":"user","content":"Name a river."},{"role":"assistant","content":"a"}],'
    '"rejected":[{"role":"user","content":"Name a river."},{"role":"assistant","content":"b"}]}': "the messages differ",
    '{"prompt":"P","chosen":"a","rejected":"b","score_chosen":2,"score_rejected":8}': "the scores contradict the label",
    '{"prompt":"P","chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user",'
    '"content":"Q"},{"role":"assistant","content":"b"}]}': "the prompt's column and the messages differ",
    '{"prompt":"P","chosen":"a","rejected":"b","margin":"huge"}': "words that are no known scale; it is left out",
    '{"prompt":"<|im_start|>user\\nP<|im_end|>\\n","chosen":"a","rejected":"b"}': "the marks of a chat template",
}


@pytest.mark.parametrize("row", NOTES, ids=lambda row: NOTES[row])
def test_what_is_no_error_but_odd_is_counted_and_said(row, tmp_path, caplog):
    path = tmp_path / "odd.jsonl"
    path.write_text(row + "\n" + '{"prompt":"Fine","chosen":"a","rejected":"b"}\n', encoding="utf-8")
    reading = ReadReport()
    assert sum(len(group.rankings) for group in load_groups(path, report=reading)) == 2
    [(note, count)] = reading.notes.items()
    assert NOTES[row] in note and count == 1
    assert f"{path}: {note} (1 row)" in caplog.text
