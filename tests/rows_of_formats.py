"""Well-formed rows of every format, with the judgements that stand in them.

Texts hold a mark each: `p2` in the prompt of row 2, `r2a` in its first response. A judgement is told by these marks, so
it is the same whether a text is a string, a message or a transcript.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

STEM = "is-it-so_yes"
"""The bare name of the file, which is the prompt of UKP's formats."""

Mark = tuple[str, ...]
"""The marks of a text, sorted."""


class Fact(NamedTuple):
    """A judgement of one or two responses: `better` above `worse`, equal to it, or `better` having a value."""

    kind: str
    prompt: Mark
    better: Mark
    worse: Mark = ()
    figure: tuple[Any, ...] = ()


class Known(NamedTuple):
    """A judgement that stands in a file, and the cells without which it would not: (row, column)."""

    fact: Fact
    cells: frozenset[tuple[int, str]]


Pick = Callable[..., Any]
"""One of its arguments."""

ABSENT = object()


def over(n: int, better: str, worse: str, columns: str, weight: float = 1.0) -> Known:
    """Response `better` (a, b, ...) of row `n` above `worse`; `columns` are what says so."""
    fact = Fact("over", (f"p{n}",), (f"r{n}{better}",), (f"r{n}{worse}",), (weight,))
    return Known(fact, frozenset((n, column) for column in columns.split(",")))


def tied(n: int, one: str, other: str, columns: str) -> Known:
    return over(n, one, other, columns)._replace(
        fact=Fact("tied", (f"p{n}",), (f"r{n}{one}",), (f"r{n}{other}",), (1.0,))
    )


def rated(n: int, response: str, attribute: str, value: float, columns: str, weight: float = 1.0) -> Known:
    fact = Fact("rated", (f"p{n}",), (f"r{n}{response}",), (), (attribute, value, weight))
    return Known(fact, frozenset((n, column) for column in columns.split(",")))


def verdict(n: int, first: float, columns: str) -> list[Known]:
    """What the probability that a is better than b says: an order, a tie, or both orders with a weight each."""
    if first == 0.5:
        return [tied(n, "a", "b", columns)]
    both = [over(n, "a", "b", columns, first), over(n, "b", "a", columns, 1 - first)]
    return [known for known in both if known.fact.figure[0]]


def user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def prompt(n: int) -> str:
    return f"What of p{n}?"


def answer(n: int, letter: str) -> str:
    return f"It is r{n}{letter}."


def about(pick: Pick) -> dict[str, Any]:
    """Columns beside a judgement, some of them, which take nothing from it."""
    columns = {"annotator": "ann", "subset": "news", "source": "a set", "notes": ["x"]}
    return {name: value for name, value in columns.items() if pick(True, False)}


