#!/usr/bin/env bash
# topics_hold.sh EVAL PAIRS TOP1 TOP3: questions still find their evidence as well as they should.
set -euo pipefail
line=$("$1" topics "$2" 2>&1)
echo "$line"
if [[ $line == *"without the encoder"* || $line == *"without WordNet"* ]]; then
    echo "skipped: needs the encoder's file and WordNet"
    exit 77
fi
awk -v top1="$3" -v top3="$4" '{
    for (i = 1; i < NF; i++) value[$i] = $(i + 1)
} END { exit !(value["top-1"] >= top1 && value["top-3"] >= top3) }' <<<"$line"
