"""Ensembles: the mean and the spread by hand, one tokenisation, saving, and members that do not go together."""

import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from toys import toy_backbone

from plaudit.data.scores import Score
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.groups import Group
from plaudit.model import RewardModel, open_model
from plaudit.model.combining import combine
from plaudit.model.ensemble import Ensemble, combined
from plaudit.model.heads import Attribute, Outputs
from plaudit.model.rendering import Renderer
from plaudit.model.token_check import TokenCheck

GROUPS = [Group("a", "w1 w2 w3", ("good w4", "bad w5 w6", "w1")), Group("b", "w7", ("w1", "w2 w3 good bad"))]
HELPFUL = Attribute("helpful", 1.0, "value", low=1.0, high=5.0, centre=0.5, spread=0.25)


def said(score, **more):
    return Score("a", 0, score, 7, False, **more)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(scope="module")
def folders(backbone, tmp_path_factory):
    """Three reward models whose heads differ."""
    made = [tmp_path_factory.mktemp("models") / name for name in "abc"]
    for seed, folder in enumerate(made):
        RewardModel.from_backbone(backbone, seed=seed).save(folder)
    return made


def rewards(scorer):
    return np.array([score.score for row in scorer.score(GROUPS) for score in row])


def spreads(scorer):
    return np.array([score.spread for row in scorer.score(GROUPS) for score in row])


def test_mean_and_spread_of_single_heads():
    # 1, 2, 6: mean 3, squares 4 + 1 + 9 = 14, over two degrees of freedom 7.
    found = combined([said(1.0), said(2.0), said(6.0)], [1, 1, 1])
    assert found.score == pytest.approx(3.0)
    assert found.spread == pytest.approx(7**0.5)


def test_scores_say_which_text_they_are_of(folders):
    expected = hashlib.sha256(b"w7\0w2 w3 good bad").hexdigest()[:16]
    members = [RewardModel.from_pretrained(folder) for folder in folders[:2]]
    for scorer in (members[0], Ensemble(members)):
        assert scorer.score(GROUPS)[1][1].hash == expected


def test_members_of_equally_many_heads_count_every_head():
    heads = np.array([[1.0, 2.0, 4.0], [0.0, 5.0, 7.0]])
    found = combined([said(row.mean(), spread=row.std(ddof=1)) for row in heads], [3, 3])
    assert found.score == pytest.approx(heads.mean())
    assert found.spread == pytest.approx(heads.std(ddof=1))


def test_members_of_several_sizes_weigh_the_same():
    # Heads 0 and 2 at weight 1/4, one head 4 at 1/2: mean 2.5, variance (6.25 + 0.25) / 4 + 2.25 / 2 = 2.75,
    # over 1 - (1/16 + 1/16 + 1/4) = 5/8.
    found = combined([said(1.0, spread=2**0.5), said(4.0)], [2, 1])
    assert found.score == pytest.approx(2.5)
    assert found.spread == pytest.approx((2.75 / 0.625) ** 0.5)


def test_a_value_is_the_mean_over_the_members_that_have_one():
    found = combined([said(0.0, scores={"helpful": 2.0}), said(0.0, scores={"helpful": 5.0, "true": 1.0})], [1, 1])
    assert found.scores == {"helpful": 3.5, "true": 1.0}
    assert combined([said(0.0), said(0.0)], [1, 1]).scores is None


def test_tokens_are_the_most_and_a_cut_is_a_cut():
    found = combined([said(0.0), replace(said(0.0), tokens=9, truncated=True)], [1, 1])
    assert (found.tokens, found.truncated) == (9, True)


def test_a_member_that_broke_breaks_the_score_and_no_other():
    assert np.isnan(combined([said(float("nan")), said(1.0)], [1, 1]).score)
    assert np.isnan(combined([said(float("inf")), said(float("-inf"))], [1, 1]).score)


