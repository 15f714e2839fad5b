# Writes OUT out of the .sql files in FILES. KIND: sql (statements) or migrations.
function(read_as_c_string file out)
    file(READ "${file}" text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REGEX REPLACE "\n$" "" text "${text}")
    string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(count_params file out)
    file(READ "${file}" text)
    string(REGEX MATCHALL "\\$[0-9]+" params "${text}")
    set(n 0)
    foreach(param IN LISTS params)
        string(SUBSTRING "${param}" 1 -1 k)
        if(k GREATER n)
            set(n ${k})
        endif()
    endforeach()
    set(${out} ${n} PARENT_SCOPE)
endfunction()

set(code "/* Generated from ${KIND}/; do not edit. */\n#pragma once\n\n#include \"db/db.h\"\n")
string(TOUPPER "${PREFIX}" UPPER)
set(list "")
list(SORT FILES)
foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME_WE)
    read_as_c_string("${file}" text)
    if(KIND STREQUAL "migrations")
        string(REGEX MATCH "^[0-9]+" number "${name}")
        string(REGEX REPLACE "^0+" "" number "${number}")
        string(APPEND list "\n    {${number}, \"${name}\",\n    \"${text}\"},")
        continue()
    endif()
    count_params("${file}" n)
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
    ${n}};

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
file(WRITE "${OUT}" "${code}")
