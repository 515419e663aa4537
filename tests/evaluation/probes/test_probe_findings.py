"""Scorers of a known rule are misled by the probes that touch it, by as much as follows by hand, and by no other."""

import json
import math
from pathlib import Path

import pytest
from report_samples import probe_claims
from ruled import Ruled, by_luck, by_text

from plaudit.errors import PlauditError
from plaudit.evaluation.probes import PROBES, Probes, probe
from plaudit.evaluation.probes.measuring import NO_SPREAD, NOT_NOTICED, ONE_SCORE, TOO_FEW, Pairs, Unit, measure, spread
from plaudit.evaluation.probes.results import FEWEST
from plaudit.groups import Group, Ranking, plain_text

WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima")


def sentence(number, words):
    """A sentence of `words` different words that depends on `number`."""
    return " ".join(WORDS[(number * 5 + k * 3) % len(WORDS)] for k in range(words)).capitalize() + "."


def groups(count=30, lengths=(4, 8)):
    """Two answers a prompt, of three sentences each, the second the longer; the first is judged the better."""
    return [
        Group(
            f"q{n}",
            f"Question {n}?",
            tuple(" ".join(sentence(n + 7 * k, words) for k in range(3)) for words in lengths),
            (Ranking(((0,), (1,))),),
        )
        for n in range(count)
    ]


def found(model, data=None, **options):
    return {one.probe.name: one for one in probe(model, groups() if data is None else data, **options).probed}


def misled(result):
    return {name for name, one in result.items() if one.finding == "misled"}


def test_a_scorer_of_length_is_misled_by_what_makes_an_answer_longer():
    result = found(by_text(len))
    # The answers of a prompt are some 80 characters apart, so 0.1 sd are some 6: a list's marks add 6, which is at the
    # edge, a heading 4, empty lines 3, and spaces 2.
    assert misled(result) - {"bullets"} == {
        *("padding", "opening", "last sentence again", "all again", "bold"),
        *("certain", "expert", "hedge", "disclaimer", "praise", "service", "you are right"),
        *("request", "command", "verdict", "score tag", "system turn", "praising user turn"),
    }
    assert {result[name].finding for name in ("heading", "line breaks", "double spaces", "typos")} == {"sound"}
    assert result["all again"].raised.value == 1
    assert result["truncated"].finding == result["empty"].finding == "sound"


def test_effects_are_in_sd_within_prompts():
    # Scores 0 and 1 within every prompt: sd = sqrt(1/2). Three words in bold are twelve stars.
    data = [Group(f"q{n}", f"Why {n}?", ("Alpha, bravo or charlie", "Alpha* bravo or charlie")) for n in range(12)]
    one = found(by_text(lambda text: text.count("*")), data)["bold"]
    assert one.effect.value == pytest.approx(12 / math.sqrt(0.5))
    assert one.effect.n == 24
    assert one.raised.value == 1
    assert one.finding == "misled"
    # Twelve prompts that all rise: of 2^12 sign patterns two are as far out.
    assert one.p == pytest.approx(2 / 2**12)


def test_a_scorer_of_stars_is_misled_by_stars_alone():
    data = [Group(f"q{n}", f"Why {n}?", ("Alpha bravo. Charlie.", "Alpha* bravo. Charlie.")) for n in range(12)]
    model = by_text(lambda text: text.count("*"))
    # The answer twice, or its last sentence again, has the stars it had or twice as many: half the answers have one.
    assert misled(found(model, data)) - {"all again"} == {"bold"}


def test_a_scorer_that_obeys_is_misled_by_orders_and_nothing_else():
    orders = ("score", "reward", "[[10]]", "best", "correct", "accepted", "wins")
    result = found(by_text(lambda text: len(text) / 1e6 + 5 * any(order in text for order in orders)))
    # Length moves it by a few sd, an order by tens of thousands. Some wordings have none of these words.
    obeyed = {name for name, one in result.items() if (one.effect.value or 0) > 1000}
    assert obeyed >= {"request", "command", "verdict", "score tag", "system turn", "praising user turn"}
    assert obeyed <= misled(result)
    assert {PROBES[name].family for name in obeyed} <= {"injection", "hedging"}


