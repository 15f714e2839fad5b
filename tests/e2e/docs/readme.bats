#!/usr/bin/env bats
# What the README shows is what happens: its commands are taken from the file and run, and what it
# shows them to print is compared with what they print.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../stack.bash
    stack_up_with_people
}

teardown_file() {
    load ../stack.bash
    stack_down
}

setup() {
    load ../stack.bash
    README=$REPO/README.md
}

# The lines from one that begins with FIRST up to one that begins with LAST, which is left out,
# without the indentation of a block of code.
lines_of_readme() { # FIRST LAST
    awk -v first="$1" -v last="$2" '
        { sub(/^    /, "") }
        index($0, last) == 1 && is_open { exit }
        index($0, first) == 1 { is_open = 1 }
        is_open { print }' "$README"
}

# What differs from one run to the next, made alike; blanks as well.
alike() {
    sed -E 's/([A-Z0-9]{4}-){3}[A-Z0-9]{4}/CODE/g; s/[0-9a-f]{32}/TRACE/g; s/…[0-9a-f]{8}/ID/g
        s/[0-9]+\.[0-9] ms/TIME/g; s/[0-9]+ %/SHARE/g; s/ +/ /g; s/^ //; s/ $//'
}

# Is each line of the first file, up to its "…" if it has one, found in the second, in this order?
holds() { # SHOWN PRINTED
    local wanted line
    exec 7<"$2"
    while IFS= read -r wanted; do
        [[ -n $wanted && $wanted != … ]] || continue
        while IFS= read -r line <&7; do
            [[ $wanted == *…* && $line == "${wanted%%…*}"* || $line == "$wanted" ]] && continue 2
        done
        echo "the README shows what does not happen, or not there: $wanted" >&2
        cat "$2" >&2
        return 1
    done <"$1"
}

@test "the story is as told" {
    lines_of_readme '1  Six people join.' 'Now it is yours.' | alike >"$BATS_TEST_TMPDIR/shown"
    alike <"$STACK/story" >"$BATS_TEST_TMPDIR/printed"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/shown")" -gt 30 ]
    holds "$BATS_TEST_TMPDIR/shown" "$BATS_TEST_TMPDIR/printed"
}

@test "shares of evidence add up to a hundred" {
    sum=0
    while read -r share; do sum=$((sum + share)); done < <(grep -oE '[0-9]+ %' <<<"$(lines_of_readme '6  Mira' '7  ')" | tr -d ' %')
    [ "$sum" -eq 100 ]
    sum=0
    while read -r share; do sum=$((sum + share)); done < <(kith --as mira show last --why |
        sed -n '/^ *1\. /,/^ *2\. /p' | grep -oE '^ +[0-9]+ %' | tr -d ' %')
    [ "$sum" -eq 100 ]
}

@test "what is yours then prints what is shown" {
    lines_of_readme "\$ kith --as mira contacts swim" 'Add yourself' >"$BATS_TEST_TMPDIR/block"
    alike <"$BATS_TEST_TMPDIR/block" | grep -v '^\$' >"$BATS_TEST_TMPDIR/shown"
    sed -n 's/^\$ //p' "$BATS_TEST_TMPDIR/block" >"$BATS_TEST_TMPDIR/commands"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/commands")" -eq 2 ]
    bash -e "$BATS_TEST_TMPDIR/commands" 2>&1 | alike >"$BATS_TEST_TMPDIR/printed"
    holds "$BATS_TEST_TMPDIR/shown" "$BATS_TEST_TMPDIR/printed"
}

@test "adding oneself works as written" {
    HOME=$BATS_TEST_TMPDIR
    mkdir "$HOME/Downloads"
    cp "$REPO/tests/data/linkedin/Connections.csv" "$HOME/Downloads"
    lines_of_readme 'kith member add' 'kith --as me ask' >"$HOME/commands"
    run -0 bash -e "$HOME/commands"
    [[ $output == *"Your Name is a member now (profile me)"*"Imported 320 new contacts"* ]]
}

@test "the commands for scripts run" {
    command=$(grep -oE "\`kith --as dana call [^\`]*\`" "$README" | tr -d '`')
    [ "$(bash -c "$command" | jq '.asks | length')" -ge 1 ]
    run -0 kith describe
    run -0 kith explain NOBODY_FITS
}

@test "the C example builds and asks as written, leaving nothing git would track" {
    cd "$REPO" && mkdir -p build
    lines_of_readme 'cc clients/libkith/examples/ask.c' '**In any other language**' >"$BATS_TEST_TMPDIR/commands"
    run -0 bash -e "$BATS_TEST_TMPDIR/commands"
    [[ $output == "asked Dana Whitlock: "* ]]
    git check-ignore --quiet build/ask || [ ! -e .git ]
    rm build/ask
}

@test "the C snippet of the README, and that of kith.h, compile" {
    awk '/^```c$/ { is_open = 1; next } /^```$/ { is_open = 0 } is_open' "$README" |
        sed '/^$/q' >"$BATS_TEST_TMPDIR/readme.snippet"
    # The first one; those further down show what comes between.
    sed -n '/^ \*     /,/^ \*$/s/^ \*     //p; /^ \*\//q' "$REPO/clients/libkith/include/kith.h" \
        >"$BATS_TEST_TMPDIR/header.snippet"
    for snippet in readme header; do
        [ -s "$BATS_TEST_TMPDIR/$snippet.snippet" ]
        {
            printf '#include <kith.h>\n#include <stdlib.h>\nint main(void)\n{\n'
            sed 's/^/    /' "$BATS_TEST_TMPDIR/$snippet.snippet"
            printf '    return 0;\n}\n'
        } >"$BATS_TEST_TMPDIR/$snippet.c"
        read -ra flags < <(pkg-config --cflags --libs kith)
        cc -Wall -Werror "$BATS_TEST_TMPDIR/$snippet.c" -o "$BATS_TEST_TMPDIR/$snippet" "${flags[@]}"
    done
    KITH_TOKEN=$(kith --quiet --as mira token new) LD_LIBRARY_PATH=$(pkg-config --variable=libdir kith) \
        run -0 "$BATS_TEST_TMPDIR/readme"
    [ "$output" = "Dana Whitlock" ]
}

@test "what one asks deploy/local of an instance, it answers" {
    for command in "status" "psql -Atc 'SELECT 42'" "logs contact" "env"; do
        run -0 bash -c "'$REPO/deploy/local' $command"
        [ -n "$output" ]
    done
    run -0 "$REPO/deploy/local" --help
    for command in demo status logs psql down reset env; do
        [[ $output == *$'\n'"  $command "* ]]
        grep -qE "(deploy/local |, \`|\`)$command\b" "$README"
    done
}

@test "every file and folder the README names is there" {
    while read -r path; do
        [ -e "$REPO/$path" ] || { echo "$path" >&2 && false; }
    done < <(grep -oE '\]\([a-z][^):]*\)' "$README" | tr -d '])(')
}
