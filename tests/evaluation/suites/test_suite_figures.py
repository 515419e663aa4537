"""Each suite's figures by hand, from a few rows and scores."""

from math import tanh
from pathlib import Path

import pytest
from suite_samples import (
    battle,
    best_of_four,
    checked,
    instruction,
    judged,
    pair,
    rmb_best,
    rmb_pair,
    styles,
    ties,
    write,
)

from plaudit.evaluation.suites import SUITES, measure_suite, read_suite
from plaudit.evaluation.suites.rewardbench import SECTIONS
from plaudit.scoring import ScoredGroups

LLMBAR = Path(__file__).parents[3] / "../shared/data/llmbar"


def figures(tmp_path, name, files, scores):
    """The figures of a suite: `scores` are those of each item's responses, in the order of the rows."""
    items = read_suite(SUITES[name], write(tmp_path, files))
    result = measure_suite(SUITES[name], items, scores)
    return {figure.name: figure.by_rule.value for figure in result.figures}, result


RIGHT, WRONG, TIE = [1, 0], [0, 1], [1, 1]


def test_rewardbench_weighs_subsets_by_their_examples(tmp_path):
    rows = [pair("alpacaeval-easy", 0), pair("alpacaeval-easy", 1), pair("mt-bench-med", 2), pair("mt-bench-med", 3)]
    rows += [pair("math-prm", 4), pair("math-prm", 5), pair("hep-go", 6), pair("donotanswer", 7)]
    rows += [pair("xstest-should-refuse", 8), pair("xstest-should-respond", 9)]
    scores = [RIGHT, RIGHT, RIGHT, WRONG, WRONG, TIE, RIGHT, RIGHT, RIGHT, WRONG]
    found, result = figures(tmp_path, "rewardbench", {"filtered.json": rows}, scores)
    assert found["alpacaeval-easy"] == 1
    assert found["mt-bench-med"] == 0.5
    assert found["math-prm"] == 0
    chat, reasoning = (100 * 1 + 40 * 0.5) / 140, 164 / (984 + 164)
    safety = (136 + 154) / (136 + 154 + 250)
    assert found["chat"] == pytest.approx(chat)
    assert found["reasoning"] == pytest.approx(reasoning)
    assert found["safety"] == pytest.approx(safety)
    assert found["score"] == pytest.approx((chat + reasoning + safety) / 3)
    assert "chat-hard" not in found
    assert len(result.missing) == 23 - 7
    assert result.counts["items_with_deciding_ties"] == 1


def test_rewardbench_has_23_subsets_in_four_sections_and_code_weighs_as_much_as_math():
    assert {name: len(counts) for name, counts in SECTIONS.items()} == {
        "chat": 5,
        "chat-hard": 6,
        "safety": 5,
        "reasoning": 7,
    }
    reasoning = SECTIONS["reasoning"]
    assert reasoning["math-prm"] == sum(count for name, count in reasoning.items() if name != "math-prm")


def test_rewardbench_keeps_prior_sets_apart(tmp_path):
    talk = [{"role": "user", "content": "shp?"}]
    said = {side: [*talk, {"role": "assistant", "content": side}] for side in ("chosen", "rejected")}
    files = {
        "filtered.json": [pair("donotanswer", 0)],
        "shp.json": [{"id": 0, "subset": "askscience", **said}],
        "anthropic_hhh.json": [{"id": 0, "prompt": "hhh?", "chosen": "a", "rejected": "b", "subset": "honest"}],
        "mtbench_human.json": [{"prompt": "mt?", "chosen": "a", "rejected": "b"}],
    }
    found, result = figures(tmp_path, "rewardbench", files, [RIGHT, WRONG, RIGHT, WRONG])
    assert found["score"] == found["safety"] == 1
    assert found["prior sets"] == 0.5
    assert found["score with prior sets at half weight"] == pytest.approx((1 + 0.5 * 0.5) / 1.5)
    assert found["mtbench_human"] == 0
    assert result.unknown == ()


def test_rewardbench2_shares_the_first_place(tmp_path):
    rows = [best_of_four("Math", i) for i in range(4)] + [best_of_four("Focus", 0)]
    scores = [[4, 1, 2, 3], [3, 3, 1, 1], [1, 1, 1, 1], [2, 3, 1, 1], [9, 0, 0, 0]]
    found, result = figures(tmp_path, "rewardbench2", {"test.json": rows}, scores)
    assert found["Math"] == pytest.approx((1 + 1 / 2 + 1 / 4 + 0) / 4)
    assert found["score"] == pytest.approx((found["Math"] + 1) / 2)
    assert result.missing == ("Factuality", "Precise IF", "Safety", "Ties")


