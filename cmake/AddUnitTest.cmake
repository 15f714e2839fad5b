# add_unit_test(<layer.module.topic> SOURCES <files...> DEPS <targets...>)
# A cmocka program registered with ctest under that name; the program is called test_<name>.
function(add_unit_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
    string(REPLACE "." "_" program "test_${name}")
    add_executable(${program} ${ARG_SOURCES})
    target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${program} PRIVATE ${ARG_DEPS} PkgConfig::CMOCKA project_defaults)
    add_test(NAME ${name} COMMAND ${program})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endfunction()

# add_integration_test(...): the same, run with a private PostgreSQL of its own; its address is in
# the PG* environment variables and every service is migrated.
function(add_integration_test name)
    add_unit_test(${name} ${ARGN})
    string(REPLACE "." "_" program "test_${name}")
    set_property(TEST ${name} PROPERTY LABELS postgres)
    set_property(TEST ${name} PROPERTY FIXTURES_REQUIRED postgres)
endfunction()
