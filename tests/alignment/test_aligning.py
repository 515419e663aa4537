"""Whole runs of every method on a policy that must learn to say red; and what goes wrong."""

import json

import numpy as np
import pytest
import torch
from painting import PROMPTS, reds
from ruled import by_text
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

import plaudit
from plaudit.alignment import PromptSets, align
from plaudit.alignment.policy import Policy
from plaudit.data import load_groups, read_groups
from plaudit.errors import InvalidInputError, MissingExtraError, PlauditError
from plaudit.groups import Group

SETS = PromptSets(PROMPTS[:6], PROMPTS[6:9], PROMPTS[9:])
OPTIONS = {"max_new_tokens": 16, "best_of_samples": 4, "evaluation_samples": 8}
METHODS = {
    "ppo": {"steps": 12, "prompts_per_step": 6, "samples": 6, "learning_rate": 0.005, "evaluate_every": 6},
    "grpo": {"steps": 10, "prompts_per_step": 6, "samples": 6, "learning_rate": 0.005, "evaluate_every": 5},
    "rloo": {"steps": 10, "prompts_per_step": 6, "samples": 6, "learning_rate": 0.005, "evaluate_every": 5},
    "best-of": {"rounds": 2, "samples": 24, "learning_rate": 0.01, "epochs": 8},
    "dpo": {"rounds": 2, "samples": 24, "learning_rate": 0.002, "epochs": 8},
}


def truth(groups):
    return [[reds(response) for response in group.responses] for group in groups]


def run(painter, reward, folder, method="ppo", sets=SETS, **changes):
    return align(painter, sets, reward, folder, method=method, **{**OPTIONS, **METHODS[method], **changes})


