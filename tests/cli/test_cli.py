"""The command line as a whole: quick to start, and plain about a user's mistake."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import CHATML, tiny_model_folder

import plaudit
from plaudit.cli import main

HEAVY = ("torch", "transformers", "numpy", "scipy", "pandas", "datasets")
SEEN = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"


def python(code, *arguments, **options):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, **options)


def command(*arguments, **options):
    return python("from plaudit.cli import main; main()", *arguments, **options)


def test_importing_the_package_loads_nothing_heavy():
    assert python(f"import plaudit; plaudit.Group; plaudit.PlauditError; {SEEN}").stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["data", "--help"], ["train", "--help"], ["eval", "-h"]]
)
def test_help_loads_nothing_heavy(arguments):
    code = f"""
from plaudit.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
{SEEN}
"""
    ran = python(code, *arguments)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip().splitlines()[-1] == "[]"


def test_help_names_every_verb():
    text = command("--help").stdout
    for verb in ("data", "train", "eval", "score", "rank"):
        assert verb in text


@pytest.mark.parametrize(
    "verb", ["train", "eval", "score", "rank", "data check", "data stats", "data convert", "data split"]
)
def test_every_verb_has_an_example(verb):
    text = command(*verb.split(), "--help", env={"COLUMNS": "200", "TERM": "dumb"}).stdout
    assert f"plaudit {verb} " in text


def test_version():
    assert command("--version").stdout.strip() == f"plaudit {plaudit.__version__}"


ROW = {"id": "q", "prompt": "why?", "responses": ["a", "b"], "rankings": [{"tiers": [[0], [1]]}]}


@pytest.mark.parametrize(
    ("arguments", "rows", "said"),
    [
        (["data", "check", "{data}"], "{not json\n", "{data}:1"),
        (["data", "stats", "{data}"], json.dumps({**ROW, "rankings": [{"tiers": [[7], [0]]}]}), "{data}:1"),
        (["data", "check", "{data}"], "", "{data}"),
        (["data", "check", "{folder}/absent.jsonl"], "", "absent.jsonl"),
        (["score", "{folder}/absent", "{data}"], json.dumps(ROW), "no model folder"),
        (["rank", "{folder}/absent"], "", "--prompt"),
        (["rank", "{folder}/absent", "--prompt", "why?"], "", "--response"),
        (["eval", "{folder}/absent", "{data}"], json.dumps(ROW), "no model folder"),
        (["train", "{folder}/absent.jsonl", "-o", "{folder}/out"], "", "absent.jsonl"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(tmp_path, monkeypatch, capfd, arguments, rows, said):
    data = tmp_path / "data.jsonl"
    data.write_text(rows)
    names = {"data": str(data), "folder": str(tmp_path)}
    monkeypatch.setattr(sys, "argv", ["plaudit", *(argument.format(**names) for argument in arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert line.startswith("plaudit: error: ")
    assert said.format(**names) in line


def test_a_mistake_from_outside():
    ran = command("data", "check", "absent.jsonl")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("verb", ["probe", "explain"])
def test_where_nothing_can_be_written_nothing_is_worked_out(tmp_path, monkeypatch, capfd, verb):
    monkeypatch.setattr(sys, "argv", ["plaudit", verb, "no-model", "no-data.jsonl", "-o", str(tmp_path)])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "it is a folder; give the name of a file" in capfd.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no device that is always full")
def test_an_output_that_cannot_be_written_is_a_mistake_too():
    with Path("/dev/full").open("w") as full:
        main_alone = [sys.executable, "-m", "plaudit.cli", "--version"]
        done = subprocess.run(main_alone, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "plaudit: error: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["eval", "m", "d", "--outptu", "x"], "no such option: --outptu; did you mean --output? (plaudit eval --help)"),
        (["score", "--zzz", "red"], "no such option: --zzz (plaudit score --help)"),
        (["evla"], "no such command 'evla'; did you mean 'eval'? (plaudit --help)"),
        (["data", "chek"], "no such command 'chek'; did you mean 'check'? (plaudit data --help)"),
        (["eval"], "missing argument 'model' (plaudit eval --help)"),
        (["eval", "m", "d", "--language", "fr"], "invalid value for '--language': 'fr' is not one of"),
        (["best-of", "m", "d", "-g", "x", "--most", "1"], "--most must be at least 2"),
    ],
)
def test_a_mistake_in_the_arguments_is_one_line_and_exit_2(run, arguments, line):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"plaudit: error: {line}")
    assert err.count("\n") == 1


def test_without_a_verb_the_help_is_shown(run):
    for arguments in ([], ["data"]):
        code, out, err = run(*arguments)
        assert code == 2
        assert "Usage: plaudit" in out
        assert err == ""


def test_an_interrupt_is_one_line_and_exit_130(run, monkeypatch):
    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr("plaudit.data.load_groups", interrupt)
    monkeypatch.setattr("plaudit.data.read_groups", lambda *_, **__: interrupt())
    assert run("data", "check", "x.jsonl") == (130, "", "plaudit: interrupted\n")


def test_a_defect_is_shown_as_one(run, monkeypatch):
    def defect(*_, **__):
        raise TypeError("an argument of another type")

    monkeypatch.setattr("plaudit.data.read_groups", defect)
    with pytest.raises(TypeError, match="of another type"):
        run("data", "check", "x.jsonl")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "d", "-o", "o", "--epochs", "many"], "--epochs must be a whole number (plaudit train --help)"),
        (["eval", "m", "d", "--probes", "-1"], "--probes must be at least 0 (plaudit eval --help)"),
        (["eval", "m", "d", "--rivals", "bow"], "there is no flag --rivals here; baselines is a setting of training"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(run, arguments, says):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_a_misspelt_backbone_is_refused_before_anything_is_written(run, tmp_path):
    data = tmp_path / "data.jsonl"
    data.write_text('{"prompt": "p", "chosen": "a", "rejected": "b"}\n')
    code, _, err = run("train", data, "-o", tmp_path / "out", "--backbone", "bowe")
    assert code == 2
    assert err.startswith("plaudit: error: there is no backbone 'bowe'; did you mean bow? Built in are minilm-l6")
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_help_starts_with_the_main_job(run):
    out = run("--help")[1]
    names = re.findall(r"^│ ([a-z-]+)  ", out.split("Commands")[1], re.MULTILINE)
    assert names[:5] == ["data", "train", "eval", "rank", "score"]


def test_a_small_test_set_is_remarked_on(run, tmp_path):
    data = tmp_path / "data.jsonl"
    words = ["apple", "river", "stone", "cloud", "engine", "paper", "violin", "desert"]
    rows = [json.dumps({"prompt": f"{a} {b}?", "responses": ["x"]}) for a in words for b in words]
    data.write_text("\n".join(rows) + "\n")
    code, out, err = run("data", "split", data, "-o", tmp_path / "s", "--test", "0.2")
    assert code == 0, err
    assert re.search(r"few to test on: the 95% interval of an accuracy may be ±\d+ points wide", out)


def test_data_check_says_what_a_backbone_loses(run, tmp_path):
    template = CHATML.replace("{{ message['content'] }}", "{{ message['content'] | trim }}")
    folder = tiny_model_folder(tmp_path / "model", chat_template=template)
    line = json.dumps({"prompt": "why", "chosen": "the cat", "rejected": "the cat "})
    code, printed, complaints = run("data", "check", "-", "--backbone", folder, "--json", stdin=line)
    assert code == 2
    assert "the answers differ but become the same tokens: the chat template trims white space" in complaints
    tokens = json.loads(printed)["tokens"]
    assert (tokens["comparisons"], tokens["same_tokens"]) == (1, 1)
    assert tokens["causes"] == {"the chat template trims white space": 1}
    code, _, complaints = run("data", "check", "-", "--backbone", "bow", stdin=line)
    assert (code, "bow reads no tokens" in complaints) == (2, True)