def trl(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row: dict[str, Any] = {"prompt": prompt(n), "chosen": answer(n, "a"), "rejected": answer(n, "b"), **about(pick)}
    shape = pick("text", "messages", "implicit", "several")
    if shape == "several":
        row["rejected"] = [answer(n, "b"), answer(n, "c")]
        return row, [over(n, "a", "b", "prompt,chosen,rejected"), over(n, "a", "c", "prompt,chosen,rejected")]
    if shape != "text":
        before = row["prompt"] = [user(prompt(n))]
        row.update({name: [assistant(row[name])] for name in ("chosen", "rejected")})
        if shape == "implicit":
            row.update({name: before + row[name] for name in ("chosen", "rejected")})
            del row["prompt"]
    probability = pick(1.0, 0.75)
    known = verdict(n, probability, "prompt,chosen,rejected")
    if probability != 1:
        row["chosen_prob"] = probability
        known = [Known(one.fact, one.cells | {(n, "chosen_prob")}) for one in known]
    for column, letter, side in (("score_chosen", "a", "chosen"), ("score_rejected", "b", "rejected")):
        if pick(True, False):
            row[column] = pick(1, 2.5, "4")
            known.append(rated(n, letter, "score", float(row[column]), f"prompt,{side},{column}"))
    if pick(True, False):
        row["margin"] = 2
    return row, known


def pairs(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row: dict[str, Any] = about(pick)
    shape = pick("openai", "tinker", "names")
    before, sides = [user(prompt(n))], [[assistant(answer(n, letter))] for letter in "ab"]
    if shape == "openai":
        row |= {"input": {"messages": before, "tools": [], "parallel_tool_calls": True}}
        row |= dict(zip(("preferred_output", "non_preferred_output"), sides, strict=True))
        columns = "input,preferred_output,non_preferred_output"
    elif shape == "tinker":
        row |= {"chosen": {"messages": before + sides[0]}, "rejected": {"messages": before + sides[1]}}
        columns = "chosen,rejected"
    else:
        better, worse = pick(("preferred", "dispreferred"), ("chosen_response", "rejected_response"))
        row |= {"question": prompt(n), better: answer(n, "a"), worse: answer(n, "b")}
        columns = f"question,{better},{worse}"
    return row, [over(n, "a", "b", columns)]


def distilabel(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"system": pick("", "Be brief."), "input": prompt(n), "chosen": answer(n, "a"), "rejected": answer(n, "b")}
    row |= {
        "order": ["rejected", "chosen"],
        "rating": [2, 9.5],
        "status": pick("unchanged", "tie"),
        "chosen_score": 9.5,
    }
    columns = "input,chosen,rejected,order,rating"
    judge = tied if row["status"] == "tie" else over
    points = [rated(n, letter, "rating", value, columns) for letter, value in (("a", 9.5), ("b", 2.0))]
    return row, [judge(n, "a", "b", f"{columns},status"), *points]


def hh(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    opening = f"\n\nHuman: {prompt(n)}\n\nAssistant:"
    row = {"chosen": f"{opening} {answer(n, 'a')}", "rejected": f"{opening} {answer(n, 'b')}"}
    return row | about(pick), [over(n, "a", "b", "chosen,rejected")]


def llama_factory(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    if pick(True, False):
        row = {"instruction": prompt(n), "input": pick("", "Shortly."), "chosen": answer(n, "a")}
        row["rejected"] = answer(n, "b")
        return row | about(pick), [over(n, "a", "b", "instruction,chosen,rejected")]
    chosen, rejected = ({"from": "gpt", "value": answer(n, letter)} for letter in "ab")
    row = {"conversations": [{"from": "human", "value": prompt(n)}], "chosen": chosen, "rejected": rejected}
    return row | about(pick), [over(n, "a", "b", "conversations,chosen,rejected")]


def ms_swift(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    chosen, rejected = ([user(prompt(n)), assistant(answer(n, letter))] for letter in "ab")
    shape = pick("response", "messages", "query")
    if shape == "query":
        row = {"query": prompt(n), "response": answer(n, "a"), "rejected_response": answer(n, "b")}
    elif shape == "messages":
        row = {"messages": chosen, "rejected_messages": rejected}
    else:
        row = {"messages": chosen, "rejected_response": answer(n, "b"), "margin": 1.0}
    return row | about(pick), [over(n, "a", "b", ",".join(row))]


def labelled(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    first, second = pick(("response_a", "response_b"), ("answer_1", "answer_2"), ("Response A", "Response B"))
    row = {"question": prompt(n), first: answer(n, "a"), second: answer(n, "b"), **about(pick)}
    one, other = ("answer 1", "answer 2") if first == "answer_1" else ("a", "b")
    column, value, probability = pick(
        ("winner", one, 1), ("winner", other, 0), ("preference", "tie", 0.5), ("preference_strength", -2, 1),
        ("overall_preference", 3, 0), ("prob_first", 0.25, 0.25), ("verdict", f"{one}>>{other}", 1),
    )  # fmt: skip
    return row | {column: value}, verdict(n, probability, f"question,{first},{second},{column}")


def pandalm(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"instruction": prompt(n), "input": "", "response1": answer(n, "a"), "response2": answer(n, "b")}
    known = []
    for name in ("annotator1", "annotator2"):
        row[name], probability = pick((1, 1), (2, 0), (0, 0.5))
        known += verdict(n, probability, f"instruction,response1,response2,{name}")
    return row, known


def llmbar(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"input": prompt(n), "output_1": answer(n, "a"), "output_2": answer(n, "b"), "label": 2}
    return row, verdict(n, 0, "input,output_1,output_2,label")


def shp(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"post_id": f"post{n}", "domain": "askx_train", "history": prompt(n), "human_ref_A": answer(n, "a")}
    row |= {"human_ref_B": answer(n, "b"), "labels": pick(1, 0), "score_A": 3, "score_B": 2, "score_ratio": 1.5}
    return row, verdict(n, float(row["labels"]), "history,human_ref_A,human_ref_B,labels")


def webgpt(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    score, probability = pick((0.5, 1), (-1.0, 0), (0.0, 0.5))
    row = {"question": {"id": f"q{n}", "dataset": "eli5", "full_text": prompt(n)}, "answer_0": answer(n, "a")}
    row |= {"answer_1": answer(n, "b"), "score_0": score, "score_1": -score, "quotes_0": {"title": ["x"]}}
    return row, verdict(n, probability, "question,answer_0,answer_1,score_0,score_1")


def pku(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"prompt": prompt(n), "response_0": answer(n, "a"), "response_1": answer(n, "b"), **about(pick)}
    known = []
    for column in ("better_response_id", "safer_response_id"):
        row[column] = pick(0, 1)
        known += verdict(n, 1.0 - row[column], f"prompt,response_0,response_1,{column}")
    for index, letter in enumerate("ab"):
        safe, severity = f"is_response_{index}_safe", f"response_{index}_severity_level"
        row |= {safe: pick(True, False), severity: pick(0, 3)}
        known.append(rated(n, letter, "safe", float(row[safe]), f"prompt,response_0,response_1,{safe}"))
        known.append(rated(n, letter, "severity", -float(row[severity]), f"prompt,response_0,response_1,{severity}"))
    return row, known


def safety(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"prompt": prompt(n), "response": answer(n, "a"), "is_safe": pick(True, False), **about(pick)}
    known = [rated(n, "a", "safe", float(row["is_safe"]), "prompt,response,is_safe")]
    if pick(True, False):
        row["severity_level"] = 2
        known.append(rated(n, "a", "severity", -2.0, "prompt,response,severity_level"))
    return row, known


def summaries(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"info": {"id": f"t{n}", "title": "News", "post": prompt(n), "subreddit": "x"}, "worker": "w"}
    row["summaries"] = [{"text": answer(n, letter), "policy": "sup"} for letter in "ab"]
    row |= {"choice": pick(0, 1), "extra": {"confidence": 7}}
    return row, verdict(n, 1.0 - row["choice"], "info,summaries,choice")


def samples(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"query": prompt(n), **{f"sample{i}": answer(n, letter) for i, letter in enumerate("abcd")}}
    row["best"] = best = pick(0, 3)
    columns = "query,sample0,sample1,sample2,sample3,best"
    return row, [over(n, "abcd"[best], letter, columns) for letter in "abcd" if letter != "abcd"[best]]


def multipref(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row: dict[str, Any] = {"text": prompt(n), "completion_a": answer(n, "a"), "completion_b": answer(n, "b")}
    known = []
    for column in ("normal_worker_annotations", "expert_worker_annotations"):
        row[column] = [{"evaluator": "w", "time_spent": 9}]
        for dimension in ("overall_pref", "truthful_pref"):
            word, probability = pick(("A-is-clearly-better", 1), ("B-is-slightly-better", 0), ("Tie", 0.5))
            row[column][0][dimension] = word
            known += verdict(n, probability, f"text,completion_a,completion_b,{column}")
    return row, known


def prometheus(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {
        "instruction": "###Task",
        "output": "So. [RESULT] A",
        "orig_instruction": prompt(n),
        "orig_criteria": "Is it?",
    }
    row |= {"orig_response_A": answer(n, "a"), "orig_response_B": answer(n, "b"), "orig_preference": pick("A", "B")}
    columns = "orig_instruction,orig_response_A,orig_response_B"
    known = verdict(n, float(row["orig_preference"] == "A"), f"{columns},orig_preference")
    for letter in "AB":
        if pick(True, False):
            row[f"orig_score_{letter}"] = 4
            known.append(rated(n, letter.lower(), "overall", 4.0, f"{columns},orig_score_{letter}"))
    return row, known


def judgelm(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"question_id": n, "question_body": prompt(n), "answer1_body": answer(n, "a"), "answer2_body": answer(n, "b")}
    row |= {"score": [pick(8.0, 2), 3], "answer1_model_id": "m", "text": "a judge's words"}
    columns = "question_body,answer1_body,answer2_body,score"
    return row, [rated(n, letter, "overall", float(row["score"][i]), columns) for i, letter in enumerate("ab")]


def clicks(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"session": f"s{n}", "prompt": prompt(n), "shown": [answer(n, letter) for letter in "abc"]}
    row |= {"clicked": pick([2], [False, False, True], 2), "seconds": pick([None, None, 9.5], 9.5)}
    return row, [over(n, "c", letter, "prompt,shown,clicked") for letter in "ab"]


def mqm(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"doc": "news:en-de", "segment": n, "source": prompt(n)}
    row["translations"] = [
        {"system": "online", "target": answer(n, letter), "mqm_by_rater": {"r1": pick(0, -5.0)}} for letter in "ab"
    ]
    scores = [one["mqm_by_rater"]["r1"] for one in row["translations"]]
    return row, [rated(n, letter, "overall", scores[i], "source,translations") for i, letter in enumerate("ab")]


def ranked(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row: dict[str, Any] = {"prompt": prompt(n), "responses": [answer(n, letter) for letter in "abc"], **about(pick)}
    if pick("lists", "objects") == "lists":
        row["ranks"], orders = pick(([2, 1, 3], "bac"), ([3, 2, 1], "cba"))
        if pick(True, False):
            row["scores"] = [1, 2.5, 4]
    else:
        answers = [{"text": text, "rank": 3 - i, "model": "m"} for i, text in enumerate(row.pop("responses"))]
        row["answers"], orders = answers, "cba"
    texts = "responses" if "responses" in row else "answers"
    columns = f"prompt,{texts},ranks" if "ranks" in row else f"prompt,{texts}"
    known = [over(n, orders[i], orders[j], columns) for i in range(3) for j in range(i + 1, 3)]
    known += [
        rated(n, letter, "overall", value, f"prompt,{texts},scores")
        for letter, value in zip("abc", row.get("scores", ()), strict=False)
    ]
    return row, known


def rated_rows(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row: dict[str, Any] = {"prompt": prompt(n), "response": answer(n, "a"), "year": 2020, **about(pick)}
    if pick(True, False):
        column, value, figure = pick(("value", 3, 3.0), ("rating", "4", 4.0), ("score", 2.5, 2.5), ("label", True, 1.0))
        row[column] = value
        return row, [rated(n, "a", "overall", figure, f"prompt,response,{column}")]
    row |= {"helpfulness": 3, "coherence": 4.0}
    return row, [
        rated(n, "a", name, float(row[name]), f"prompt,response,{name}") for name in ("helpfulness", "coherence")
    ]


def native(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"id": f"q{n}", "prompt": prompt(n), "responses": [answer(n, letter) for letter in "ab"]}
    row["rankings"] = [{"tiers": [[1], [0]], "annotator": "ann"}]
    row["ratings"] = [{"response": 0, "value": 3, "attribute": "clear"}]
    known = [over(n, "b", "a", "prompt,responses,rankings"), rated(n, "a", "clear", 3.0, "prompt,responses,ratings")]
    return row, known


def candidates(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    return {"question": prompt(n), "answers": [answer(n, "a"), {"text": answer(n, "b")}], "model": "m"}, []


def ukp_votes(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"debate": f"Is p{n} so?", "stance": "yes", "a1": answer(n, "a"), "a2": answer(n, "b"), "annotator": "ann"}
    row["choice"], probability = pick(("a1", 1), ("a2", 0), ("equal", 0.5))
    return row, verdict(n, probability, "debate,stance,a1,a2,choice")


def ukp_pairs(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"id": f"arg{n}", "label": "a2", "a1": answer(n, "a"), "a2": answer(n, "b")}
    (known,) = verdict(n, 0, "label,a1,a2")
    return row, [known._replace(fact=known.fact._replace(prompt=()))]  # the prompt is the file's name


def summary_axes(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    axes = {"overall": pick(6, 2), "accuracy": pick(7, None)}
    row: dict[str, Any] = {"info": {"id": f"t{n}", "title": "News", "post": prompt(n)}, "worker": "w"}
    row["summary"] = {"text": answer(n, "a"), "policy": "sup", "axes": axes}
    given = {name: float(value) for name, value in axes.items() if value is not None}
    return row, [rated(n, "a", name, value, "info,summary") for name, value in given.items()]


def feedback(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {
        "instruction": "###Task",
        "output": "So. [RESULT] 4",
        "orig_criteria": "Is it?",
        "orig_instruction": prompt(n),
    }
    row |= {"orig_response": answer(n, "a"), "orig_score": pick("4", 2)}
    return row, [rated(n, "a", "overall", float(row["orig_score"]), "orig_instruction,orig_response,orig_score")]


def dices(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"id": n, "rater_id": 7, "item_id": 9, "context": prompt(n), "response": answer(n, "a"), "rater_age": "old"}
    row["Q_overall"], value = pick(("No", 1.0), ("Yes", 0.0), ("Unsure", 0.5))
    return row, [rated(n, "a", "safe", value, "context,response,rater_id,Q_overall")]


def argilla(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    """Two people compare two responses; a third answer was not submitted."""
    fields = {"prompt": prompt(n), "response-1": answer(n, "a"), "response-2": answer(n, "b")}
    layout = pick("v1", "lists", "flat", "record", "single")
    if layout == "single":
        people = [{"user_id": "u", "value": pick(2, 5), "status": "submitted"}]
        row = {"instruction": prompt(n), "response": answer(n, "a"), "quality": people, "quality-suggestion": 1}
        return row, [rated(n, "a", "quality", float(people[0]["value"]), "instruction,response,quality")]
    ranks = [{"rank": 1, "value": "response-2"}, {"rank": 2, "value": "response-1"}]
    people = [
        {"user_id": "u1", "value": ranks, "status": "submitted"},
        {"user_id": "u2", "value": "response-1", "status": "submitted"},
        {"user_id": "u3", "value": "response-1", "status": "discarded"},
    ]
    texts = ",".join(fields)
    if layout == "record":
        row = {"id": f"r{n}", "fields": fields, "responses": {"best": people[:2]}, "suggestions": {}}
        return row, [over(n, "b", "a", "fields,responses"), over(n, "a", "b", "fields,responses")]
    columns = f"{texts},best"
    if layout == "flat":
        named = [(("",), "value"), ((".users",), "user_id"), ((".status",), "status")]
        row = {**fields, **{f"best.responses{part}": [one[key] for one in people[:2]] for (part,), key in named}}
        columns = f"{texts},best.responses,best.responses.status"
    else:
        lists = {name: [one[name] for one in people] for name in people[0]}
        row = {**fields, "best": lists if layout == "lists" else people, "best-suggestion": "response-1"}
    return row, [over(n, "b", "a", columns), over(n, "a", "b", columns)]


def label_studio(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    side, probability = pick(("left", 1), ("right", 0))
    results = [
        {"from_name": "better", "to_name": "answer1,answer2", "type": "pairwise", "value": {"selected": side}},
        {"from_name": "note", "to_name": "prompt", "type": "textarea", "value": {"text": ["Hm."]}},
    ]
    data = {"prompt": prompt(n), "answer1": answer(n, "a"), "answer2": answer(n, "b")}
    row = {"id": n, "data": data, "predictions": [], "annotations": [{"completed_by": 3, "result": results}]}
    known = verdict(n, probability, "data,annotations")
    if pick(True, False):
        stars = {"from_name": "fluency", "to_name": "answer2", "type": "rating", "value": {"rating": 4}}
        row["annotations"].append({"completed_by": {"id": 4}, "was_cancelled": False, "result": [stars]})
        known.append(rated(n, "b", "fluency", 4.0, "data,annotations"))
    return row, known


def label_studio_min(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    row = {"id": n, "prompt": prompt(n), "response": answer(n, "a"), "annotator": 3, "annotation_id": n}
    row["rating"] = pick([{"rating": 4}], '[{"rating": 4}]')
    return row, [rated(n, "a", "overall", 4.0, "prompt,response,rating,annotation_id")]


def prism(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    """Two answers to a first turn, and one to a second."""
    history: list[dict[str, Any]] = [{"turn": 0, "role": "user", "content": prompt(n)}]
    known = [over(n, "b", "a", "conversation_history")]
    for letter, score in (("a", 20), ("b", pick(80, None))):
        history.append({"turn": 0, "role": "model", "content": answer(n, letter), "if_chosen": letter == "b"})
        history[-1]["score"] = score
        if score is not None:
            known.append(rated(n, letter, "overall", score, "conversation_history"))
    history.append({"turn": 1, "role": "user", "content": "And?"})
    history.append({"turn": 1, "role": "model", "content": answer(n, "c"), "if_chosen": True, "score": 50})
    fact = Fact("rated", (f"p{n}", f"r{n}b"), (f"r{n}c",), (), ("overall", 50.0, 1.0))
    known.append(Known(fact, frozenset({(n, "conversation_history")})))
    return {"conversation_id": f"c{n}", "user_id": "u", "conversation_history": history}, known


def choices(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    labels, order = pick(([1, 0], "ab"), ([0, 1], "ba"))
    row = {"input": prompt(n), "targets": {"choices": [answer(n, "a"), answer(n, "b")], "labels": labels}}
    return row, [over(n, *order, "input,targets")]


def scored_pairs(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    first, second, one, other = pick(
        ("candidate0", "candidate1", "candidate0_score", "candidate1_score"),
        ("response_a", "response_b", "score_a", "score_b"),
    )
    row = {"prompt": prompt(n), first: answer(n, "a"), second: answer(n, "b"), one: 9.0, other: pick("3", 2)}
    texts = f"prompt,{first},{second}"
    return row, [
        rated(n, "a", "score", 9.0, f"{texts},{one}"),
        rated(n, "b", "score", float(row[other]), f"{texts},{other}"),
    ]


def oasst_tree(n: int, pick: Pick) -> tuple[dict[str, Any], list[Known]]:
    replies: list[dict[str, Any]] = [
        {"message_id": f"t{n}{letter}", "role": "assistant", "text": answer(n, letter), "rank": rank, "replies": []}
        for letter, rank in (("a", 1), ("b", 0))
    ]
    known = [over(n, "b", "a", "prompt")]
    if pick(True, False):
        replies[0]["labels"] = {"quality": {"value": 0.75, "count": 3}}
        known.append(rated(n, "a", "quality", 0.75, "prompt"))
    root = {"message_id": f"t{n}", "role": "prompter", "text": prompt(n), "lang": "en", "replies": replies}
    return {"message_tree_id": f"t{n}", "tree_state": "ready_for_export", "prompt": root}, known


Rows = tuple[list[dict[str, Any]], list[Known]]


def ukp_ranks(count: int, pick: Pick) -> Rows:
    """One ranking of the whole file: the lower the figure, the better."""
    rows = [{"id": f"arg{n}", "rank": n, "argument": answer(n, "a")} for n in range(count)]
    known = []
    for better in range(count):
        for worse in range(better + 1, count):
            fact = Fact("over", (), (f"r{better}a",), (f"r{worse}a",), (1.0,))
            known.append(Known(fact, frozenset((n, name) for n in (better, worse) for name in ("rank", "argument"))))
    return rows, known


def captions(count: int, pick: Pick) -> Rows:
    """One group of the whole file, and a rating for each vote."""
    rows, known = [], []
    for n in range(count):
        votes = {"unfunny": pick(0, 2), "somewhat_funny": 1, "funny": pick(0, 3)}
        rows.append({"caption": answer(n, "a"), **votes, "mean": 1.5, "rank": n})
        for value, (name, count_of) in enumerate(votes.items(), 1):
            fact = Fact("rated", (), (f"r{n}a",), (), ("funny", float(value), 1.0))
            known += [Known(fact, frozenset({(n, "caption"), (n, name)}))] * count_of
    return rows, known


def oasst(count: int, pick: Pick) -> Rows:
    """A conversation of two turns, each with two ranked answers, a message a row."""
    rows: list[dict[str, Any]] = []

    def add(name: str, parent: str | None, role: str, text: str, rank: int | None = None) -> None:
        rows.append({"message_id": name, "parent_id": parent, "role": role, "text": text, "rank": rank})
        rows[-1] |= {"message_tree_id": "m0", "deleted": False, "lang": "en", "user_id": "u"}

    first = pick(0, 1)
    add("m0", None, "prompter", prompt(0))
    add("m1", "m0", "assistant", answer(0, "a"), first)
    add("m2", "m0", "assistant", answer(0, "b"), 1 - first)
    add("m3", "m1", "prompter", prompt(1))
    add("m4", "m3", "assistant", answer(1, "a"), 0)
    add("m5", "m3", "assistant", answer(1, "b"), 3)
    read = ("message_id", "parent_id", "role", "text", "rank")
    cells = [frozenset((n, name) for n in turn for name in read) for turn in ((0, 1, 2), (0, 1, 3, 4, 5))]
    order = ("r0a", "r0b") if first == 0 else ("r0b", "r0a")
    facts = [
        Known(Fact("over", ("p0",), (order[0],), (order[1],), (1.0,)), cells[0]),
        Known(Fact("over", ("p0", "p1", "r0a"), ("r1a",), ("r1b",), (1.0,)), cells[1]),
    ]
    if pick(True, False):
        rows[5]["labels"] = {"quality": {"value": 0.25, "count": 3}}
        fact = Fact("rated", ("p0", "p1", "r0a"), ("r1b",), (), ("quality", 0.25, 1.0))
        facts.append(Known(fact, frozenset({(5, "labels"), *((n, name) for n in (0, 1, 3, 5) for name in read)})))
    return rows, facts


def utterances(count: int, pick: Pick) -> Rows:
    """A conversation of two turns, an answer a row."""
    rows: list[dict[str, Any]] = []
    for turn, letters in enumerate(("ab", "ab")):
        for letter in letters:
            row = {"utterance_id": f"u{turn}{letter}", "conversation_id": "c", "user_id": "u", "turn": turn}
            row |= {"user_prompt": prompt(turn), "model_response": answer(turn, letter), "if_chosen": letter == "b"}
            rows.append({**row, "score": pick(20, 80), "model_name": "m"})
    read = ("utterance_id", "conversation_id", "turn", "user_prompt", "model_response", "if_chosen")
    cells = [frozenset((n, name) for n in range(last) for name in read) for last in (2, 4)]
    before = [("p0",), ("p0", "p1", "r0b")]
    known = []
    for turn in (0, 1):
        fact = Fact("over", before[turn], (f"r{turn}b",), (f"r{turn}a",), (1.0,))
        known.append(Known(fact, cells[turn]))
        for place, letter in enumerate("ab", 2 * turn):
            figure = ("overall", float(rows[place]["score"]), 1.0)
            fact = Fact("rated", before[turn], (f"r{turn}{letter}",), (), figure)
            known.append(Known(fact, cells[turn] | {(place, "score")}))
    return rows, known


def _each(row: Callable[[int, Pick], tuple[dict[str, Any], list[Known]]]) -> Callable[[int, Pick], Rows]:
    """The maker of a file from that of a row."""

    def rows(count: int, pick: Pick) -> Rows:
        made = [row(n, pick) for n in range(count)]
        return [row for row, _ in made], [one for _, known in made for one in known]

    return rows


REFUSING = {"refused"}
"""Formats that know what holds no judgement, and refuse every row of it."""

_ROWS = {
    "pairs": pairs, "distilabel": distilabel,
    "trl": trl, "hh": hh, "llama-factory": llama_factory, "ms-swift": ms_swift, "labelled": labelled,
    "pandalm": pandalm, "llmbar": llmbar, "shp": shp, "webgpt": webgpt, "pku-safe-rlhf": pku, "safety": safety,
    "summaries": summaries, "lm-human-preferences": samples, "multipref": multipref,
    "prometheus-preference": prometheus, "judgelm": judgelm, "summary-axes": summary_axes,
    "prometheus-feedback": feedback, "dices": dices, "clicks": clicks, "mqm": mqm, "ranked": ranked,
    "rated": rated_rows, "native": native, "candidates": candidates, "ukp-votes": ukp_votes, "ukp-pairs": ukp_pairs,
    "prism-conversations": prism, "choices": choices, "scored-pairs": scored_pairs,
    "oasst-trees": oasst_tree, "argilla": argilla, "label-studio": label_studio, "label-studio-min": label_studio_min,
}  # fmt: skip

MAKERS: dict[str, Callable[[int, Pick], Rows]] = {
    "ukp-ranks": ukp_ranks,
    "caption-contest": captions,
    "oasst": oasst,
    "prism-utterances": utterances,
    **{name: _each(row) for name, row in _ROWS.items()},
}
"""Format -> what makes well-formed rows of it, and the judgements in them."""


@st.composite
def files(draw: st.DrawFn, format: str) -> Rows:
    """Three or four well-formed rows of a format, with different texts, and the judgements in them."""

    def pick(*options: Any) -> Any:
        return draw(st.sampled_from(options))

    return MAKERS[format](draw(st.integers(3, 4)), pick)
