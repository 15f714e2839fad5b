/* SPDX-License-Identifier: Apache-2.0 */
#include "package.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESERVED_PIECES = 6, /* unknown, begin, end, three spare */
    MAX_PATH = 4096,
    MAX_NAME = 256
};

struct package {
    struct source source;
    json_t *manifest, *vocabulary; /* the vocabulary's texts are used in place */
    struct source_piece *pieces;
    char *weights; /* all shards, one after another */
    size_t weight_bytes;
};

/* Universal Sentence Encoder Lite, version 1. */
static const struct encoder_layer_dims layers[ENCODER_LAYERS] = {
    {.in = 256, .out = 512, .heads = 4, .hidden = 1536},
    {.in = 512, .out = 512, .heads = 4, .hidden = 1536},
};

#define ENCODE "Encoder_en/KonaTransformer/Encode/"
#define FOLDED "/ConcatPartitions/concat"

static enum err_code load_json(const char *folder, const char *name, json_t **out, struct err *err)
{
    char path[MAX_PATH];
    json_error_t fault;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    *out = json_load_file(path, 0, &fault);
    if (*out == NULL)
        return err_raise(err, REASON_ENCODER_FILE_INVALID, "%s: %s", path, fault.text);
    return ERR_OK;
}

static enum err_code append_shard(struct package *package, const char *path, struct err *err)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    char *grown = NULL;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
        grown = realloc(package->weights, package->weight_bytes + (size_t)size + 1);
    if (grown != NULL) {
        package->weights = grown;
        if (fread(grown + package->weight_bytes, 1, (size_t)size, file) == (size_t)size)
            package->weight_bytes += (size_t)size;
        else
            grown = NULL;
    }
    if (file != NULL)
        (void)fclose(file);
    return grown != NULL ? ERR_OK
                         : err_raise(err, REASON_ENCODER_FILE_INVALID, "%s can not be read", path);
}

static enum err_code load_weights(struct package *package, const char *folder, struct err *err)
{
    json_t *group = json_array_get(json_object_get(package->manifest, "weightsManifest"), 0);
    json_t *name;
    size_t i;