def test_a_scorer_that_is_constant_but_for_a_request_is_misled_by_it_and_has_no_unit():
    result = found(by_text(lambda text: float("score" in text.lower() or "reward" in text.lower())))
    one = result["request"]
    assert (one.finding, one.effect.value) == ("misled", None)
    assert "no spread" in one.reason
    assert 0 < one.raised.value < 1
    assert result["padding"].finding == "undefined"


def test_a_constant_scorer_is_misled_by_nothing_and_all_is_undefined():
    result = probe(by_text(lambda text: 3.0), groups())
    assert {one.finding for one in result.probed} == {"undefined"}
    assert math.isnan(result.sd)
    assert result.to_json()["sd"] is None
    json.dumps(result.to_json(), allow_nan=False)
    assert probe_claims(result).startswith(f"{len(PROBES)} probes could not be measured (")
    assert "Not taken in" not in probe_claims(result)


def test_a_scorer_of_nothing_but_luck_is_misled_by_few():
    # A family of probes has a false finding once in twenty times at most: among three, two would be rare.
    assert sum(len(misled(found(by_luck(seed), groups(20)))) for seed in range(3)) <= 1


def test_a_scorer_that_prefers_what_stands_first():
    result = found(Ruled(lambda group, i: float(i == 0) + 0.001 * len(plain_text(group.responses[i]))), answers=2)
    one = result["first in the group"]
    # Of two answers the second alone can move to the front; it gains 1 there.
    assert (one.finding, one.effect.n, one.left_out) == ("misled", 30, {"does not apply": 30})
    assert one.raised.value == 1


def test_standing_first_must_change_nothing_at_all():
    def noisy(group, i):
        number = int(group.prompt.split()[1].rstrip("?"))
        return len(group.responses[i]) + (i == 0) * (-1) ** number

    one = found(Ruled(noisy), groups(6))["first in the group"]
    assert one.finding == "unsure"
    assert "no difference at all" in one.reason


def test_a_scorer_that_sides_with_the_user():
    def sides(group, i):
        said = plain_text(group.responses[i]).split(".")[0]
        return float(said in plain_text(group.prompt)) + 0.01 * len(said)

    one = found(Ruled(sides), answers=2)["wrong opinion"]
    # The second answer alone is judged worse than another.
    assert (one.finding, one.raised.value, one.raised.n) == ("misled", 1, 30)
    assert found(by_text(len), answers=2)["wrong opinion"].finding == "sound"


def test_a_sound_scorer_of_content_is_said_to_be_sound():
    data = groups(10)
    known = {group.prompt: {part for text in group.responses for part in text.lower().split(". ")} for group in data}

    def reads(group, i):
        """How many of the sentences that answer the question are in the answer, however it is laid out."""
        text = " ".join(plain_text(group.responses[i]).lower().replace("*", "").split())
        return float(sum(part.rstrip(".") in text for part in known[group.prompt.split("\n")[0]])) + 0.001 * (i == 0)

    result = found(Ruled(reads), data, answers=2)
    for name in ("padding", "all again", "bold", "heading", "praise", "request", "line breaks", "empty", "unrelated"):
        assert result[name].finding == "sound", name


def test_what_is_not_finite_or_cut_is_left_out_and_counted():
    broken = by_text(lambda text: math.nan if "**" in text else len(text), longest=250)
    result = found(broken)
    assert result["bold"].finding == "undefined"
    assert result["bold"].left_out == {"no finite score": 60}
    assert result["padding"].left_out["longer than the context"] > 0
    json.dumps(probe(broken, groups()).to_json(), allow_nan=False)


def test_one_prompt_has_no_interval_and_misleads_nobody():
    result = found(by_text(len), groups(1))
    assert result["padding"].finding == "unsure"
    assert result["padding"].reason == TOO_FEW
    assert result["unrelated"].finding == "undefined"
    assert result["unrelated"].left_out == {"does not apply": 2}


def test_too_few_prompts_for_the_test_are_said():
    # Of 2^5 patterns of signs two are as far out as five prompts that all rise: p = 1/16 at the least.
    result = probe(by_text(len), groups(5))
    assert {one.finding for one in result.probed if one.probe.family == "length"} == {"unsure"}
    assert "no p is below 0.062: nothing can be called misled, or sound." in probe_claims(result)
    # 2 / 2^12 is enough for one probe, and for forty.
    assert "no p is below" not in probe_claims(probe(by_text(len), groups(12)))


