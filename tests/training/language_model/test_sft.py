"""Supervised fine-tuning: which responses are imitated, what the loss sees, and that the result serves."""

import json
import sys

import pytest
import torch
from interrupting import interrupted
from safetensors.torch import load_file
from tiny import tiny_language_model_folder, tiny_model_folder
from toys import toy_backbone

from plaudit import RewardModel
from plaudit.errors import DataError, PlauditError
from plaudit.groups import Group, Ranking, Rating
from plaudit.model.rendering import Renderer
from plaudit.training.language_model.demonstrations import demonstrations, read_demonstrations
from plaudit.training.language_model.fine_tuning import sft
from plaudit.training.run import training_run

trl = pytest.importorskip("trl", reason="the sft extra is not installed")

R = Ranking


def group(*, rankings=(), ratings=(), count=4):
    return Group("q", "w1", tuple(f"w{i}" for i in range(count)), rankings=rankings, ratings=ratings)


BEST = {
    "a pair": (group(rankings=(R(((1,), (0,))),)), [1]),
    "a tie on top": (group(rankings=(R(((3, 1), (0,))),)), [1, 3]),
    "a full order": (group(rankings=(R(((2,), (0,), (3,), (1,))),)), [2]),
    "best and worst": (group(rankings=(R(((3,), (0, 1), (2,))),)), [3]),
    "a majority": (group(rankings=(R(((0,), (1,))), R(((0,), (1,))), R(((1,), (0,))))), [0]),
    "a weighty minority": (group(rankings=(R(((0,), (1,))), R(((1,), (0,)), weight=2.5))), [1]),
    # Net wins: 0 beats 1 and 2; 3 beats 1 alone.
    "pairs": (group(rankings=(R(((0,), (1,))), R(((0,), (2,))), R(((3,), (1,))))), [0]),
    # Means: (4 + 1) / 2 = 2.5, and 3.
    "ratings": (group(ratings=(Rating(0, 4), Rating(0, 1), Rating(1, 3))), [1]),
    # (3 * 4 + 1 * 1) / 4 = 3.25 beats 3.
    "weighted ratings": (group(ratings=(Rating(0, 4, weight=3), Rating(0, 1), Rating(1, 3))), [0]),
    "equal ratings": (group(ratings=(Rating(0, 3), Rating(2, 3), Rating(1, 1))), [0, 2]),
    "rankings before ratings": (group(rankings=(R(((1,), (0,))),), ratings=(Rating(3, 9),)), [1]),
    "nothing said": (group(count=1), [0]),
    "nothing said of several": (group(count=2), [0, 1]),
}


@pytest.mark.parametrize("case", BEST)
def test_the_best_judged_are_imitated(case):
    given, best = BEST[case]
    found = demonstrations([given])
    assert [given.responses.index(response) for response in found.groups[0].responses] == best
    assert found.tied == (len(best) > 1 and bool(given.rankings or given.ratings))
    assert found.unjudged == (not given.rankings and not given.ratings)
    assert found.count == len(best)


def test_a_share_of_the_best():
    given = group(rankings=(R(((2,), (0,), (3,), (1,))),))
    assert demonstrations([given], top=0.5).groups[0].responses == ("w0", "w2")
    tied = group(rankings=(R(((2,), (0, 3), (1,))),))
    assert demonstrations([tied], top=0.5).groups[0].responses == ("w0", "w2", "w3")
    assert demonstrations([tied], top=0.5).tied == 1


def test_several_attributes_need_a_choice():
    rated = group(ratings=(Rating(0, 5, "short"), Rating(1, 5, "right"), Rating(0, 1, "right")))
    with pytest.raises(PlauditError, match="rated on right, short; say which"):
        demonstrations([rated])
    assert demonstrations([rated], "right").groups[0].responses == ("w1",)
    assert demonstrations([rated], "short").groups[0].responses == ("w0",)


