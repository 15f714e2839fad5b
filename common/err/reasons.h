/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every reason a call can fail for: name, gRPC status code, what it means, what to do about it.
 *
 * This list is the only one. It makes the enum, the names on the wire, the answer of `kith explain
 * REASON` and the table in the documentation. A reason, once released, keeps its name and code.
 */
#pragma once

// clang-format off
#define ERR_REASONS(X) \
    /* About the request itself. */ \
    X(FIELD_INVALID, INVALID_ARGUMENT, \
        "A field of the request is missing, too long, malformed or out of range.", \
        "The message names the field and its limit; correct it and call again.") \
    X(REQUEST_MALFORMED, INVALID_ARGUMENT, \
        "The bytes received are not a valid message of this method.", \
        "Check that client and server use the same .proto files.") \
    X(JSON_INVALID, INVALID_ARGUMENT, \
        "The text given as JSON is not JSON.", \
        "The message says where; `kith describe METHOD` shows what the method takes.") \
    X(REQUEST_TOO_LARGE, RESOURCE_EXHAUSTED, \
        "The request, or what it unpacks to, is over the size limit.", \
        "Send less in one call; uploads go in chunks.") \
    X(REPLY_TOO_LARGE, RESOURCE_EXHAUSTED, \
        "The answer does not fit into one message.", \
        "Ask for a smaller page_size.") \
    X(METHOD_UNKNOWN, UNIMPLEMENTED, \
        "This service has no such method.", \
        "`kith describe` lists the methods of every service.") \
    X(METHOD_STREAMS, UNIMPLEMENTED, \
        "The method returns a stream and was called as if it did not, or the other way round.", \
        "`kith describe METHOD` says which; with libkith, kith_stream_open() and kith_call().") \
    X(STREAM_OVERDRAWN, INVALID_ARGUMENT, \
        "The client granted a stream more credit than one may have.", \
        "Grant what was used of the 64 KiB a stream begins with; never more than 1 MiB in all.") \
    X(PAGE_TOKEN_INVALID, INVALID_ARGUMENT, \
        "The page token is not one this list gave out.", \
        "Start again without a page token.") \
    X(IDEMPOTENCY_KEY_REUSED, FAILED_PRECONDITION, \
        "The idempotency key was used before with another request.", \
        "Use a new key for a new request.") \
    /* About who is calling. */ \
    X(TOKEN_MISSING, UNAUTHENTICATED, \
        "The call needs a token and carried none.", \
        "Log in with `kith login`, or set KITH_TOKEN_FILE.") \
    X(TOKEN_MALFORMED, UNAUTHENTICATED, \
        "The token is not a Kith token, or was cut or mistyped: its checksum does not fit.", \
        "Copy the whole token, beginning with kith_.") \
    X(TOKEN_UNKNOWN, UNAUTHENTICATED, \
        "The token is unknown, expired or revoked.", \
        "`kith token new` makes another where you are still logged in; else the operator does.") \
    X(SCOPE_MISSING, PERMISSION_DENIED, \
        "The token is valid but does not carry the scope this method needs.", \
        "Use a token that has it: `kith token list` shows what yours may, `kith token new` makes one.") \
    X(CALLER_NOT_ALLOWED, PERMISSION_DENIED, \
        "This kind of caller may not call this method.", \
        "`kith describe METHOD` says who may.") \
    /* About the state of a server. */ \
    X(DEADLINE_PASSED, DEADLINE_EXCEEDED, \
        "The deadline passed before the call was done. Whether it took effect is unknown.", \
        "Call again with the same idempotency key, or with a longer timeout.") \
    X(CALL_CANCELLED, CANCELLED, \
        "The caller went away or cancelled the call.", \
        "Nothing to do.") \
    X(SERVER_BUSY, RESOURCE_EXHAUSTED, \
        "The server has more work queued than it can finish in time.", \
        "Wait retry_after_ms and call again.") \
    X(CALL_THROTTLED, RESOURCE_EXHAUSTED, \
        "The call was not sent: the server refused more than half of those this client made lately.", \
        "Wait retry_after_ms and call again; make fewer calls at a time.") \
    X(RATE_LIMITED, RESOURCE_EXHAUSTED, \
        "The caller, or its connection, makes more calls than it may.", \
        "Wait retry_after_ms and call again; the operator sets the rates.") \
    X(SERVER_DRAINING, UNAVAILABLE, \
        "The server is shutting down and takes no new calls.", \
        "Call again; another instance or the restarted one will answer.") \
    X(SERVER_UNREACHABLE, UNAVAILABLE, \
        "No connection to the server.", \
        "Check the address and that the service runs: `kith status`, `deploy/local status`.") \
    X(CERTIFICATE_INVALID, FAILED_PRECONDITION, \
        "A certificate or key can not be used: unreadable, expired, or one does not fit the other.", \
        "The message names the file; `deploy/certificates` makes new ones.") \
    X(CONNECTION_LOST, UNAVAILABLE, \
        "The connection broke while the call was under way. Whether it took effect is unknown.", \
        "Call again with the same idempotency key.") \
    X(DATABASE_UNAVAILABLE, UNAVAILABLE, \
        "The service can not reach its database.", \
        "Try again shortly; the operator finds the cause in the service's log.") \
    X(COMMIT_IN_DOUBT, UNAVAILABLE, \
        "The connection to the database broke during COMMIT. Whether it took effect is unknown.", \
        "Call again with the same idempotency key.") \
    X(TRANSACTION_CONFLICT, ABORTED, \
        "The change collided with another one and was rolled back, also when tried again.", \
        "Call again.") \
    X(INTERNAL_ERROR, INTERNAL, \
        "A fault of the server. Its log has the details under the trace id of the call.", \
        "Report it with the trace id.") \
    /* Start-up and operation. */ \
    X(CONFIG_INVALID, INVALID_ARGUMENT, \
        "A setting is unknown or has a bad value.", \
        "--help lists every setting, --print-config shows what is in force.") \
    X(DATABASE_UNSAFE, FAILED_PRECONDITION, \
        "fsync, synchronous_commit or full_page_writes is off: an acknowledged change could be lost.", \
        "Turn them on, or accept the risk in a test with --allow-unsafe-database.") \
    X(MIGRATION_MISMATCH, FAILED_PRECONDITION, \
        "The schema of the database does not fit this program.", \
        "Run the service's `migrate` command; never edit a migration that was applied.") \
    X(ADDRESS_IN_USE, FAILED_PRECONDITION, \
        "Another process listens at this address.", \
        "Stop it, or choose another address with --listen.") \
    X(ENCODER_FILE_MISSING, NOT_FOUND, \
        "There is no file of the sentence encoder; questions are routed by words.", \
        "Make it: `deploy/lib/encoder.sh`, or name it with --encoder-file.") \
    X(ENCODER_FILE_INVALID, DATA_LOSS, \
        "The file of the sentence encoder is cut, altered or made by another version.", \
        "Make it again: `deploy/lib/encoder.sh`. Until then questions are routed by words.") \
    X(ENCODER_BANK_INVALID, DATA_LOSS, \
        "The sentence encoder's bank file is missing or does not fit; it is computed at each start.", \
        "Make it: `deploy/lib/encoder.sh`, beside the model file.") \
    X(DEAD_LETTER_NOT_FOUND, NOT_FOUND, \
        "There is no such dead letter; somebody may have redriven it.", \
        "`kith dead-letters` lists them.") \
    /* Contacts and members. */ \
    X(MEMBER_NOT_FOUND, NOT_FOUND, \
        "There is no such member, or not one you may see.", \
        "Check the id; `kith whoami` shows your own.") \
    X(TOKEN_NOT_FOUND, NOT_FOUND, \
        "There is no such token of yours.", \
        "`kith token list` lists them.") \
    X(EMAIL_TAKEN, ALREADY_EXISTS, \
        "A member with this e-mail address exists.", \
        "Log in as that member, or use another address.") \
    X(CONTACT_NOT_FOUND, NOT_FOUND, \
        "There is no such contact in your address book.", \
        "`kith contacts` lists yours.") \
    X(FACT_NOT_FOUND, NOT_FOUND, \
        "The contact has no such fact.", \
        "`kith contact show CONTACT` lists its facts.") \
    X(FACT_EXISTS, ALREADY_EXISTS, \
        "The contact has this fact already.", \
        "Nothing to do.") \
    X(LINK_REFUSED, FAILED_PRECONDITION, \
        "The contact could not be linked: no verified address or open invitation proves who she is.", \
        "Invite her: `kith invite CONTACT`.") \
    X(INVITATION_NOT_FOUND, NOT_FOUND, \
        "There is no such invitation, or it is not for you.", \
        "`kith invitations` lists yours; ask for a new code if it was mistyped.") \
    X(INVITATION_CLOSED, FAILED_PRECONDITION, \
        "The invitation was accepted, declined or has expired.", \
        "Ask who sent it for a new one.") \
    X(INVITATION_PENDING, ALREADY_EXISTS, \
        "An invitation to this contact is open already.", \
        "Send her its code again: `kith invitations`.") \
    X(ALREADY_CONNECTED, ALREADY_EXISTS, \
        "You and this contact are connected already.", \
        "Nothing to do.") \
    /* Imports. */ \
    X(IMPORT_NOT_FOUND, NOT_FOUND, \
        "There is no such import of yours.", \
        "`kith imports` lists them.") \
    X(IMPORT_FORMAT_UNKNOWN, INVALID_ARGUMENT, \
        "The file is not of the named format: its header was not found.", \
        "The message shows the header seen and the one expected: send the file that has it.") \
    X(IMPORT_EMPTY, INVALID_ARGUMENT, \
        "The file has the right header but no row could be imported.", \
        "The message says why rows were skipped; mend them, or export the file again.") \
    X(IMPORT_TOO_LARGE, RESOURCE_EXHAUSTED, \
        "The file is over the limit of an import.", \
        "Split the file.") \
    X(IMPORT_TOO_MANY, RESOURCE_EXHAUSTED, \
        "Too many uploads of the member are unfinished.", \
        "Send the last chunk of one, or wait: what was begun a day ago is given up.") \
    X(IMPORT_CHUNK_MISPLACED, FAILED_PRECONDITION, \
        "The chunk does not continue where the upload stands.", \
        "Continue at the offset the message names, or start the import anew.") \
    X(IMPORT_CLOSED, FAILED_PRECONDITION, \
        "The import is finished: it takes no more chunks and can not be given up.", \
        "`kith imports` shows how it went; what came later is another import.") \
    /* Asks. */ \
    X(ASK_NOT_FOUND, NOT_FOUND, \
        "There is no such ask, or it is neither yours nor sent to you.", \
        "`kith asks` lists them.") \
    X(ASK_CLOSED, FAILED_PRECONDITION, \
        "The ask takes no more answers.", \
        "Nothing to do.") \
    X(ASK_NOT_TARGET, PERMISSION_DENIED, \
        "You were not asked this question, or answered or passed already.", \
        "`kith asks --to-me` lists what waits for you.") \
    X(CONTACT_NOT_REACHABLE, FAILED_PRECONDITION, \
        "The contact can not be reached from here yet, so that Kith can not ask her.", \
        "Invite her: `kith invite CONTACT`, then ask again.") \
    X(NOBODY_FITS, FAILED_PRECONDITION, \
        "Nobody in your network shows evidence of knowing this.", \
        "Name somebody: `kith ask --to CONTACT`, or add facts: `kith fact add`.") \
    X(NO_CONTACTS, FAILED_PRECONDITION, \
        "Your address book is empty, so there is nobody to ask.", \
        "Bring your contacts: `kith import linkedin Connections.csv`.") \
    X(ASKED_BEFORE, FAILED_PRECONDITION, \
        "You asked this before and it still waits or was answered, or something alike was answered.", \
        "See `kith show ASK`, or ask all the same: `kith ask --again`.") \
    X(DECISION_NOT_FOUND, NOT_FOUND, \
        "There is no record of such a routing decision of yours.", \
        "`kith show ASK --why` shows that of a question; a preview's is kept for 30 days.") \
    /* Notifications. */ \
    X(NOTIFICATION_NOT_FOUND, NOT_FOUND, \
        "There is no such notification in your inbox.", \
        "`kith inbox` lists them.")
// clang-format on