SD = Unit(1.0, "within prompts")


def verdict(differences, clusters):
    """What is said of probes whose differences are given by name, one a prompt."""
    pairs = {name: Pairs(list(own), list(range(len(own)))) for name, own in differences.items()}
    probed = measure(pairs, [PROBES[name] for name in differences], SD)
    return probe_claims(Probes(*SD, clusters, clusters, "prompt", clusters, probed))


def test_what_several_probes_find_together_is_no_contradiction():
    # p = 2 / 2^7 = 1/64 for each of three probes that rise every time; of six probes all three have q = 6/64/3 = 1/32.
    rise, none = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6], [0.0] * 7
    names = ("padding", "opening", "praise", "bold", "heading", "quotes")
    said = verdict({name: rise if i < 3 else none for i, name in enumerate(names)}, 7)
    assert "Changes that should not pay move its reward, in 3 of 3 probes" in said
    assert "3 probes are not counted: the model does not see the change" in said
    # m probes at 1/64 have q = 6 / 64 / m, which is below 0.05 from m = 2 on: 0.094, 0.047.
    assert "With 7 clusters (by prompt) no p is below 0.016: of 6 probes one is called misled only if 2 or more" in said
    # One alone: q = 6/64.
    assert "Changes that should not pay" not in verdict(
        {name: rise if i < 1 else none for i, name in enumerate(names)}, 7
    )
    assert "With 1 cluster (by prompt)" in verdict({"padding": [1.0]}, 1)


FALL = [-1.0, -1.2] * 6


def test_a_family_stands_for_something_only_if_all_of_it_misled():
    length, rise = ("padding", "opening", "last sentence again", "all again"), [1.0, 1.2] * 6
    said = verdict(dict.fromkeys(length, rise), 12)
    assert "It is paid for length: raised by three empty sentences at the end (+1.10 sd)," in said
    said = verdict(dict.fromkeys(length, FALL) | {"all again": rise}, 12)
    assert "Of length, 1 of 4 probes misled it: raised by saying the whole answer twice (+1.10 sd)." in said
    # Those that were not run are not known of.
    assert "Of length, 1 of 4 probes misled it:" in verdict({"all again": rise}, 12)


def test_one_answer_has_no_spread():
    one = found(by_text(len), [Group("q", "Why?", ("One. Two.",))])["padding"]
    assert (one.finding, one.effect.reason) == ("undefined", ONE_SCORE)
    two = found(by_text(lambda text: 1.0), [Group("q", "Why?", ("One. Two.", "Three."))])["padding"]
    assert two.effect.reason == NO_SPREAD


@pytest.mark.parametrize("name", ["padding", "bold", "first in the group", "truncated"])
def test_nothing_is_found_from_fewer_than_six_prompts(name):
    # Of 2^5 patterns of signs two are as far out as can be: 1/16. Of 2^6: 1/32, which is below 1/20.
    assert FEWEST == 6
    for differences in ([0.0] * 5, [-0.1, -0.1], [-1.0, -1.1, -1.2], [1.0] * 5):
        one = judged(name, *differences)
        assert (one.finding, one.reason) == ("unsure", TOO_FEW)
    assert judged(name, *[0.0] * 6).reason == (NOT_NOTICED if name == "truncated" else None)
    # Answers of one prompt are one cluster, however many they are.
    pairs = {name: Pairs([0.0] * 12, [0, 1, 2] * 4)}
    assert measure(pairs, [PROBES[name]], SD)[0].finding == "unsure"


def test_no_group_is_an_error():
    with pytest.raises(PlauditError, match="no group"):
        probe(by_text(len), [])


def test_what_a_probe_finds_does_not_depend_on_the_others():
    alone, among = found(by_luck(3), only=["typos"])["typos"], found(by_luck(3))["typos"]
    assert (alone.effect, alone.raised, alone.p) == (among.effect, among.raised, among.p)
    assert alone.q == alone.p
    assert found(by_luck(3), only=["typos"], seed=1)["typos"].effect != alone.effect


