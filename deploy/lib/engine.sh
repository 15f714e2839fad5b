# A container engine, a compose and a base image, found or brought about. Sourced; needs say.sh and
# install.sh. ENGINE_DIR is set while an engine of our own runs, COMPOSE is how compose is called.
# shellcheck disable=SC2034 # COMPOSE is for whoever sources this

ENGINE_DIR=

engine_answers() { docker version >/dev/null 2>&1; }

# Without an engine root can start one that leaves nothing behind; it keeps all it has in one
# directory and listens on one socket there.
engine_start() {
    engine_answers && return
    [[ $EUID -eq 0 ]] || die "no container engine answers" \
        "start Docker, join the group docker, or run this as root: it starts one for the test"
    install_packages containers || die "no container engine could be installed"
    # Debian 13 has the client in a package of its own, Debian 12 in docker.io.
    command -v docker >/dev/null || apt_get_as_root install -y docker-cli >/dev/null
    ENGINE_DIR=$(mktemp -d /var/tmp/kith-engine.XXXXXX)
    export DOCKER_HOST=unix://$ENGINE_DIR/docker.sock
    say "starting a container engine in $ENGINE_DIR"
    dockerd --host "$DOCKER_HOST" --data-root "$ENGINE_DIR/data" --exec-root "$ENGINE_DIR/exec" \
        --pidfile "$ENGINE_DIR/pid" "$@" >"$ENGINE_DIR/log" 2>&1 &
    ENGINE_PID=$!
    engine_wait || die "the container engine did not start: $(tail -n 1 "$ENGINE_DIR/log")"
}

engine_wait() {
    local end=$((SECONDS + 60))
    until engine_answers; do
        kill -0 "$ENGINE_PID" 2>/dev/null && [[ $SECONDS -lt $end ]] || return 1
        read -rt 0.2 <> <(:) || true
    done
}

engine_stop() {
    [[ -n $ENGINE_DIR ]] || return 0
    kill -TERM "$ENGINE_PID" 2>/dev/null || true
    wait "$ENGINE_PID" 2>/dev/null || true
    rm -rf -- "$ENGINE_DIR"
    ENGINE_DIR=
}

# Version 2 (docker-compose of Debian 13) is a command of docker, version 1 (Debian 12) a program of
# its own. Both read deploy/compose.yaml; 2.26 and 1.29 were tried.
engine_find_compose() {
    if docker compose version >/dev/null 2>&1; then
        COMPOSE=(docker compose)
    else
        command -v docker-compose >/dev/null || install_packages containers ||
            die "there is no compose" "apt-get install docker-compose"
        COMPOSE=(docker-compose)
    fi
}

# Where no registry answers, the same base image is made of Debian's packages.
engine_find_base_image() {
    export BASE_IMAGE=${BASE_IMAGE:-debian:trixie-slim}
    docker image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
    timeout 60 docker pull --quiet "$BASE_IMAGE" >/dev/null 2>&1 && return
    BASE_IMAGE=kith-base:trixie
    docker image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
    engine_bootstrap_base_image
}

# The least of Debian 13, into an empty directory.
debian_bootstrap() { # DIR
    install_packages containers || die "debootstrap could not be installed"
    if ! debootstrap --variant=minbase trixie "$1" http://deb.debian.org/debian >"$1.log" 2>&1; then
        tail -n 3 "$1.log" >&2
        rm -rf -- "$1"
        die "debootstrap failed" "the whole story: $1.log"
    fi
}

engine_bootstrap_base_image() {
    local dir
    [[ $EUID -eq 0 ]] || die "no registry has debian:trixie-slim, and only root can make it" \
        "name an image you have: BASE_IMAGE=… deploy/containers test"
    say "no registry answers: making a base image with debootstrap"
    dir=$(mktemp -d /var/tmp/kith-base.XXXXXX)
    debian_bootstrap "$dir"
    tar -C "$dir" -c . | docker import - "$BASE_IMAGE" >/dev/null
    rm -rf -- "$dir" "$dir.log"
}
