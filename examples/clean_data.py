"""Which judgements are probably wrong? The data doctor's work list, and the set without what it takes out.

python examples/clean_data.py [JUDGEMENTS] [CLEANED]      # half a minute with the shipped set
"""

import sys
from dataclasses import replace
from random import Random
from tempfile import mkdtemp

import plaudit
from plaudit.demo import preference_set
from plaudit.doctor import clean, read_removals, write_worklist

folder = mkdtemp()
if len(sys.argv) > 1:
    groups = plaudit.load_groups(sys.argv[1])
else:  # the shipped set with one ranking in ten turned round
    numbers = Random(0)
    groups = [
        replace(g, rankings=tuple(replace(r, tiers=r.tiers[::-1]) if numbers.random() < 0.1 else r for r in g.rankings))
        for g in preference_set()
    ]

diagnosis = plaudit.diagnose(groups)
write_worklist(diagnosis.items, f"{folder}/worklist.jsonl")  # for people: set "keep" to true where a judgement is right
cleaned = clean(groups, read_removals(f"{folder}/worklist.jsonl"))
plaudit.write_groups(cleaned.groups, sys.argv[2] if len(sys.argv) > 2 else f"{folder}/cleaned.jsonl")
print(f"{len(diagnosis.items)} findings; {sum(len(g.rankings) for g in cleaned.groups)} rankings stay")
