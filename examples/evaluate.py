"""How far can a reward model be trusted? Measure it, read the figures, and write the report.

python examples/evaluate.py [MODEL JUDGEMENTS]      # a few seconds with the bag of words below
"""

import sys
from tempfile import mkdtemp

import plaudit
from plaudit.demo import preference_set

if len(sys.argv) > 2:
    model, groups = plaudit.open_model(sys.argv[1]), plaudit.load_groups(sys.argv[2])
else:
    split = plaudit.split_groups(preference_set(), test=0.2)
    model, groups = plaudit.train(split["train"], mkdtemp() + "/model", backbone="bow"), split["test"]

evaluation = plaudit.evaluate(groups, model.score(groups))
print(evaluation)

accuracy, lead = evaluation.overall["accuracy"], evaluation.overall["lead_over_length"]
print(f"accuracy {accuracy.value:.1%}, 95% interval {accuracy.low:.1%} to {accuracy.high:.1%}, n = {accuracy.n}")
print(f"ahead of picking the longer answer by {lead.value:+.1%} [{lead.low:+.1%}, {lead.high:+.1%}]")
