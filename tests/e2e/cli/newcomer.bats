#!/usr/bin/env bats
# The first ten minutes with kith: where somebody new stumbles, she is told what she needs. One
# instance for all tests, with the six people of the demo; each test is on its own.

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
    cd "$BATS_TEST_TMPDIR" || return
}

mira() { kith --as mira "$@"; }
dana() { kith --as dana "$@"; }

# ---- who am I -----------------------------------------------------------------------------------

@test "a profile that is not there is named, with those that are and how to log in" {
    run -4 kith --as nobody contacts
    [ "${lines[0]}" = "kith contacts: there is no profile nobody" ]
    [ "${lines[1]}" = "next: --as one of: aiko, dana, jonas, mira, priyanka, tomas; or log in: kith login --save-as nobody < FILE-WITH-THE-TOKEN" ]
    run -4 kith contacts
    [ "${lines[0]}" = "kith contacts: nobody is logged in here" ]
    [[ ${lines[1]} == "next: kith --as PROFILE, one of: aiko, dana, "*"kith login < FILE-WITH-THE-TOKEN" ]]
    KITH_PROFILES=/nonexistent run -4 kith contacts
    [ "${lines[1]}" = "next: kith login < FILE-WITH-THE-TOKEN" ]
    run --separate-stderr -4 kith --json --as nobody contacts
    [ "$(jq -r '.error.reason, .error.message' <<<"$stderr" | xargs -d '\n')" = "TOKEN_MISSING there is no profile nobody" ]
}

