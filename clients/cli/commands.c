/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: parser, help pages, completion and docs/cli.md are all made from it. */
#include "commands/commands.h"

#include "args.h"
#include "help.h"

#define END                 \
    {                       \
        NULL, 0, NULL, NULL \
    }

static const struct option_row ask_options[] = {
    {"to", 0, "CONTACT", "ask this contact instead of who fits best"},
    {"dry-run", 'n', NULL, "only show who would be asked, and why"},
    {"again", 0, NULL, "also if you asked it before"},
    END,
};

static const struct option_row asks_options[] = {
    {"to-me", 0, NULL, "those sent to you instead of those you sent"},
    {"open", 0, NULL, "only those that wait for an answer"},
    {"limit", 0, "N", "at most this many"},
    END,
};

static const struct option_row show_options[] = {
    {"why", 0, NULL, "how the network chose: factors, evidence, who else was considered"},
    {"all", 'a', NULL, "with --why: everybody who was considered, and the weights in force"},
    END,
};

static const struct option_row inbox_options[] = {
    {"follow", 'f', NULL, "stay, and print what comes"},
    {"unread", 0, NULL, "only what you have not read yet"},
    {"mark-read", 0, NULL, "mark everything shown as read"},
    {"limit", 0, "N", "at most this many; 20 by default, 0 for all"},
    END,
};

static const struct option_row import_options[] = {
    {"dry-run", 'n', NULL, "only report what would happen"},
    END,
};

static const struct option_row export_options[] = {
    {"format", 0, "csv|json", "CSV by default; json has one object a line"},
    {"resume", 0, NULL, "finish a FILE that was cut short"},
    END,
};

static const struct option_row contacts_options[] = {
    {"tag", 0, "TAG", "only contacts with this tag"},
    {"limit", 0, "N", "at most this many; 50 by default on a terminal, 0 for all"},
    END,
};

static const struct option_row fact_options[] = {
    {"confidence", 0, "0..1", "how sure you are; 1 by default"},
    END,
};

static const struct option_row link_options[] = {
    {"code", 0, "CODE", "of an invitation she sent you; without one her e-mail address decides"},
    END,
};

static const struct option_row invite_options[] = {
    {"note", 0, "TEXT", "a few words to her"},
    END,
};

static const struct option_row invitations_options[] = {
    {"all", 'a', NULL, "also those that are answered or over"},
    END,
};

static const struct option_row login_options[] = {
    {"save-as", 0, "PROFILE", "keep it under this name; that of --as by default"},
    END,
};

static const struct option_row member_add_options[] = {
    {"time-zone", 0, "ZONE", "IANA name, Europe/Berlin; UTC by default"},
    {"fact", 0, "KIND:VALUE", "something she says of herself; may be repeated"},
    {"invitation", 0, "CODE", "the invitation that lets her in, for who is not the operator"},
    {"save-as", 0, "PROFILE", "log in as her under this name instead of printing the token"},
    END,
};

static const struct option_row member_update_options[] = {
    {"name", 0, "NAME", "what others call you"},
    {"time-zone", 0, "ZONE", "IANA name; quiet hours are reckoned in it"},
    {"fact", 0, "KIND:VALUE", "something to say of yourself; may be repeated"},
    {"remove-fact", 0, "ID",
        "a fact to take back, as kith whoami --json shows it; may be repeated"},
    END,
};

static const struct option_row token_new_options[] = {
    {"label", 0, "TEXT", "what it is for: laptop"},
    {"read-only", 0, NULL, "it may look but not change or speak for you"},
    {"expires", 0, "DAYS", "useless after so many days; never by default"},
    END,
};

static const struct option_row token_list_options[] = {
    {"all", 'a', NULL, "also those revoked or expired in the last weeks"},
    END,
};

static const struct option_row process_options[] = {
    {"process", 0, "NAME", "contact, recommendation or notification"},
    END,
};

static const struct option_row ping_options[] = {
    {"count", 'c', "N", "how often; 4 by default"},
    END,
};

