# A whole Kith for a test: PostgreSQL and the three services of this build, on free ports, with its
# state in a temporary directory, run by the same functions as deploy/local. Sourced.
#
# Needs KITH_BUILD, the build directory; ctest sets it.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Runs shell text among the functions of deploy/local.
stack_do() { # TEXT
    bash -c ". '$REPO/deploy/local'; $1"
}

# Four in a row that nobody listens on, below those the kernel gives out by itself. They are ours
# while this shell or anything it started lives: stacks that start at once take turns by a lock that
# they inherit. Not in a subshell, which would let it go. Sets KITH_PORT.
stack_take_ports() {
    local lock
    mkdir -p "/tmp/kith-ports.$EUID"
    while :; do
        KITH_PORT=$((20000 + RANDOM % 3000 * 4))
        exec {lock}>"/tmp/kith-ports.$EUID/$KITH_PORT"
        if flock -n "$lock" && [[ -z $(ss -Hltn "sport >= :$KITH_PORT and sport <= :$((KITH_PORT + 3))") ]]; then
            return
        fi
        exec {lock}>&-
    done
}

stack_up() {
    STACK=$(mktemp -d /tmp/kith-stack.XXXXXX)
    chmod 755 "$STACK"
    KITH_HOME=$STACK/kith
    stack_take_ports
    export KITH_HOME KITH_PORT
    if ! stack_do "state_prepare
        cmake --install '$KITH_BUILD' --prefix \"\$STATE/app\" >'$STACK/install.log'
        unprivileged start_all"; then
        stack_down # what did start must not stay
        return 1
    fi
    stack_use
}

# The same for a file of bats tests, with the six people of the demo and what they did in it.
stack_up_with_people() {
    stack_up
    export STACK NO_COLOR=1
    stack_do 'unprivileged demo_tell' >"$STACK/story"
    unset KITH_PROFILE KITH_TOKEN KITH_TOKEN_FILE
}

# Runs until it succeeds: what comes by events comes soon, not at once.
soon() { # COMMAND…
    local until=$((SECONDS + 20))
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || { echo "not within 20 s: $*" >&2; return 1; }
        read -rt 0.1 <> <(:) || true
    done
}

# The environment of a client.
stack_use() {
    local text
    text=$(stack_do local_env)
    eval "$text"
}

# From now on the services speak TLS as well, and to one another only that. Sets TLS_FOLDER, with an
# authority, a certificate of all services and one of a client, and the TLS_ADDRESS of contact.
stack_encrypt() {
    local service port plain=$KITH_PORT
    export TLS_FOLDER=$STACK/tls TLS_ADDRESS
    "$REPO/deploy/certificates" --dir "$TLS_FOLDER" authority
    "$REPO/deploy/certificates" --dir "$TLS_FOLDER" service server 127.0.0.1
    "$REPO/deploy/certificates" --dir "$TLS_FOLDER" client client
    stack_own_tls
    stack_take_ports
    TLS_ADDRESS=tls+tcp://127.0.0.1:$KITH_PORT
    port=$((KITH_PORT - plain)) KITH_PORT=$plain
    for service in contact recommendation notification; do
        stack_do "process_stop \"\$(service_pidfile $service)\" 15"
        awk -v by="$port" -v dir="$TLS_FOLDER" '
            function moved(url, at) {
                at = match(url, /[0-9]+$/)
                return "tls+" substr(url, 1, at - 1) (substr(url, at) + by)
            }
            $1 == "listen" { $0 = $0 "," moved($3) }
            $1 ~ /-endpoints$/ { $0 = $1 " = " moved($3) }
            { print }
            END {
                print "tls-ca = " dir "/ca.pem"
                print "tls-certificate = " dir "/server.pem"
                print "tls-key = " dir "/server.key"
            }' "$KITH_HOME/etc/$service.conf" >"$STACK/conf"
        cp "$STACK/conf" "$KITH_HOME/etc/$service.conf"
    done
    for service in contact recommendation notification; do stack_start "$service"; done
}

# The services may not run as who made their certificates.
stack_own_tls() {
    chown -R --reference="$KITH_HOME/etc" "$TLS_FOLDER"
}

stack_pid() { # SERVICE
    stack_do "process_pid \"\$(service_pidfile $1)\""
}

# Ends a process as a crash would; it may take a moment until one that was killed is gone.
stack_crash() { # PID
    kill -KILL "$1"
    stack_do "process_wait_end $1 10"
}

stack_kill() { # SERVICE
    stack_crash "$(stack_pid "$1")"
}

stack_stop() { # SERVICE: in good order
    stack_do "process_stop \"\$(service_pidfile $1)\" 15"
}

stack_start() { # SERVICE
    stack_do "unprivileged service_start $1 && unprivileged service_wait_ready $1"
}

# As a crash of the machine's memory would: no shutdown, recovery from the log.
stack_kill_postgresql() {
    stack_crash "$(stack_do cluster_postmaster)"
}

stack_start_postgresql() {
    stack_do "unprivileged cluster_up"
}

stack_down() {
    [[ -n ${STACK:-} ]] || return 0
    stack_do "unprivileged stop_all" || true
    rm -rf -- "$STACK"
}
