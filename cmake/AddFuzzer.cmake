# add_fuzzer(<module.topic> SOURCES <files...> CORPUS <folder> DEPS <targets...>)
# LLVMFuzzerTestOneInput in the sources becomes, everywhere, the test fuzz.<module.topic> that runs
# it over every file of the corpus, and in the preset `fuzz` also the program fuzz_<module>_<topic>
# that looks for more (see tests/fuzz/README.md).
function(add_fuzzer name)
    cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;DEPS" ${ARGN})
    string(REPLACE "." "_" program "fuzz_${name}")
    add_executable(replay_${program} ${ARG_SOURCES} "${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c")
    target_include_directories(replay_${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz")
    target_link_libraries(replay_${program} PRIVATE ${ARG_DEPS} project_defaults)
    add_test(NAME fuzz.${name} COMMAND replay_${program} "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_CORPUS}")
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
    if(ENABLE_FUZZERS)
        add_executable(${program} ${ARG_SOURCES})
        target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz")
        target_link_libraries(${program} PRIVATE ${ARG_DEPS} project_defaults)
        target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    endif()
endfunction()
