#!/bin/sh
# Over-optimisation where the truth is known: five bags of words, each trained on 26 noisily judged questions, choose the
# best of up to 256 answers whose quality is known; beside them, ensembles of the five. About three minutes of one CPU
# core. Usage: sh examples/best_of_n.sh [FOLDER]
set -e
folder=${1:-best-of-n}
mkdir -p "$folder"

# The demo's questions as they were judged, those it would train on; and answers to the others, rated by the truth.
python -c "
import sys
from plaudit import write_groups
from plaudit.demo import preference_set
from plaudit.demo.run import split_demo
write_groups(split_demo(preference_set())['train'], sys.argv[1], overwrite=True)
" "$folder/train.jsonl"
plaudit demo --candidates "$folder/candidates.jsonl.gz" --each 256 --overwrite

others=
for part in 0 1 2 3 4; do
  awk -v part=$part 'NR % 10 == part' "$folder/train.jsonl" > "$folder/few-$part.jsonl"
  plaudit train "$folder/few-$part.jsonl" -o "$folder/bow-$part" --backbone bow --overwrite
  if [ $part != 0 ]; then others="$others --with $folder/bow-$part"; fi
done

plaudit best-of "$folder/bow-0" "$folder/candidates.jsonl.gz" $others --gold ratings:quality --clusters topic -o "$folder/best-of" --overwrite
