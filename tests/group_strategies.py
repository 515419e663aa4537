"""Groups as hypothesis draws them: text and messages, ties, strengths, ratings with and without a scale, meta."""

from hypothesis import strategies as st

from plaudit.groups import Group, Ranking, Rating

words = st.text(max_size=12)
names = st.none() | st.text(min_size=1, max_size=4)
numbers = st.integers(-5, 5) | st.floats(-5, 5)
weights = st.just(1.0) | st.floats(0.1, 3)
message = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": words})
texts = words | st.lists(message, min_size=1, max_size=3).map(tuple)


def _key(text):
    """Messages are the same whatever the order of their fields."""
    return repr(text) if isinstance(text, str) else repr([sorted(message.items()) for message in text])


@st.composite
def rankings(draw, count):
    order = draw(st.permutations(range(count)))
    kept = order[: draw(st.integers(2, count))]
    cuts = sorted(draw(st.sets(st.integers(1, len(kept) - 1))))
    tiers = tuple(tuple(kept[a:b]) for a, b in zip([0, *cuts], [*cuts, len(kept)], strict=True))
    return Ranking(tiers, draw(st.none() | st.floats(0, 9)), draw(names), draw(weights))


@st.composite
def ratings(draw, count):
    value = draw(numbers)
    scale = draw(st.sampled_from([None, (-5, 5)]))
    attribute = draw(st.sampled_from(["overall", "tone"]))
    return Rating(draw(st.integers(0, count - 1)), value, attribute, draw(names), draw(weights), scale)


@st.composite
def groups(draw, prompts=texts, responses=texts):
    given = draw(st.lists(responses, min_size=1, max_size=4, unique_by=_key))
    count = len(given)
    return Group(
        id=draw(st.text(min_size=1, max_size=5)),
        prompt=draw(prompts),
        responses=tuple(given),
        rankings=tuple(draw(st.lists(rankings(count), max_size=3))) if count > 1 else (),
        ratings=tuple(draw(st.lists(ratings(count), max_size=3))),
        subset=draw(names),
        meta=draw(st.dictionaries(st.sampled_from(["topic", "year"]), st.none() | words | st.integers(), max_size=2)),
    )


def sets_of(group):
    """Lists of groups that merging leaves apart: no two share both prompt and subset."""
    return st.lists(group, min_size=1, max_size=4, unique_by=lambda g: (_key(g.prompt), g.subset))
