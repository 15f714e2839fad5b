# add_proto(): every proto/kith/v1/*.proto -> library proto_kith_v1, included as <kith/v1/x.pb-c.h>,
# with the descriptor set of all of them in proto/gen/kith.descriptor.binpb of the build tree.
# <kith/v1/services.h> has that set as bytes and the list of every service.
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C NAMES protoc-gen-c protoc-c REQUIRED)
find_path(PROTOBUF_INCLUDE google/protobuf/descriptor.proto REQUIRED)

# protobuf-c 1.4 comes as the compiler protoc-c; where only that name exists, it is called directly.
if(PROTOC_GEN_C MATCHES "protoc-gen-c$")
    set(PROTOC_C ${PROTOC} --plugin=protoc-gen-c=${PROTOC_GEN_C})
else()
    set(PROTOC_C ${PROTOC_GEN_C})
endif()

# Writes kith/v1/services.[ch] below `gen`: the embedded descriptor set and every service.
function(write_service_list gen descriptor_set)
    set(includes "")
    set(list "")
    foreach(proto IN LISTS ARGN)
        file(STRINGS ${proto} services REGEX "^service ")
        get_filename_component(name ${proto} NAME_WE)
        foreach(service IN LISTS services)
            string(REGEX REPLACE "^service ([A-Za-z]+).*" "\\1" service "${service}")
            string(REGEX REPLACE "([a-z])([A-Z])" "\\1_\\2" service "${service}")
            string(TOLOWER "${service}" service)
            string(APPEND includes "#include <kith/v1/${name}.pb-c.h>\n")
            string(APPEND list "    &kith__v1__${service}__descriptor,\n")
        endforeach()
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${proto})
    endforeach()
    file(CONFIGURE OUTPUT ${gen}/kith/v1/services.h @ONLY CONTENT
"/* Generated from the .proto files; do not edit. */
#pragma once

#include <protobuf-c/protobuf-c.h>

/* Every service of every .proto file; ends with NULL. */
extern const ProtobufCServiceDescriptor *const kith_v1_services[];

/* A packed google.protobuf.FileDescriptorSet of every .proto file. */
extern const unsigned char kith_v1_descriptor_set[];
extern const unsigned char kith_v1_descriptor_set_end[];
")
    file(CONFIGURE OUTPUT ${gen}/kith/v1/services.c @ONLY CONTENT
"/* Generated from the .proto files; do not edit. */
#include <kith/v1/services.h>

#include <stddef.h>

@includes@
const ProtobufCServiceDescriptor *const kith_v1_services[] = {
@list@    NULL,
};

__asm__(\".section .rodata\\n\"
        \".global kith_v1_descriptor_set\\n\"
        \".global kith_v1_descriptor_set_end\\n\"
        \"kith_v1_descriptor_set:\\n\"
        \".incbin \\\"@descriptor_set@\\\"\\n\"
        \"kith_v1_descriptor_set_end:\\n\"
        \".byte 0\\n\"
        \".previous\\n\");
")
    set_source_files_properties(${gen}/kith/v1/services.c PROPERTIES
        OBJECT_DEPENDS ${descriptor_set})
endfunction()

function(add_proto)
    file(GLOB protos CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/kith/v1/*.proto")
    set(gen "${CMAKE_CURRENT_BINARY_DIR}/gen")
    file(MAKE_DIRECTORY ${gen})
    set(outputs ${gen}/google/protobuf/descriptor.pb-c.c ${gen}/google/protobuf/descriptor.pb-c.h)
    foreach(proto IN LISTS protos)
        get_filename_component(name ${proto} NAME_WE)
        list(APPEND outputs ${gen}/kith/v1/${name}.pb-c.c ${gen}/kith/v1/${name}.pb-c.h)
    endforeach()
    set(include -I ${CMAKE_CURRENT_SOURCE_DIR} -I ${PROTOBUF_INCLUDE})
    add_custom_command(OUTPUT ${outputs} ${gen}/kith.descriptor.binpb
        COMMAND ${PROTOC_C} --c_out=${gen} ${include} ${protos}
                ${PROTOBUF_INCLUDE}/google/protobuf/descriptor.proto
        COMMAND ${PROTOC} --include_imports --include_source_info
                --descriptor_set_out=${gen}/kith.descriptor.binpb ${include} ${protos}
        DEPENDS ${protos} VERBATIM)
    write_service_list(${gen} ${gen}/kith.descriptor.binpb ${protos})
    add_library(proto_kith_v1 STATIC ${outputs} ${gen}/kith/v1/services.c)
    target_include_directories(proto_kith_v1 SYSTEM PUBLIC ${gen})
    target_link_libraries(proto_kith_v1 PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
