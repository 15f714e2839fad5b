#!/usr/bin/env bats
# The kith command against the real services: the main job first, then every corner of it. One
# instance for all tests, which build on one another from top to bottom.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../stack.bash
    stack_up
    export STACK NO_COLOR=1
    DATA=$REPO/tests/data
    EXPORT=$DATA/linkedin/Connections.csv
    QUESTION="Which snorkeling mask and fins should I take on a trip to Hawaii?"
    export DATA EXPORT QUESTION REPO
    unset KITH_PROFILE KITH_TOKEN KITH_TOKEN_FILE
}

teardown_file() {
    load ../stack.bash
    stack_down
}

setup() {
    load ../stack.bash
}

mira() { kith --as mira "$@"; }
dana() { kith --as dana "$@"; }

inbox_has() { # PROFILE KIND
    kith --as "$1" inbox --json |
        jq -es --arg kind "NOTIFICATION_KIND_$2" 'any(.kind == $kind)' >/dev/null
}

@test "status says that all services serve" {
    run -0 kith status
    [[ $output == *kith-contact*serving*database*kith-notification*serving* ]]
    kith status --json | jq -es 'length == 3 and all(.status != "HEALTH_STATUS_NOT_SERVING")'
}

@test "the operator adds members, whose tokens are kept in private files" {
    run -0 kith member add "Mira Solberg" mira.solberg@example.org --time-zone Europe/Oslo \
        --fact "interest:choir" --save-as mira
    [[ $output == *"Mira Solberg is a member now (profile mira)"* ]]
    kith member add "Dana Whitlock" dana.whitlock@example.org --save-as dana \
        --fact expertise:swimming
    [ "$(stat -c %a "$KITH_PROFILES/dana.json")" = 600 ]
    run -0 mira whoami
    [[ ${lines[0]} == "Mira Solberg  mira.solberg@example.org" ]]
    [[ $output == *"interest  choir"* ]]
}

