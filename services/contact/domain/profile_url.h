/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of profiles in one spelling, so that the same person is found again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PROFILE_URL_SIZE = 400 };

/*
 * "https://www.LinkedIn.com/in/Zo%C3%AB-B/?x=1" becomes "linkedin.com/in/zoë-b": no scheme, "www."
 * or country before linkedin.com, query, fragment or slash at the end; percent-encoding undone
 * where the result is text; no case; Unicode composed (NFC). False when that leaves no host and
 * path, or does not fit.
 */
bool profile_url_normalise(const char *url, char out[PROFILE_URL_SIZE]);
