#!/usr/bin/env bats
# deploy/local meets state directories as accidents leave them: it goes on, or says what to do.

setup() {
    REPO=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
    TOP=$(mktemp -d /tmp/kith-state.XXXXXX)
    chmod 755 "$TOP"
    export KITH_HOME=$TOP/kith
    DATA=$KITH_HOME/db/data
}

teardown() {
    local_part 'state_exists && unprivileged cluster_down' >/dev/null 2>&1 || true
    rm -rf "$TOP"
}

# Runs shell text among the functions of deploy/local.
local_part() {
    bash -c ". '$REPO/deploy/local'; $1"
}

up() { local_part 'state_prepare; state_lock; unprivileged cluster_up'; }

answers() { [[ $("$REPO/deploy/local" psql -Atc 'SELECT 42') == 42 ]]; }

postmaster() { head -n 1 "$DATA/postmaster.pid"; }

@test "a cluster is made once, durable, with checksums, on a socket only" {
    up
    answers
    [ "$("$REPO/deploy/local" psql -Atc 'SHOW data_checksums')" = on ]
    [ "$("$REPO/deploy/local" psql -Atc 'SHOW fsync')" = on ]
    [ -z "$("$REPO/deploy/local" psql -Atc 'SHOW listen_addresses')" ]
    [ "$(stat -c %a "$KITH_HOME/run")" = 700 ]
    run up
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "nothing of it runs as root" {
    up
    [ "$(stat -c %U "/proc/$(postmaster)")" != root ]
}

@test "a killed PostgreSQL comes back" {
    up
    kill -9 "$(postmaster)"
    up
    answers
}

@test "the number of a dead PostgreSQL may belong to another process by now" {
    up
    kill -9 "$(postmaster)"
    until [[ -z $(local_part 'cluster_processes') ]]; do :; done
    sed -i "1s/.*/$$/" "$DATA/postmaster.pid"
    up
    answers
    kill -0 $$
}

@test "a half-made cluster is made anew" {
    local_part 'state_prepare; unprivileged mkdir -p "$STATE/db/data.new/base"'
    up
    answers
    [ ! -e "$DATA.new" ]
}

@test "a part of the state directory that is missing is made anew" {
    up
    rmdir "$KITH_HOME/profiles"
    up
    [ "$(stat -c %a "$KITH_HOME/profiles")" = 700 ]
    answers
}

@test "a cluster with files missing is explained, not touched" {
    up
    local_part 'unprivileged cluster_down'
    mv "$DATA/global/pg_control" "$TOP/"
    run up
    [ "$status" -eq 1 ]
    [[ $output == *"not a complete PostgreSQL cluster"*"deploy/local reset"* ]]
    [ -e "$DATA/PG_VERSION" ]
}

@test "a cluster of another PostgreSQL names the package to install" {
    up
    local_part 'unprivileged cluster_down'
    echo 9 >"$DATA/PG_VERSION"
    run up
    [ "$status" -eq 1 ]
    [[ $output == *"made by PostgreSQL 9, which is not installed"*"apt-get install postgresql-9"* ]]
}

@test "a foreign directory is never written to, nor deleted" {
    mkdir -p "$KITH_HOME"
    echo precious >"$KITH_HOME/thesis.txt"
    run up
    [ "$status" -eq 1 ]
    [[ $output == *"holds files that are not Kith's"* ]]
    run "$REPO/deploy/local" reset --yes
    [ "$status" -eq 1 ]
    [ "$(ls -A "$KITH_HOME")" = thesis.txt ]
}

@test "files of another owner are explained with the way out" {
    [ "$EUID" -eq 0 ] || skip "only root can give files away"
    local_part 'state_prepare'
    chown nobody "$KITH_HOME/db"
    run up
    [ "$status" -eq 1 ]
    [[ $output == *"belongs to user nobody"*"chown -R kith"* ]]
}

@test "a path too long for a socket is refused before anything is made" {
    KITH_HOME=$TOP/$(printf 'x%.0s' {1..90})
    run up
    [ "$status" -eq 1 ]
    [[ $output == *"107 bytes"*"KITH_HOME=/path"* ]]
    [ ! -e "$KITH_HOME" ]
}

@test "a directory the user kith can not enter is explained" {
    [ "$EUID" -eq 0 ] || skip "only root changes users"
    chmod 700 "$TOP"
    run up
    [ "$status" -eq 1 ]
    [[ $output == *"user kith can not enter"* ]]
}

@test "a stale pid file is neither trusted nor killed" {
    local_part 'state_prepare'
    local_part "process_stamp $$ >'$TOP/pid'"
    [ "$(local_part "process_pid '$TOP/pid'")" = $$ ]
    # The same number, of a process that started at another time, or before the last boot.
    awk '{ $2 = $2 + 1; print }' "$TOP/pid" >"$TOP/later"
    run local_part "process_pid '$TOP/later'"
    [ "$status" -ne 0 ]
    local_part "process_stop '$TOP/later' 1"
    kill -0 $$
    [ ! -e "$TOP/later" ]
    sed 's/[^ ]*$/another-boot/' "$TOP/pid" >"$TOP/boot"
    run local_part "process_pid '$TOP/boot'"
    [ "$status" -ne 0 ]
    for garbage in "" "abc" "99999999 1 x" "-1 1 x"; do
        echo "$garbage" >"$TOP/garbage"
        run local_part "process_pid '$TOP/garbage'"
        [ "$status" -ne 0 ]
    done
}

@test "a taken port names who holds it and how to take another" {
    coproc LISTENER { exec python3 -c '
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True); sys.stdin.read()'; }
    read -r port <&"${LISTENER[0]}"
    KITH_PORT=$port run local_part 'service_check_port contact'
    [ "$status" -eq 1 ]
    [[ $output == *"port $port of kith-contact is taken by python3 (pid $LISTENER_PID)"*"KITH_PORT="* ]]
    kill "$LISTENER_PID"
}

@test "the ports of the last start are remembered" {
    local_part state_prepare
    [ "$(local_part 'service_port notification')" = 7103 ]
    KITH_PORT=7301 local_part 'unprivileged port_keep'
    local_part 'unprivileged port_keep'
    [ "$(local_part 'service_port notification')" = 7303 ]
    [ "$(KITH_PORT=9101 local_part 'service_port contact')" = 7301 ]
    KITH_PORT=9101 local_part 'unprivileged port_keep'
    [ "$(local_part 'service_address contact')" = tcp://127.0.0.1:9101 ]
}

@test "a service whose configuration changed is started anew, and no other" {
    local_part state_prepare
    local_part 'unprivileged service_configure contact
        install -D /bin/sleep "$STATE/app/bin/kith-contact"'
    local_part '"$STATE/app/bin/kith-contact" 60 & process_stamp $! >"$(service_pidfile contact)"'
    local_part 'service_configure contact; service_is_current contact'
    run local_part 'KITH_PORT=7401 service_configure contact; service_is_current contact'
    [ "$status" -eq 1 ]
    local_part 'process_stop "$(service_pidfile contact)" 5'
}

@test "reset asks, and only yes is yes" {
    up
    run "$REPO/deploy/local" reset </dev/null
    [ "$status" -eq 1 ]
    answers
    "$REPO/deploy/local" reset --yes
    [ ! -e "$KITH_HOME" ]
}

@test "down twice, and down before up, are fine" {
    "$REPO/deploy/local" down
    up
    "$REPO/deploy/local" down
    "$REPO/deploy/local" down
    run "$REPO/deploy/local" status
    [ "$status" -eq 3 ]
}
