#!/bin/bash
# like_buf.sh CONVERT SET FOLDER: our JSON mapping against buf's, both ways, on the same messages.
set -euo pipefail
convert=$1
set_file=$2

buf=$3/node/node_modules/.bin/buf # in the folder where lint.proto keeps it
[ -x "$buf" ] || buf=$(command -v buf) || { echo "skip: buf is not installed (npm package @bufbuild/buf)"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

messages=(
    '{}'
    '{"anInt32":-7,"aSint32":-8,"anSfixed32":-9,"anInt64":"-1","aSint64":"-2","anSfixed64":"-3"}'
    '{"aUint32":4294967295,"aFixed32":6,"aUint64":"18446744073709551615","aFixed64":5}'
    '{"aFloat":0.9,"aDouble":1e300,"reals":[0.1,"NaN","Infinity","-Infinity",-0.5]}'
    '{"aFloat":3.4028234e38,"aDouble":5e-324}'
    '{"an_int32":"12","a_bool":true,"a_color":"COLOR_FAR","aString":"a\"b\\\u001b\u00fc\ud83d\ude00"}'
    '{"someBytes":"-__-AA","blobs":["","AA==","AAEC"]}'
    '{"aLeaf":{},"leaves":[{},{"word":"z","color":2}],"inner":{"color":"COLOR_BELOW"}}'
    '{"chosenWord":"","age":0}'
    '{"chosenNumber":0}'
    '{"chosenLeaf":{"word":"w"}}'
    '{"chosenBytes":"AAEC","numbers":[0,"-5"],"words":["","a"],"flags":[true,false],"unpacked":[1,-1]}'
    '{"colors":["COLOR_BELOW",9,0],"aString":null,"anInt32":3.0}'
)
for message in "${messages[@]}"; do
    printf '%s' "$message" >"$work/in.json"
    "$convert" "$set_file" kinds.Kinds json <"$work/in.json" >"$work/ours.bin"
    "$buf" convert "$set_file" --type kinds.Kinds --from "$work/in.json#format=json" \
        --to "$work/theirs.bin#format=binpb"
    # Bytes may differ in the order of fields only; both must mean the same to both.
    for bin in ours theirs; do
        "$convert" "$set_file" kinds.Kinds bin <"$work/$bin.bin" | jq -cS . >"$work/$bin.by-us"
        "$buf" convert "$set_file" --type kinds.Kinds --from "$work/$bin.bin#format=binpb" \
            --to "-#format=json" | jq -cS . >"$work/$bin.by-buf"
    done
    for other in ours.by-buf theirs.by-us theirs.by-buf; do
        diff "$work/ours.by-us" "$work/$other" >&2 || { echo "differs ($other): $message" >&2; exit 1; }
    done
done
echo "${#messages[@]} messages read and written like buf does"
