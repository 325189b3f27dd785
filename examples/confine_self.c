/* SPDX-License-Identifier: MIT */
/*
 * confine_self.c - a program that confines itself before it reads what it does not trust.
 *
 *   confine_self DIRECTORY FILE...
 *
 * DIRECTORY may be read afterwards, nothing else; there is no network and nothing can be
 * written. Each FILE is then opened, and the answer printed. What a real program would do: parse
 * untrusted input from DIRECTORY with code that it does not trust either.
 *
 *   cc confine_self.c $(pkg-config --cflags --libs croft)
 */
#include <croft.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int complain(const struct croft_error *err)
{
	fprintf(stderr, "confine_self: %s: %s%s%s%s\n", croft_stage_name(err->stage), err->what,
		err->errnum ? ": " : "", err->errnum ? strerror(err->errnum) : "",
		*err->hint ? " (see the hint)" : "");
	if (*err->hint)
		fprintf(stderr, "confine_self: hint: %s\n", err->hint);
	return 125;
}

/* From here on only `directory` can be read. */
static int confine(const char *directory, struct croft_error *err)
{
	struct croft_profile *profile = NULL;
	struct croft_plan *plan = NULL;
	int r = croft_profile_new("empty", NULL, NULL, 0, &profile, err);

	if (r == 0)
		r = croft_profile_set(profile, "read", directory, err);
	if (r == 0)
		r = croft_plan_new(profile, NULL, NULL, 0, &plan, err);
	if (r == 0)
		r = croft_confine(plan, 0, err);
	croft_plan_free(plan);
	croft_profile_free(profile);
	return r;
}

int main(int argc, char *argv[])
{
	struct croft_error err;

	if (argc < 3) {
		fprintf(stderr, "usage: confine_self DIRECTORY FILE...\n");
		return 2;
	}
	if (confine(argv[1], &err) < 0)
		return complain(&err);
	for (int i = 2; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		printf("%s: %s\n", argv[i], fd < 0 ? strerror(errno) : "may be read");
		if (fd >= 0)
			close(fd);
	}
	return 0;
}
