"""Train a reward model on judgements, look at what was recorded, and load it in plain transformers.

python examples/train.py [JUDGEMENTS] [OUTPUT]     # about two minutes on two CPU cores with the shipped set
"""

import sys
from tempfile import mkdtemp

import plaudit
from plaudit.demo import preference_set

groups = plaudit.load_groups(sys.argv[1]) if len(sys.argv) > 1 else preference_set(questions=1)
output = sys.argv[2] if len(sys.argv) > 2 else mkdtemp() + "/model"

split = plaudit.split_groups(groups, test=0.2)
model = plaudit.train(split["train"], output, backbone="minilm-l6", epochs=1, seed=0)
print(model)
print({name: model.record[name] for name in ("backbone", "steps", "seconds")})
print(plaudit.evaluate(split["test"], model.score(split["test"])))

# Outside, it is an ordinary checkpoint.
from transformers import AutoModelForSequenceClassification, AutoTokenizer  # noqa: E402

plain = AutoModelForSequenceClassification.from_pretrained(output)
pair = AutoTokenizer.from_pretrained(output)("How do I boil an egg?", "Seven minutes.", return_tensors="pt")
print("in plain transformers:", round(plain(**pair).logits.item(), 4))
print("in Plaudit:           ", round(model.rank("How do I boil an egg?", ["Seven minutes."])[0].score, 4))
