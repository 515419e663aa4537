#!/bin/sh
# From raw text to a reward model, with no download: pretrain a small decoder, fine-tune it on the best answers, put a
# reward head on it. About a minute and a half of one CPU core. Usage: sh examples/two_stages.sh [FOLDER]
set -e
folder=${1:-two-stages}
mkdir -p "$folder"

# The demo's questions and answers, with noisy judgements. Put any judgements of your own here.
python -c "
import sys
from plaudit import write_groups
from plaudit.demo import preference_set
write_groups(preference_set(questions=1), sys.argv[1], overwrite=True)
" "$folder/judged.jsonl"
plaudit data split "$folder/judged.jsonl" -o "$folder" --test 0.2 --overwrite

plaudit pretrain "$folder/train.jsonl" -o "$folder/backbone" --vocabulary 1500 --hidden 128 --epochs 2 --overwrite
plaudit sft "$folder/train.jsonl" -o "$folder/sft" --backbone "$folder/backbone" --overwrite
plaudit train "$folder/train.jsonl" -o "$folder/reward" --backbone "$folder/sft" --overwrite
plaudit eval "$folder/reward" "$folder/test.jsonl"
