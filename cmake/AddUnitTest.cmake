# Where the tests of one ctest run find the PostgreSQL cluster they share; see tests/integration.
set(POSTGRES_FILE "${PROJECT_BINARY_DIR}/postgres-of-tests")

# add_unit_test(<layer.module.topic> SOURCES <files...> DEPS <targets...> [LAUNCHER <command...>])
# A cmocka program registered with ctest under that name; the program is called test_<name>.
function(add_unit_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LAUNCHER" ${ARGN})
    string(REPLACE "." "_" program "test_${name}")
    add_executable(${program} ${ARG_SOURCES})
    target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${program} PRIVATE ${ARG_DEPS} PkgConfig::CMOCKA project_defaults)
    add_test(NAME ${name} COMMAND ${ARG_LAUNCHER} $<TARGET_FILE:${program}>)
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endfunction()

# add_integration_test(...): the same, with a fresh PostgreSQL database; its address is in the PG*
# and KITH_DATABASE_* environment variables, every service is migrated. By hand:
# tests/with-postgres PROGRAM
function(add_integration_test name)
    add_unit_test(${name} ${ARGN}
        LAUNCHER "${PROJECT_SOURCE_DIR}/tests/with-postgres" --in "${POSTGRES_FILE}")
    set_tests_properties(${name} PROPERTIES LABELS postgres FIXTURES_REQUIRED postgres)
endfunction()
