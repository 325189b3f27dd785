/* SPDX-License-Identifier: MIT */
/*
 * num.c - strict numbers.
 *
 * strtoul() takes white space, a sign, and wraps negative numbers; none of that
 * is wanted in a limit or a port. So digits are read here by hand, with every
 * overflow told apart from a text that is no number.
 */
#include "base/num.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

#define TIME_MAX_MS (365ULL * 24 * 60 * 60 * 1000)

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "K", 1ULL << 10 },
	{ "M", 1ULL << 20 },
	{ "G", 1ULL << 30 },
	{ "T", 1ULL << 40 },
	{ "KiB", 1ULL << 10 },
	{ "MiB", 1ULL << 20 },
	{ "GiB", 1ULL << 30 },
	{ "TiB", 1ULL << 40 },
	{ "kB", 1000ULL },
	{ "MB", 1000ULL * 1000 },
	{ "GB", 1000ULL * 1000 * 1000 },
	{ "TB", 1000ULL * 1000 * 1000 * 1000 },
};

static const struct unit time_units[] = {
	{ "", 1000 },
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60ULL * 1000 },
	{ "h", 60ULL * 60 * 1000 },
	{ "d", 24ULL * 60 * 60 * 1000 },
};

/* Reads digits; *ret_end is what follows them. Overflow is noted, the digits are still skipped. */
static int read_digits(const char *text, uint64_t *ret_value, const char **ret_end)
{
	uint64_t value = 0;
	int r = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			r = -ERANGE;
	}
	*ret_value = value;
	*ret_end = text;
	return r;
}

static int parse_units(const char *text, const struct unit *units, size_t n, uint64_t *ret_value)
{
	const char *end = NULL;
	uint64_t value = 0;
	int r = read_digits(text, &value, &end);

	if (r == -EINVAL)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (r || __builtin_mul_overflow(value, units[i].factor, &value))
			return -ERANGE;
		*ret_value = value;
		return 0;
	}
	return -EINVAL;
}

int num_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	const char *end = NULL;
	uint64_t value = 0;
	int r = read_digits(text, &value, &end);

	if (r == -EINVAL || *end)
		return -EINVAL;
	if (r || value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int size_parse(const char *text, uint64_t *ret_bytes)
{
	return parse_units(text, size_units, ARRAY_SIZE(size_units), ret_bytes);
}

int time_parse(const char *text, uint64_t *ret_ms)
{
	uint64_t value;
	int r = parse_units(text, time_units, ARRAY_SIZE(time_units), &value);

	if (r)
		return r;
	if (value > TIME_MAX_MS)
		return -ERANGE;
	*ret_ms = value;
	return 0;
}
