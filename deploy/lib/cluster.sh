# The private PostgreSQL cluster of a state directory: unix socket only, peer authentication, real
# durability, data checksums. Sourced; needs say.sh and process.sh; never runs as root.

CLUSTER_ROLE=kith # owns everything; the services' own roles come from their migrate commands

cluster_dir() { echo "$STATE/db/data"; }

# Debian keeps the server's programs per major version and out of PATH.
cluster_bindir() { # [MAJOR]
    local dir
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) \
        "$(dirname "$(readlink -f "$(command -v initdb || true)")")"; do
        if [[ -x $dir/postgres && $("$dir/postgres" --version) =~ \ ${1:-[0-9]} ]]; then
            echo "$dir"
            return
        fi
    done
    return 1
}

cluster_run() { # PROGRAM ARGUMENT…: with the binaries of the cluster's own version
    local program=$1 bindir
    shift
    bindir=$(cluster_bindir "$(cat "$(cluster_dir)/PG_VERSION" 2>/dev/null)") || return 127
    "$bindir/$program" "$@" 9>&-
}

cluster_configure() { # DATADIR
    local role
    cat >>"$1/postgresql.conf" <<CONF

# Kith: reachable through one socket by one user; nothing acknowledged is ever lost.
listen_addresses = ''
unix_socket_directories = '$STATE/run'
unix_socket_permissions = 0700
max_connections = 100
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
CONF
    echo "local all all peer map=kith" >"$1/pg_hba.conf"
    for role in "$CLUSTER_ROLE" contact recommendation notification; do
        echo "kith $(id -un) $role"
    done >"$1/pg_ident.conf"
}

# Made beside its place and moved there when complete: a half-made cluster is never taken for one.
cluster_create() {
    local new
    new=$(cluster_dir).new
    rm -rf -- "$new"
    say "making a PostgreSQL cluster in $(cluster_dir)"
    cluster_run initdb --pgdata="$new" --username="$CLUSTER_ROLE" --encoding=UTF8 --locale=C.UTF-8 \
        --auth=peer --data-checksums >"$STATE/log/initdb.log" 2>&1 ||
        die "initdb failed: $(tail -n 2 "$STATE/log/initdb.log")" "the whole story: $STATE/log/initdb.log"
    cluster_configure "$new"
    mv -T -- "$new" "$(cluster_dir)"
}

cluster_check() {
    local dir major owner
    dir=$(cluster_dir)
    [[ -s $dir/PG_VERSION && -s $dir/global/pg_control ]] ||
        die "$dir is not a complete PostgreSQL cluster" \
            "if it holds nothing you need: deploy/local reset" "else put a backup there"
    owner=$(stat -c %U -- "$dir")
    [[ $owner == "$(state_user)" ]] ||
        die "$dir belongs to user $owner, but PostgreSQL runs as $(id -un) here" \
            "hand it over: chown -R $(id -un) $dir"
    major=$(cat "$dir/PG_VERSION")
    cluster_bindir "$major" >/dev/null ||
        die "$dir was made by PostgreSQL $major, which is not installed here" \
            "install it: apt-get install postgresql-$major" \
            "or bring the data over with pg_upgrade, or begin anew: deploy/local reset"
}

# Every process of a PostgreSQL server works inside its data directory.
cluster_processes() {
    local cwd dir
    dir=$(cluster_dir)
    for cwd in /proc/[0-9]*/cwd; do
        [[ $(readlink "$cwd" 2>/dev/null) == "$dir" ]] && basename "$(dirname "$cwd")"
    done
    return 0
}

cluster_postmaster() { # -> pid; a leftover postmaster.pid does not count
    local pid
    pid=$(head -n 1 "$(cluster_dir)/postmaster.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$(cluster_dir)" ]] || return 1
    echo "$pid"
}

# After a killed postmaster its children leave within a moment. Then the lock files it left are
# PostgreSQL's to clear, unless their number belongs to another process by now, or to a dead one
# nobody reaped: it can not tell those from itself, but we know that nothing works in the directory.
cluster_recover_leftovers() {
    local pid file
    file=$(cluster_dir)/postmaster.pid
    [[ -e $file ]] || return 0
    say "PostgreSQL was not shut down properly; it will recover by itself"
    for pid in $(cluster_processes); do
        process_wait_end "$pid" 10 ||
            die "process $pid is left over from a killed PostgreSQL in $(cluster_dir)" \
                "end it: kill $pid"
    done
    [[ ! -e /proc/$(head -n 1 "$file") ]] || rm -f -- "$file" "$STATE"/run/.s.PGSQL.*.lock
}

cluster_up() {
    [[ -e $(cluster_dir) ]] || cluster_create
    cluster_check
    if ! cluster_postmaster >/dev/null; then
        cluster_recover_leftovers
        cluster_run pg_ctl --pgdata="$(cluster_dir)" --log="$STATE/log/postgresql.log" \
            --silent --wait --timeout=60 start >/dev/null ||
            die "PostgreSQL did not start: $(tail -n 3 "$STATE/log/postgresql.log")" \
                "the whole story: $STATE/log/postgresql.log"
    fi
    cluster_wait_ready
    cluster_create_database
}

# Another start may have got no further than the first process.
cluster_wait_ready() {
    local end=$((SECONDS + 60))
    until cluster_run pg_isready --quiet --host="$STATE/run" --dbname=postgres; do
        if ! cluster_postmaster >/dev/null || [[ $SECONDS -ge $end ]]; then
            die "PostgreSQL does not answer: $(tail -n 3 "$STATE/log/postgresql.log")" \
                "the whole story: $STATE/log/postgresql.log"
        fi
        read -rt 0.1 <> <(:) || true
    done
}

cluster_psql() { # ARGUMENT…
    cluster_run psql --no-psqlrc --host="$STATE/run" --username="$CLUSTER_ROLE" "$@"
}

cluster_create_database() {
    local exists
    exists=$(cluster_psql -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = 'kith'")
    [[ $exists == 1 ]] || cluster_psql -d postgres -qc 'CREATE DATABASE kith'
}

cluster_down() {
    cluster_postmaster >/dev/null || return 0
    cluster_run pg_ctl --pgdata="$(cluster_dir)" --silent --wait --timeout=60 --mode=fast stop ||
        die "PostgreSQL does not stop" "see $STATE/log/postgresql.log"
}
