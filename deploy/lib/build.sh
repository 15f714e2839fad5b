# Building and installing the programs. Sourced; needs say.sh and state.sh.

# The build looks after itself once it is configured; doing that again would cost every start a second.
build_configure() {
    local made=build/release/build.ninja
    [[ $made -nt CMakePresets.json ]] || cmake --preset release -DBUILD_TESTING=OFF
}

build_release() {
    local log=$ROOT/build/release.log
    mkdir -p "$ROOT/build"
    if [[ ! -e $ROOT/build/release/build.ninja ]]; then
        say "building (about a minute, once)"
    fi
    (cd "$ROOT" && build_configure && cmake --build --preset release) >"$log" 2>&1 || {
        grep -E -m 5 'error|FAILED' "$log" >&2 || tail -n 5 "$log" >&2
        die "the build failed" "the whole story: $log"
    }
}

# Copied out of the checkout, which may be closed to the user "kith", and may change while we run.
build_install() {
    cmake --install "$ROOT/build/release" --prefix "$STATE/app" >"$ROOT/build/install.log" 2>&1 ||
        die "could not install into $STATE/app" "the whole story: $ROOT/build/install.log"
}
