# Processes known by pid files that can not lie: "PID START-TIME BOOT-ID". A number that was given
# to somebody else since, or before a reboot, is not taken for ours, and never killed. Sourced.

process_stamp() { # PID -> the line for its pid file; fails if there is no such process
    local stat boot fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    boot=$(cat /proc/sys/kernel/random/boot_id)
    # The name in parentheses may hold anything; what follows it starts with field 3.
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] || return 1
    echo "$1 ${fields[19]} $boot"
}

process_pid() { # PIDFILE -> the pid, if that very process still runs
    local pid line
    line=$(cat "$1" 2>/dev/null) || return 1
    pid=${line%% *}
    [[ $pid =~ ^[0-9]+$ && $(process_stamp "$pid") == "$line" ]] || return 1
    echo "$pid"
}

process_wait_end() { # PID SECONDS
    timeout "$2" tail --pid="$1" -s 0.05 -f /dev/null
}

process_stop() { # PIDFILE SECONDS: ask, wait, insist
    local pid
    if pid=$(process_pid "$1"); then
        kill -TERM "$pid" 2>/dev/null || true
        if ! process_wait_end "$pid" "$2"; then
            say "process $pid did not end within $2 s; killing it"
            [[ $(process_pid "$1") != "$pid" ]] || kill -KILL "$pid" 2>/dev/null || true
            process_wait_end "$pid" 5 || true
        fi
    fi
    rm -f -- "$1"
}

process_on_port() { # PORT -> "name (pid N)" of who listens; "" if we may not see it
    local line
    line=$(ss -Hltnp "sport = :$1" 2>/dev/null | head -n 1)
    [[ -n $line ]] || return 1
    [[ ! $line =~ \"([^\"]*)\",pid=([0-9]+) ]] || echo "${BASH_REMATCH[1]} (pid ${BASH_REMATCH[2]})"
}
