"""Plain models from groups: the fits against scikit-learn's, what they learn from which judgements, and the baselines
that a training run leaves beside its model."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression, Ridge
from toys import accuracy, toy_backbone, toy_groups

import plaudit
from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking, Rating
from plaudit.model import RewardModel, open_model
from plaudit.model.baselines import load_baselines
from plaudit.model.heads import Outputs
from plaudit.model.linear import LinearModel
from plaudit.training import TrainingSettings
from plaudit.training.baselines import fit_baselines, sampled
from plaudit.training.convex import BradleyTerry, LeastSquares, descend, fit_convex
from plaudit.training.linear import fit_linear

UNSEEN = toy_groups(60, seed=9)
SETTINGS = TrainingSettings()


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return str(toy_backbone(tmp_path_factory.mktemp("backbone")))


def scores_of(model, groups):
    return np.array([score.score for row in model.score(groups) for score in row])


# ---- the fits -------------------------------------------------------------------------------------------------------


def random_problem(seed=0, rows=40, features=5, count=120):
    numbers = np.random.default_rng(seed)
    x = numbers.normal(size=(rows, features))
    first, second = numbers.integers(rows, size=(2, count))
    weight = numbers.uniform(0.5, 3, count)
    part = numbers.integers(6, size=count)
    won = np.where(x[first, 0] - x[second, 0] + numbers.logistic(size=count) > 0, 1.0, 0.5)
    comparisons = BradleyTerry(first=first, second=second, won=won, weight=weight, part=part)
    ratings = LeastSquares(row=first, target=x[first, 1] + numbers.normal(size=count), weight=weight, part=part)
    return x, comparisons, ratings


def test_bradley_terry_is_logistic_regression_on_differences():
    x, asked, _ = random_problem()
    difference = x[asked.first] - x[asked.second]
    # Both orders of every comparison; a tie is half a win each way.
    rows = np.concatenate([difference, difference])
    outcome = np.repeat([1, 0], len(difference))
    weight = np.concatenate([asked.weight * asked.won, asked.weight * (1 - asked.won)]) / asked.weight.sum()
    for penalty in (1.0, 0.01):
        theirs = LogisticRegression(C=1 / penalty, fit_intercept=False, tol=1e-10, max_iter=5000)
        theirs.fit(rows, outcome, sample_weight=weight)
        assert descend(x, asked, penalty) == pytest.approx(theirs.coef_[0], abs=2e-5)


def test_ratings_are_ridge_regression():
    x, _, asked = random_problem()
    for penalty in (1.0, 0.01):
        theirs = Ridge(alpha=penalty).fit(x[asked.row], asked.target, sample_weight=asked.weight / asked.weight.sum())
        ours = descend(x, asked, penalty)
        assert ours == pytest.approx(theirs.coef_, abs=2e-5)
        assert asked.intercept(x @ ours) == pytest.approx(theirs.intercept_, abs=2e-5)


@pytest.mark.parametrize("which", [1, 2])
def test_gradients(which):
    asked = random_problem()[which]
    scores = np.random.default_rng(1).normal(size=40)
    assert check_grad(lambda s: asked.loss(s)[0], lambda s: asked.loss(s)[1], scores) < 1e-6


@pytest.mark.parametrize("which", [1, 2])
def test_a_sparse_matrix_and_weights_of_a_million_change_nothing(which):
    problem = random_problem()
    x, asked = problem[0], problem[which]
    once = fit_convex(x, asked)
    heavy = fit_convex(sparse.csr_matrix(x), replace(asked, weight=asked.weight * 1e6))
    assert heavy.weights == pytest.approx(once.weights, abs=1e-5)
    assert (heavy.penalty, heavy.intercept) == (once.penalty, pytest.approx(once.intercept, abs=1e-5))
    assert heavy.loss == pytest.approx(once.loss, abs=1e-6)


@pytest.mark.parametrize("which", [1, 2])
def test_units_of_the_features_change_nothing(which):
    problem = random_problem()
    once, millions = (fit_convex(problem[0] * unit, problem[which]) for unit in (1, 1e3))
    assert millions.penalty == once.penalty
    assert millions.weights * 1e3 == pytest.approx(once.weights, abs=1e-4)


def test_what_belongs_together_is_held_out_together():
    # Within a part the first response wins by the part's own feature, which says nothing of other parts: a fit that saw
    # half of a part would do well on the rest of it, one that has not cannot beat equal scores.
    parts = np.repeat(np.arange(8), 10)
    x = np.zeros((160, 8))
    x[np.arange(80), parts] = 1
    asked = BradleyTerry(
        first=np.arange(80), second=np.arange(80, 160), won=np.ones(80), weight=np.ones(80), part=parts
    )
    found = fit_convex(x, asked)
    assert found.loss == pytest.approx(np.log(2))
    assert found.constant == pytest.approx(np.log(2))


def test_one_prompt_has_nothing_to_hold_out():
    x, asked, _ = random_problem()
    found = fit_convex(x, replace(asked, part=np.zeros(120, dtype=int)))
    assert (found.loss, found.constant) == (None, None)
    assert np.abs(found.weights).max() > 0


# ---- from groups ----------------------------------------------------------------------------------------------------


def test_a_bag_of_words_learns_which_word_wins():
    model = fit_linear(toy_groups(160), "bow", SETTINGS)
    assert accuracy(model, UNSEEN) > 0.95
    assert model.linear.reward[model.features.vocabulary.index("good")] == model.linear.reward.max()


def test_the_length_rule_learns_which_way_it_goes():
    groups = [
        Group(str(n), f"p{n}", ("a" * (n % 7 + 2), "a" * (n % 7 + 9)), (Ranking(((0,), (1,))),)) for n in range(30)
    ]
    model = fit_linear(groups, "length", SETTINGS)
    assert model.linear.reward.shape == (1,)
    assert accuracy(model, groups) == 1
    assert model.rank("p", ["aaaa", "", "aa"])[0].response == 1


def test_a_ranking_shares_its_weight_among_its_comparisons():
    # A ranking of three counts as much as one pair: three comparisons of a third each.
    rows = [("a", "b", "c"), ("a", "b", "c"), ("a", "b", "c")]
    full = [Group(str(n), f"p{n}", row, (Ranking(((0,), (1,), (2,)), weight=3),)) for n, row in enumerate(rows)]
    pairs = [
        Group(str(n), f"p{n}", row, tuple(Ranking(((i,), (j,))) for i, j in ((0, 1), (0, 2), (1, 2))))
        for n, row in enumerate(rows)
    ]
    one, other = (fit_linear(groups, "bow", SETTINGS).linear.reward for groups in (full, pairs))
    assert one == pytest.approx(other, abs=1e-6)


def test_gaps_are_probabilities():
    # Of the votes on each pair three in four say `good`; nothing else differs, and there are many: sigma(gap) = 3/4.
    votes = (*[Ranking(((0,), (1,)))] * 3, Ranking(((1,), (0,))))
    groups = [Group(str(n), f"p{n}", ("good", "bad"), votes) for n in range(40)]
    good, bad = fit_linear(groups, "bow", SETTINGS).score(Group("q", "p", ("good", "bad")))[0]
    assert good.score - bad.score == pytest.approx(np.log(3), abs=0.01)


def rated_groups(count=60):
    """log(1 + characters) from log 2 to log 32, and a rating that is a line of it: 1 at log 2, 5 at log 32."""
    numbers = np.random.default_rng(0)
    groups = []
    for n in range(count):
        lengths = numbers.integers(1, 32, 3)
        value = lambda length: 1 + 4 * (np.log1p(length) - np.log(2)) / np.log(16)  # noqa: E731
        ratings = tuple(Rating(i, value(length), "clear", scale=(1, 5)) for i, length in enumerate(lengths))
        groups.append(Group(str(n), f"p{n}", tuple("a" * length for length in lengths), ratings=ratings))
    return groups


def test_ratings_are_predicted_in_their_own_units():
    model = fit_linear(rated_groups(), "length", SETTINGS)
    short, long = model.score(Group("q", "p", ("a", "a" * 31)))[0]
    assert [short.scores["clear"], long.scores["clear"]] == pytest.approx([1, 5], abs=0.01)
    assert long.score > short.score


def test_rankings_make_the_reward_where_there_are_both(caplog):
    # People rank the shorter first, and rate the longer higher.
    groups = [
        replace(group, rankings=(Ranking(((int(np.argmin(list(map(len, group.responses)))),), (best,))),))
        for group in rated_groups()
        if (best := int(np.argmax(list(map(len, group.responses))))) != int(np.argmin(list(map(len, group.responses))))
    ]
    model = fit_linear(groups, "length", SETTINGS)
    short, long = model.score(Group("q", "p", ("a", "a" * 31)))[0]
    assert short.score > long.score
    assert short.scores["clear"] < long.scores["clear"]
    assert "learns its reward from one kind of judgement: here the rankings" in caplog.text
    mixed = fit_linear(groups, "length", replace(SETTINGS, mix="clear=1"))
    short, long = mixed.score(Group("q", "p", ("a", "a" * 31)))[0]
    assert short.score < long.score


PAIR = (Ranking(((0,), (1,))),)
HARD = {
    "one class only": [
        Group(str(n), f"p{n}", ("a b", "c"), ratings=(Rating(n % 2, 3, scale=(1, 5)),)) for n in range(9)
    ],
    "all ties": [Group(str(n), f"p{n}", (f"a {n}", "b"), (Ranking(((0, 1),)),)) for n in range(9)],
    "a group of one response": [
        *(Group(str(n), f"p{n}", ("a", "b"), PAIR) for n in range(9)),
        Group("alone", "p", ("c",), (Ranking(((0,),)),)),
    ],
    "a rated group of one response": [
        Group(str(n), f"p{n}", ("a" * (n + 1),), ratings=(Rating(0, n),)) for n in range(9)
    ],
    "one prompt": [Group("q", "p", ("a", "b"), PAIR)],
    "empty responses": [Group(str(n), f"p{n}", ("", f"a {n}"), PAIR) for n in range(9)],
    "weights of a million": [
        Group(str(n), f"p{n}", ("a", "b"), (Ranking(((0,), (1,)), weight=1e6), Ranking(((1,), (0,)), weight=1e-6)))
        for n in range(9)
    ],
    "blank prompts": [Group(str(n), "", ("a", "b"), PAIR) for n in range(9)],
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("kind", ["length", "bow"])
def test_hard_input_gives_finite_scores(name, kind, tmp_path):
    model = fit_linear(HARD[name], kind, SETTINGS)
    scores = scores_of(model, HARD[name])
    assert np.isfinite(scores).all()
    if name in ("one class only", "all ties"):
        assert np.abs(scores).max() < 1e-6
    if name == "one class only":
        assert model.score(HARD[name])[0][0].scores["overall"] == pytest.approx(3)
    if name == "empty responses":
        assert scores[0] == 0
    model.save(tmp_path)
    assert (scores_of(open_model(tmp_path), HARD[name]) == scores).all()


REFUSED = {
    "no judgement": ([Group("q", "p", ("a", "b"))], {}, "no group has a rating, or a ranking of two or more"),
    "ties alone, ignored": (HARD["all ties"], {"ties": "ignore"}, "no group has a rating, or a ranking of two or more"),
    "no word": ([Group("q", "p", ("?", "!"), PAIR)], {}, "no word in any of 2 responses"),
    "no such field": (HARD["one prompt"], {"folds_by": "debate"}, "the group q has no 'debate', which folds_by names"),
    "one value, no scale": (
        [Group("q", "p", ("a", "b"), ratings=(Rating(0, 3), Rating(1, 3)))],
        {},
        "every rating of overall is 3",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_one_line(name):
    groups, changes, says = REFUSED[name]
    with pytest.raises(PlauditError, match=says) as caught:
        fit_linear(groups, "bow", replace(SETTINGS, **changes))
    assert "\n" not in str(caught.value)


# ---- training -------------------------------------------------------------------------------------------------------


def _winner_first(scores, groups):
    for row, group in zip(scores, groups, strict=True):
        (winner,), (loser,) = group.rankings[0].tiers
        yield row[winner], row[loser]


@pytest.mark.parametrize("kind", ["length", "bow", "frozen"])
def test_a_plain_backbone_is_trained_and_saved_like_any_other(kind, backbone, tmp_path):
    name = f"frozen:{backbone}" if kind == "frozen" else kind
    model = plaudit.train(toy_groups(160), tmp_path, name, validation_groups=UNSEEN)
    saved = open_model(tmp_path)
    assert np.abs(scores_of(model, UNSEEN) - scores_of(saved, UNSEEN)).max() < 1e-5
    record = json.loads((tmp_path / "plaudit.json").read_text())
    assert (record["backbone"], record["groups"], record["validation"]["groups"]) == (name, 160, 60)
    gaps = np.array([a.score - b.score for a, b in _winner_first(saved.score(UNSEEN), UNSEEN)])
    assert record["validation"]["accuracy"] == pytest.approx(np.mean((gaps > 0) + 0.5 * (gaps == 0)))
    assert record["validation"]["loss"] == pytest.approx(np.mean(np.log1p(np.exp(-gaps))), abs=1e-5)
    assert f"A baseline: {name}" in (tmp_path / "README.md").read_text()
    assert not (tmp_path / "checkpoints").exists()
    with pytest.raises(PlauditError, match="holds a trained model"):
        plaudit.train(toy_groups(20), tmp_path, name)
    assert plaudit.train(toy_groups(20), tmp_path, "length", overwrite=True).record["groups"] == 20
    assert isinstance(open_model(tmp_path), LinearModel)


def test_a_frozen_backbone_learns_ratings_in_their_units(backbone, tmp_path):
    groups = [
        Group(str(n), f"w{n % 20}", ("w1 good", "w2 bad"), ratings=(Rating(0, 9, "fun"), Rating(1, 7, "fun")))
        for n in range(40)
    ]
    model = plaudit.train(groups, tmp_path, f"frozen:{backbone}")
    # The same by scikit-learn: ridge on standardised features, two random rows of which are 2 F apart in the square.
    reader = RewardModel.from_backbone(backbone, outputs=Outputs(pooling="mean"))
    features = reader.features(list(reader.renderer.render(groups))).astype(float)
    features = (features - features.mean(0)) / features.std(0)
    penalty = model.record["fits"]["ratings of fun"]["penalty"] * 2 * features.shape[1]
    fun = np.tile([9.0, 7.0], 40)
    theirs = Ridge(alpha=penalty * 80).fit(features, fun).predict(features)
    for one in (model, open_model(tmp_path)):
        ours = [score.scores["fun"] for row in one.score(groups) for score in row]
        assert ours == pytest.approx(theirs, abs=1e-3)
        # Standardised, the reward is (value - 8) / 1, but for a constant.
        assert np.ptp(scores_of(one, groups) - theirs) < 2e-3


# ---- baselines -----------------------------------------------------------------------------------------------------


def test_a_sample_is_whole_groups_in_order():
    groups = toy_groups(50, responses=3)
    some = sampled(groups, 20, seed=1)
    assert [g.id for g in some] == [g.id for g in sampled(groups, 20, seed=1)] != [g.id for g in groups[:6]]
    assert len(some) == 6
    numbers = [int(group.id[1:]) for group in some]
    assert numbers == sorted(numbers)
    assert sampled(groups, 150, seed=1) == groups
    assert len(sampled(groups, 2, seed=1)) == 1


def test_baselines_stand_beside_the_model(backbone, tmp_path, caplog):
    groups = toy_groups(120)
    settings = TrainingSettings(baselines=f"length, bow, frozen:{backbone}, frozen:./nowhere")
    fit_baselines(groups, tmp_path, settings)
    baselines = load_baselines(tmp_path)
    assert set(baselines) == {"length", "bow", f"frozen:{backbone}"}
    assert "the baseline frozen:./nowhere could not be fitted (no folder './nowhere'" in caplog.text
    assert baselines["bow"].record["sampled"] == {"groups": 120, "of": 120}
    assert accuracy(baselines["bow"], UNSEEN) > 0.95
    # A frozen baseline is its head alone, and scores as the whole model that the same fit makes.
    whole = fit_linear(groups, f"frozen:{backbone}", settings)
    assert np.abs(scores_of(baselines[f"frozen:{backbone}"], UNSEEN) - scores_of(whole, UNSEEN)).max() < 1e-5
    sizes = [path.stat().st_size for path in tmp_path.rglob("head.safetensors")]
    assert len(sizes) == 1
    assert sizes[0] < 1000
    fit_baselines(groups, tmp_path, replace(settings, baselines="none"))
    assert load_baselines(tmp_path) == {}


def test_baselines_are_fitted_without_being_asked(backbone, tmp_path):
    toys = {"epochs": 1, "groups_per_step": 16, "evaluate_every": 1, "report_to": "none"}
    plaudit.train(toy_groups(64), tmp_path, backbone, **toys)
    (name, baseline), *others = load_baselines(tmp_path).items()
    assert (name, others) == ("bow", [])
    # Held-out groups are not learned from.
    assert baseline.record["groups"] == json.loads((tmp_path / "plaudit.json").read_text())["groups"] == 58
