"""No reader loses or doubles a judgement without counting it, whatever becomes of a column or a row."""

import copy
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows_of_formats import MAKERS, REFUSING, STEM, Fact, files

from plaudit.data import ReadReport, Row, Table, read_groups
from plaudit.data.formats import FORMATS
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import plain_text

FOREIGN = "foreign"
EXAMPLES = 40
MARK = re.compile(r"\b[pr]\d[a-d]?\b")


def marks(text):
    return tuple(sorted(set(MARK.findall(plain_text(text)))))


def facts_of(groups):
    """Every judgement of two responses or of one, each as often as it was made."""
    facts = Counter()
    for group in groups:
        prompt, responses = marks(group.prompt), [marks(response) for response in group.responses]
        for ranking in group.rankings:
            for better, worse, tie in ranking.comparisons():
                kind = "tied" if tie else "over"
                facts[Fact(kind, prompt, responses[better], responses[worse], (round(ranking.weight, 6),))] += 1
        for rating in group.ratings:
            votes = group.meta.get("votes")  # a caption's ratings are shares of its votes
            weight, times = (1.0, round(rating.weight * votes[rating.response])) if votes else (rating.weight, 1)
            figure = (rating.attribute, float(rating.value), weight)
            facts[Fact("rated", prompt, responses[rating.response], (), figure)] += times
    return facts


def read(rows, merge):
    """The judgements of a file, its groups and what was reported; None and the error where it is refused."""
    report = ReadReport(keep_going=True)
    table = Table(STEM, STEM, (Row(STEM, line, copy.deepcopy(row)) for line, row in enumerate(rows, 1)))
    try:
        groups = list(read_groups(table, report=report, merge=merge))
    except (DataError, InvalidInputError) as error:
        return None, str(error), report
    return facts_of(groups), groups, report


def counted(report, before, *columns):
    """Whether a report says more than one did before: a note, a repeated response, or a column named."""
    if report.notes != before.notes or report.repeated != before.repeated:
        return True
    now, then = (one.kept + one.left_behind for one in (report, before))
    return any(now[name] > then[name] and any(column in name for column in columns) for name in now)


def weight_of(facts, rated):
    """How much was said in all. A soft label's two orders share the weight of one."""
    figures = [(fact.figure[-1], times) for fact, times in facts.items() if (fact.kind == "rated") is rated]
    return sum(weight * times for weight, times in figures)


def assert_no_more(facts, known):
    for rated in (False, True):
        assert weight_of(facts, rated) <= weight_of(known, rated) + 1e-6, (facts - known, known - facts)


@pytest.mark.parametrize("merge", [False, True], ids=["rows", "merged"])
@pytest.mark.parametrize(
    "format", [format.name for format in FORMATS.values() if format.answered and format.name not in REFUSING]
)
def test_no_judgement_is_lost_or_doubled_uncounted(format, merge):
    assert format in MAKERS, f"tests/rows_of_formats.py makes no rows of {format!r}: add them"

    @settings(max_examples=EXAMPLES, database=None)
    @given(files(format), st.data())
    def hold(file, data):
        rows, known = file
        whole = Counter(known_one.fact for known_one in known)
        facts, groups, before = read(rows, merge)
        assert facts == whole and not before.rejected and list(before.formats) == [format], (groups, before)
        change = data.draw(st.sampled_from(["rename", "drop", "null", "nan", "empty", "double", "swap"]))
        if change in ("double", "swap"):
            check_moved(change, rows, known, merge, before, len(groups), data)
        else:
            check_changed(change, rows, known, merge, before, data)

    hold()


def check_moved(change, rows, known, merge, before, group_count, data):
    """A row that stands twice says it twice, in the group of the first; in another place, it says the same."""
    index = data.draw(st.integers(0, len(rows) - 1))
    expected = Counter(one.fact for one in known)
    if change == "double":
        moved = [*rows, rows[index]]
        expected += Counter(one.fact for one in known if any(n == index for n, _ in one.cells))
    else:
        moved = [*rows[1:], rows[0]]
    facts, groups, report = read(moved, merge)
    assert facts is not None and not report.rejected, (groups, report)
    assert facts == expected or counted(report, before, "no column"), (facts - expected, expected - facts)
    assert_no_more(facts, expected)
    assert not merge or len(groups) == group_count


def check_changed(change, rows, known, merge, before, data):
    """Of a row (or every row) with a changed cell: refused, or counted, or all judgements that do not need the cell."""
    where = data.draw(st.integers(0, len(rows) - 1))
    path = data.draw(st.sampled_from(sorted(set(paths(rows[where])), key=str)))
    every = range(len(rows)) if data.draw(st.booleans()) else [where]
    indices = [index for index in every if path in set(paths(rows[index]))]
    changed, gone = copy.deepcopy(rows), set()
    for index in indices:
        gone.update(change_cell(change, changed[index], path))
    facts, _, report = read(changed, merge)
    if facts is None:  # the file was refused
        return
    rejected = {int(reject.where.rpartition(":")[2]) - 1 for reject in report.rejected}
    # Where most rows became another format's, those that stayed are the odd ones.
    assert rejected <= {*indices} or report.formats != before.formats
    # What stood in a cell that is no more is lost already; a renamed one still says it.
    cells = set() if change == "rename" else {(index, path[0]) for index in indices}
    needing = [one for one in known if one.cells & cells]
    free = Counter(forget(one.fact, gone) for one in known if not one.cells & cells)
    untouched = Counter(one.fact for one in known if not any(n in indices for n, _ in one.cells))
    columns = {column for one in known for _, column in one.cells if forget(one.fact, gone) not in facts}
    was_named = any(fact.figure[:1] == (FOREIGN,) for fact in facts)  # an attribute is called as its key is
    was_counted = bool(rejected) or was_named or counted(report, before, FOREIGN, path[0], *columns)
    case = (change, path, indices, free - facts, facts - free)
    # The other rows may make another format of the file, which then counts what it leaves of this one's.
    assert not untouched - facts or (was_counted and report.formats != before.formats), case
    assert not free - facts or was_counted, case
    assert not facts - free or needing or was_counted, case
    assert_no_more(facts, Counter(forget(one.fact, gone) for one in known))


def paths(value, depth=3):
    """Where the named cells of a row stand: its columns, and those inside them."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        if isinstance(key, str):
            yield (key,)
        if depth:
            yield from ((key, *path) for path in paths(one, depth - 1))


def change_cell(change, row, path):
    """Change a cell of a row, in place: the marks of the texts that are gone from it."""
    for key in path[:-1]:
        row = row[key]
    value = row.pop(path[-1])
    if change == "rename":
        row[FOREIGN] = value
        return ()
    if change != "drop":
        row[path[-1]] = {"null": None, "nan": float("nan"), "empty": ""}[change]
    return MARK.findall(str(value))


def forget(fact, gone):
    """The judgement with the marks of texts that are gone taken out of its texts."""
    texts = (tuple(mark for mark in text if mark not in gone) for text in (fact.prompt, fact.better, fact.worse))
    prompt, better, worse = texts
    return fact._replace(prompt=prompt, better=better, worse=worse)