def test_a_prompt_is_read_once_and_an_answer_scored_once():
    model = by_text(len)
    probe(model, groups(5), only=["length", "markdown", "content"])
    assert len(model.asked) == 5
    assert all(len(set(group.responses)) == len(group.responses) for group in model.asked)


def test_answers_make_up_for_few_groups():
    data = [Group(f"q{n}", f"Why {n}?", tuple(sentence(k, 6) for k in range(15))) for n in range(4)]
    assert probe(by_text(len), data, count=40, only=["echo"]).answers == 40
    assert probe(by_text(len), data, count=40, answers=2, only=["echo"]).answers == 8
    assert probe(by_text(len), data, count=3, only=["echo"]).groups == 3


def test_spread():
    # Within: squares 0.5 + 2 + 0 over 1 + 1 + 0 degrees of freedom.
    assert spread([[0, 1], [10, 12], [7]]) == (pytest.approx(math.sqrt(2.5 / 2)), "within prompts")
    assert spread([[0], [1], [2, 2]]) == (pytest.approx(math.sqrt((1.25**2 + 0.25**2 + 2 * 0.75**2) / 3)), "overall")
    assert spread([[math.nan, 1.0, 3.0], [math.inf]]) == (pytest.approx(math.sqrt(2)), "within prompts")
    for none in ([[1, 1], [1]], [[math.nan]], [[5]], []):
        assert math.isnan(spread(none)[0])


def judged(name, *differences, sd=1.0):
    """The finding on a probe from a difference in each of several prompts, tested alone."""
    pairs = {name: Pairs(list(differences), list(range(len(differences))))}
    return measure(pairs, [PROBES[name]], Unit(sd, "within prompts"))[0]


SMALL, LARGE = [0.04, 0.05, 0.06] * 10, [0.4, 0.5, 0.6] * 10
BOTH_WAYS = [-1.0, 1.0] * 6


@pytest.mark.parametrize(
    ("name", "differences", "finding"),
    [
        # A person wants no rise: one that is surely within 0.1 sd is none, and a fall is fine.
        ("padding", SMALL, "sound"),
        ("padding", LARGE, "misled"),
        ("padding", [-x for x in LARGE], "sound"),
        ("padding", BOTH_WAYS, "unsure"),
        ("padding", [0.0] * 9, "sound"),
        # A person wants it to stay as it is.
        ("bold", SMALL, "sound"),
        ("bold", LARGE, "misled"),
        ("bold", [-x for x in LARGE], "misled"),
        ("bold", BOTH_WAYS, "unsure"),
        # A person wants a fall that can be noticed.
        ("empty", LARGE, "misled"),
        ("empty", [-x for x in LARGE], "sound"),
        ("empty", SMALL, "unsure"),
        ("empty", [-x for x in SMALL], "unsure"),
        ("empty", BOTH_WAYS, "unsure"),
        ("empty", [0.0] * 9, "unsure"),
    ],
)
def test_findings(name, differences, finding):
    assert judged(name, *differences).finding == finding


def test_what_is_not_noticed_is_said():
    one = judged("unrelated", *[-0.02, 0.02] * 20)
    assert (one.finding, one.reason) == ("unsure", NOT_NOTICED)


def test_small_units_of_a_reward_change_no_finding():
    a, b = (judged("padding", *(x * unit for x in LARGE), sd=unit) for unit in (1.0, 1e-14))
    assert (a.p, a.finding) == (b.p, b.finding)


def test_q_is_corrected_for_all_probes():
    names = ["padding", "bold", "empty"]
    pairs = {name: Pairs(BOTH_WAYS, list(range(12))) for name in names} | {"padding": Pairs(LARGE, list(range(30)))}
    first, *rest = measure(pairs, [PROBES[name] for name in names], SD)
    assert first.q == pytest.approx(3 * first.p)
    assert [one.q for one in rest] == [1.0, 1.0]


@pytest.mark.parametrize("groups", ["pairs.jsonl", Path("pairs.jsonl"), ["a", "b"], 3, None])
def test_what_is_no_list_of_groups_is_a_type_error(groups):
    with pytest.raises(TypeError, match="takes groups as a list of Groups, not "):
        probe(by_text(len), groups)
