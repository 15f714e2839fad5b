# add_module(<name> [SOURCES <files...>] [HEADERS <files...>] [DEPS <targets...>] [PRIVATE_DEPS <targets...>])
# Static library common_<name>; by default out of <name>.c with the one public header <name>.h.
# Its headers are included as "<name>/<file>.h", and each is verified to compile alone.
function(add_module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS" ${ARGN})
    if(NOT ARG_SOURCES)
        set(ARG_SOURCES ${name}.c)
    endif()
    if(NOT ARG_HEADERS)
        set(ARG_HEADERS ${name}.h)
    endif()
    add_library(common_${name} STATIC ${ARG_SOURCES})
    target_sources(common_${name} PUBLIC
        FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/common" FILES ${ARG_HEADERS})
    set_target_properties(common_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    target_link_libraries(common_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} project_defaults)
endfunction()
