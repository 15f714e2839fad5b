/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the options of kith/v1/policy.proto out of a packed google.protobuf.FileDescriptorSet.
 */
#pragma once

#include "db/db.h"
#include "err/err.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <kith/v1/policy.pb-c.h>

/* Called for each option found; the message is kith.v1.FieldLimits or kith.v1.MethodPolicy. */
struct schema_options {
    void (*limits)(void *arg, const char *message, uint32_t number, const ProtobufCMessage *limits);
    void (*policy)(void *arg, const char *service,
        const Google__Protobuf__MethodDescriptorProto *method, const ProtobufCMessage *policy);
    void *arg;
};

/* INTERNAL_ERROR if the set is malformed. */
MUST_USE enum err_code schema_read_options(
    struct db_bytes descriptor_set, const struct schema_options *options, struct err *err);