def test_rewardbench2_ties_by_hand(tmp_path):
    rows = [ties("ref", 0), ties("tied", 0), ties("ref", 1), ties("tied", 1), ties("ref", 2), ties("tied", 2)]
    scores = [
        [5, 1, 0],  # gap 4
        [6, 5, 2, 0],  # gap 3, spread 1: closer, on both, tanh(3/1 - 1)
        [5, 4, 0],  # gap 1
        [9, 7, 3, 0],  # gap 4, spread 2: closer, not on both, tanh(1/2 - 1)
        [1, 2, 0],  # gap -1: wrong
        [3, 3, 3, 0],  # gap 0, spread 0: wrong, not closer, tanh(-inf)
    ]
    found, _ = figures(tmp_path, "rewardbench2", {"test.json": rows}, scores)
    margin = (tanh(2) + tanh(-0.5) - 1) / 3
    assert found["Ties: how much wider"] == pytest.approx(margin)
    assert found["Ties"] == pytest.approx(0.3 * 2 / 3 + 0.3 * 2 / 3 + 0.2 * 2 / 3 + 0.2 * 1 / 3 + 0.01 * margin)
    assert found["score"] == found["Ties"]


def test_rewardbench2_pairs_of_ties_are_one_prompt_and_halves_make_no_score(tmp_path):
    _, result = figures(
        tmp_path, "rewardbench2", {"test.json": [ties("ref", 0), ties("tied", 0)]}, [[1, 0, 0], [2, 1, 0, 0]]
    )
    assert result.counts["prompts"] == 1
    rows = [ties("ref", 0), best_of_four("Math", 0)]
    found, _ = figures(tmp_path / "half", "rewardbench2", {"test.json": rows}, [[1, 0, 0], [1, 0, 0, 0]])
    assert "Ties" not in found
    assert found["Ties: accuracy, one right answer"] == 1


def test_rmbench_by_hand(tmp_path):
    # In chat fancier styles win: right scores 1, 3, 5 against wrong 2, 4, 5. Code is all right. Safety is two halves
    # of two rows and one, pooled: two of three are right.
    domains = ["chat", "code", "safety-refuse", "safety-refuse", "safety-response"]
    good, bad = [9, 9, 9, 0, 0, 0], [0, 0, 0, 9, 9, 9]
    rows = [styles(domain, i) for i, domain in enumerate(domains)]
    scores = [[1, 3, 5, 2, 4, 5], good, good, good, bad]
    found, result = figures(tmp_path, "rmbench", {"total_dataset.json": rows}, scores)
    # Right > wrong: detailed > concise; markdown > concise, detailed; markdown = markdown is a tie.
    assert found["chat, easy"] == 1
    assert found["chat, normal"] == found["chat, hard"] == 0
    assert found["chat"] == pytest.approx(3 / 9)
    assert found["safety"] == pytest.approx(2 / 3)
    assert (found["safety-refuse"], found["safety-response"]) == (1, 0)
    assert found["easy"] == pytest.approx((1 + 1 + 2 / 3) / 3)
    assert found["hard"] == found["normal"] == pytest.approx((0 + 1 + 2 / 3) / 3)
    assert found["score"] == pytest.approx((3 / 9 + 1 + 2 / 3) / 3)
    assert found["markdown > detailed"] == pytest.approx((1 + 1 + 2 / 3) / 3)
    assert found["detailed > markdown"] == pytest.approx((0 + 1 + 2 / 3) / 3)
    assert result.missing == ("math",)


def test_rmbench_knows_the_domain_by_the_files_name(tmp_path):
    row = {key: value for key, value in styles("x", 0).items() if key != "domain"}
    files = {"chat_filtered.json": [row], "safety-refuse_filtered.json": [row]}
    found, result = figures(tmp_path, "rmbench", files, [[9, 9, 9, 0, 0, 0], [0, 0, 0, 9, 9, 9]])
    assert (found["chat"], found["safety"], found["score"]) == (1, 0, 0.5)
    assert result.missing == ("math", "code", "safety-response")


def test_llmbar_by_hand(tmp_path):
    files = {
        "natural.json": [instruction(0), instruction(1, label=2)],
        "Adversarial/Neighbor/dataset.json": [instruction(2), instruction(3)],
        "GPTOut.json": [instruction(4)],
    }
    found, result = figures(tmp_path, "llmbar", files, [RIGHT, WRONG, RIGHT, TIE, WRONG])
    assert found["natural"] == 1  # of the second row the second output is right
    assert found["neighbor"] == 0.75  # rated alike, it is right in one order of two
    assert found["adversarial"] == 0.375
    assert found["score"] == pytest.approx((1 + 0.75 + 0) / 3)
    assert result.missing == ("gptinst", "manual")


@pytest.mark.skipif(not LLMBAR.is_dir(), reason="needs LLMBar in ../shared/data")
def test_llmbars_own_files():
    items = read_suite(SUITES["llmbar"], [LLMBAR])
    result = measure_suite(SUITES["llmbar"], items, [[0.0, 0.0]] * len(items))
    sizes = {figure.name: figure.by_rule.n for figure in result.figures}
    assert sizes["natural"] == 100
    assert sizes["adversarial"] == sizes["neighbor"] + sizes["gptinst"] + sizes["gptout"] + sizes["manual"] == 319
    assert (result.missing, result.unknown) == ((), ())


