#!/usr/bin/env bash
# votes_hold.sh EVAL DIR MRR: questions still find who answers them by votes of past ones as well as
# they should, by words alone. DIR is public data that is no part of this repository.
set -euo pipefail
if [[ ! -r $2/questions.tsv ]]; then
    echo "skipped: no shared/data/routing here"
    exit 77
fi
lines=$("$1" route "$2")
echo "$lines"
awk -v least="$3" -F'mrr=' '/^words / { is_good = $2 >= least } END { exit !is_good }' <<<"$lines"
