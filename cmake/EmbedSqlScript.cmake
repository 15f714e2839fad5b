# Writes OUT out of the .sql files in FILES. KIND: sql (statements) or migrations. ROOT: the sources.
function(as_c_string text out)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REGEX REPLACE "\n$" "" text "${text}")
    string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# A "-- include: common/queue/queue_tables.sql" line of a migration stands for that file, from the
# root of the sources: tables that common/ modules keep in the schema of every service.
function(expand_includes text out)
    string(REGEX MATCHALL "-- include: [^\n]+" lines "${text}")
    foreach(line IN LISTS lines)
        string(REPLACE "-- include: " "" path "${line}")
        file(READ "${ROOT}/${path}" included)
        string(REGEX REPLACE "\n$" "" included "${included}")
        string(REPLACE "${line}" "${included}" text "${text}")
    endforeach()
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# The text without strings and comments, dropped in one scan: either may hold the other.
function(strip text out)
    string(REGEX REPLACE "('[^']*')|(--[^\n]*)|(/[*]([^*]|[*]+[^*/])*[*]+/)" "" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# "true" only for what surely changes nothing: no word that writes or locks, no function of pg_….
function(is_read stripped out)
    string(TOLOWER " ${stripped} " text)
    set(writes "insert|update|delete|merge|share|call|do|set_config|nextval|pg_[a-z_]*")
    if(text MATCHES "[^a-z0-9_](${writes})[^a-z0-9_]")
        set(${out} false PARENT_SCOPE)
    else()
        set(${out} true PARENT_SCOPE)
    endif()
endfunction()

# A statement for one caller or many says how by its first line; then it has the form common/db/db.h
# describes.
function(is_keyed sql stripped out)
    set(${out} false PARENT_SCOPE)
    if(NOT sql MATCHES "^-- Keyed:")
        return()
    endif()
    foreach(part "k[.]ord[ \n]+FROM unnest[(]" "WITH ORDINALITY AS k [(]" "k[.]ord BETWEEN 1 AND 64"
            "ORDER BY k[.]ord")
        if(NOT stripped MATCHES "${part}")
            message(FATAL_ERROR "${file}: a keyed statement has ${part}; see common/db/db.h")
        endif()
    endforeach()
    is_read("${stripped}" read)
    if(NOT read)
        message(FATAL_ERROR "${file}: a keyed statement only reads")
    endif()
    set(${out} true PARENT_SCOPE)
endfunction()

# Highest $n.
function(count_params text out)
    string(REGEX MATCHALL "[$][0-9]+" params "${text}")
    set(n 0)
    foreach(param IN LISTS params)
        string(SUBSTRING "${param}" 1 -1 k)
        if(k GREATER n)
            set(n ${k})
        endif()
    endforeach()
    set(${out} ${n} PARENT_SCOPE)
endfunction()

set(code "/* Generated from ${KIND}/; do not edit. As many parameters as the SQL has: NOLINTBEGIN */\n#pragma once\n\n#include \"db/db.h\"\n")
string(TOUPPER "${PREFIX}" UPPER)
set(list "")
list(SORT FILES)
foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME_WE)
    file(READ "${file}" sql)
    if(KIND STREQUAL "migrations")
        expand_includes("${sql}" sql)
    endif()
    as_c_string("${sql}" text)
    if(KIND STREQUAL "migrations")
        string(REGEX MATCH "^[0-9]+" number "${name}")
        string(REGEX REPLACE "^0+" "" number "${number}")
        string(APPEND list "\n    {${number}, \"${name}\",\n    \"${text}\"},")
        continue()
    endif()
    strip("${sql}" stripped)
    count_params("${stripped}" n)
    is_read("${stripped}" read)
    is_keyed("${sql}" "${stripped}" keyed)
    string(TOUPPER "${PREFIX}_SQL_${name}" id)
    set(args "")
    set(values "")
    if(n GREATER 0)
        foreach(i RANGE 1 ${n})
            string(APPEND args ", struct db_param p${i}")
            string(APPEND values "p${i}, ")
        endforeach()
    endif()
    string(APPEND code "
static const struct db_stmt ${id} = {\"${PREFIX}.${name}\",
    \"${text}\",
    ${n}, ${read}, ${keyed}};

MUST_USE static inline enum err_code ${PREFIX}_sql_${name}(
    struct db_session *session, struct db_result **result, struct err *err${args})
{
    const struct db_param params[] = {${values}{DB_TEXT, true, {NULL}}};
    return db_query(session, &${id}, params, result, err);
}
")
    string(APPEND list " \\\n    X(${id})")
endforeach()
if(KIND STREQUAL "migrations")
    string(APPEND code "\nstatic const struct db_migration ${PREFIX}_migrations[] = {${list}\n    {0, NULL, NULL},\n};\n")
else()
    string(APPEND code "\n#define ${UPPER}_SQL_ALL(X)${list}\n")
endif()
string(APPEND code "/* NOLINTEND */\n")
file(WRITE "${OUT}" "${code}")
