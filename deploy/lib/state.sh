# The state directory: everything this instance keeps, below one path. Sourced; needs say.sh.
#
#     app/      the installed programs       run/      sockets and pid files
#     etc/      their configuration          log/      their output
#     secrets/  tokens, mode 0600            db/       the PostgreSQL cluster
#     profiles/ tokens of members, for the kith command
#
# Where root starts it, root does three things: packages, the system user "kith", and app/. All the
# rest belongs to that user and is done as that user: see unprivileged().

STATE_PARTS=(run log etc secrets db profiles)

state_dir() {
    if [[ -n ${KITH_HOME:-} ]]; then
        realpath -m -- "$KITH_HOME"
    elif [[ $EUID -eq 0 ]]; then
        echo /var/lib/kith # root's home is closed to the user "kith"
    else
        realpath -m -- "${XDG_STATE_HOME:-$HOME/.local/state}/kith"
    fi
}

state_user() {
    if [[ $EUID -eq 0 ]]; then echo kith; else id -un; fi
}

# Runs a function of these scripts as the user that owns the state. They are handed over as text,
# because that user may not be able to read the checkout.
unprivileged() { # FUNCTION ARGUMENT…
    if [[ $EUID -ne 0 ]]; then
        "$@"
        return
    fi
    local script
    script="set -euo pipefail; shopt -s inherit_errexit; cd /; umask 077
        $(declare -f)
        $(declare -p STATE SERVICES CLUSTER_ROLE READY_WITHIN_S)
        \"\$@\""
    setpriv --reuid kith --regid kith --init-groups \
        env -u KITH_HOME "HOME=$STATE" USER=kith bash -c "$script" deploy/local "$@"
}

# A directory we did not make is never written to, and never deleted.
state_check_ours() {
    [[ -e $STATE && ! -e $STATE/.kith ]] || return 0
    [[ -d $STATE ]] || die "$STATE is not a directory" "choose another place: KITH_HOME=/path"
    [[ -z $(ls -A -- "$STATE") ]] ||
        die "$STATE holds files that are not Kith's" "choose another place: KITH_HOME=/path"
}

# The kernel takes 107 bytes for the path of a unix socket.
state_check_length() {
    local socket=$STATE/run/.s.PGSQL.5432
    [[ ${#socket} -le 107 ]] ||
        die "$STATE is too long a path: PostgreSQL's socket in it would pass 107 bytes" \
            "choose a shorter place: KITH_HOME=/path"
}

state_check_owner() {
    local dir owner
    for dir in "${STATE_PARTS[@]}"; do
        owner=$(stat -c %U -- "$STATE/$dir")
        [[ $owner == "$(state_user)" ]] ||
            die "$STATE/$dir belongs to user $owner, but Kith runs as $(state_user) here" \
                "run as $owner, choose another place (KITH_HOME=/path)," \
                "or hand it over: chown -R $(state_user) $STATE/$dir"
    done
}

state_create_user() {
    [[ $EUID -eq 0 ]] || return 0
    getent passwd kith >/dev/null ||
        useradd --system --user-group --home-dir /var/lib/kith --shell /usr/sbin/nologin kith
}

state_create() {
    (umask 022 && mkdir -p -- "$STATE") ||
        die "can not make $STATE" "choose another place: KITH_HOME=/path"
    [[ -w $STATE ]] || die "can not write to $STATE" "choose another place: KITH_HOME=/path"
    echo "Kith state directory, layout 1" >"$STATE/.kith"
}

# Parts that are there keep their owner: whose they are is checked, not changed. Parts that are
# missing were removed by hand, or an older version had none.
state_fill() {
    local dir user
    user=$(state_user)
    for dir in "${STATE_PARTS[@]}"; do
        [[ ! -d $STATE/$dir ]] || continue
        mkdir -m 0700 -- "$STATE/$dir" ||
            die "can not make $STATE/$dir" "choose another place: KITH_HOME=/path"
        [[ $EUID -ne 0 ]] || chown "$user:$user" -- "$STATE/$dir"
    done
}

state_prepare() {
    state_check_ours
    state_check_length
    state_create_user
    state_exists || state_create
    state_fill
    state_check_owner
    unprivileged test -x "$STATE/run" ||
        die "user $(state_user) can not enter $STATE: a directory above it is closed to others" \
            "choose another place: KITH_HOME=/var/lib/kith"
}

state_exists() {
    [[ -e $STATE/.kith ]]
}

state_require() {
    state_exists || die "there is no Kith in $STATE" "start it: deploy/local up"
}

# One deploy/local at a time per state directory. Daemons must not inherit descriptor 9.
state_lock() {
    exec 9>"$STATE/.lock"
    flock -w 120 9 ||
        die "another deploy/local has been busy with $STATE for two minutes" \
            "who: fuser $STATE/.lock"
}