def test_an_ensemble_on_disk_says_what_its_members_say(folders, tmp_path):
    combine(folders, tmp_path / "all")
    opened = open_model(tmp_path / "all")
    assert isinstance(opened, Ensemble)
    each = np.stack([rewards(open_model(folder)) for folder in folders])
    assert rewards(opened) == pytest.approx(each.mean(0), abs=1e-6)
    assert spreads(opened) == pytest.approx(each.std(0, ddof=1), abs=1e-6)
    members = [score.members for row in opened.score(GROUPS) for score in row]
    np.testing.assert_allclose(np.array(members).T, each, atol=1e-6)
    record = json.loads((tmp_path / "all" / "plaudit.json").read_text())
    assert record["plaudit"] == "ensemble"
    assert record["combined_from"] == [str(folder) for folder in folders]
    assert [member["seed"] for member in opened.run_record("scores")["members"]] == [0, 1, 2]
    # Ranking is by the mean.
    order = [score.response for score in opened.rank(GROUPS[0].prompt, GROUPS[0].responses)]
    assert order == list(np.argsort(-each.mean(0)[:3]))


def test_members_are_linked_and_stay_theirs(folders, tmp_path):
    combine(folders[:2], tmp_path / "all")
    member = tmp_path / "all" / "members" / "0"
    assert (member / "model.safetensors").samefile(folders[0] / "model.safetensors")
    before = rewards(open_model(tmp_path / "all"))
    RewardModel.from_pretrained(folders[1]).save(member, overwrite=True)
    RewardModel.from_pretrained(folders[0]).save(folders[0], overwrite=True)
    assert not (member / "model.safetensors").samefile(folders[0] / "model.safetensors")
    assert rewards(open_model(folders[0])) != pytest.approx(rewards(open_model(folders[1])))
    assert rewards(open_model(tmp_path / "all")) != pytest.approx(before)


def test_where_nothing_can_be_linked_files_are_copied(folders, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *names: (_ for _ in ()).throw(OSError("another file system")))
    together = combine(folders[:2], tmp_path / "all")
    assert not (tmp_path / "all/members/0/model.safetensors").samefile(folders[0] / "model.safetensors")
    assert rewards(open_model(tmp_path / "all")) == pytest.approx(rewards(together), abs=1e-6)


def test_save_and_open(folders, tmp_path):
    together = Ensemble([RewardModel.from_pretrained(folder) for folder in folders])
    together.save(tmp_path / "all", card="# Three")
    assert (tmp_path / "all" / "README.md").read_text() == "# Three"
    assert rewards(open_model(tmp_path / "all")) == pytest.approx(rewards(together), abs=1e-6)


def test_heads_and_attributes_of_members(backbone, tmp_path):
    shapes = [Outputs((HELPFUL,), heads=3), Outputs((HELPFUL,))]
    members = [RewardModel.from_backbone(backbone, outputs=outputs, seed=n) for n, outputs in enumerate(shapes)]
    together = Ensemble(members)
    (first, *_), (other, *_) = (member.score(GROUPS[0])[0] for member in members)
    found = together.score(GROUPS[0])[0][0]
    assert found.scores["helpful"] == pytest.approx((first.scores["helpful"] + other.scores["helpful"]) / 2)
    # Three heads at 1/6 and one at 1/2: 1 - (3/36 + 1/4) = 2/3.
    variance = (first.spread**2 * 2 / 3 + 2 * ((first.score - other.score) / 2) ** 2) / 2
    assert found.spread == pytest.approx((variance / (2 / 3)) ** 0.5)
    assert together.run_record("scores")["attributes"] == {"helpful": {"low": 1.0, "high": 5.0}}


def test_members_that_read_alike_are_tokenised_once(folders, backbone, tmp_path, monkeypatch):
    rendered = []
    render = Renderer.render
    monkeypatch.setattr(Renderer, "render", lambda self, *a, **o: rendered.append(self) or render(self, *a, **o))
    same = Ensemble([RewardModel.from_pretrained(folder) for folder in folders])
    same.score(GROUPS)
    assert len(rendered) == 1
    shorter = Ensemble([*same.members, RewardModel.from_pretrained(folders[0], max_length=32)])
    rendered.clear()
    shorter.score(GROUPS)
    assert len(rendered) == 2


def test_a_cut_prompt_is_told_once(folders, caplog):
    long = Group("long", "w1 " * 80, ("good", "bad"))
    together = Ensemble([RewardModel.from_pretrained(folder) for folder in folders])
    together.score(long)
    assert [record.message for record in caplog.records] == [
        "2 responses were read with the middle of their prompt cut to fit 64 tokens"
    ]


