/* SPDX-License-Identifier: MIT */
/*
 * result.c - an output read: its archive's hash and size, what it refers to, whether it is what a
 * fixed-output derivation has promised.
 *
 * The archive is made once and goes to the hash and to the search at the same time. What is
 * searched for is all that the builder could see: its inputs' closure and its own outputs.
 */
#include "drv/result.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "drv/nar.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define CHUNK ((size_t)64 * 1024)
#define OF_ARCHIVE "r:"

struct reading {
	struct digest digest;
	struct digest own; /* of the promised kind */
	bool has_own; /* of the archive too */
	struct refs refs;
	uint64_t size;
};

static void take(void *context, const void *data, size_t len)
{
	struct reading *reading = context;

	digest_add(&reading->digest, data, len);
	if (reading->has_own)
		digest_add(&reading->own, data, len);
	refs_add(&reading->refs, data, len);
	reading->size += len;
}

static int list_references(const struct reading *reading, const struct drv *drv,
			   const struct path_list *candidates, struct arena *arena,
			   struct path_list *ret_references, struct croft_error *err)
{
	const char **found = arena_calloc(arena, candidates->n + 1, sizeof(*found));
	size_t n = 0;

	if (!found)
		return fail(err, CROFT_STAGE_SUPERVISE, ENOMEM, "list the references");
	for (size_t i = 0; i < candidates->n; i++)
		if (refs_has(&reading->refs, drv->store_dir, candidates->paths[i]))
			found[n++] = candidates->paths[i];
	*ret_references = (struct path_list){ .paths = found, .n = n };
	return 0;
}

static int hash_file(int dir, const char *name, struct digest *digest, struct croft_error *err)
{
	AUTO_FD int fd = path_open(dir, name, O_RDONLY | O_NONBLOCK);
	AUTO_FREE char *chunk = malloc(CHUNK);
	struct stat st;
	ssize_t n = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (fd == -ELOOP || (n == 0 && (!S_ISREG(st.st_mode) || (st.st_mode & S_IXUSR))))
		return fail(err, CROFT_STAGE_SUPERVISE, 0,
			    "the output '%s' is no file that cannot be executed, and its hash is "
			    "of such a one",
			    name);
	if (n == 0 && !chunk)
		n = -ENOMEM;
	while (n >= 0 && (n = fd_read_full(fd, chunk, CHUNK)) > 0)
		digest_add(digest, chunk, (size_t)n);
	return n < 0 ? fail(err, CROFT_STAGE_SUPERVISE, (int)-n, "hash the output '%s'", name) : 0;
}

/* The kind that an output promises, and whether it is of the archive. */
static int find_kind(const struct drv_output *output, bool *ret_is_archive, struct croft_error *err)
{
	const char *algo = output->algo;
	int kind;

	*ret_is_archive = !strncmp(algo, OF_ARCHIVE, strlen(OF_ARCHIVE));
	kind = digest_find(algo + (*ret_is_archive ? strlen(OF_ARCHIVE) : 0));
	if (kind < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, 0,
			    "the hash '%s' of the output '%s' is of "
			    "no kind that croft knows",
			    algo, output->name);
	return kind;
}

static int compare_hash(const struct drv_output *output, enum digest_kind kind,
			const unsigned char *got, struct croft_error *err)
{
	unsigned char wanted[DIGEST_MAX_BYTES];
	char wanted_sri[DIGEST_TEXT_SIZE], got_sri[DIGEST_TEXT_SIZE], got_hex[DIGEST_TEXT_SIZE];
	int r;

	if (digest_parse_hex(output->hash, digest_size(kind), wanted) < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, 0, "'%s' is no hash of the kind '%s'",
			    output->hash, output->algo);
	if (!memcmp(wanted, got, digest_size(kind)))
		return 0;
	digest_sri(kind, wanted, wanted_sri);
	digest_sri(kind, got, got_sri);
	digest_hex(got, digest_size(kind), got_hex);
	r = fail(err, CROFT_STAGE_SUPERVISE, 0,
		 "the output '%s' has another hash than it shall: wanted %s, got %s", output->name,
		 wanted_sri, got_sri);
	/* two of sha512 are longer than a hint; what was wanted stands in the .drv */
	if (kind == DIGEST_SHA512)
		fail_hint(err, "got, in hexadecimal: %s", got_hex);
	else
		fail_hint(err, "in hexadecimal: wanted %s, got %s", output->hash, got_hex);
	return r;
}

static int check_fixed(int dir, const char *name, const struct result_output *result,
		       struct reading *reading, enum digest_kind kind, struct croft_error *err)
{
	unsigned char got[DIGEST_MAX_BYTES];
	int r = 0;

	if (!reading->has_own)
		r = hash_file(dir, name, &reading->own, err);
	if (r < 0)
		return r;
	digest_take(&reading->own, got);
	r = compare_hash(result->output, kind, got, err);
	if (r == 0 && result->references.n > 0)
		r = fail(err, CROFT_STAGE_SUPERVISE, 0,
			 "the output '%s' of a fixed-output derivation refers to '%s'",
			 result->output->name, result->references.paths[0]);
	return r;
}

int result_read(int dir, const char *name, const struct drv *drv, const struct drv_output *output,
		const struct path_list *candidates, struct arena *arena,
		struct result_output *ret_result, struct croft_error *err)
{
	struct result_output result = { .output = output };
	struct reading reading = { 0 };
	bool is_archive = false;
	int kind = *output->hash ? find_kind(output, &is_archive, err) : 0;
	int r = kind < 0 ? kind : result_settle(dir, name, err);

	if (r < 0)
		return r;
	digest_init(&reading.digest, DIGEST_SHA256);
	digest_init(&reading.own, (enum digest_kind)kind);
	reading.has_own = is_archive;
	if (!refs_init(&reading.refs, arena, drv->store_dir, candidates->paths, candidates->n))
		return fail(err, CROFT_STAGE_SUPERVISE, ENOMEM, "look for references");
	r = nar_write(dir, name, take, &reading, err);
	if (r < 0)
		return r;
	digest_take(&reading.digest, result.nar_hash);
	result.nar_size = reading.size;
	r = list_references(&reading, drv, candidates, arena, &result.references, err);
	if (r == 0 && *output->hash)
		r = check_fixed(dir, name, &result, &reading, (enum digest_kind)kind, err);
	if (r == 0)
		*ret_result = result;
	return r;
}