TURNS = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
ROWS = {
    "completion": ({"prompt": "q", "completion": "a"}, ("q", "a")),
    "alpaca": ({"instruction": "q", "input": "more", "output": "a"}, ("q\nmore", "a")),
    "messages": ({"messages": TURNS}, ((TURNS[0],), "a")),
    "sharegpt": (
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
        ((TURNS[0],), "a"),
    ),
    "conversational": ({"prompt": TURNS[:1], "completion": TURNS[1:]}, ((TURNS[0],), "a")),
    "chosen and rejected": ({"prompt": "q", "chosen": "a", "rejected": "b"}, ("q", "a")),
}


@pytest.mark.parametrize("shape", ROWS)
def test_rows_of_every_shape(tmp_path, shape):
    row, (prompt, response) = ROWS[shape]
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    (found,) = demonstrations(read_demonstrations([tmp_path / "rows.jsonl"])).groups
    assert (found.prompt, found.responses) == (prompt, (response,))


@pytest.mark.parametrize("column", ["completion", "response", "answer", "output"])
def test_an_answer_that_is_a_number_is_no_rating(tmp_path, column):
    (tmp_path / "rows.jsonl").write_text(json.dumps({"prompt": "2 + 2?", column: "4"}) + "\n")
    (found,) = read_demonstrations([tmp_path / "rows.jsonl"])
    assert (found.responses, found.ratings) == (("4",), ())


def test_completions_of_one_prompt_are_all_imitated(tmp_path):
    rows = [{"prompt": "q", "completion": answer} for answer in "abb"]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (found,) = demonstrations(read_demonstrations([tmp_path / "rows.jsonl"])).groups
    assert found.responses == ("a", "b")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"messages": TURNS[:1]}, "rows.jsonl:2: its messages do not end with an answer"),
        ({"completion": "a"}, "rows.jsonl:2: the row has no prompt"),
        ({"prompt": "q", "reply": "a"}, "rows.jsonl:2: the row has no 'response' or 'completion'"),
    ],
)
def test_rows_that_show_nothing(tmp_path, row, says):
    rows = [{"prompt": "q", "completion": "a"}, row]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    with pytest.raises(DataError, match=says):
        list(read_demonstrations([tmp_path / "rows.jsonl"]))


def shown(count):
    """Prompts whose answer is always the same words."""
    return [Group(f"q{i}", f"p{i} w{i % 7} w{i % 5}", ("good w1 w2",)) for i in range(count)]


QUICK = {"batch_size": 4, "report_to": "none", "precision": "fp32"}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.mark.parametrize("lora", [0, 2])
def test_what_was_fine_tuned_foretells_better_and_serves_as_a_backbone(backbone, tmp_path, lora):
    record = sft(shown(40), tmp_path / "out", backbone, epochs=4, learning_rate=0.01, lora=lora, **QUICK)
    assert (record["groups"], record["responses"], record["unjudged"]) == (36, 36, 40)
    # Four words a held-out prompt: good, w1, w2 and the end.
    assert record["validation"]["after"]["tokens"] == 16
    assert record["validation"]["factor"]["high"] < 1
    assert json.loads((tmp_path / "out" / "plaudit.json").read_text()) == record
    before, after = (load_file(path / "model.safetensors") for path in (backbone, tmp_path / "out"))
    assert before.keys() == after.keys()
    assert len(RewardModel.from_backbone(tmp_path / "out").rank("w1", ["good", "w2"])) == 2
    assert not (tmp_path / "out" / "checkpoints").exists()


