# The three services of a state directory. Sourced; needs say.sh, process.sh and cluster.sh; never
# runs as root.

SERVICES=(contact recommendation notification)
READY_WITHIN_S=30

# The first of the three ports: what the last start took, so that nobody has to say it again.
port_base() { cat "$STATE/etc/port" 2>/dev/null || echo "${KITH_PORT:-7101}"; }

port_keep() {
    [[ -z ${KITH_PORT:-} && -s $STATE/etc/port ]] || echo "${KITH_PORT:-7101}" >"$STATE/etc/port"
}

service_port() { # SERVICE
    local base
    base=$(port_base)
    case $1 in
        contact) echo "$base" ;;
        recommendation) echo $((base + 1)) ;;
        notification) echo $((base + 2)) ;;
    esac
}

service_address() { echo "tcp://127.0.0.1:$(service_port "$1")"; }
service_pidfile() { echo "$STATE/run/$1.pid"; }
service_log() { echo "$STATE/log/$1.log"; }

services_check_port_base() {
    [[ ${KITH_PORT:-7101} =~ ^[0-9]{4,5}$ && ${KITH_PORT:-7101} -le 65533 ]] ||
        die "KITH_PORT=$KITH_PORT is not the first of three ports" "a number from 1024 to 65533"
}

secrets_create() {
    local name
    for name in service-token operator-token; do
        [[ -s $STATE/secrets/$name ]] && continue
        (umask 077 && "$STATE/app/bin/kith-contact" new-token >"$STATE/secrets/$name.new") ||
            die "could not make $STATE/secrets/$name"
        mv -f -- "$STATE/secrets/$name.new" "$STATE/secrets/$name"
    done
}

service_endpoints() { # SERVICE -> whom it calls and sends events to
    case $1 in
        contact)
            echo "recommendation-endpoints = $(service_address recommendation)"
            echo "notification-endpoints = $(service_address notification)"
            ;;
        recommendation)
            echo "notification-endpoints = $(service_address notification)"
            ;;
    esac
}

service_configure() { # SERVICE
    {
        echo "# Written by deploy/local at every start. To change a setting, put it into the"
        echo "# environment of \`deploy/local up\`: KITH_LOG_LEVEL=debug deploy/local up"
        echo "listen = $(service_address "$1")"
        echo "database-host = $STATE/run"
        echo "migrator-user = $CLUSTER_ROLE"
        echo "service-token-file = $STATE/secrets/service-token"
        echo "operator-token-file = $STATE/secrets/operator-token"
        echo "log-format = logfmt"
        service_endpoints "$1"
    } >"$STATE/etc/$1.conf.new"
    if cmp -s "$STATE/etc/$1.conf.new" "$STATE/etc/$1.conf"; then
        rm -f -- "$STATE/etc/$1.conf.new"
    else
        mv -f -- "$STATE/etc/$1.conf.new" "$STATE/etc/$1.conf"
    fi
}

service_run() { # SERVICE ARGUMENT…
    local service=$1
    shift
    env -u KITH_HOME -u KITH_PORT "$STATE/app/bin/kith-$service" "$@" \
        --config="$STATE/etc/$service.conf"
}

service_migrate() { # SERVICE
    service_run "$1" migrate >"$STATE/log/migrate-$1.log" 2>&1 ||
        die "kith-$1 migrate failed: $(tail -n 2 "$STATE/log/migrate-$1.log")" \
            "the whole story: $STATE/log/migrate-$1.log"
}

# A service whose program was replaced by a newer build, or whose configuration changed, counts as
# stopped.
service_is_current() { # SERVICE
    local pid exe
    pid=$(process_pid "$(service_pidfile "$1")") || return 1
    [[ ! $STATE/etc/$1.conf -nt $(service_pidfile "$1") ]] || return 1
    exe=$(readlink "/proc/$pid/exe") && [[ $exe == "$STATE/app/bin/kith-$1" ]]
}

# A process that was killed a moment ago may still hold its port: nobody's name is on it then.
service_check_port() { # SERVICE
    local who port end=$((SECONDS + 5))
    port=$(service_port "$1")
    while who=$(process_on_port "$port"); do
        [[ -n $who || $SECONDS -ge $end ]] &&
            die "port $port of kith-$1 is taken by ${who:-a process of another user}" \
                "end it, or take three other ports: KITH_PORT=$(($(port_base) + 100)) deploy/local up"
        read -rt 0.05 <> <(:) || true
    done
}

log_rotate() { # FILE
    [[ ! -e $1 || $(stat -c %s "$1") -lt 10000000 ]] || mv -f -- "$1" "$1.1"
}

service_start() { # SERVICE
    service_is_current "$1" && return
    process_stop "$(service_pidfile "$1")" 15
    service_check_port "$1"
    log_rotate "$(service_log "$1")"
    env -u KITH_HOME -u KITH_PORT setsid "$STATE/app/bin/kith-$1" serve \
        --config="$STATE/etc/$1.conf" </dev/null >>"$(service_log "$1")" 2>&1 9>&- &
    process_stamp $! >"$(service_pidfile "$1")" || true
}

service_is_ready() { # SERVICE
    service_run "$1" healthcheck >"$STATE/run/$1.health" 2>&1
}

service_wait_ready() { # SERVICE
    local end=$((SECONDS + READY_WITHIN_S))
    until service_is_ready "$1"; do
        process_pid "$(service_pidfile "$1")" >/dev/null ||
            die "kith-$1 ended at start: $(tail -n 1 "$(service_log "$1")")" \
                "the whole story: $(service_log "$1")"
        [[ $SECONDS -lt $end ]] ||
            die "kith-$1 is not ready after $READY_WITHIN_S s: $(tail -n 1 "$STATE/run/$1.health")" \
                "the whole story: $(service_log "$1")"
        read -rt 0.05 <> <(:) || true
    done
}

services_up() {
    local service
    services_check_port_base
    port_keep
    for service in "${SERVICES[@]}"; do service_configure "$service"; done
    secrets_create
    for service in "${SERVICES[@]}"; do service_migrate "$service"; done
    for service in "${SERVICES[@]}"; do service_start "$service"; done
    for service in "${SERVICES[@]}"; do service_wait_ready "$service"; done
}

# All are asked at once: each finishes its calls, and finds later what another could not take.
services_down() {
    local service pid
    for service in "${SERVICES[@]}"; do
        if pid=$(process_pid "$(service_pidfile "$service")"); then kill -TERM "$pid" || true; fi
    done
    for service in "${SERVICES[@]}"; do process_stop "$(service_pidfile "$service")" 15; done
}
