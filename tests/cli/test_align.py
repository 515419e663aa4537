"""`plaudit align` from the outside: a policy, prompts and a reward model to a better policy."""

import json
from random import Random

import pytest
from painting import COLOURS, PROMPTS, pretrain_painter, reds
from tiny import tiny_language_model_folder

import plaudit
from plaudit.alignment import kept_sentence
from plaudit.groups import Group, Ranking

SMALL = ["--samples", "4", "--max-new-tokens", "16", "--set", "evaluation_samples=4", "--set", "best_of_samples=4"]
PPO = ["--method", "ppo", "--steps", "2", "--set", "evaluate_every=1", "--set", "prompts_per_step=4", *SMALL]


def _judged():
    """Lists of colours in pairs, the one that says red more often preferred."""
    random = Random(0)
    groups = []
    for number in range(60):
        lists = [" ".join(random.choices(COLOURS, k=random.randint(1, 5))) + "." for _ in range(2)]
        better = int(reds(lists[1]) > reds(lists[0]))
        if reds(lists[0]) != reds(lists[1]):
            ranking = Ranking(((better,), (1 - better,)))
            groups.append(Group(str(number), PROMPTS[number % 12].prompt, tuple(lists), (ranking,)))
    return groups


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A policy, prompts alone, a reward model, and one of fewer judgements."""
    folder = tmp_path_factory.mktemp("align")
    pretrain_painter(folder)
    plaudit.train(_judged(), folder / "reward", backbone="bow", baselines="none")
    plaudit.train(_judged()[::2], folder / "gold", backbone="bow", baselines="none")
    rows = "".join(json.dumps({"prompt": group.prompt}) + "\n" for group in PROMPTS)
    (folder / "prompts.jsonl").write_text(rows, encoding="utf-8")
    return folder


@pytest.fixture
def align(run, place):
    """Call the verb with that policy, those prompts and that reward."""

    def call(output, *options, policy=place / "policy", prompts=place / "prompts.jsonl", reward=place / "reward"):
        return run("align", policy, prompts, "--reward", reward, "-o", output, *options)

    return call


def test_ppo_from_the_command_line(align, place, tmp_path):
    output = tmp_path / "better"
    code, printed, said = align(output, *PPO, "--gold", place / "gold")
    assert (code, printed) == (0, ""), said
    record = json.loads((output / "plaudit.json").read_text(encoding="utf-8"))
    assert (record["method"], record["gold"], record["steps"]) == ("ppo", str(place / "gold"), 2)
    assert record["prompts"] == {"train": 8, "validation": 2, "test": 2}
    assert f"{kept_sentence(record)} On the test prompts the reward has changed by" in said
    assert said.splitlines()[-1] == f"The policy is in {output}; open {output / 'align.html'}"
    names = {"model.safetensors", "config.json", "tokenizer.json", "README.md"}
    assert names | {"plaudit.json", "curves.jsonl", "samples.jsonl", "align.html"} <= {
        path.name for path in output.iterdir()
    }


def test_best_of_from_the_command_line(align, tmp_path):
    pytest.importorskip("trl", reason="the sft extra is not installed")
    output = tmp_path / "better"
    code, _, said = align(output, "--rounds", "1", *SMALL)
    assert code == 0, said
    assert "Whether answers are better is not known: no gold was given." in said
    assert len((output / "round-1.jsonl").read_text(encoding="utf-8").splitlines()) == 8


def test_prompts_to_choose_and_to_report_on_may_be_named(align, tmp_path):
    for name, part in (("choose", PROMPTS[:3]), ("report", PROMPTS[3:5])):
        rows = "".join(json.dumps({"prompt": group.prompt}) + "\n" for group in part)
        (tmp_path / f"{name}.jsonl").write_text(rows, encoding="utf-8")
    sets = ["--validation-data", tmp_path / "choose.jsonl", "--test-data", tmp_path / "report.jsonl"]
    code, _, said = align(tmp_path / "better", *PPO, *sets)
    assert code == 0, said
    record = json.loads((tmp_path / "better" / "plaudit.json").read_text(encoding="utf-8"))
    assert record["prompts"] == {"train": 12, "validation": 3, "test": 2}


def test_a_run_that_broke_is_resumed_with_its_settings_or_refused(align, tmp_path, monkeypatch, caplog):
    from plaudit.alignment.evaluating import Evaluator

    evaluate, output = Evaluator.evaluate, tmp_path / "better"

    def interrupted(self, policy, step):
        if step == 2:
            raise KeyboardInterrupt
        return evaluate(self, policy, step)

    monkeypatch.setattr(Evaluator, "evaluate", interrupted)
    assert align(output, *PPO)[0] == 130
    assert "go on with --resume" in caplog.text
    monkeypatch.setattr(Evaluator, "evaluate", evaluate)
    code, _, said = align(output, *PPO, "--kl", "0.5", "--resume")
    assert code == 2
    assert "kl" in said.splitlines()[-1]
    code, _, said = align(output, *PPO, "--resume")
    assert code == 0, said
    assert json.loads((output / "plaudit.json").read_text(encoding="utf-8"))["steps"] == 2


REFUSED = {
    "no policy": ({"policy": "./nowhere"}, PPO, "no folder './nowhere'"),
    "no reward": ({"reward": "./nowhere"}, PPO, "no model folder './nowhere'"),
    "no prompts": ({"prompts": "EMPTY"}, PPO, "empty.jsonl: the file is empty"),
    "no such file": ({"prompts": "nowhere.jsonl"}, PPO, "nowhere.jsonl"),
    "text without prompts": ({"prompts": "TEXTS"}, PPO, "texts.jsonl"),
    "taken": ({}, PPO, "replace it with --overwrite"),
    "an encoder": ({"policy": "ENCODER"}, PPO, "is an encoder"),
    "a method": ({}, ["--method", "reinforce"], "method is 'reinforce'; it must be best-of, dpo, ppo, grpo or rloo"),
    "another method's setting": ({}, [*PPO, "--rounds", "2"], "rounds=2 has no effect on ppo, only on best-of, dpo"),
    "a shape": ({}, [*PPO, "--shape", "tanh"], "it must be none, sigmoid or clip:C"),
    "no members": ({}, [*PPO, "--spread-penalty", "worst"], "this reward has no members"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_what_is_wrong_and_exit_2(align, tmp_path, case):
    names, options, says = REFUSED[case]
    output = tmp_path / "out"
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "texts.jsonl").write_text('{"text": "No question is asked here."}\n')
    if case == "an encoder":
        tiny_language_model_folder(tmp_path / "bert", "bert")
    if case == "taken":
        output.mkdir()
        (output / "plaudit.json").write_text("{}")
    files = {"EMPTY": tmp_path / "empty.jsonl", "TEXTS": tmp_path / "texts.jsonl", "ENCODER": tmp_path / "bert"}
    code, printed, said = align(output, *options, **{name: files.get(value, value) for name, value in names.items()})
    assert (code, printed) == (2, ""), said
    (line,) = [line for line in said.splitlines() if line.startswith("plaudit: error: ")]
    assert says in line
    assert "Traceback" not in said
    assert case == "taken" or not output.exists()


@pytest.mark.parametrize("verb", ["align", "demo"])
def test_the_help_fits_80_columns(run, monkeypatch, verb):
    monkeypatch.setenv("COLUMNS", "80")
    code, printed, _ = run(verb, "--help")
    assert code == 0
    assert max(map(len, printed.splitlines())) <= 80
    words = " ".join(printed.replace("│", " ").split())
    assert "--align" in words if verb == "demo" else "docs/alignment.md" in words