def test_different_losses_are_worth_a_warning(folders, tmp_path, caplog):
    losses = ("bradley-terry", "hinge", "hinge")
    members = [RewardModel.from_pretrained(folder) for folder in folders]
    for member, loss in zip(members, losses, strict=True):
        member.record["settings"] = {"loss": loss, "rating_loss": "mse"}
    Ensemble(members[1:])
    assert not caplog.records
    Ensemble(members)
    (warning,) = caplog.records
    assert "different losses (bradley-terry + mse; hinge + mse)" in warning.message


def test_attributes_on_different_scales_are_refused(backbone):
    shapes = [Outputs((HELPFUL,)), Outputs((replace(HELPFUL, low=0.0, high=4.0),))]
    with pytest.raises(PlauditError, match=r"member 1 gives 'helpful' from 0 to 4, others from 1 to 5; .*helpful=1:5"):
        Ensemble([RewardModel.from_backbone(backbone, outputs=outputs) for outputs in shapes])


def test_what_is_no_reward_model_is_refused(folders, tmp_path):
    combine(folders[:2], tmp_path / "all")
    with pytest.raises(PlauditError, match="all holds an ensemble, which is not one model with a backbone"):
        combine([tmp_path / "all", folders[0]], tmp_path / "more")
    assert not (tmp_path / "more").exists()
    with pytest.raises(PlauditError, match="an ensemble of 1 has no spread"):
        Ensemble([RewardModel.from_pretrained(folders[0])])


def test_a_lost_member_is_one_clear_error(folders, tmp_path):
    combine(folders[:2], tmp_path / "all")
    (tmp_path / "all" / "members" / "1").rename(tmp_path / "elsewhere")
    with pytest.raises(PlauditError, match=r"no model folder '.*members/1'"):
        open_model(tmp_path / "all")


def test_each_member_says_what_it_loses(backbone, tmp_path, caplog):
    """The second reads 6 tokens only, so that its cut takes away what the two answers differ in."""
    for seed, (name, most) in enumerate((("long", None), ("short", 6))):
        RewardModel.from_backbone(backbone, seed=seed, max_length=most).save(tmp_path / name)
    both = Ensemble([RewardModel.from_pretrained(tmp_path / name) for name in ("long", "short")])
    groups = [Group("q", "w1", ("w2 w3 w4 w5 w6 w7 good w8 w9", "w2 w3 w4 w5 w6 w7 bad w8 w9"))]
    both.score(groups, truncate_responses=True)
    first = [record.getMessage() for record in caplog.records]
    assert first and all(line.startswith("member 1: ") for line in first)
    check = TokenCheck()
    rows = list(both.stream(groups, truncate_responses=True, check=check))
    assert len(rows) == 1
    assert check.warnings() == first
    assert check.to_json()["other_readers"]["member 1"]["responses_cut"] == 2
    # One member still tells the answers apart.
    check.finish()


def test_answers_that_all_members_lose_are_refused(backbone, tmp_path):
    for seed, most in enumerate((6, 7)):
        RewardModel.from_backbone(backbone, seed=seed, max_length=most).save(tmp_path / str(seed))
    both = Ensemble([RewardModel.from_pretrained(tmp_path / str(seed)) for seed in (0, 1)])
    check = TokenCheck()
    groups = [Group("q", "w1", ("w2 w3 w4 w5 w6 w7 good w8 w9", "w2 w3 w4 w5 w6 w7 bad w8 w9"))]
    list(both.stream(groups, truncate_responses=True, check=check))
    with pytest.raises(PlauditError, match="become the same tokens"):
        check.finish()


@pytest.mark.parametrize("average", [False, True])
def test_a_server_cannot_be_combined(average, tmp_path):
    urls = ["http://any:s3cret@127.0.0.1:8000/models/x", "http://127.0.0.1:9"]
    with pytest.raises(InvalidInputError, match=r"^http://127.0.0.1:8000/models/x is a server") as refused:
        combine(urls, tmp_path / "both", average=average)
    assert "s3cret" not in str(refused.value)