def test_the_loss_is_on_the_response_alone(backbone, tmp_path):
    """One step on one response: what TRL computes is the mean over the response's tokens by hand."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    logged = []
    report_curves = training_run.report_curves

    def listening(trainer, output, reporters):
        report_curves(trainer, output, reporters)
        log = trainer.log
        trainer.log = lambda logs, *rest: (logged.append(logs), log(logs, *rest))

    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        context.setattr(training_run, "report_curves", listening)
        sft(shown(1), tmp_path / "out", backbone, epochs=1, validation_share=0.0, **QUICK)
    model = AutoModelForCausalLM.from_pretrained(backbone).eval()
    tokenizer = AutoTokenizer.from_pretrained(backbone)
    prompt, whole = (tokenizer(text)["input_ids"] for text in ("p0 w0 w0", "p0 w0 w0\n\ngood w1 w2 <eos>"))
    logits = model(input_ids=torch.tensor([whole])).logits[0].log_softmax(-1)
    each = [-float(logits[at - 1, whole[at]].detach()) for at in range(len(prompt), len(whole))]
    assert len(each) == 4
    assert logged[0]["loss"] == pytest.approx(sum(each) / 4, abs=1e-4)


def test_a_conversation_gets_a_template_and_keeps_it(backbone, tmp_path, caplog):
    turns = [Group("q", ({"role": "user", "content": "w1"},), ("good",))]
    sft(turns, tmp_path / "out", backbone, validation_share=0.0, epochs=1, **QUICK)
    assert "written as plain turns" in caplog.text
    assert "Assistant: " in RewardModel.from_backbone(tmp_path / "out").tokenizer.chat_template


@pytest.mark.parametrize("template", [True, False])
def test_spoken_tokens_are_the_response_and_its_end(tmp_path, template):
    folder = tiny_language_model_folder(tmp_path / "m", chat_template=template)
    tokenizer = RewardModel.from_backbone(folder).tokenizer
    renderer = Renderer(tokenizer, max_length=200, causal=True, segments=False)
    asked = Group("q", "why is the sky blue", ("because of the air", "天空"))
    for ids, own, said in zip(
        next(renderer.render([asked])).sequences, renderer.completion_lengths(asked), asked.responses, strict=True
    ):
        assert tokenizer.decode(ids[-own:]) == said + ("<|im_end|>\n" if template else "<eos>")


def test_what_does_not_fit_is_left_out_and_counted(backbone, tmp_path, caplog):
    groups = [*shown(3), Group("long", "w1", (" ".join(["w2"] * 80),))]
    record = sft(groups, tmp_path / "out", backbone, epochs=1, validation_share=0.0, **QUICK)
    assert (record["left_out"], record["responses"]) == (1, 3)
    assert "left out, because they do not fit 64 tokens: 1 response" in caplog.text
    with pytest.raises(PlauditError, match="no response to imitate"):
        sft(groups[3:], tmp_path / "none", backbone, validation_share=0.0, **QUICK)
    with pytest.raises(PlauditError, match="max_length is 65, but the backbone's context holds 64"):
        sft(groups, tmp_path / "none", backbone, max_length=65, overwrite=True, **QUICK)


def test_an_encoder_is_refused(tmp_path):
    folder = tiny_model_folder(tmp_path / "bert", "bert")
    with pytest.raises(PlauditError, match="is an encoder, which writes no responses"):
        sft(shown(4), tmp_path / "out", folder, **QUICK)


def test_without_trl_the_extra_is_named(backbone, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trl", None)
    with pytest.raises(PlauditError, match=r"pip install 'plaudit\[sft\]'"):
        sft(shown(4), tmp_path / "out", backbone, **QUICK)


def test_a_resumed_run_ends_as_an_uninterrupted_one(backbone, tmp_path):
    options = {**QUICK, "epochs": 3, "validation_share": 0.0}
    sft(shown(10), tmp_path / "whole", backbone, **options)
    with interrupted():
        sft(shown(10), tmp_path / "cut", backbone, **options)
    with pytest.raises(PlauditError, match="its data was"):
        sft(shown(9), tmp_path / "cut", backbone, resume=True, **options)
    sft(shown(10), tmp_path / "cut", backbone, resume=True, **options)
    whole, resumed = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "cut"))
    for name in whole:
        torch.testing.assert_close(whole[name], resumed[name])


def test_a_taken_folder_is_left_alone(backbone, tmp_path):
    sft(shown(4), tmp_path / "out", backbone, epochs=1, validation_share=0.0, **QUICK)
    with pytest.raises(PlauditError, match="--overwrite"):
        sft(shown(4), tmp_path / "out", backbone, epochs=1, validation_share=0.0, **QUICK)
    with pytest.raises(PlauditError, match="nothing to resume"):
        sft(shown(4), tmp_path / "out", backbone, epochs=1, validation_share=0.0, resume=True, **QUICK)
    sft(shown(4), tmp_path / "out", backbone, epochs=1, validation_share=0.0, overwrite=True, **QUICK)
