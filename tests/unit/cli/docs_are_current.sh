#!/bin/bash
# docs_are_current.sh KITH DOCS: the reference in the repository is what the program says of itself.
set -euo pipefail
if ! "$1" help --markdown | diff -u "$2" -; then
    echo "write it again: kith help --markdown > docs/cli.md" >&2
    exit 1
fi