def curve(folder):
    return [json.loads(line) for line in (folder / "curves.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def runs(painter, tmp_path_factory):
    """The folder and the record of a run of each method."""
    parent = tmp_path_factory.mktemp("runs")
    return {
        method: (parent / method, run(painter, by_text(reds), parent / method, method, gold=truth))
        for method in METHODS
    }


@pytest.mark.parametrize("method", METHODS)
def test_answers_get_better_on_prompts_that_were_never_met(runs, method):
    _, record = runs[method]
    gain = record["test"]["gain"]["gold"]
    assert gain["value"] > (0.1 if method == "dpo" else 0.3)
    assert record["test"]["before"]["kl"]["value"] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_the_folder_is_an_ordinary_checkpoint(runs, method):
    folder, record = runs[method]
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer("Colours for the mill?\n\n", return_tensors="pt")
    written = model.generate(input_ids=inputs["input_ids"], max_new_tokens=4, do_sample=False)
    assert written.shape[1] > inputs["input_ids"].shape[1]
    assert json.loads((folder / "plaudit.json").read_text()) == json.loads(json.dumps(record))
    names = {path.name for path in folder.iterdir()}
    assert {"README.md", "curves.jsonl", "samples.jsonl", "config.json", "model.safetensors"} <= names
    assert "checkpoints" not in names


@pytest.mark.parametrize("method", METHODS)
def test_the_kept_policy_is_the_one_that_was_measured(runs, method):
    folder, record = runs[method]
    policy = Policy.open(folder)
    (prompt,) = plaudit.alignment.prompts.read_prompts([PROMPTS[9]], policy.renderer, max_new_tokens=16)
    rows = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    after = next(row["after"] for row in rows if row["id"] == PROMPTS[9].id and row["after"]["ended"])
    tokens = policy.renderer.tokenizer(after["text"], add_special_tokens=False)["input_ids"]
    sample = policy.sample_of(prompt, np.array([*tokens, *policy.ends]), np.zeros(len(tokens) + 1))
    assert sample.text == after["text"]
    assert record["kept_step"] > 0


@pytest.mark.parametrize("method", METHODS)
def test_the_curve_has_every_step_and_evaluation(runs, method):
    folder, record = runs[method]
    rows = curve(folder)
    assert rows[0]["kind"] == "evaluation" and rows[0]["step"] == 0
    steps = [row["step"] for row in rows if row["kind"] == "step"]
    assert steps == list(range(1, record["steps"] + 1))
    for row in rows:
        if row["kind"] == "step":
            assert {"raw", "standardised", "shaped", "spread", "length", "unfinished", "total"} == row["rewards"].keys()
    sets = [(row["set"], row["step"]) for row in rows if row["kind"] == "evaluation"]
    assert sets[-2:] == [("test", 0), ("test", record["kept_step"])]
    (best_of,) = [row for row in rows if row["kind"] == "best of n"]
    assert best_of["n"] == [1, 2, 4] and best_of["gold"][2]["value"] > best_of["gold"][0]["value"]


def test_rounds_leave_judgements_to_read(runs):
    pairs = list(read_groups(runs["dpo"][0] / "round-1.jsonl", merge=False))
    assert all(len(group.responses) == 2 and group.rankings[0].tiers == ((0,), (1,)) for group in pairs)
    assert all(group.ratings[0].value > group.ratings[1].value for group in pairs)
    rated = load_groups(runs["best-of"][0] / "round-2.jsonl")
    assert {group.prompt for group in rated} == {group.prompt for group in SETS.train}


def test_a_run_gives_the_same_again(painter, tmp_path, runs, likes_red):
    again = run(painter, likes_red, tmp_path / "again", gold=truth)
    assert again["test"] == runs["ppo"][1]["test"]


@pytest.mark.parametrize("method", ["ppo", "dpo", "grpo"])
def test_adapters_learn_and_are_merged(painter, tmp_path, likes_red, method):
    pytest.importorskip("peft")
    folder = tmp_path / "lora"
    run(painter, likes_red, folder, method, lora=8, learning_rate=0.01)
    evaluations = [row["figures"] for row in curve(folder) if row["kind"] == "evaluation" and row["step"]]
    assert all(figures["kl"]["value"] > 0.01 for figures in evaluations if figures["reward"]["value"] != 0)
    merged, before = (AutoModelForCausalLM.from_pretrained(name) for name in (folder, painter))
    assert merged.num_parameters() == before.num_parameters()


@pytest.mark.parametrize("changes", [{"value_network": "separate"}, {"shape": "sigmoid"}, {"shape": "clip:1"}], ids=str)
def test_other_rewards_and_value_networks_learn_as_well(painter, tmp_path, likes_red, changes):
    assert run(painter, likes_red, tmp_path / "run", gold=truth, **changes)["test"]["gain"]["gold"]["value"] > 0.2


def test_a_kl_budget_stops_the_run(painter, tmp_path, likes_red):
    record = run(painter, likes_red, tmp_path / "run", kl=0.0, kl_budget=2.0, evaluate_every=2, steps=40)
    assert record["stopped"]["reason"] == "kl budget"
    assert record["steps"] < 40
    assert record["test"]["after"]["kl"]["value"] < 4


def test_a_reward_of_the_wrong_sign_is_seen_by_gold_and_nothing_worse_is_kept(painter, tmp_path):
    record = run(painter, by_text(lambda text: -reds(text)), tmp_path / "run", gold=truth, evaluate_every=2)
    assert record["stopped"]["needs_gold"]
    assert record["kept_step"] == 0
    assert record["test"]["gain"]["gold"]["value"] == 0


def test_without_gold_the_run_says_what_it_cannot_know(painter, tmp_path, likes_red):
    run(painter, likes_red, tmp_path / "run", steps=2)
    assert "Whether answers are better is not known" in (tmp_path / "run" / "README.md").read_text()


def test_a_cut_answer_never_pays(painter, tmp_path):
    """A reward that loves length would teach never to end."""
    record = run(painter, by_text(len), tmp_path / "run", max_new_tokens=10, steps=24, kl=0.02, narrowing_signs=0)
    before, after = (record["test"][side]["ended"]["value"] for side in ("before", "after"))
    assert after >= before - 0.05


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        (lambda text: 1.0, "samples of the untrained policy score 1"),
        (lambda text: float("nan"), "is nan"),
        (lambda text: float("inf"), "is inf"),
    ],
    ids=["constant", "NaN", "infinite"],
)
def test_rewards_that_nothing_can_be_learned_from_stop_before_the_first_step(painter, tmp_path, reward, words):
    with pytest.raises(PlauditError, match=words):
        run(painter, by_text(reward), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_reward_that_breaks_in_mid_run_leaves_a_checkpoint(painter, tmp_path, caplog):
    calls = []

    def breaking(text):
        calls.append(text)
        return float("nan") if len(calls) > 600 else reds(text)

    with pytest.raises(PlauditError, match="is nan"):
        run(painter, by_text(breaking), tmp_path / "run", evaluate_every=2, narrowing_signs=0)
    assert "go on with --resume" in caplog.text
    record = run(painter, by_text(reds), tmp_path / "run", evaluate_every=2, narrowing_signs=0, resume=True)
    assert record["steps"] == 12


def test_one_prompt_is_enough(painter, tmp_path, likes_red, caplog):
    record = align(painter, PROMPTS[:1], likes_red, tmp_path / "run", **{**OPTIONS, **METHODS["ppo"], "method": "ppo"})
    assert "no prompt is held out" in caplog.text
    assert record["test"]["gain"]["reward"]["n"] == 1


def test_every_answer_cut_is_said_and_nothing_diverges(painter, tmp_path, likes_red, caplog):
    with pytest.raises(PlauditError, match="ended, and a standard deviation takes two"):
        run(painter, likes_red, tmp_path / "run", max_new_tokens=1)


def test_answers_that_are_all_empty_are_told_apart_by_no_reward(painter, tmp_path):
    with pytest.raises(PlauditError, match="a reward that tells none of them apart cannot be optimised"):
        run(_silent(painter, tmp_path / "silent"), by_text(reds), tmp_path / "run")


def _silent(painter, folder):
    """The policy, but that it says nothing, or never comes to an end."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(painter), AutoTokenizer.from_pretrained(painter)
    asked = tokenizer("Colours for the mill?\n\n", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        state = model(input_ids=asked, output_hidden_states=True).hidden_states[-1][0, -1]
        model.get_output_embeddings().weight[tokenizer.eos_token_id] = 60 * state / state.square().sum()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_what_is_asked_for_in_vain_is_refused(painter, tmp_path, likes_red):
    for method, changes in (("ppo", {"rounds": 2}), ("dpo", {"kl": 0.1}), ("grpo", {"clip": 0.1})):
        with pytest.raises(InvalidInputError, match="has no effect on"):
            align(painter, SETS, likes_red, tmp_path / "run", method=method, **changes)
    with pytest.raises(InvalidInputError, match="keep is 9"):
        align(painter, SETS, likes_red, tmp_path / "run", method="best-of", samples=4, keep=9)
    with pytest.raises(InvalidInputError, match="keep is 4 of 4 samples of each prompt, so none would be chosen"):
        align(painter, SETS, likes_red, tmp_path / "run", method="best-of", samples=4, keep=4)


@pytest.mark.parametrize("method", ["best-of", "dpo", "grpo", "rloo"])
def test_one_answer_is_compared_with_nothing(painter, tmp_path, likes_red, method):
    with pytest.raises(InvalidInputError, match="samples is 1"):
        run(painter, likes_red, tmp_path / "run", method, samples=1)
    assert not likes_red.asked  # refused before anything is scored


def test_an_encoder_is_no_policy(tmp_path, likes_red, caplog):
    from tiny import tiny_language_model_folder

    folder = tiny_language_model_folder(tmp_path / "bert", "bert")
    AutoModel.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(InvalidInputError, match="is an encoder"):
        align(folder, SETS, likes_red, tmp_path / "run", method="ppo")
    assert "language-model head" not in caplog.text


def test_no_prompt_is_refused(painter, tmp_path, likes_red):
    with pytest.raises(InvalidInputError, match="there is no prompt"):
        align(painter, [], likes_red, tmp_path / "run")


def test_without_trl_ppo_works_and_the_others_say_what_is_missing(painter, tmp_path, likes_red, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "trl", None)
    with pytest.raises(MissingExtraError, match="sft"):
        run(painter, likes_red, tmp_path / "dpo", "dpo")
    assert run(painter, likes_red, tmp_path / "ppo", steps=1)["steps"] == 1


def test_a_dropout_that_cannot_be_switched_off_is_found_before_the_first_step(
    painter, tmp_path, likes_red, monkeypatch
):
    forward = Policy.scores

    def noisy(self, *arguments, **options):
        scores = forward(self, *arguments, **options)
        return scores._replace(log_probs=scores.log_probs + torch.rand(()))

    monkeypatch.setattr(Policy, "scores", noisy)
    with pytest.raises(PlauditError, match="another when it is learned from than when it was sampled"):
        run(painter, likes_red, tmp_path / "run")


def test_the_reward_model_reads_its_own_template(painter, tmp_path):
    """The policy is plain text; the reward's groups have prompt and response apart, not the policy's rendering."""
    scorer = by_text(reds)
    run(painter, scorer, tmp_path / "run", steps=1)
    prompts = {group.prompt for group in scorer.asked}
    assert {group.prompt for group in PROMPTS} <= prompts
    assert not any("<|" in text for group in scorer.asked for text in group.responses)


def test_conversations_are_answered_with_a_template(painter, tmp_path, likes_red, caplog):
    talks = [
        Group(str(number), ({"role": "user", "content": group.prompt},), ("",)) for number, group in enumerate(PROMPTS)
    ]
    record = run(painter, likes_red, tmp_path / "run", sets=PromptSets(talks[:6], talks[6:9], talks[9:]), steps=1)
    assert record["steps"] == 1