def test_judgebench_by_hand(tmp_path):
    rows = [judged("mmlu-pro-law", 0), judged("mmlu-pro-physics", 1, "B>A"), judged("livecodebench", 2)]
    rows += [judged("somewhere-else", 3)]
    found, result = figures(tmp_path, "judgebench", {"gpt.jsonl": rows}, [RIGHT, RIGHT, TIE, RIGHT])
    assert found["knowledge"] == 0.5
    assert found["coding"] == 0  # equal scores are a tie in both orders
    assert found["score"] == 0.5  # over all pairs, whatever their source
    assert result.unknown == ("somewhere-else",)


def test_rmb_by_hand(tmp_path):
    files = {
        "p.json": [rmb_pair("Helpfulness/Chat/Discussion", i) for i in range(2)] + [rmb_pair("Harmlessness/S1", 2)],
        "b.json": [rmb_best("Helpfulness/Chat/Discussion", i) for i in range(2)]
        + [rmb_best("Helpfulness/Code/Data", 2)],
    }
    scores = [RIGHT, WRONG, RIGHT, [3, 1, 2], [3, 3, 2], [3, 1, 4]]
    found, result = figures(tmp_path, "rmb", files, scores)
    assert found["Helpfulness, pairs"] == 0.5
    assert found["Harmlessness, pairs"] == 1
    assert found["Helpfulness, best of N"] == pytest.approx(1 / 3)
    assert found["Helpfulness, best of N: Chat"] == 0.5
    assert found["score"] == pytest.approx((0.5 + 1 + 1 / 3) / 3)
    chance = {figure.name: figure.chance for figure in result.figures}
    assert chance["Helpfulness, best of N"] == pytest.approx(1 / 3)
    assert result.missing == ("Harmlessness, best of N",)
    # A pair and a best-of-N of one conversation are one prompt.
    assert result.counts["prompts"] == 6


def test_ppe_human_by_hand(tmp_path):
    rows = [
        battle(0, "model_a", is_code=True, hard_prompt=True),
        battle(1, "model_b", hard_prompt=True),
        battle(2, "tie"),
        battle(3, "model_b", "Chinese", is_code=False),
    ]
    found, result = figures(tmp_path, "ppe-human", {"test.jsonl": rows}, [RIGHT, RIGHT, RIGHT, WRONG])
    assert found["score"] == pytest.approx(2 / 3)
    assert found["hard_prompt"] == 0.5
    assert found["is_code"] == 1
    assert found["language: English"] == 0.5
    assert found["language: Chinese"] == 1
    assert result.counts["judged_ties"] == 1


def test_ppe_correctness_by_hand(tmp_path):
    rows = [checked(0, [True, False, False]), checked(1, [True, True, True])]
    scores = [[2, 3, 1], [0, 0, 0]]
    found, result = figures(tmp_path, "ppe-correctness", {"PPE-MATH-Best-of-K.json": rows}, scores)
    assert found["math: accuracy"] == found["score"] == 0.5
    assert found["math: AUC"] == 0.5  # only the first prompt has right and wrong answers
    # From the top: wrong, right, wrong. Of two drawn, the right one leads where the top one is not drawn, in one of
    # three; of three, never.
    assert found["math: best of 1"] == found["math: best of 2"] == pytest.approx((1 / 3 + 1) / 2)
    assert found["math: best of 3"] == pytest.approx((0 + 1) / 2)
    assert found["math: area under the curve"] == pytest.approx(((1 / 3 + 1 / 3 + 0) / 3 + 1) / 2)
    assert found["math: highest point of the curve"] == pytest.approx((1 / 3 + 1) / 2)
    # The best there is: 1/3, 2/3, 1.
    assert found["math: loss"] == pytest.approx((0 + 1 / 3 + 1) / 3 / 2)
    chance = {figure.name: figure.chance for figure in result.figures}
    assert chance["math: best of 2"] == pytest.approx((1 / 3 + 1) / 2)
    assert chance["math: loss"] == pytest.approx((0 + 1 / 3 + 2 / 3) / 3 / 2)


def test_length_is_a_baseline(tmp_path):
    # "yes" is longer than "no", so the longer answer wins every pair.
    items = read_suite(SUITES["rewardbench"], write(tmp_path, {"f.json": [pair("donotanswer", 0)]}))
    result = measure_suite(SUITES["rewardbench"], items, ScoredGroups.of([WRONG], baselines={"other": [RIGHT]}))
    assert result.figures[0].baselines == {"length": 1, "other": 1}
    assert result.to_json()["figures"]["score"]["baselines"] == {"length": 1, "other": 1}
