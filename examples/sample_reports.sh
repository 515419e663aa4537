#!/bin/sh
# The four reports in docs/samples/: a reward model of the shipped preference set, and, given the folder of real sets
# that docs/benchmarks.md describes, of UKPConvArg1, PandaLM and HH harmless. Their texts stay out of the pages. About
# half an hour of two CPU cores. Usage: sh examples/sample_reports.sh OUTPUT [REAL-SETS]
set -e
out=$1
sets=$2
mkdir -p "$out"
cd "$out"

plaudit demo -o demo --overwrite
plaudit eval demo/model demo/new-topics.jsonl -o demo-report --clusters topic --overwrite

if [ -n "$sets" ]; then
  plaudit data split "$sets"/ukp-convarg/judgements/* -o ukp-data --by debate --test 0.25 --rejects ukp-rejects.jsonl --overwrite
  plaudit train ukp-data/train.jsonl -o ukp --majority --overwrite
  plaudit eval ukp ukp-data/test.jsonl -o ukp-report --majority --clusters debate --no-texts --overwrite

  plaudit data split "$sets/pandalm/three-annotators.json" -o pandalm-data --test 0.35 --overwrite
  plaudit train pandalm-data/train.jsonl -o pandalm --majority --overwrite
  plaudit eval pandalm pandalm-data/test.jsonl -o pandalm-report --majority --no-texts --overwrite

  plaudit data split "$sets/hh-harmless/pairs.jsonl.gz" -o hh-data --overwrite
  plaudit train hh-data/train.jsonl -o hh --epochs 2 --chat-template turns --truncate-responses --overwrite
  plaudit eval hh hh-data/test.jsonl -o hh-report --truncate-responses --no-texts --overwrite
fi
