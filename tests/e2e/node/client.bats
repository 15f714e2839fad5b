#!/usr/bin/env bats
# The Node client against the real services; what it does stands in client.test.js. protobufjs comes
# from npm, in the version that package-lock.json pins, and is kept in the build directory.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../stack.bash
    stack_up
    stack_encrypt
    export STACK REPO TLS_ADDRESS TLS_FOLDER NO_COLOR=1
}

teardown_file() {
    load ../stack.bash
    stack_down
}

# The client beside the .proto files, as in the repository, with what it needs.
install_client() {
    local node=$KITH_BUILD/node-client/clients/node
    mkdir -p "$node"
    cp -r "$REPO/proto" "$KITH_BUILD/node-client"
    cp "$REPO"/clients/node/* "$node"
    if ! cmp -s "$node/package-lock.json" "$node/installed"; then
        (cd "$node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        cp "$node/package-lock.json" "$node/installed"
    fi
    export KITH_NODE_CLIENT=$node/kith.js
}

@test "the Node client is as short as the README says" {
    [ "$(wc -l <"$REPO/clients/node/kith.js")" -lt 80 ]
}

@test "the Node client speaks with the services" {
    install_client
    MIRA_TOKEN=$(kith member add "Mira Solberg" mira.solberg@example.org -q)
    export MIRA_TOKEN
    export KITH_TOKEN=$MIRA_TOKEN
    MIRA_ID=$(kith whoami --json | jq -r .id)
    export MIRA_ID
    kith import linkedin "$REPO/tests/data/linkedin/Connections.csv"
    node --test "$REPO/tests/e2e/node/client.test.js" >"$STACK/node.out" || { cat "$STACK/node.out" && false; }
    grep -q '^# pass 8$' "$STACK/node.out"
}
