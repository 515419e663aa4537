"""Learn several rated attributes at once, and mix them into one reward.

python examples/rate_attributes.py      # some seconds
"""

from tempfile import mkdtemp

import plaudit
from plaudit import Group, Rating
from plaudit.demo import preference_set


def rated(group: Group) -> Group:
    """Ratings from 0 to 4 of what is known of the demo's answers: how good they are, and how long."""
    longest = max(map(len, map(str, group.responses)))
    ratings = [
        Rating(index, value, attribute, scale=(0, 4))
        for index, response in enumerate(group.responses)
        for attribute, value in (
            ("quality", min(4, max(0, round(group.meta["quality"][index])))),
            ("verbosity", round(4 * len(str(response)) / longest)),
        )
    ]
    return Group(group.id, group.prompt, group.responses, ratings=tuple(ratings))


split = plaudit.split_groups(map(rated, preference_set()), test=0.2)
model = plaudit.train(
    split["train"], mkdtemp() + "/model", backbone="bow", mix="quality=1,verbosity=-0.3", baselines="none"
)
evaluation = plaudit.evaluate(split["test"], model.score(split["test"]))
for attribute, figures in evaluation.ratings.items():
    print(
        f"{attribute:10} Spearman {figures['spearman'].value:+.2f}, off by {figures['mae'].value:.2f} of 4 on average"
    )
