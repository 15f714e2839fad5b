# project_defaults: the one place that says how our own code is compiled.
include(CheckCCompilerFlag)

add_library(project_defaults INTERFACE)
target_compile_features(project_defaults INTERFACE c_std_11)
target_compile_definitions(project_defaults INTERFACE _GNU_SOURCE)
target_compile_options(project_defaults INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition
    -Wno-missing-field-initializers # what a row of a table leaves out is zero
    # clang would also complain of the casts in protobuf-c's initialisers.
    $<$<C_COMPILER_ID:GNU>:-Wcast-qual> $<IF:$<C_COMPILER_ID:GNU>,-Wcast-align=strict,-Wcast-align>
    -Wwrite-strings -Wformat=2
    -Wundef -Wvla -Wno-overlength-strings -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
    $<$<BOOL:${ENABLE_WERROR}>:-Werror>
    -fvisibility=hidden -fno-common -fstack-protector-strong)

# Hardening after the OpenSSF compiler options guide; what a compiler does not know is left out.
foreach(flag -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_c_compiler_flag("-Werror ${flag}" ${have})
    target_compile_options(project_defaults INTERFACE $<$<BOOL:${${have}}>:${flag}>)
endforeach()
target_compile_options(project_defaults INTERFACE
    $<$<CONFIG:RelWithDebInfo>:-U_FORTIFY_SOURCE> $<$<CONFIG:RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
target_link_options(project_defaults INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# A bug caught by assert must not run on in release either (RelWithDebInfo would define NDEBUG).
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")

if(SANITIZERS)
    target_compile_options(project_defaults INTERFACE
        -fsanitize=${SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(project_defaults INTERFACE -fsanitize=${SANITIZERS})
endif()
if(ENABLE_FUZZERS)
    target_compile_options(project_defaults INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ENABLE_COVERAGE)
    target_compile_options(project_defaults INTERFACE --coverage)
    target_link_options(project_defaults INTERFACE --coverage)
endif()
if(ENABLE_FUZZERS)
    # Everything counts where it has been; only a fuzz target links the fuzzer itself.
    target_compile_options(project_defaults INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(project_defaults INTERFACE -fsanitize=fuzzer-no-link)
endif()