static const struct option_row top_options[] = {
    {"once", 0, NULL, "one reading, of all since the start, instead of drawing again and again"},
    {"interval", 0, "TIME", "how long a reading is; 2s by default"},
    END,
};

static const struct option_row bench_options[] = {
    {"duration", 0, "TIME", "how long; 5s by default"},
    {"callers", 'c', "N", "how many call at the same time, each one call at a time; 16 by default"},
    {"rate", 0, "N", "calls a second of all callers; as many as they can by default"},
    {"process", 0, "NAME", "contact, recommendation or notification"},
    END,
};

static const struct option_row tap_options[] = {
    {"method", 0, "METHOD", "only calls of this method"},
    END,
};

static const struct option_row help_options[] = {
    {"markdown", 0, NULL, "every page as one document"},
    {"names", 0, NULL, "names only, for completion"},
    END,
};

static const struct option_row trace_options[] = {
    {"log", 0, "FILE",
        "what a service logged, as json or logfmt, - for standard input; may be repeated"},
    END,
};

const struct command commands[] = {
    {"ask", "Asking", "QUESTION", 1, -1, "Ask your network a question; who fits best is asked.",
        "Nobody is asked but the one contact shown. With --dry-run nothing is sent at all.",
        "kith ask \"Which snorkeling mask and fins should I take on a trip to Hawaii?\"\n"
        "kith ask --dry-run \"Who can read a Portuguese contract?\"\n"
        "kith ask --to \"Dana Whitlock\" \"Is a full-face mask safe?\"",
        ask_options, run_ask},
    {"asks", "Asking", "", 0, 0, "Your questions, or with --to-me those that others asked you.",
        NULL, "kith asks\nkith asks --to-me --open", asks_options, run_asks},
    {"show", "Asking", "ASK", 1, 1, "One question with its answers.",
        "What your inbox said of it is read then.", "kith show last\nkith show 9c217f3a --why",
        show_options, run_show},
    {"answer", "Asking", "ASK [TEXT]", 1, -1, "Answer a question you were asked.",
        "Without TEXT the answer is read from standard input.",
        "kith answer last \"A low-volume one; try it in a pool first.\"\n"
        "kith answer 9c217f3a < answer.txt",
        NULL, run_answer},
    {"pass", "Asking", "ASK", 1, 1, "Say that you can not or will not answer.", NULL,
        "kith pass last", NULL, run_pass},
    {"inbox", "Asking", "", 0, 0, "What came for you: questions, answers, invitations.", NULL,
        "kith inbox --unread\nkith inbox --follow", inbox_options, run_inbox},

    {"import linkedin", "People", "FILE", 1, 1,
        "Import the Connections.csv of a LinkedIn export; - reads standard input.",
        "Importing the same file again adds nothing. It is all or nothing: an error leaves your\n"
        "address book as it was. A spreadsheet may have saved it again, with commas, semicolons "
        "or\n"
        "tabs between its fields.",
        "kith import linkedin --dry-run ~/Downloads/Connections.csv\n"
        "kith import linkedin ~/Downloads/Connections.csv",
        import_options, run_import_linkedin},
    {"imports", "People", "", 0, 0, "Your imports, the newest first, and how they went.", NULL,
        "kith imports", NULL, run_imports},
    {"import cancel", "People", "IMPORT", 1, 1,
        "Give an upload up that is not finished; after a day it goes by itself.",
        "IMPORT is its id, or 8 digits of it, as kith imports shows them.",
        "kith import cancel 9c217f3a", NULL, run_import_cancel},
    {"export", "People", "[FILE]", 0, 1, "All your contacts and what you know of them.",
        "Without FILE they go to standard output. A contact is a line that begins with its id.\n"
        "In CSV a cell that a spreadsheet would run as a formula (it begins with =, +, - or @) has "
        "an\n"
        "apostrophe more in front; JSON has every text as it is.",
        "kith export contacts.csv\nkith export --format json | jq -r .name", export_options,
        run_export},
    {"contacts", "People", "[QUERY]", 0, -1,
        "Your contacts, or those whose name, company or position contains QUERY.", NULL,
        "kith contacts swim\nkith contacts --tag climbing --json | jq -r .name", contacts_options,
        run_contacts},
    {"contact show", "People", "CONTACT", 1, -1, "All you know of a contact.", NULL,
        "kith contact show dana", NULL, run_contact_show},
    {"fact add", "People", "CONTACT KIND VALUE", 3, -1, "Note something about a contact.",
        "Facts are yours alone; they help to find who knows. kith help names lists the kinds.",
        "kith fact add dana expertise \"open water swimming\"\nkith fact add dana tag coach",
        fact_options, run_fact_add},
    {"fact remove", "People", "CONTACT FACT", 2, 2, "Take a fact back, by its value or id.", NULL,
        "kith fact remove dana coach", NULL, run_fact_remove},
    {"link", "People", "CONTACT", 1, 1, "Say that a contact is a member here.", NULL,
        "kith link dana\nkith link dana --code ABCD-EFGH-JKLM-NPQR", link_options, run_link},

    {"invite", "Connecting", "CONTACT", 1, 1, "Invite a contact to connect.",
        "Where the contact is linked to a member she finds it in her inbox. To anybody else you\n"
        "send the code yourself; what she does with it is printed, ready to be copied.",
        "kith invite \"Dana Whitlock\" --note \"From the swim club\"", invite_options, run_invite},
    {"invitations", "Connecting", "", 0, 0, "Invitations you sent and received.", NULL,
        "kith invitations", invitations_options, run_invitations},
    {"accept", "Connecting", "INVITATION", 1, 1, "Connect with who invited you.",
        "By the code she gave you; by her name if kith inbox or kith invitations shows her.",
        "kith accept ABCD-EFGH-JKLM-NPQR\nkith accept mira", NULL, run_accept},
    {"decline", "Connecting", "INVITATION", 1, 1, "Refuse an invitation; its sender is not told.",
        "By its code; by the sender's name if kith inbox or kith invitations shows her.",
        "kith decline ABCD-EFGH-JKLM-NPQR\nkith decline mira", NULL, run_decline},

    {"login", "Account", "", 0, 0, "Keep a token on this machine and act with it from now on.",
        "The token is read from --token-file or standard input, never from the command line, "
        "where\n"
        "others could see it. Addresses and certificates named by options are kept with it.",
        "kith login < token.txt\nkith login --save-as work --token-file token.txt", login_options,
        run_login},
    {"logout", "Account", "", 0, 0, "Forget the token kept on this machine; it stays valid.", NULL,
        "kith logout --as work", NULL, run_logout},
    {"whoami", "Account", "", 0, 0, "The member you act as.", NULL, "kith whoami", NULL,
        run_whoami},
    {"member add", "Account", "NAME EMAIL", 2, 2, "A new member with her first token.",
        "By the operator (KITH_OPERATOR_TOKEN_FILE or --token-file), or by an invitation code.",
        "kith member add \"Dana Whitlock\" dana@example.org --save-as dana --fact "
        "expertise:swimming\n"
        "kith member add \"Dana Whitlock\" dana@example.org --invitation ABCD-EFGH-JKLM-NPQR",
        member_add_options, run_member_add},
    {"member update", "Account", "", 0, 0, "Change what you say of yourself.", NULL,
        "kith member update --fact interest:choir --time-zone Europe/Oslo", member_update_options,
        run_member_update},
    {"token new", "Account", "", 0, 0, "Another token for yourself, shown once.", NULL,
        "kith token new --label laptop --expires 90", token_new_options, run_token_new},
    {"token list", "Account", "", 0, 0, "Your tokens: what for, what they may, until when.",
        "Their texts are stored nowhere.", "kith token list\nkith token list --all",
        token_list_options, run_token_list},
    {"token revoke", "Account", "[TOKEN]", 0, 1,
        "Make a token useless everywhere; without TOKEN the one in use.",
        "TOKEN is its label or id, or 8 digits of the id, as kith token list shows them.",
        "kith token revoke laptop\nkith token revoke", NULL, run_token_revoke},

    {"status", "Services", "", 0, 0, "Are the services there, and what do they miss?", NULL,
        "kith status", NULL, run_status},
    {"ping", "Services", "[PROCESS]", 0, 1, "How quickly a service answers.", NULL,
        "kith ping recommendation --count 10", ping_options, run_ping},
    {"dead-letters", "Services", "", 0, 0, "Events that were given up, and why. For the operator.",
        "An event between services that its receiver can not take, however often it is tried.\n"
        "Needs the operator's token: KITH_OPERATOR_TOKEN_FILE or --token-file.",
        "kith dead-letters", NULL, run_dead_letters},
    {"dead-letters redrive", "Services", "[ID]", 0, 1,
        "Deliver dead letters again, once the cause is gone; without ID all.", NULL,
        "kith dead-letters redrive", NULL, run_dead_letters_redrive},
    {"top", "Services", "", 0, 0, "What the services are busy with: calls, how long they take.",
        "For the operator (KITH_OPERATOR_TOKEN_FILE or --token-file). Drawn again and again on a\n"
        "terminal; elsewhere, with --once and with --json it is one reading since the start, or\n"
        "with --interval one of so long.",
        "kith top\nkith top --once\nkith top --interval 10s --json | jq '.methods[0]'", top_options,
        run_top},
    {"bench", "Services", "[METHOD [JSON]]", 0, 2, "How many calls a second, and how quickly.",
        "Calls METHOD, HealthService/Ping by default, over and over, as the member you are: think\n"
        "twice before one that changes something. With --rate a call's time counts from when it\n"
        "was due.",
        "kith bench\nkith --as mira bench GetMember --callers 64 --duration 10s\n"
        "kith --as mira bench ListContacts '{\"query\": \"swim\"}' --rate 500",
        bench_options, run_bench},
    {"call", "Services", "METHOD [JSON]", 1, 2, "Call any method with a request in JSON.",
        "METHOD is SERVICE/METHOD or a part that fits one only. JSON - is standard input. What\n"
        "the method takes is learnt from the service itself.",
        "kith call ContactService/GetMember\n"
        "kith call ListContacts '{\"query\": \"swim\", \"pageSize\": 3}'\n"
        "kith call HealthService/Check --process notification\n"
        "kith call HealthService/Watch --process notification",
        process_options, run_call},
    {"list", "Services", "[SERVICE]", 0, 1, "The methods there are.", NULL,
        "kith list\nkith list NotificationService", process_options, run_list},
    {"describe", "Services", "[THING]", 0, 1, "What a service, method, message or enum is.", NULL,
        "kith describe Ask\nkith describe ContactService/ImportFile", process_options,
        run_describe},
    {"trace", "Services", "TRACE_ID", 1, 1, "What one call caused, in all services, as a tree.",
        "Reads the services' logs: those of --log, else all in the folder KITH_LOGS, which\n"
        "deploy/local env sets. kith --verbose COMMAND shows the trace id of what it does.",
        "kith trace 7a5db2cb4a0444679a2985a5f0e06227\n"
        "journalctl -o cat -u 'kith-*' | kith trace 7a5db2cb --log -",
        trace_options, run_trace},
    {"tap", "Services", "[PROCESS]", 0, 1, "What a service is asked and answers, as it happens.",
        "For finding out what a client really sends. Needs the operator's token and a service\n"
        "started with the option tap; on this machine: deploy/local down && KITH_TAP=yes\n"
        "deploy/local up. It shows what members write, but for fields that are secrets.",
        "kith tap\nkith tap recommendation --method Ask --json", tap_options, run_tap},
    {"explain", "Services", "[REASON]", 0, 1, "What an error means and what to do about it.", NULL,
        "kith explain NOBODY_FITS", NULL, run_explain},
    {"help", "Services", "[COMMAND]", 0, -1, "Explain a command.", NULL, "kith help ask",
        help_options, help_run},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