@test "without --save-as the token is printed, for login to read" {
    run -0 --separate-stderr kith member add "Jonas Öberg" jonas.oberg@example.org -q
    [[ $output == kith_* && ${#lines[@]} -eq 1 ]]
    token=$output
    run -0 kith login --save-as jonas <<<"$token"
    [ "$output" = "Logged in as Jonas Öberg (profile jonas)" ]
    KITH_TOKEN=$token run -0 kith whoami
    [[ $output == *"Jonas Öberg"* ]]
    run -4 kith login --save-as jonas <<<"${token}x"
    [[ $output == *"next: "* ]]
    run -0 kith --as jonas whoami
}

@test "who is not the operator adds nobody" {
    run -4 env -u KITH_OPERATOR_TOKEN_FILE kith member add Eve eve@example.org
    [[ $output == *"only the operator adds members"*"next: set KITH_OPERATOR_TOKEN_FILE"* ]]
    run -5 kith member add "Mira Again" mira.solberg@example.org
    [[ $output == *"next: Log in as that member"* ]]
}

@test "a dry run of an import changes nothing" {
    run -0 mira import linkedin --dry-run "$EXPORT"
    [[ ${lines[0]} == "Would import 320 new contacts, "* ]]
    run -0 mira contacts --json
    [ -z "$output" ]
}

@test "an export is imported once, however often it is sent" {
    run -0 mira import linkedin "$EXPORT"
    [[ ${lines[0]} == "Imported 320 new contacts, 0 updated, 0 unchanged, 6 skipped" ]]
    [[ ${lines[1]} == "6 accounts were closed since"* ]]
    run -0 mira import linkedin - <"$EXPORT"
    [[ ${lines[0]} == "Imported 0 new contacts, 0 updated, 320 unchanged, 6 skipped" ]]
    [ "$(mira contacts --json | wc -l)" = 320 ]
}

@test "rows left out make an import partial, a wrong file is refused" {
    run -8 mira import linkedin --dry-run "$DATA/linkedin/variants/truncated.csv"
    [[ $output == *" row "* ]]
    run -2 mira import linkedin "$DATA/README.md"
    [[ $output == *"kith import linkedin: "* ]]
    run -2 mira import linkedin /no/such/file
    [[ $output == *"/no/such/file: No such file or directory"* ]]
}

@test "progress is shown to somebody who watches, and to nobody else" {
    run -0 --separate-stderr mira import linkedin --dry-run "$EXPORT"
    [[ -n $stderr && $stderr == "next: "* && $stderr != *%* ]]
    run -0 script -qec "kith --as mira import linkedin --dry-run '$EXPORT'" /dev/null
    [[ $output == *"[##############################] 100 %"* ]]
}

@test "an export has every contact, and a file cut short is finished" {
    cd "$BATS_TEST_TMPDIR"
    run -0 mira export all.csv
    [ "$output" = "320 contacts in all.csv" ]
    [ "$(wc -l <all.csv)" = 321 ]
    [[ $(head -n 1 all.csv) == "id,name,email,"* ]]
    grep -q '"Dana Whitlock".*"employer: Blue Marlin Swim Club; title: Head Swim Coach"' all.csv
    run -5 mira export all.csv
    head -c 20000 all.csv >cut.csv
    run -0 mira export --resume cut.csv
    cmp all.csv cut.csv
    mira export --format json all.json
    [ "$(jq -r .id all.json | sort -u | wc -l)" = 320 ]
    head -n 100 all.json >cut.json
    mira export --format json --resume cut.json
    cmp all.json cut.json
    run -2 mira export --resume cut.json
    [[ $output == *"was not written by this export"* ]]
    [ "$(mira call ExportContacts '{}' | jq -r .contact.id | sort -u | wc -l)" = 320 ]
    run -0 kith describe ExportContacts
    [[ $output == *"returns a stream"* ]]
}

@test "no cell of an export is a formula, and each text can be had back" {
    cd "$BATS_TEST_TMPDIR"
    kith member add "Priyanka Raman" priyanka.raman@example.org --save-as priyanka
    printf '%s\n' 'First Name,Last Name,URL,Email Address,Company,Position,Connected On' \
        '"=HYPERLINK(""http://x"")",One,,,@Home,-Chief,01 Jan 2024' \
        "'=Two,Two,,,+1 Co,''@Twice,01 Jan 2024" "O'Neil,Three,,,＝Wide,A-B,01 Jan 2024" |
        kith --as priyanka import linkedin -
    { echo; kith --as priyanka export; } >formulas.csv
    kith --as priyanka export --format json formulas.json
    python3 - <<'PYTHON'
import csv, json, re
signs = r"[=+\-@\t\r＝＋－＠]"
told = {c["id"]: c for c in map(json.loads, open("formulas.json"))}
rows = list(csv.DictReader(open("formulas.csv", newline="").read().lstrip().splitlines()))
assert len(rows) == len(told) == 3
for row in rows:
    assert not any(re.match(signs, cell) for cell in row.values()), row
    for column in ("name", "company", "position"):
        back = re.sub(f"^'('*{signs})", r"\1", row[column])
        assert back == told[row["id"]][column], (back, told)
assert "'=Two Two" in {c["name"] for c in told.values()}
assert "''=Two Two" in {row["name"] for row in rows}
PYTHON
}

@test "contacts are found by name, work and tag" {
    run -0 mira contacts swim
    [[ ${lines[0]} == "id "*"name "*"work" ]]
    [[ ${lines[1]} == …????????"  Dana Whitlock  Head Swim Coach, Blue Marlin Swim Club" ]]
    [ "${lines[2]}" = "1 contact" ]
    mira fact add "dana whit" tag coach
    [ "$(mira contacts --tag coach --json | jq -r .name)" = "Dana Whitlock" ]
    mira fact remove "dana whit" coach
    [ -z "$(mira contacts --tag coach --json)" ]
    [ "$(mira contacts --limit 3 --json | wc -l)" = 3 ]
}

@test "a contact is named by id, either end of it, or part of a name" {
    id=$(mira contacts "Dana Whitlock" --json | jq -r .id)
    for name in "$id" "${id: -8}" "…${id: -8}" "whitl" "DANA WHITLOCK"; do
        run -0 mira contact show "$name"
        [ "${lines[0]}" = "Dana Whitlock  Head Swim Coach, Blue Marlin Swim Club" ]
    done
    run -2 mira contact show
    [[ ${lines[0]} == "kith contact show: CONTACT is missing" ]]
    run -2 mira contact show an
    [[ $output == *"\"an\" fits "*" contacts"*"next: name one of these"*"and "*" more"* ]]
    run -3 mira contact show "nobody at all"
    [[ $output == *"there is no contact \"nobody at all\""*"next: kith contacts lists yours"* ]]
}

@test "a dry run of a question shows who knows although no word is shared" {
    run -0 mira ask --dry-run "$QUESTION"
    [[ ${lines[0]} == *"1. Dana Whitlock, Head Swim Coach"*"(not reachable yet)" ]]
    [[ $output == *"next: kith --as mira invite \"Dana Whitlock\""* ]]
    run -0 mira asks
    [ "$output" = "no questions yet" ]
}

@test "who can not be reached yet is not asked, and the way to connect is shown" {
    run -5 mira ask "$QUESTION"
    [[ ${lines[0]} == "kith ask: Dana Whitlock, who fits best, can not be reached from here yet"* ]]
    [[ ${lines[1]} == "next: kith invite \"Dana Whitlock\"; once she accepts, ask again" ]]
    run --separate-stderr -5 mira ask --json --to "Dana Whitlock" "$QUESTION"
    [ "$(jq -r .error.reason <<<"$stderr")" = CONTACT_NOT_REACHABLE ]
}

@test "an invitation connects" {
    run -0 mira invite "dana whitlock" --note "From the swim club"
    [[ ${lines[0]} == "Invited Dana Whitlock; her code is "????-????-????-???? ]]
    run -5 mira invite "dana whitlock"
    code=$(mira invitations --json | jq -r .code)
    run -3 dana accept AAAA-AAAA-AAAA-AAAA
    run -0 dana accept "$code"
    [ "${lines[0]}" = "You and Mira Solberg are connected" ]
    run -0 mira contacts "dana whitlock"
    [[ ${lines[1]} == *"connected" ]]
}

routes_to_dana() {
    mira ask --dry-run --json "$QUESTION" | jq -e '.candidates[0].isReachable' >/dev/null
}

@test "a question goes to who knows, is answered, and the answer is found" {
    soon routes_to_dana
    run -0 mira ask "$QUESTION"
    [ "${lines[0]}" = "Asked Dana Whitlock" ]
    [[ ${lines[1]} == *"snorkeling"*"swimming"* ]]
    [[ $output == *"also considered: "*"next: kith --as mira show "* ]]

    soon inbox_has dana ASK_RECEIVED
    run -0 dana inbox
    [[ ${lines[0]} == "•"*"Mira Solberg asks you: $QUESTION"* ]]
    [[ $output == *"next: kith --as dana answer "* ]]
    run -0 dana answer last "A low-volume mask," "open-heel fins."
    [ "$output" = "Answered Mira Solberg: $QUESTION" ]

    soon inbox_has mira ASK_ANSWERED
    run -0 mira show last
    [ "${lines[0]}" = "$QUESTION" ]
    [[ $output == *"asked Dana Whitlock, who answered"* ]]
    [[ $output == *"A low-volume mask, open-heel fins."* ]]
    run -0 mira show last --why
    [[ $output == *"snorkeling → skin diving → swimming"*"expertise"*"others, further behind"* ]]
    [[ $output != *"Parameters"* && ${lines[-1]} == "next: kith --as mira show "*" --why --all" ]]
    run -0 mira show last --why --all
    [[ $output != *"further behind"* && $output == *"Parameters"*"passed_cost"* ]]
}

@test "what was asked before is not asked again unawares" {
    run -5 mira ask "$QUESTION"
    [[ ${lines[0]} == "kith ask: you asked this on 20"*"kith show "* ]]
    [[ $output == *"kith ask --again"* ]]
    run -0 mira ask --dry-run "$QUESTION"
    [[ $output == *"Nobody would be asked: you asked this on 20"* ]]
    run -0 mira ask --dry-run --again "$QUESTION"
    [[ $output != *"Nobody would be asked"* ]]
}

@test "a question in another language is told so" {
    run -5 mira ask "Wer kennt einen guten Zahnarzt in der Stadt?"
    [[ ${lines[0]} == *"reads as German"*"English only"* ]]
}

@test "a question to a named contact, passed on" {
    id=$(mira ask -q --to "dana whitlock" "Is a full-face mask safe?")
    soon inbox_has dana ASK_RECEIVED
    run -0 dana pass "${id: -8}"
    [ "$output" = "Passed on the question of Mira Solberg: Is a full-face mask safe?" ]
    run -4 dana pass "$id"
    run -0 mira asks --open --json
    [ -z "$output" ]
    [ "$(mira show "$id" --json | jq -r .state)" = ASK_STATE_PASSED ]
}

@test "an answer can come from standard input" {
    id=$(mira ask -q --to "dana whitlock" "How deep is the pool?")
    printf 'Two metres.\n\nAt the far end four.\n' | dana answer "$id"
    run -0 mira show "$id"
    [[ $output == *"Two metres."*"At the far end four."* ]]
    run -2 dana answer "$id" </dev/null
}

@test "an ask that is not one is explained" {
    run -3 mira show 01890000-0000-7000-8000-000000000000
    [[ $output == *"next: \`kith asks\` lists them."* ]]
    run -3 mira show deadbeef
    run -2 mira show nonsense
    [[ $output == *"nor \"last\""* ]]
}

@test "following the inbox shows what is there, and then what comes" {
    mkfifo "$BATS_TEST_TMPDIR/follow"
    # The program itself, not a shell around it: killing that would leave it behind.
    kith --as dana inbox --follow --json >"$BATS_TEST_TMPDIR/follow" 3>&- &
    follower=$!
    exec 8<"$BATS_TEST_TMPDIR/follow"
    id=$(mira ask -q --to "dana whitlock" "Which pool is warm?")
    found=
    while [ -z "$found" ] && read -rt 20 line <&8; do
        found=$(jq -r --arg id "$id" 'select(.subjectId == $id) | .title' <<<"$line")
    done
    kill "$follower"
    exec 8<&-
    [[ $found == "Mira Solberg asks you: Which pool is warm?" ]]
}

@test "reading marks as read only when told" {
    soon inbox_has mira ASK_ANSWERED
    [ -n "$(mira inbox --unread --json)" ]
    run -0 --separate-stderr mira inbox
    [[ $output != *"next: "* && $stderr == *"next: kith --as mira inbox --mark-read"* ]]
    mira inbox --mark-read >/dev/null
    run -0 mira inbox --unread
    [ "$output" = "nothing new" ]
}

@test "any method can be called by JSON, learnt from the service" {
    run -0 mira call GetMember
    [ "$(jq -r .member.name <<<"$output")" = "Mira Solberg" ]
    run -0 mira call --json ListContacts - <<<'{"query": "swim"}'
    [ "$(jq -r '.contacts[0].name' <<<"$output")" = "Dana Whitlock" ]
    run -2 mira call ListContacts '{"qurey": "swim"}'
    [[ $output == *"did you mean \"query\"?"* ]]
    run -2 mira call ListContacts '{'
    [[ $output == *"line 1"* ]]
    run -2 mira call ListContcats
    [[ $output == *"did you mean ListContacts?"* ]]
    run -0 kith call HealthService/Check --process notification
    [[ $output == *HEALTH_STATUS_SERVING* ]]
}

@test "what there is to call describes itself" {
    run -0 kith list --process notification
    [[ $output == *NotificationService/ListNotifications* && $output == *HealthService/Ping* ]]
    [[ $output != *ContactService* ]]
    run -3 kith list ContactService --process notification
    run -0 kith list ContactService
    [[ $output == *kith.v1.ContactService/ImportFile* && $output != *RecommendationService* ]]
    run -0 kith describe ContactService/AddFact
    [[ $output == *"for a member with a token that may write"*contactId*UUID*"message kith.v1.AddFactResponse"* ]]
    [ "$(kith describe AddFactRequest --json | jq -r '.fields[0].limits')" = UUID ]
    run -0 kith describe FactKind
    [[ $output == *FACT_KIND_HOMETOWN*"Where she comes from."* ]]
    run -3 kith describe AddFcat
    [[ $output == *"did you mean kith describe AddFact?"* ]]
}

@test "errors are JSON where JSON was asked for" {
    run --separate-stderr -3 mira show --json 01890000-0000-7000-8000-000000000000
    [ -z "$output" ]
    [ "$(jq -r .error.reason <<<"$stderr")" = ASK_NOT_FOUND ]
    [[ $(jq -r .error.traceId <<<"$stderr") =~ ^[0-9a-f]{32}$ ]]
}

@test "a trace id of the client is in the log of the service" {
    run --separate-stderr -0 mira -v whoami
    trace=${stderr#trace: }
    [[ $trace =~ ^[0-9a-f]{32}$ ]]
    grep -q "$trace" "$KITH_HOME/log/contact.log"
}

@test "every reason can be explained" {
    run -0 kith explain NOBODY_FITS
    [[ $output == *"Nobody in your network shows evidence"*"kith ask --to CONTACT"* ]]
    run -3 kith explain nobody_fit
    [[ $output == *"did you mean kith explain NOBODY_FITS?"* ]]
}

is_pinged() { [ "$(tail -n 100 "$KITH_LOGS/contact.log" | grep -c HealthService/Ping)" -gt 90 ]; }

@test "a deadline that passes is told apart" {
    kith ping contact --count 100000 --timeout 300ms 2>"$BATS_TEST_TMPDIR/said" 3>&- &
    pinger=$!
    soon is_pinged
    kill -STOP "$(stack_pid contact)"
    status=0
    wait "$pinger" || status=$?
    kill -CONT "$(stack_pid contact)"
    [ "$status" -eq 7 ]
    grep -q "next: Call again with the same idempotency key" "$BATS_TEST_TMPDIR/said"
    run -2 mira --timeout soon contacts
}

@test "a service that is down is told apart, and comes back" {
    stack_stop notification
    run -6 mira --timeout 3s inbox
    [[ $output == *"next: Check the address and that the service runs"* ]]
    run -6 kith status
    [[ $output == *kith-notification*"not there"* ]]
    stack_start notification
    run -0 kith status
}

@test "a token of one's own can be narrow, and be revoked" {
    token=$(mira token new --read-only --label test -q)
    KITH_TOKEN=$token run -0 kith contacts --limit 1
    KITH_TOKEN=$token run -4 kith ask "May I?"
    [[ $output == *"scope"* ]]
    KITH_TOKEN=$token run -0 kith token list
    [[ $output == *"test "*"read only"*"never expires  in use here"* ]]
    [[ $output != *kith_* ]]
    run -0 mira token revoke test
    run -3 mira token revoke test
    [[ ${lines[0]} == 'kith token revoke: none of your tokens is "test"' ]]
    run -3 mira import cancel 12345678
    [[ ${lines[0]} == 'kith import cancel: none of your imports is "12345678"' ]]
    run -3 mira token revoke 01890000-0000-7000-8000-000000000000
    [[ ${lines[1]} == 'next: `kith token list` lists them.' ]]
    run -0 mira token list --all
    [[ $output == *"test "*"revoked just now"* ]]
    KITH_TOKEN=$(mira token new -q) run -0 kith token revoke
    token=$(kith --as jonas token new -q)
    kith --as jonas token revoke
    revoked() { ! kith --as jonas whoami >/dev/null 2>&1; }
    soon revoked
    kith --as jonas logout
    run -3 kith --as jonas logout
}

@test "an event that nobody can take is a dead letter, seen in status, and redriven" {
    none_left() { [[ $(kith dead-letters --json) == "" ]]; }
    is_dead() { [[ $(kith dead-letters --json) == *REQUEST_MALFORMED* ]]; }
    status_has() { [[ $(kith status) == *"$1"* ]]; }
    run -0 kith dead-letters
    [[ $output == "0 dead letters" ]]
    run -4 env -u KITH_OPERATOR_TOKEN_FILE kith dead-letters
    [[ $output == *"only the operator"* ]]
    now=$(printf '%012x' "$(date +%s%3N)") # older ones are looked for but once a minute
    event=${now:0:8}-${now:8:4}-7000-8000-000000000002
    "$REPO/deploy/local" psql -qc "INSERT INTO recommendation.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
        VALUES ('01890000-0000-7000-8000-000000000001', '$event', 0,
            'kith.v1.AskReceived', '', '', 'notification')"
    soon is_dead
    run -0 kith dead-letters
    [[ $output == *"AskReceived"*"recommendation → notification"*"REQUEST_MALFORMED"*"next: "* ]]
    soon status_has "kith dead-letters lists them"
    run -3 kith dead-letters redrive 01890000-0000-7000-8000-000000000003
    run -0 kith dead-letters redrive "$event"
    [[ $output == "1 event is on the way again" ]]
    soon is_dead # nothing has changed
    "$REPO/deploy/local" psql -qc "DELETE FROM recommendation.dead_letter"
    soon none_left
}

@test "no name can command the terminal" {
    local override=$'\xe2\x80\xae' isolate=$'\xe2\x81\xa6' # U+202E and U+2066, in any locale
    printf '%s\n' 'First Name,Last Name,URL,Email Address,Company,Position,Connected On' \
        "Eve,${override}Live,https://www.linkedin.com/in/eve-live,,${isolate}Acme,Boss,01 Jan 2024" |
        mira import linkedin - || [ "$?" -eq 8 ]
    run -0 mira contacts Eve
    [[ $output == *Eve*Live*Acme* ]]
    [[ $output != *$'\e'* && $output != *"$override"* && $output != *"$isolate"* ]]
}
