/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_SIZE = 512 };

bool profile_is_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len <= PROFILE_NAME_MAX && name[0] != '.' && strspn(name, allowed) == len;
}

const char *profile_folder(struct arena *arena)
{
    const char *profiles = getenv("KITH_PROFILES");
    if (profiles != NULL && *profiles != '\0')
        return profiles;
    const char *config = getenv("XDG_CONFIG_HOME");
    if (config != NULL && config[0] == '/')
        return arena_printf(arena, "%s/kith", config);
    const char *home = getenv("HOME");
    return home == NULL || *home == '\0' ? NULL : arena_printf(arena, "%s/.config/kith", home);
}

static const char *path_of(const char *name, struct arena *arena)
{
    const char *folder = profile_folder(arena);
    return folder == NULL ? NULL : arena_printf(arena, "%s/%s.json", folder, name);
}

static const char *copy_text(const json_t *json, const char *key, struct arena *arena)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text == NULL || *text == '\0' ? NULL : arena_strdup(arena, text);
}

enum err_code profile_load(
    struct profile *profile, const char *name, struct arena *arena, struct err *err)
{
    *profile = (struct profile){.name = name};
    const char *path = path_of(name, arena);
    if (path == NULL || access(path, F_OK) != 0)
        return ERR_OK;
    profile->is_kept = true;
    json_error_t wrong;
    json_t *json = json_load_file(path, 0, &wrong);
    if (json == NULL)
        return err_raise(
            err, REASON_CONFIG_INVALID, "%s, line %d: %s", path, wrong.line, wrong.text);
    profile->token = copy_text(json, "token", arena);
    profile->contact_endpoints = copy_text(json, "contact_endpoints", arena);
    profile->recommendation_endpoints = copy_text(json, "recommendation_endpoints", arena);
    profile->notification_endpoints = copy_text(json, "notification_endpoints", arena);
    profile->tls_ca = copy_text(json, "tls_ca", arena);
    profile->tls_certificate = copy_text(json, "tls_certificate", arena);
    profile->tls_key = copy_text(json, "tls_key", arena);
    json_decref(json);
    return ERR_OK;
}

/* Every folder on the way, for the owner alone. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!is_there)
            return false;
    }
    return true;
}

/* What root keeps in somebody else's folder is for her. */
static bool own_as_folder(int fd, const char *folder)
{
    struct stat about;
    return geteuid() != 0 ||
           (stat(folder, &about) == 0 && fchown(fd, about.st_uid, about.st_gid) == 0);
}

static bool write_private(const char *path, const char *folder, const json_t *json)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool is_written = fchmod(fd, 0600) == 0 && own_as_folder(fd, folder) &&
                      json_dumpfd(json, fd, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 &&
                      write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    return close(fd) == 0 && is_written;
}

static void put_text(json_t *json, const char *key, const char *text)
{
    if (text != NULL)
        (void)json_object_set_new(json, key, json_string(text));
}

enum err_code profile_save(const struct profile *profile, struct arena *arena, struct err *err)
{
    const char *path = path_of(profile->name, arena);
    char *fresh = path == NULL ? NULL : arena_printf(arena, "%s.%d.new", path, (int)getpid());
    if (fresh == NULL)
        return err_raise(err, REASON_CONFIG_INVALID, "neither XDG_CONFIG_HOME nor HOME is set");
    json_t *json = json_object();
    put_text(json, "token", profile->token);
    put_text(json, "contact_endpoints", profile->contact_endpoints);
    put_text(json, "recommendation_endpoints", profile->recommendation_endpoints);
    put_text(json, "notification_endpoints", profile->notification_endpoints);
    put_text(json, "tls_ca", profile->tls_ca);
    put_text(json, "tls_certificate", profile->tls_certificate);
    put_text(json, "tls_key", profile->tls_key);
    bool is_saved = make_folders(fresh) && write_private(fresh, profile_folder(arena), json) &&
                    rename(fresh, path) == 0;
    int cause = errno;
    json_decref(json);
    if (is_saved)
        return ERR_OK;
    (void)unlink(fresh);
    return err_raise(
        err, REASON_CONFIG_INVALID, "%s could not be written: %s", path, strerrordesc_np(cause));
}

static int is_profile(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".json") == 0;
}

const char *profile_names(struct arena *arena)
{
    enum { NAMED = 10 };
    struct dirent **files = NULL;
    const char *folder = profile_folder(arena);
    int n = folder == NULL ? -1 : scandir(folder, &files, is_profile, alphasort);
    const char *text = "";
    for (int i = 0; i < n; i++) {
        int len = (int)(strlen(files[i]->d_name) - strlen(".json"));
        if (i < NAMED && text != NULL)
            text = arena_printf(arena, "%s%s%.*s", text, i == 0 ? "" : ", ", len, files[i]->d_name);
        free(files[i]);
    }
    free((void *)files);
    if (n > NAMED && text != NULL)
        text = arena_printf(arena, "%s \xE2\x80\xA6", text);
    return text == NULL ? "" : text;
}

bool profile_remove(const char *name, struct arena *arena)
{
    const char *path = path_of(name, arena);
    return path != NULL && unlink(path) == 0;
}

enum err_code profile_read_secret(
    const char *path, const char **out, struct arena *arena, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL)
        return err_raise(err, REASON_CONFIG_INVALID, "%s: %s", path, strerrordesc_np(errno));
    char line[SECRET_SIZE];
    const char *read = fgets(line, sizeof(line), file);
    if (!is_stdin)
        (void)fclose(file);
    size_t begin = read == NULL ? 0 : strspn(line, " \t\r\n");
    size_t len = read == NULL ? 0 : strcspn(line + begin, " \t\r\n");
    if (len == 0)
        return err_raise(err, REASON_CONFIG_INVALID, "%s holds no token in its first line",
            is_stdin ? "standard input" : path);
    *out = arena_strndup(arena, line + begin, len);
    explicit_bzero(line, sizeof(line));
    return ERR_OK;
}
