"""Messages and answers that stand each in a row of its own: every answer after the whole conversation up to it."""

import json

from plaudit.data import ReadReport, load_groups
from plaudit.groups import Ranking, Rating


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


def message(name, parent, role, text, rank=None, **more):
    return {"message_id": name, "parent_id": parent, "role": role, "text": text, "rank": rank, **more}


def read(tmp_path, *rows):
    path, report = tmp_path / "messages.jsonl", ReadReport(keep_going=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load_groups(path, report=report), report


# A child may stand before its parent.
LATER = (
    message("5", "4", "assistant", "d", 0),
    message("6", "4", "assistant", "e", 1),
    message("4", "1", "prompter", "Q", 0, lang="en"),
)
FIRST = (
    message("0", None, "prompter", "P", lang="en", message_tree_id="0", user_id="u"),
    message("1", "0", "assistant", "a", 1),
    message("2", "0", "assistant", "b", 0),
)


def test_answers_are_compared_after_the_whole_conversation(tmp_path):
    groups, report = read(tmp_path, *LATER, *FIRST)
    second, first = groups
    assert (second.prompt, second.responses) == ((user("P"), assistant("a"), user("Q")), ("d", "e"))
    assert second.rankings == (Ranking(((0,), (1,))),)
    assert (first.id, first.prompt, first.responses) == ("0", (user("P"),), ("a", "b"))
    assert first.rankings == (Ranking(((1,), (0,))),)
    assert first.meta == {"lang": "en", "message_tree_id": "0"}
    assert list(report.formats) == ["oasst"]
    assert report.notes == {"the message is a user's, and its rank says nothing of an answer; it is left out": 1}
    assert report.left_behind == {"user_id": 1}


def test_what_compares_nothing_is_left_out_and_counted(tmp_path):
    [group], report = read(
        tmp_path,
        *FIRST,
        message("3", "0", "assistant", "spam", 2, deleted=True),
        message("7", "0", "assistant", "bad", 3, review_result=False),
        message("8", "0", "assistant", "c", None, review_result=True),
        message("9", "lost", "assistant", "of whom?", 0),
        message("2", "0", "assistant", "b", 0),
    )
    assert group.responses == ("a", "b", "c")
    assert group.rankings == (Ranking(((1,), (0,))),)
    assert report.notes == {
        "the answer was deleted or rejected in review; it is left out": 2,
        "what was said before the answer is not in the file; it is left out": 1,
        "the message stands in an earlier row as well; it is read once": 1,
    }


def test_the_same_answer_twice_is_not_compared(tmp_path):
    [group], report = read(tmp_path, *FIRST, message("3", "0", "assistant", "b", 2))
    assert group.responses == ("a", "b")
    assert group.rankings == (Ranking(((1,), (0,))),)
    assert list(report.notes) == ["two answers are the same text, so their comparison says nothing; it is left out"]


def test_a_ring_of_messages_is_left_out(tmp_path):
    groups, report = read(tmp_path, *FIRST, message("x", "y", "prompter", "P"), message("y", "x", "assistant", "a", 0))
    assert len(groups) == 1
    assert list(report.notes) == ["what was said before the answer is not in the file; it is left out"]


def test_labels_as_parquet_has_them(tmp_path):
    labels = {"name": ["quality", "toxicity", "lang_mismatch"], "value": [0.5, 0.25, 0.0], "count": [3, 3, 3]}
    [group], report = read(tmp_path, FIRST[0], {**FIRST[1], "labels": labels})
    assert group.ratings == (
        Rating(0, 0.5, "quality", scale=(0, 1)),
        Rating(0, -0.25, "toxicity", scale=(-1, 0)),
    )
    assert report.left_behind["labels"] == 1


def utterance(turn, text, chosen, score=None, prompt="P"):
    row = {"conversation_id": "c", "user_id": "u", "turn": turn, "user_prompt": prompt, "model_response": text}
    return {**row, "utterance_id": f"{turn}{text}", "if_chosen": chosen, "score": score}


def test_a_turn_goes_on_from_the_answer_that_was_chosen(tmp_path):
    groups, report = read(
        tmp_path,
        utterance(1, "c", True, 70, "Q"),
        utterance(1, "d", False, 90, "Q"),
        utterance(0, "a", False, 10),
        utterance(0, "b", True, 80),
        utterance(0, "b", True, 80),
    )
    assert [(group.id, group.prompt, group.responses) for group in groups] == [
        ("c/0", (user("P"),), ("a", "b")),
        ("c/1", (user("P"), assistant("b"), user("Q")), ("c", "d")),
    ]
    assert [ranking.tiers for group in groups for ranking in group.rankings] == [((1,), (0,)), ((0,), (1,))]
    assert [rating.value for rating in groups[1].ratings] == [70, 90]
    assert report.notes == {
        "the answer stands in an earlier row as well; it is read once": 1,
        "the scores contradict the choice; both are kept": 1,
    }


def test_a_turn_of_which_the_answers_before_it_are_missing_is_left_out(tmp_path):
    groups, report = read(tmp_path, utterance(0, "a", False), utterance(0, "b", False), utterance(1, "c", True))
    assert [group.id for group in groups] == ["c/0"]
    assert list(report.notes) == ["it is not known what a turn went on from; it and those after it are left out"]
