/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/import_date.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const int64_t us_per_minute = 60 * INT64_C(1000000);

/* Days from 1970-01-01 in the Gregorian calendar (Howard Hinnant, days_from_civil). */
static int64_t days_from_civil(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)era * 146097 + day_of_era - 719468;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_day(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || year > 2100 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= lengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* 1 to 12; 0: no month. */
static int month_number(const char *name)
{
    static const char names[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int i = 0; i < 12; i++)
        if (strcasecmp(name, names[i]) == 0)
            return i + 1;
    return 0;
}

/* LinkedIn is younger than 2000, so "24" is 2024. */
static int full_year(int year)
{
    return year < 100 ? year + 2000 : year;
}

static int64_t at(int year, int month, int day, int minute)
{
    if (!is_day(year, month, day))
        return IMPORT_DATE_UNKNOWN;
    return (days_from_civil(year, month, day) * 24 * 60 + minute) * us_per_minute;
}

static int64_t named_month(const char *text)
{
    int day = 0, year = 0, used = 0;
    char month[4] = "";
    if (sscanf(text, "%2d%*1[ -]%3[A-Za-z]%*1[ -]%4d%n", &day, month, &year, &used) != 3)
        return IMPORT_DATE_UNKNOWN;
    if (text[used] != '\0')
        return IMPORT_DATE_UNKNOWN;
    return at(full_year(year), month_number(month), day, 0);
}

/* Month first, as an American clock says it; only LinkedIn's own form with the time is certain. */
static int64_t american(const char *text)
{
    int month = 0, day = 0, year = 0, hour = 0, minute = 0, used = 0;
    char half[3] = "";
    if (sscanf(text, "%2d/%2d/%4d, %2d:%2d %2[APMapm]%n", &month, &day, &year, &hour, &minute, half,
            &used) != 6)
        return IMPORT_DATE_UNKNOWN;
    bool is_pm = strcasecmp(half, "PM") == 0;
    if (text[used] != '\0' || (!is_pm && strcasecmp(half, "AM") != 0))
        return IMPORT_DATE_UNKNOWN;
    if (hour < 1 || hour > 12 || minute < 0 || minute > 59)
        return IMPORT_DATE_UNKNOWN;
    return at(full_year(year), month, day, (hour % 12 + (is_pm ? 12 : 0)) * 60 + minute);
}

/* "2024-07-27" (ISO 8601) and "27.07.2024": spreadsheets where the comma is a decimal point. */
static int64_t numbered_month(const char *text)
{
    int year = 0, month = 0, day = 0, used = 0;
    bool is_iso = sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && used == 10;
    if (!is_iso && sscanf(text, "%2d.%2d.%4d%n", &day, &month, &year, &used) != 3)
        return IMPORT_DATE_UNKNOWN;
    if (text[used] != '\0')
        return IMPORT_DATE_UNKNOWN;
    return at(full_year(year), month, day, 0);
}

int64_t import_date_parse(const char *text)
{
    static int64_t (*const forms[])(const char *) = {named_month, american, numbered_month};
    int64_t date = IMPORT_DATE_UNKNOWN;
    for (size_t i = 0; date == IMPORT_DATE_UNKNOWN && i < sizeof(forms) / sizeof(forms[0]); i++)
        date = forms[i](text);
    return date;
}
