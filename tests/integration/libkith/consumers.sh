#!/bin/bash
# consumers.sh SOURCE BUILD FAKE_SERVER CC: install libkith into a directory of its own, then build
# and run programs against what is there: C by pkg-config, C and C++17 by CMake.
set -euo pipefail
source=$1 build=$2 fake=$3 cc=$4

work=$(mktemp -d)
trap 'exec 7>&-; rm -rf "$work"' EXIT
DESTDIR='' cmake --install "$build" --component libkith --prefix "$work/usr" >"$work/install.log"

lib=$(dirname "$(find "$work/usr" -name kith.pc)")
export PKG_CONFIG_PATH=$lib
export LD_LIBRARY_PATH=${lib%/pkgconfig}
flags() { pkg-config "$1" kith; }

mkfifo "$work/stop"
"$fake" <"$work/stop" >"$work/url" &
exec 7>"$work/stop"
url=
until [ -n "$url" ]; do
    kill -0 $! || { echo "the fake server is gone" >&2; exit 1; }
    read -r url <"$work/url" || true
done
export KITH_CONTACT_ENDPOINTS=$url KITH_RECOMMENDATION_ENDPOINTS=$url
export KITH_NOTIFICATION_ENDPOINTS=$url KITH_TOKEN=member

# Nothing of the insides may be needed or seen.
if find "$work/usr" -name '*.pb-c.h' -o -name 'libcommon*' | grep .; then
    echo "the files above are no business of a user of the library" >&2
    exit 1
fi
nm -D --defined-only "$LD_LIBRARY_PATH/libkith.so.0" | awk '$2 != "A" {print $3}' |
    sed 's/@.*//' | sort >"$work/exported"
sed -nE 's/^KITH_API .*\b(kith_[a-z_]+)\(.*/\1/p' "$work/usr/include/kith.h" | sort >"$work/declared"
if ! diff "$work/declared" "$work/exported"; then
    echo "what kith.h declares (<) is not what the library exports (>)" >&2
    exit 1
fi

# shellcheck disable=SC2046 # flags are words
for example in ask watch; do
    "$cc" -std=c11 -Wall -Wextra -Werror -pedantic $(flags --cflags) -o "$work/$example" \
        "$source/clients/libkith/examples/$example.c" $(flags --libs)
done
"$work/ask" "Which snorkeling mask?" | tee "$work/ask.out"
grep -q 'asked Ana Costa: Head swim coach' "$work/ask.out"
if "$work/ask" nobody 2>"$work/ask.err"; then
    echo "a refused ask exits with 0" >&2
    exit 1
fi
grep -q 'nobody in your network fits' "$work/ask.err"

cmake -G Ninja -S "$source/tests/integration/libkith/consumer" -B "$work/consumer" \
    -DCMAKE_PREFIX_PATH="$work/usr" -DEXAMPLE="$source/clients/libkith/examples/ask.c" \
    >"$work/cmake.log"
cmake --build "$work/consumer" >>"$work/cmake.log" || { cat "$work/cmake.log" >&2; exit 1; }
"$work/consumer/consumer_c" "Which snorkeling mask?" | cmp - "$work/ask.out"
"$work/consumer/consumer_cxx" | grep -q 'Contact 1 of "x"'
echo "built and run: C by pkg-config, C and C++17 by CMake"
