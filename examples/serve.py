"""Serve a reward model and ask it over HTTP, as a trainer would. Some seconds with the bag of words below.

python examples/serve.py [MODEL]       # a folder that `plaudit train` wrote; without one, a small one is trained
"""

import sys
from tempfile import mkdtemp

import plaudit
from plaudit.demo import preference_set
from plaudit.serving import Client, running_server

PROMPT = "My basil from the supermarket dies within a week. How do I keep it alive?"
ANSWERS = [
    "I don't know.",
    "Split the pot: it holds twenty seedlings that starve each other. Water from below when the soil is dry.",
]

if len(sys.argv) > 1:
    folder = sys.argv[1]
else:
    folder = mkdtemp() + "/model"
    plaudit.train(preference_set(), folder, backbone="bow")

# `plaudit serve MODEL` is the same in a process of its own, which is how one serves in earnest.
with running_server({"mine": folder}) as address, Client(address) as client:
    print(address, "serves", [(model["id"], model["version"]) for model in client.models()])
    for score in client.rank(PROMPT, ANSWERS):
        print(f"{score.score:+.3f}  {ANSWERS[score.response]}")
    # Wherever a model is opened, its address may stand.
    remote = plaudit.open_model(address).rank(PROMPT, ANSWERS)

here = plaudit.open_model(folder).rank(PROMPT, ANSWERS)
print("the same scores:", [a.score for a in remote] == [b.score for b in here])
