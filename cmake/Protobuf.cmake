# add_proto(): every proto/kith/v1/*.proto -> library proto_kith_v1, included as <kith/v1/x.pb-c.h>,
# with the descriptor set of all of them in proto/gen/kith.descriptor.binpb of the build tree.
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C NAMES protoc-gen-c protoc-c REQUIRED)
find_path(PROTOBUF_INCLUDE google/protobuf/descriptor.proto REQUIRED)

# protobuf-c 1.4 comes as the compiler protoc-c; where only that name exists, it is called directly.
if(PROTOC_GEN_C MATCHES "protoc-gen-c$")
    set(PROTOC_C ${PROTOC} --plugin=protoc-gen-c=${PROTOC_GEN_C})
else()
    set(PROTOC_C ${PROTOC_GEN_C})
endif()

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
    add_library(proto_kith_v1 STATIC ${outputs})
    target_include_directories(proto_kith_v1 SYSTEM PUBLIC ${gen})
    target_link_libraries(proto_kith_v1 PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
