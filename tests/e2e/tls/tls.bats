#!/usr/bin/env bats
# Services and command line client that speak TLS, with certificates of deploy/certificates. One
# instance for all tests, which build on one another from top to bottom.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../stack.bash
    stack_up
    stack_encrypt
    export STACK REPO TLS_ADDRESS TLS_FOLDER NO_COLOR=1
    # Clients go by TLS only.
    local service base=${TLS_ADDRESS##*:}
    for service in CONTACT RECOMMENDATION NOTIFICATION; do
        export "KITH_${service}_ENDPOINTS=tls+tcp://127.0.0.1:$((base++))"
    done
    unset KITH_PROFILE KITH_TOKEN KITH_TOKEN_FILE
}

teardown_file() {
    load ../stack.bash
    stack_down
}

setup() {
    load ../stack.bash
    KNOWN=(--ca "$TLS_FOLDER/ca.pem" --cert "$TLS_FOLDER/client.pem" --key "$TLS_FOLDER/client.key")
}

in_log() { grep -q "$1" "$KITH_HOME/log/contact.log"; }

certify() { # DAYS
    "$REPO/deploy/certificates" --dir "$TLS_FOLDER" --days "$1" service server 127.0.0.1
    stack_own_tls
}

@test "without the authority's certificate the client says what it needs" {
    run -2 kith member add "Mira Solberg" mira.solberg@example.org
    [[ $output == *"tls-ca"* ]]
}

@test "without a certificate of its own the client is refused, and guesses why" {
    run -6 kith --ca "$TLS_FOLDER/ca.pem" member add "Mira Solberg" mira.solberg@example.org
    [[ $output == *"accept the other's certificate"* ]]
}

@test "login keeps the files, by whatever path they were named" {
    cd "$TLS_FOLDER"
    kith "${KNOWN[@]}" member add "Dana Whitlock" dana.whitlock@example.org -q >"$STACK/dana"
    kith "${KNOWN[@]}" member add "Mira Solberg" mira.solberg@example.org -q >"$STACK/mira"
    kith --ca ca.pem --cert client.pem --key ./client.key login --save-as mira <"$STACK/mira"
    cd /
    run -0 kith --as mira whoami
    [[ $output == *"Mira Solberg"* ]]
}

@test "the environment names the files as well" {
    export KITH_TLS_CA=$TLS_FOLDER/ca.pem KITH_TLS_CERTIFICATE=$TLS_FOLDER/client.pem
    export KITH_TLS_KEY=$TLS_FOLDER/client.key
    kith login --save-as dana <"$STACK/dana"
    run -0 kith --as dana whoami
    [[ $output == *"Dana Whitlock"* ]]
}

dana() { kith "${KNOWN[@]}" --as dana "$@"; }
dana_knows() { [[ $(dana inbox) == *"Mira Solberg"* ]]; }

@test "an invitation and a question reach her through services that speak TLS to one another" {
    kith --as mira import linkedin "$REPO/tests/data/linkedin/Connections.csv"
    code=$(kith --as mira invite "Dana Whitlock" --json | jq -r .code)
    dana accept "$code"
    soon kith --as mira ask --to "Dana Whitlock" "Which mask for snorkeling?"
    soon dana_knows
}

@test "a new certificate is in force after SIGHUP, without a restart" {
    pid=$(stack_pid contact)
    certify 300
    kill -HUP "$pid"
    soon in_log evt=certificate.renewed
    run -0 kith --as mira whoami
    [ "$(stack_pid contact)" = "$pid" ]
}

@test "one that cannot be used is refused, loudly, and the old one stays" {
    echo nonsense >"$TLS_FOLDER/server.pem"
    kill -HUP "$(stack_pid contact)"
    soon in_log "evt=certificate.refused.*server.pem"
    run -0 kith --as mira whoami
    soon bash -c '"$0" healthcheck --config="$1" | grep "certificate: the new one cannot be used"' \
        "$KITH_HOME/app/bin/kith-contact" "$KITH_HOME/etc/contact.conf"
}

@test "one that expires soon degrades health, and the log says when" {
    certify 9
    kill -HUP "$(stack_pid contact)"
    soon in_log "evt=certificate.expires.*left_days=8"
    run -0 kith --as mira status
    [[ $output == *"certificate"*"expires on "* ]]
}

@test "the health check finds a service that has no other address" {
    sed "s|^listen = .*|listen = ${TLS_ADDRESS/127.0.0.1/0.0.0.0}|" "$KITH_HOME/etc/contact.conf" \
        >"$STACK/only.conf"
    run -0 "$KITH_HOME/app/bin/kith-contact" healthcheck --config="$STACK/only.conf"
    [[ $output == "kith-contact: serving"* ]]
}

@test "plain addresses others can reach must be allowed" {
    run -1 stack_do "unprivileged service_run contact serve --listen=tcp://0.0.0.0:$KITH_PORT"
    [[ $output == *"tls+tcp://"*"allow-plain-tcp"* ]]
    stack_do "process_stop \"\$(service_pidfile contact)\" 15"
    sed "s|^listen = .*|listen = tcp://0.0.0.0:$KITH_PORT|" "$KITH_HOME/etc/contact.conf" >"$STACK/plain.conf"
    echo "allow-plain-tcp = true" >>"$STACK/plain.conf"
    cp "$STACK/plain.conf" "$KITH_HOME/etc/contact.conf"
    stack_start contact
    KITH_CONTACT_ENDPOINTS=tcp://127.0.0.1:$KITH_PORT run -0 kith --as mira whoami
}