    json_array_foreach(json_object_get(group, "paths"), i, name)
    {
        char path[MAX_PATH];
        enum err_code code;

        (void)snprintf(path, sizeof path, "%s/%s", folder, json_string_value(name));
        code = append_shard(package, path, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* A score that is no number (two pieces have none) counts as 0, as in JavaScript. */
static enum err_code load_pieces(struct package *package, struct err *err)
{
    size_t count = json_array_size(package->vocabulary);
    json_t *entry;
    size_t i;

    package->pieces = calloc(count + 1, sizeof *package->pieces);
    if (package->pieces == NULL)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    json_array_foreach(package->vocabulary, i, entry)
    {
        const char *text = json_string_value(json_array_get(entry, 0));

        if (text == NULL)
            return err_raise(err, REASON_ENCODER_FILE_INVALID, "piece %zu has no text", i);
        package->pieces[i] =
            (struct source_piece){text, json_number_value(json_array_get(entry, 1))};
    }
    package->source.pieces = package->pieces;
    package->source.reserved = RESERVED_PIECES;
    package->source.dims.vocabulary = (uint32_t)count;
    return ERR_OK;
}

static size_t cells_of(const json_t *weight)
{
    size_t cells = 1;
    json_t *extent;
    size_t i;

    json_array_foreach(json_object_get(weight, "shape"), i, extent)
    {
        cells *= (size_t)json_integer_value(extent);
    }
    return cells;
}

/* The weight of that name, which must have at least this many cells; every cell has 4 bytes. */
static enum err_code find(const struct package *package, const char *name, size_t cells,
    const float **out, struct err *err)
{
    json_t *group = json_array_get(json_object_get(package->manifest, "weightsManifest"), 0);
    json_t *weight;
    size_t offset = 0;
    size_t i;

    json_array_foreach(json_object_get(group, "weights"), i, weight)
    {
        size_t here = cells_of(weight);
        const char *its_name = json_string_value(json_object_get(weight, "name"));

        if (its_name != NULL && strcmp(its_name, name) == 0) {
            if (here < cells || (offset + here) * sizeof **out > package->weight_bytes)
                return err_raise(err, REASON_ENCODER_FILE_INVALID, "weight %s is too short", name);
            *out = (const void *)(package->weights + offset * sizeof **out);
            return ERR_OK;
        }
        offset += here;
    }
    return err_raise(err, REASON_ENCODER_FILE_INVALID, "there is no weight %s", name);
}

/* What is wanted of the file: a name with the layer's number in it, and where it goes. */
struct wanted {
    const char *name;
    size_t cells;
    const float **to;
};

static enum err_code find_all(const struct package *package, int layer, const struct wanted *wanted,
    size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *mark = strchr(wanted[i].name, '#');
        char name[MAX_NAME];
        enum err_code code;

        if (mark == NULL)
            (void)snprintf(name, sizeof name, "%s", wanted[i].name);
        else
            (void)snprintf(name, sizeof name, "%.*s%d%s", (int)(mark - wanted[i].name),
                wanted[i].name, layer, mark + 1);
        code = find(package, name, wanted[i].cells, wanted[i].to, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LAYER(rest) "module_apply_default/" ENCODE "Layer_#/TransformerLayer/" rest
#define STACK(rest) "module_apply_default/" ENCODE "TransformerStack/Layer_#/TransformerLayer/" rest
#define KERNEL(name) \
    "module/" ENCODE "Layer_#/TransformerLayer/MultiheadAttention/" name "/kernel/part_0"

static enum err_code find_layer(struct package *package, int number, struct err *err)
{
    const struct encoder_layer_dims *dims = &layers[number];
    struct source_layer *to = &package->source.layer[number];
    size_t in = dims->in;
    size_t out = dims->out;
    const struct wanted wanted[] = {
        {LAYER("layer_prepostprocess/layer_norm/layer_norm_scale" FOLDED), in,
            &to->attention_norm.gain},
        {LAYER("layer_prepostprocess/layer_norm/layer_norm_bias" FOLDED), in,
            &to->attention_norm.bias},
        {LAYER("FFN/layer_prepostprocess/layer_norm/layer_norm_scale" FOLDED), out,
            &to->hidden_norm.gain},
        {LAYER("FFN/layer_prepostprocess/layer_norm/layer_norm_bias" FOLDED), out,
            &to->hidden_norm.bias},
        {KERNEL("qkv_transform_single"), in * 3 * in, &to->query_key_value.weight},
        {LAYER("MultiheadAttention/qkv_transform_single/bias" FOLDED), 3 * in,
            &to->query_key_value.bias},
        {KERNEL("output_transform_single"), in * out, &to->attention_out.weight},
        {LAYER("MultiheadAttention/output_transform_single/bias" FOLDED), out,
            &to->attention_out.bias},
        {STACK("FFN/conv1/Tensordot/Reshape_1"), out * dims->hidden, &to->hidden_in.weight},
        {LAYER("FFN/conv1/bias" FOLDED), dims->hidden, &to->hidden_in.bias},
        {STACK("FFN/conv2/Tensordot/Reshape_1"), dims->hidden * out, &to->hidden_out.weight},
        {LAYER("FFN/conv2/bias" FOLDED), out, &to->hidden_out.bias},
        /* Last, for a layer that widens. */
        {LAYER("dense/kernel" FOLDED), in * out, &to->residual.weight},
        {LAYER("dense/bias" FOLDED), out, &to->residual.bias},
    };

    package->source.dims.layer[number] = *dims;
    return find_all(package, number, wanted, COUNT(wanted) - (in == out ? 2 : 0), err);
}

static enum err_code find_rest(struct package *package, struct err *err)
{
    struct source *to = &package->source;
    size_t width = layers[0].in;
    size_t last = layers[ENCODER_LAYERS - 1].out;
    const struct wanted wanted[] = {
        {"module/Embeddings_en", to->dims.vocabulary * width, &to->embedding},
        {"module_apply_default/" ENCODE
         "TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1",
            width / 2, &to->timescale},
        {"module/Encoder_en/hidden_layers/tanh_layer_0/weights", last * ENCODER_DIM,
            &to->output.weight},
        {"module/Encoder_en/hidden_layers/tanh_layer_0/bias", ENCODER_DIM, &to->output.bias},
    };

    return find_all(package, 0, wanted, COUNT(wanted), err);
}

static enum err_code load(struct package *package, const char *folder, struct err *err)
{
    enum err_code code = load_json(folder, "model.json", &package->manifest, err);

    if (code == ERR_OK)
        code = load_json(folder, "vocab.json", &package->vocabulary, err);
    if (code == ERR_OK)
        code = load_weights(package, folder, err);
    if (code == ERR_OK)
        code = load_pieces(package, err);
    for (int l = 0; l < ENCODER_LAYERS && code == ERR_OK; l++)
        code = find_layer(package, l, err);
    if (code == ERR_OK)
        code = find_rest(package, err);
    return code;
}

enum err_code package_open(const char *folder, struct package **out, struct err *err)
{
    struct package *package = calloc(1, sizeof *package);
    enum err_code code;

    if (package == NULL)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    package->source.name = "use-lite-en-0.2.0-int8";
    code = load(package, folder, err);
    if (code != ERR_OK) {
        package_close(package);
        return code;
    }
    *out = package;
    return ERR_OK;
}

void package_close(struct package *package)
{
    if (package == NULL)
        return;
    json_decref(package->manifest);
    json_decref(package->vocabulary);
    free(package->pieces);
    free(package->weights);
    free(package);
}

const struct source *package_source(const struct package *package)
{
    return &package->source;
}
