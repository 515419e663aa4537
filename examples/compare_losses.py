"""Which loss learns best from these judgements? Each loss over several seeds, tested on the same held-out prompts.

python examples/compare_losses.py [JUDGEMENTS] [OUTPUT]      # half a minute on two CPU cores with the shipped set
"""

import sys
from tempfile import mkdtemp

import plaudit
from plaudit.demo import preference_set

groups = plaudit.load_groups(sys.argv[1]) if len(sys.argv) > 1 else preference_set(questions=1)
output = sys.argv[2] if len(sys.argv) > 2 else mkdtemp()

comparison = plaudit.compare_losses(
    groups,
    output,
    backbone="minilm-l6",  # frozen: only the head is trained, on features that are computed once
    losses=["bradley-terry", "hinge", "best-worst"],
    seeds=2,
    log=print,
)
for row in comparison.rows:
    print(f"{row.name:20}{row.rankings['accuracy']}")
print(f"everything, with intervals: {output}/losses.json")
