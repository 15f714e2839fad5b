# embed_sql(<target> PREFIX <p>): generates <p>_sql.h from sql/*.sql and, where there is a folder
# migrations/, <p>_migrations.h. Each statement becomes an inline function with exactly as many
# parameters as its text has $n; each migration a row of <p>_migrations[].
function(embed_sql target)
    cmake_parse_arguments(ARG "" "PREFIX" "" ${ARGN})
    set(script "${PROJECT_SOURCE_DIR}/cmake/EmbedSqlScript.cmake")
    foreach(kind sql migrations)
        file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${kind}/*.sql")
        if(files)
            set(out "${CMAKE_CURRENT_BINARY_DIR}/gen/${ARG_PREFIX}_${kind}.h")
            add_custom_command(OUTPUT ${out}
                COMMAND ${CMAKE_COMMAND} "-DOUT=${out}" "-DPREFIX=${ARG_PREFIX}" "-DKIND=${kind}"
                        "-DFILES=${files}" -P "${script}"
                DEPENDS ${files} "${script}" VERBATIM)
            target_sources(${target} PRIVATE ${out})
        endif()
    endforeach()
    target_include_directories(${target} PUBLIC "${CMAKE_CURRENT_BINARY_DIR}/gen")
endfunction()
