#!/bin/bash
# Installs what is missing of groups of Debian packages. Run it (`deploy/lib/install.sh build run`)
# or source it and call install_packages. Asks for nothing and changes nothing that is there.

# Prints the packages of the groups that are not installed.
missing_packages() {
    local list want='' package command
    list="$(dirname "${BASH_SOURCE[0]}")/packages"
    while read -r package command; do
        case $package in
        '') ;;
        '['*']') [[ " $* " == *" ${package:1:-1} "* ]] && want=yes || want='' ;;
        *)
            [ "$want" ] || continue
            [ "$command" ] && command -v "$command" >/dev/null && continue
            dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
                grep -qx installed || echo "$package"
            ;;
        esac
    done < <(sed 's/#.*//' "$list")
}

# Runs apt-get as root; false, with a message, where that is impossible.
apt_get_as_root() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300
        -o Dpkg::Use-Pty=0)
    if [ "$(id -u)" = 0 ]; then
        "${apt[@]}" "$@"
    elif command -v sudo >/dev/null; then
        sudo "${apt[@]}" "$@"
    else
        echo "You are neither root nor is there sudo: have somebody with the right install them." >&2
        return 1
    fi
}

# install_packages GROUP…
install_packages() {
    local missing log
    if ! command -v apt-get >/dev/null; then
        echo "This is no Debian: install what deploy/lib/packages names in [$*] by hand." >&2
        return 1
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Installing ${#missing[@]} Debian packages, which may take a few minutes: ${missing[*]}" >&2
    log=$(mktemp)
    if ! install_quietly "${missing[@]}" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "These packages are needed and could not be installed: ${missing[*]}. All it said: $log" >&2
        return 1
    fi
    rm -f "$log"
}

# The lists may be absent (a fresh container) or point at versions that are gone.
install_quietly() {
    apt_get_as_root install --no-install-recommends -y "$@" ||
        { apt_get_as_root update && apt_get_as_root install --no-install-recommends -y "$@"; }
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    install_packages "$@"
fi
