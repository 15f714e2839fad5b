# The main job as a story, on this machine. Sourced; needs say.sh, services.sh.

demo_tell() {
    local service
    for service in "${SERVICES[@]}"; do
        export "KITH_${service^^}_ENDPOINTS=$(service_address "$service")"
    done
    PATH=$STATE/app/bin:$PATH KITH_PROFILES=$STATE/profiles KITH_LOGS=$STATE/log \
        KITH_OPERATOR_TOKEN_FILE=$STATE/secrets/operator-token "$STATE/app/libexec/kith/demo"
}

demo_next() {
    local where=
    [[ -z ${KITH_HOME:-} ]] || where="KITH_HOME=$(printf %q "$STATE") "
    cat <<NEXT

Next:
   eval "\$(${where}deploy/local env)"     # kith in your shell, as its operator or as mira, dana, jonas …
   kith --as mira ask --dry-run "Who could teach my daughter to climb?"
   kith help; ${where}deploy/local status | logs -f | down
NEXT
}

demo() {
    unprivileged demo_tell
    demo_next
}
