#!/usr/bin/env bats
# The main job through three services, as `deploy/local demo` tells it.

setup_file() {
    load ../stack
    stack_up
    export STACK
}

teardown_file() {
    load ../stack
    stack_down
}

setup() {
    load ../stack
    stack_use
}

story() { stack_do 'unprivileged demo_tell'; }

@test "the story comes true, on one screen" {
    run story
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"Imported 320 new contacts"* ]]
    [[ $output == *"snorkeling is a kind of skin diving, a kind of swimming"* ]]
    [ "${#lines[@]}" -le 36 ]
}

@test "it can be told again on the same instance" {
    run story
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"Imported 0 new contacts, 0 updated, 320 unchanged"* ]]
    [[ $output == *"they are connected already"* ]]
}

# In any order: a call is logged when its reply has left, which may be after its event has arrived.
@test "every call of it is in the logs under one trace id" {
    run story
    trace=$(grep -oE '[0-9a-f]{32}' <<<"$output" | head -n 1)
    logged=$(stack_do "unprivileged grep -h $trace \"\$STATE\"/log/contact.log \
        \"\$STATE\"/log/recommendation.log \"\$STATE\"/log/notification.log" |
        grep -v evt=queue.effect | grep -oE '/(ImportFile|Ask|Answer) |kind=kith.v1.Ask[A-Za-z]*' | LC_ALL=C sort | xargs)
    [ "$logged" = "/Answer /Ask /ImportFile kind=kith.v1.AskAnswered kind=kith.v1.AskReceived" ]
}

@test "it tells the truth when a service is missing" {
    stack_kill notification
    run story
    [ "$status" -ne 0 ]
    [[ $output == *"The story ends here"* ]]
    stack_start notification
    run story
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "who does not fit is not asked, and nobody is asked in her place" {
    run kith --as mira ask "xyzzy plugh"
    echo "$output"
    [ "$status" -eq 5 ]
    [[ $output == *"evidence"* ]]
}
