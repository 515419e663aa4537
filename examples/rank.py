"""Rank answers with a reward model, and read its score as a probability. Some seconds with the bag of words below.

python examples/rank.py [MODEL]        # a folder that `plaudit train` wrote; without one, a small one is trained
"""

import math
import sys
from tempfile import mkdtemp

import plaudit
from plaudit.demo import preference_set

PROMPT = "My basil from the supermarket dies within a week. How do I keep it alive?"
ANSWERS = [
    "Split the pot: it holds twenty seedlings that starve each other. Water from below when the soil is dry.",
    "Great question! There are many things one could say about basil, and it really depends.",
    "I don't know.",
]

if len(sys.argv) > 1:
    model = plaudit.open_model(sys.argv[1])
else:
    model = plaudit.train(preference_set(), mkdtemp() + "/model", backbone="bow")

ranked = model.rank(PROMPT, ANSWERS)
for score in ranked:
    print(f"{score.score:+.3f}  {ANSWERS[score.response]}")

# Bradley-Terry: the difference of two rewards is the log-odds that people prefer the first.
best, worst = ranked[0].score, ranked[-1].score
print(f"P(people prefer the first to the last) = {1 / (1 + math.exp(worst - best)):.2f}")
