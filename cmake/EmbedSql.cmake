# embed_sql(<target> PREFIX <p>): generates <p>_sql.h from sql/*.sql and, where there is a folder
# migrations/, <p>_migrations.h. Each statement becomes an inline function with exactly as many
# parameters as its text has $n; each migration a row of <p>_migrations[]. A migration may contain
# the tables of a common module by a line such as "-- include: common/queue/queue_tables.sql".
function(embed_sql target)
    cmake_parse_arguments(ARG "" "PREFIX" "" ${ARGN})
    set(script "${PROJECT_SOURCE_DIR}/cmake/EmbedSqlScript.cmake")
    file(GLOB included CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/common/*/*_tables.sql")
    foreach(kind sql migrations)
        file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${kind}/*.sql")
        if(files)
            set(out "${CMAKE_CURRENT_BINARY_DIR}/gen/${ARG_PREFIX}_${kind}.h")
            add_custom_command(OUTPUT ${out}
                COMMAND ${CMAKE_COMMAND} "-DOUT=${out}" "-DPREFIX=${ARG_PREFIX}" "-DKIND=${kind}"
                        "-DROOT=${PROJECT_SOURCE_DIR}" "-DFILES=${files}" -P "${script}"
                DEPENDS ${files} ${included} "${script}" VERBATIM)
            target_sources(${target} PRIVATE ${out})
        endif()
    endforeach()
    target_include_directories(${target} PUBLIC "${CMAKE_CURRENT_BINARY_DIR}/gen")
endfunction()
