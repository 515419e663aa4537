"""Plain models: what they see of a text, their scores by hand, and their folders."""

import hashlib
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_model_folder

from plaudit import RewardModel
from plaudit.data.scales import Scale
from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import open_model
from plaudit.model.baselines import baseline_folder, baseline_names, is_baseline, load_baselines
from plaudit.model.linear import LengthFeatures, Linear, LinearModel, WordFeatures

TURNS = ({"role": "assistant", "content": "good"}, {"role": "assistant", "content": "cat"})


def words_model(**attributes):
    """Terms that stand in two of the three texts: `good` and `bad`, each with idf log(4 / 3) + 1."""
    features, _ = WordFeatures.of(["good cat", "Good, bad dog", "bad"])
    assert features.vocabulary == ("bad", "good")
    return LinearModel(features, Linear(np.array([-1.0, 2.0]), attributes), record={"backbone": "bow"})


IDF = math.log(4 / 3) + 1


def test_words_and_pairs_of_words_and_single_characters_where_there_are_no_spaces():
    features, _ = WordFeatures.of(["I don't", "天空 blue"])
    assert set(features.vocabulary) == {
        *("i", "don", "t", "i don", "don t"),
        *("天", "空", "blue", "天 空", "空 blue"),
    }


def test_tf_idf_by_hand():
    # Only `a` stands in both texts: idf = log(3 / 3) + 1 = 1. Twice in a text counts 1 + log 2.
    features, matrix = WordFeatures.of(["a b", "A a"])
    assert matrix.toarray().ravel() == pytest.approx([1, 1 + math.log(2)])
    assert features.vocabulary == ("a",)
    assert features.matrix(["a b", "a a", "b b", ""]).toarray().ravel() == pytest.approx([1, 1 + math.log(2), 0, 0])


def test_scores_by_hand():
    scores = words_model().score(Group("q", "p", ("good good bad", "unknown words", "", TURNS)))[0]
    expected = [(2 * (1 + math.log(2)) - 1) * IDF, 0, 0, 2 * IDF]
    assert [score.score for score in scores] == pytest.approx(expected)
    assert [score.tokens for score in scores] == [3, 2, 0, 2]
    assert [(score.group, score.response, score.truncated, score.scores) for score in scores] == [
        ("q", index, False, None) for index in range(4)
    ]
    assert scores[1].hash == hashlib.sha256(b"p\0unknown words").hexdigest()[:16]


def test_length_by_hand():
    model = LinearModel(LengthFeatures(), Linear(np.array([0.5])))
    ranked = model.rank("ignored", ["", "ab", "天空天"])
    assert [(score.response, score.tokens) for score in ranked] == [(2, 3), (1, 2), (0, 0)]
    assert [score.score for score in ranked] == pytest.approx([0.5 * math.log(4), 0.5 * math.log(3), 0])


def test_attributes_are_in_their_own_units():
    # 0.25 + 0.1 idf of [1, 5], and 0.25 for a text without a known word.
    model = words_model(helpful=(np.array([0.0, 0.1]), 0.25, Scale(1, 5)))
    good, nothing = model.score(Group("q", "p", ("good", "")))[0]
    assert good.scores == {"helpful": pytest.approx(1 + 4 * (0.25 + 0.1 * IDF))}
    assert nothing.scores == {"helpful": pytest.approx(2)}


@given(st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=4), max_size=300))
def test_a_score_does_not_depend_on_its_company(texts):
    model = words_model()
    groups = [Group(str(number), "p", tuple(responses)) for number, responses in enumerate(texts)]
    together = model.score(groups)
    assert together == [model.score(group)[0] for group in groups]


@pytest.mark.parametrize(
    "model",
    [words_model(helpful=(np.array([0.3, 0.1]), 0.25, Scale(1, 5))), LinearModel(LengthFeatures(), Linear(np.ones(1)))],
    ids=["bow", "length"],
)
def test_what_is_saved_scores_the_same(model, tmp_path):
    group = Group("q", "p", ("good bad", "bad 天", "", "dog"))
    model.save(tmp_path / "model", card="# a card")
    opened = open_model(tmp_path / "model", device="cpu")
    assert opened.score(group) == model.score(group)
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names - {"vocabulary.json"} == {"plaudit.json", "model.safetensors", "README.md"}
    record = json.loads((tmp_path / "model/plaudit.json").read_text())
    assert record["plaudit"] == "linear model"
    assert opened.run_record("scores", model="m")["plaudit"] == "scores"
    assert opened.run_record("scores", model="m")["model"] == "m"


def test_scoring_needs_no_torch(tmp_path):
    words_model().save(tmp_path)
    code = (
        "import sys; from plaudit.model import open_model; "
        f"print(open_model({str(tmp_path)!r}).rank('p', ['bad', 'good'])[0].response, 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "1 False\n"


def _edit_record(folder, **changes):
    path = folder / "plaudit.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


BROKEN = {
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "weights are no safetensors": lambda folder: (folder / "model.safetensors").write_bytes(b"pickle"),
    "no vocabulary": lambda folder: (folder / "vocabulary.json").unlink(),
    "another vocabulary": lambda folder: (folder / "vocabulary.json").write_text('["bad"]'),
    "a vocabulary of numbers": lambda folder: (folder / "vocabulary.json").write_text("3"),
    "unknown features": lambda folder: _edit_record(folder, features="magic"),
    "no attributes": lambda folder: _edit_record(folder, attributes=None),
    "too many attributes": lambda folder: _edit_record(folder, attributes={"x": {"intercept": 0, "low": 0, "high": 1}}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_folder_is_one_clear_line(tmp_path, name):
    words_model().save(tmp_path)
    BROKEN[name](tmp_path)
    with pytest.raises(PlauditError, match=r"is no whole linear model .*; train it again") as caught:
        open_model(tmp_path)
    assert "\n" not in str(caught.value)


def test_any_kind_is_opened_by_its_folder(tmp_path):
    folder = tiny_model_folder(tmp_path / "reward")
    assert isinstance(open_model(folder), RewardModel)
    with pytest.raises(PlauditError, match="no model folder"):
        open_model(tmp_path / "nowhere")


def test_a_reward_model_that_is_replaced_leaves_nothing_to_load_by_mistake(tmp_path):
    folder = tmp_path / "model"
    RewardModel.from_pretrained(tiny_model_folder(tmp_path / "tiny")).save(folder)
    words_model().save(folder, overwrite=True)
    assert isinstance(open_model(folder), LinearModel)
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors", "plaudit.json", "vocabulary.json"]


def test_names():
    assert [is_baseline(name) for name in ("length", "bow", "frozen:minilm-l6", "frozen:", "minilm-l6", "./bow")] == [
        *(True, True, True),
        *(False, False, False),
    ]
    assert baseline_names(" bow, frozen:a/b,") == ["bow", "frozen:a/b"]
    assert baseline_names("none") == []
    assert baseline_folder("m", "frozen:../../a b").relative_to("m").parts == ("baselines", "frozen-..-..-a-b")


def test_baselines_are_found_by_name_and_a_broken_one_is_left_out(tmp_path, caplog):
    words_model().save(baseline_folder(tmp_path, "bow"))
    (tmp_path / "baselines/odd").mkdir()
    (tmp_path / "baselines/odd/plaudit.json").write_text('{"plaudit": "linear model"}')
    assert list(load_baselines(tmp_path)) == ["bow"]
    assert [line for line in caplog.messages if "left out" in line] == caplog.messages != []
    assert load_baselines(tmp_path / "nowhere") == {}
