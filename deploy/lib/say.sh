# What the scripts say to a person. Sourced.

say() { # what is being done; on stderr, so that standard output stays data
    printf '· %s\n' "$*" >&2
}

die() { # what is wrong, then what to do about it
    local line
    printf 'error: %s\n' "$1" >&2
    shift
    for line in "$@"; do
        printf '  → %s\n' "$line" >&2
    done
    exit 1
}