@test "kith says which version it is" {
    run -0 kith --version
    [[ $output =~ ^kith\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "login keeps the addresses given on the command line" {
    contact=$KITH_CONTACT_ENDPOINTS recommendation=$KITH_RECOMMENDATION_ENDPOINTS
    notification=$KITH_NOTIFICATION_ENDPOINTS
    unset KITH_CONTACT_ENDPOINTS KITH_RECOMMENDATION_ENDPOINTS KITH_NOTIFICATION_ENDPOINTS
    export KITH_PROFILES=$PWD
    kith --contact-endpoints "$contact" member add "Ada Lind" ada.lind@example.org -q >token
    run -0 kith login --contact-endpoints "$contact" --recommendation-endpoints "$recommendation" \
        --notification-endpoints="$notification" <token
    run -0 kith whoami
    [[ ${lines[0]} == "Ada Lind "* ]]
    kith asks
    kith inbox
    # What is said on the command line wins over the environment, that over what was kept.
    KITH_CONTACT_ENDPOINTS=tcp://127.0.0.1:9 run -6 kith whoami
    KITH_CONTACT_ENDPOINTS=tcp://127.0.0.1:9 kith whoami --contact-endpoints "$contact"
    run -0 kith --json logout
    [ "$output" = '{"profile":"default"}' ]
}

@test "the operator's token is no member's, and says so" {
    run -2 kith whoami --token-file "$KITH_OPERATOR_TOKEN_FILE"
    [ "${lines[0]}" = "kith whoami: this is the operator's token, and the operator is no member" ]
    [ "${lines[1]}" = "next: kith member add NAME EMAIL --save-as PROFILE" ]
    run -2 kith login --save-as operator <"$KITH_OPERATOR_TOKEN_FILE"
    [[ ${lines[0]} == *"the operator is no member" ]]
    run -4 kith login <<<"kith_short"
    [[ ${lines[0]} == *"copy the whole of it" && ${lines[1]} == "next: kith login < FILE-WITH-THE-TOKEN" ]]
}

# ---- invitations --------------------------------------------------------------------------------

@test "an invitation comes with the text to send, and what it says is true" {
    run -0 mira invite "Kenji Boateng"
    [[ $output == *"can not deliver it. Send it yourself:"* ]]
    line=$(grep -F 'kith member add' <<<"$output")
    [[ $line =~ ^\ +kith\ member\ add\ \"Kenji\ Boateng\"\ YOUR@E-MAIL\ --invitation\ [A-Z0-9-]{19}\ --save-as\ me$ ]]
    cp -r "$KITH_PROFILES" profiles
    line=${line/YOUR@E-MAIL/kenji@example.org}
    run -0 env -u KITH_OPERATOR_TOKEN_FILE KITH_PROFILES="$PWD/profiles" bash -c "${line/--save-as me/--save-as kenji}"
    [[ ${lines[0]} == "Kenji Boateng is a member now (profile kenji)" ]]
    [ "$(mira contact show --json "Kenji Boateng" | jq .isConnected)" = true ]
}

@test "who was not told through her inbox declines by the code" {
    code=$(mira invite -q "Aiko Hayashida")
    run -3 kith --as aiko decline mira
    [[ ${lines[0]} == "kith decline: no invitation of \"mira\" has reached your inbox" ]]
    [[ ${lines[1]} == "next: take the code she gave you: kith decline ABCD-EFGH-JKLM-NPQR; kith invitations "* ]]
    run -0 kith --as aiko decline "$code"
    [ "$output" = "Declined; the sender is not told" ]
    run -5 kith --as aiko accept "$code"
    [[ ${lines[0]} == *"ask for a new one"* && ${#lines[@]} -eq 1 ]]
}

has_invitation() { kith --as priyanka inbox --unread --json | grep -q INVITATION_RECEIVED; }

@test "a contact who is linked finds the invitation in her inbox, and may name the sender" {
    printf '%s\n' 'First Name,Last Name,URL,Email Address,Company,Position,Connected On' \
        'Mira,Solberg,https://www.linkedin.com/in/mira-solberg,,Fjord,Editor,01 Jan 2024' |
        kith --as priyanka import linkedin -
    mira link "Priyanka Raman" --code "$(kith --as priyanka invite -q "Mira Solberg")"
    run -0 mira invite "Priyanka Raman"
    [[ $output == *"It is in the inbox of Priyanka Raman"* && $output != *"member add"* ]]
    soon has_invitation
    run -0 kith --as priyanka decline mira
    [ "$output" = "Declined; the sender is not told" ]
    run -1 has_invitation
}

# ---- what to do next ----------------------------------------------------------------------------

@test "a hint says what the message does not" {
    run -2 mira ask ""
    [ "$output" = $'kith ask: question is missing\nnext: kith ask QUESTION   (more: kith help ask)' ]
    mkdir export
    run -2 mira import linkedin export
    [ "$output" = $'kith import linkedin: export is a folder, not a file\nnext: kith import linkedin export/Connections.csv' ]
    : >empty.csv
    run -2 mira import linkedin empty.csv
    [[ ${lines[0]} == *"the file is empty"* && ${lines[1]} == *"Get a copy of your data" ]]
    echo 'First Name,Last Name,URL,Email Address,Company,Position,Connected On' >header.csv
    run -2 mira import linkedin header.csv
    [[ ${lines[0]} == *"there is no contact in it" && ${lines[1]} == *"with Connections ticked"* ]]
    run -2 kith import xing contacts.csv
    [[ $output == $'kith: there is no command "import xing"\nnext: kith import linkedin FILE'* ]]
    run -2 kith fact
    [[ ${lines[1]} == "next: kith fact add CONTACT KIND VALUE, kith fact remove CONTACT FACT" ]]
    run -3 kith explain TOKEN_INVALID
    [ "${lines[1]}" = "next: kith explain REASON, one of: TOKEN_MISSING, TOKEN_MALFORMED, TOKEN_UNKNOWN, TOKEN_NOT_FOUND" ]
}

@test "who has no contacts yet is told to bring them" {
    kith member add "Nova Reyes" nova@example.org --save-as nova
    [ "$(stat -c %U "$KITH_PROFILES/nova.json")" = "$(stat -c %U "$KITH_PROFILES")" ]
    run -0 kith --as nova contacts
    [ "$output" = $'no contacts yet\nnext: kith --as nova import linkedin Connections.csv' ]
    run -0 kith --as nova imports
    [ "$output" = "no imports yet" ]
    run -5 kith --as nova ask "Who can swim?"
    [ "${lines[0]}" = "kith ask: you have no contacts yet who could be asked" ]
    [[ ${lines[1]} == *"kith import linkedin Connections.csv"* ]]
    run -0 kith --as nova ask --dry-run "Who can swim?"
    [[ $output == *"Nobody would be asked: you have no contacts yet"*"next: kith --as nova import linkedin "* ]]
}

@test "another file than the CSV is known for what it is" {
    local csv=$REPO/tests/data/linkedin/Connections.csv
    python3 -m zipfile -c export.zip "$csv"
    run -2 mira import linkedin export.zip
    [ "${lines[0]}" = "kith import linkedin: export.zip is a ZIP archive, not a CSV file" ]
    [ "${lines[1]}" = 'next: unzip -p "export.zip" Connections.csv | kith import linkedin -' ]
    iconv -f UTF-8 -t UTF-16 "$csv" >wide.csv
    run -2 mira import linkedin wide.csv
    [[ ${lines[0]} == *"wide.csv is in UTF-16" ]]
    [[ ${lines[1]} == *"iconv -f UTF-16 -t UTF-8 \"wide.csv\" | kith import linkedin -" ]]
    run -0 mira import linkedin --dry-run "$REPO/tests/data/linkedin/variants/semicolons.csv"
    [[ ${lines[0]} == *"0 skipped" ]]
}

@test "a service's program names the command it does not have" {
    run -2 "$KITH_HOME/app/bin/kith-contact" mirgate
    [ "${lines[0]}" = 'kith-contact: there is no command "mirgate"' ]
    [[ ${lines[1]} == *"kith-contact [serve|migrate|healthcheck|new-token]"* && ${#lines[@]} -eq 2 ]]
}

@test "a date nobody can read is said, with its row" {
    printf '%s\n' 'First Name,Last Name,Connected On' 'Zoë,Öberg,27 Jul 2024' 'Bo,Lind,soon' >dates.csv
    run -8 mira import linkedin --dry-run dates.csv
    [[ ${lines[0]} == "Would import 2 new contacts,"*"0 skipped" ]]
    [[ $output == *"1 contact is taken without what could not be read"* ]]
    [[ $output == *'row 3, Connected On: "soon" is not a date such as 27 Jul 2024'* ]]
}

@test "a file that is too large is wrong input, too many uploads are not" {
    { echo 'First Name,Last Name,URL,Email Address,Company,Position,Connected On'
        seq -f 'A%.0f,B,,,C,D,01 Jan 2024' 100001; } >large.csv
    run -2 mira import linkedin large.csv
    [[ ${#lines[@]} -eq 1 && $output == *"more than 100000 rows; split it" ]]
    for n in 1 2 3 4; do
        mira call ImportFile '{"importId": "01890000-0000-7000-8000-00000000000'$n'", "chunk": "QQ==",
            "format": "IMPORT_FORMAT_LINKEDIN_CONNECTIONS"}'
    done
    run -5 mira import linkedin "$REPO/tests/data/linkedin/Connections.csv"
    [[ ${lines[1]} == "next: kith imports lists them, kith import cancel ID gives one up" ]]
    for n in 1 2 3 4; do mira import cancel "01890000-0000-7000-8000-00000000000$n"; done
}

has_an_upload() { mira imports | grep -q uploading; }

@test "an import that is interrupted says so, and can be given up" {
    { cat "$REPO/tests/data/linkedin/Connections.csv"; head -c 1000000 /dev/zero | tr '\0' ','; } >long.csv
    mkfifo slow
    # Not by a shell's job, which would ignore Ctrl-C.
    python3 -c 'import signal, os, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.execvp(sys.argv[1], sys.argv[1:])' kith --as mira import linkedin - <slow 2>said 3>&- &
    importer=$!
    exec 8>slow
    cat long.csv >&8
    soon has_an_upload
    kill -INT "$importer"
    status=0
    wait "$importer" || status=$?
    exec 8>&-
    [ "$status" -eq 130 ]
    grep -q "stopped; kith imports shows what came of it" said
    id=$(mira imports --json | jq -r 'select(.state == "IMPORT_STATE_UPLOADING") | .id')
    mira import cancel "${id: -8}" # as kith imports shows it
    run -1 has_an_upload
}

@test "a dry run is no import in the list of them" {
    mira import linkedin --dry-run "$REPO/tests/data/linkedin/variants/bom.csv"
    run -0 mira imports
    [[ ${lines[1]} == *"bom.csv"*"only tried"* ]]
}

@test "text that is not UTF-8 is refused where it stands" {
    run -2 mira fact add "Dana Whitlock" expertise $'swim\xff'
    [ "${lines[0]}" = "kith fact add: \"swim�\" is not text in UTF-8" ]
    run -2 mira contacts --tag $'\xff'
    [[ ${lines[0]} == "kith contacts: --tag: "*"is not text in UTF-8" ]]
}

@test "output that can not be written is no success" {
    run --separate-stderr -1 bash -c 'kith --as mira contacts >/dev/full'
    [[ $stderr == "kith contacts: standard output: No space left on device"* ]]
}

@test "hints keep out of a pipe" {
    run -0 --separate-stderr mira contacts --limit 3
    [[ $output != *next:* && $stderr == "next: kith --as mira contacts --limit 0" ]]
    run -0 --separate-stderr mira contacts --limit 3 -q
    [ -z "$stderr" ]
}

@test "on a terminal contacts end after fifty, saying how many more there are" {
    run -0 script -qec "kith --as mira contacts" /dev/null
    [[ $output == *"50 of 320 contacts"*"next: kith --as mira contacts --limit 0"* ]]
    [ "$(mira contacts | grep -c '^…')" = 320 ]
    run -0 mira contacts --limit 2 engineer
    [[ ${lines[3]} == "2 of "* && ${lines[4]} == 'next: kith --as mira contacts "engineer" --limit 0' ]]
}

# ---- asking and answering -----------------------------------------------------------------------

unread() { kith --as "$1" inbox --unread --json | jq -r "select(.subjectId == \"$2\") | .id"; }

has_unread() { [ -n "$(unread "$@")" ]; }

@test "last is the newest question that waits, and it is quoted" {
    older=$(mira ask -q --to "Dana Whitlock" "Is chlorine bad for hair?")
    newer=$(mira ask -q --to "Dana Whitlock" "How warm is the lake?")
    dana answer "$newer" "Nineteen degrees."
    run -0 dana pass last
    [ "$output" = "Passed on the question of Mira Solberg: Is chlorine bad for hair?" ]
    [ "$(mira show "$older" --json | jq -r .state)" = ASK_STATE_PASSED ]
    run -3 dana answer last "Which?"
    [ "${lines[0]}" = "kith answer: no question waits for your answer" ]
}

@test "who is about to type an answer sees the question" {
    mira ask -q --to "Dana Whitlock" "Do you teach the butterfly?"
    run -0 script -qec "kith --as dana answer last" /dev/null <<<$'Yes.\n\x04'
    [[ $output == *"Mira Solberg asks: Do you teach the butterfly?"*"Your answer, ended by Ctrl-D:"* ]]
}

@test "what was shown or answered is read" {
    id=$(mira ask -q --to "Dana Whitlock" "Where do you swim?")
    soon has_unread dana "$id"
    dana show "$id"
    [ -z "$(unread dana "$id")" ]
    dana answer "$id" "In the lake."
    soon has_unread mira "$id"
    mira show last
    [ -z "$(unread mira "$id")" ]
}

has_effect() { grep -q "evt=queue.effect trace_id=$1" "$KITH_LOGS/notification.log"; }

is_busy() { [ "$(tail -n 100 "$KITH_LOGS/$1.log" | grep -c HealthService/Ping)" -gt 90 ]; }

is_gone() { ! kill -0 "$1" 2>/dev/null; }

follower_says() { grep -q "$1" follow.err; }

@test "who follows the inbox is told when the connection was lost and is back" {
    kith --as dana inbox --follow >follow.out 2>follow.err 3>&- &
    follower=$!
    soon grep -q "Mira Solberg" follow.out
    kill -KILL "$(stack_pid notification)"
    soon follower_says "what came meanwhile is shown when it is back"
    stack_start notification
    soon follower_says "connected again"
    mira ask -q --to "Dana Whitlock" "Are you still there?"
    soon grep -q "Are you still there?" follow.out
    kill "$follower"
}

@test "following ends when nobody reads on, and leaves no process" {
    mkfifo follow
    kith --as dana inbox --follow --timeout 1s >follow 2>/dev/null 3>&- &
    follower=$!
    head -n 1 <follow
    soon is_gone "$follower"
}

# ---- what happened ------------------------------------------------------------------------------

@test "a trace is a tree: the call, the event it caused in another service, what came of that" {
    trace=$(mira -v ask -q --to "Dana Whitlock" "Is it deep?" 2>&1 >/dev/null | sed -n 's/^trace: //p' | tail -n 1)
    soon has_effect "$trace"
    run -0 kith trace "$trace"
    [[ ${lines[0]} == "trace $trace: 1 call, 1 event" ]]
    [[ ${lines[2]} =~ ^\ *0\.0\ ms\ +[0-9.]+\ ms\ \ recommendation\ \ Ask\ +OK$ ]]
    [[ ${lines[3]} =~ ^\ *[0-9.]+\ ms\ +[0-9.]+\ ms\ \ \ \ └\ notification\ \ ⇐\ AskReceived\ +[0-9.]+\ ms\ after ]]
    [[ ${lines[4]} =~ ^\ *[0-9.]+\ ms\ +└\ notification\ \ inbox.notified\ +AskReceived,\ inbox$ ]]
    [ "$(kith trace "${trace:0:9}" --json | jq -r .depth | xargs)" = "0 1 2" ]
    run -0 kith trace "$trace" --log - <"$KITH_LOGS/recommendation.log"
    [ "${#lines[@]}" -eq 3 ]
    run -3 kith trace 00000000000000000000000000000000
    KITH_LOGS='' run -2 kith trace "$trace"
    [[ $output == *'deploy/local env'*'--log FILE'* ]]
}

@test "bench says how many calls a second, how quickly, and why some failed" {
    run -0 kith bench --duration 300ms --callers 4
    [[ ${lines[0]} =~ ^HealthService/Ping\ \ [0-9]+\ calls\ a\ second,\ 4\ callers ]]
    [[ ${lines[1]} == *"p50 "*" ms   p99 "* && ${lines[2]} == *" succeeded, 0 failed" ]]
    mira bench GetMember --rate 50 --duration 1s --json | jq -e '.succeeded == 50 and .p50Ms > 0 and .p50Ms <= .p99Ms'
    run -4 kith bench GetMember --duration 300ms
    kith bench --duration 3s --timeout 200ms --json >bench.json 3>&- &
    bench=$!
    soon is_busy contact
    kill -STOP "$(stack_pid contact)"
    status=0
    wait "$bench" || status=$?
    kill -CONT "$(stack_pid contact)"
    [ "$status" -eq 8 ]
    jq -e '.succeeded > 0 and .failures.DEADLINE_PASSED > 0' bench.json
}

@test "top shows the operator what the services are busy with" {
    run -4 env -u KITH_OPERATOR_TOKEN_FILE kith top --once
    [[ $output == *"only the operator"* ]]
    mira bench GetMember --rate 100 --duration 1s -q
    run -0 kith top
    [[ $output == *"contact"*"since its start"*"waiting (p99 "*"connections; database "*"recommendation"*"notification"* ]]
    [[ $output =~ GetMember\ +[0-9.]+\ +[0-9.]*\ +[0-9.]+\ ms\ +[0-9.]+\ ms ]]
    kith top --once --json | jq -se 'map(.process) == ["contact", "recommendation", "notification"]'
    kith top --once --json | jq -se '.[0].methods | map(select(.method == "GetMember" and .ratePerS > 0 and .p50Us <= .p99Us)) | length == 1'
    # Nobody calls it meanwhile: a reading of so long has none of what came before.
    kith top --interval 200ms --json | jq -se '.[0].methods | map(select(.method == "GetMember")) == []'
}

looks_at_contact() { grep -q "looking at kith-contact" tap.err; }

has_tapped() { grep -q "ContactService/$1 " tap.out; }

@test "a service started with the option tap shows what it is asked, but no secret" {
    run -2 kith tap notification
    [[ ${lines[0]} == "kith tap: this service does not let what it is asked be seen" ]]
    [[ ${lines[1]} == "next: start it with the option tap: "*"KITH_TAP=yes deploy/local up" ]]
    stack_stop contact
    KITH_TAP=yes stack_start contact
    kith tap >tap.out 2>tap.err 3>&- &
    tap=$!
    soon looks_at_contact
    mira contacts swim >contacts.out
    kith member add "Ida Lund" ida@example.org -q >token
    soon has_tapped CreateMember
    kill "$tap"
    has_tapped ListContacts
    grep -q '→ {"query": "swim"' tap.out
    grep -q 'Ida Lund' tap.out
    run -1 grep -F "$(cat token)" tap.out
    run -4 mira call ReadTap --process contact
}

# ---- without services ---------------------------------------------------------------------------

@test "describe says when it speaks for no running service" {
    run -0 --separate-stderr kith describe Ask
    [[ -z $stderr || $stderr == "next: "* ]]
    KITH_CONTACT_ENDPOINTS=tcp://127.0.0.1:9 run -0 --separate-stderr kith describe Ask
    [[ $output == *"message kith.v1.Ask"* ]]
    [[ $stderr == *"no service answers; this is what kith itself was built with"* ]]
}

@test "following the logs ends with its command" {
    "$REPO/deploy/local" logs -f contact >logs.out 3>&- &
    follower=$!
    soon test -s logs.out
    kill -TERM "$follower"
    soon is_gone "$follower"
    run -1 pgrep -f "tail .*$KITH_HOME/log/contact.log"
}

@test "down says what was stopped" {
    run -0 "$REPO/deploy/local" down
    [[ $output == *"stopped kith-contact (pid "*"kith-notification (pid "*"PostgreSQL (pid "* ]]
    run -0 "$REPO/deploy/local" down
    [[ $output == *"nothing was running in $KITH_HOME"* ]]
}

@test "an instance for a test that fails to start leaves nothing behind" {
    run bash -c ". '$REPO/tests/e2e/stack.bash'; KITH_WORKERS=many stack_up; echo \"\$? \$STACK\""
    [[ ${lines[-1]} =~ ^1\ (/tmp/kith-stack[.].*)$ ]]
    [ ! -e "${BASH_REMATCH[1]}" ]
    run -1 pgrep -f "${BASH_REMATCH[1]}"
}
