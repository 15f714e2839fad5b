#!/bin/bash
# completion.sh KITH COMPLETION: what bash offers at the end of a line.
set -euo pipefail
PATH=$(dirname "$1"):$PATH
# shellcheck source=/dev/null
. "$2"

unset KITH_PROFILES
XDG_CONFIG_HOME=$(mktemp -d)
trap 'rm -rf "$XDG_CONFIG_HOME"' EXIT
mkdir "$XDG_CONFIG_HOME/kith"
touch "$XDG_CONFIG_HOME/kith/dana.json"

offers() { # WORDS… EXPECTED; the last of WORDS is being typed
    local expected=${*: -1}
    COMP_WORDS=("${@:1:$#-1}")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _kith
    if [[ " ${COMPREPLY[*]} " != *" $expected "* ]]; then
        echo "\"${COMP_WORDS[*]}\" offers \"${COMPREPLY[*]}\", not \"$expected\"" >&2
        exit 1
    fi
}

offers kith as ask
offers kith as asks
offers kith fact "" add
offers kith --json contact s show
offers kith ask --dr --dry-run
offers kith fact add --conf --confidence
offers kith fact add --js --json
offers kith --as da dana
offers kith ping rec recommendation
offers kith answer "" last
offers kith help token "" revoke
echo "completion offers what there is"
