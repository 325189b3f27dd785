/* SPDX-License-Identifier: MIT */
/*
 * session_record.c - writes and reads what the holder of a session tells.
 *
 * The head begins with a word that names the version of the message: another one is another
 * croft's, and is not read further. Lengths are compared with what came before anything is looked
 * at.
 */
#include "launch/session_record.h"

#include <errno.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#define ERRNUM_MAX 4095 /* the kernel's own bound */

static const char magic[8] = "crofts01";

/* What is told of the host: an answer and an errno each; the last three are its mounts. */
enum { TOLD_STEP = HOST_NS_MAX, TOLD_CAPABILITY, TOLD_NEW_API, TOLD_PROC, TOLD_MAX };

struct told {
	uint16_t answer, errnum;
};

struct head {
	char magic[8];
	uint32_t size; /* of the whole message */
	uint32_t n_words;
	int64_t started_ms;
	uint64_t namespaces;
	uint64_t inodes[HOST_NS_MAX];
	struct told told[TOLD_MAX];
	uint32_t tree_len;
};
_Static_assert(sizeof(struct head) == 32 + 8 * HOST_NS_MAX + 4 * TOLD_MAX + 4,
	       "no hole that would be sent");

static void tell_host(struct told told[TOLD_MAX], const struct host *host)
{
	for (int i = 0; i < HOST_NS_MAX; i++) {
		told[i].answer = (uint16_t)host->ns[i].works;
		told[i].errnum = (uint16_t)host->ns[i].errnum;
	}
	told[TOLD_STEP].answer = (uint16_t)host->ns_step;
	told[TOLD_CAPABILITY].answer = host->has_ns_by_capability;
	told[TOLD_NEW_API].answer = (uint16_t)host->mount.has_new_api;
	told[TOLD_PROC].answer = (uint16_t)host->mount.can_proc;
	told[TOLD_PROC].errnum = (uint16_t)host->mount.proc_errnum;
}

/* False if one of it cannot be. */
static bool take_host(const struct told told[TOLD_MAX], struct host *host)
{
	for (int i = 0; i < TOLD_MAX; i++) {
		bool has_errnum = i < HOST_NS_MAX || i == TOLD_PROC;
		unsigned max = i == TOLD_STEP         ? NS_STEP_MAX
			       : i == TOLD_CAPABILITY ? 2
						      : HOST_ANSWER_MAX;

		if (told[i].answer >= max || told[i].errnum > (has_errnum ? ERRNUM_MAX : 0))
			return false;
	}
	for (int i = 0; i < HOST_NS_MAX; i++) {
		host->ns[i].works = (enum host_answer)told[i].answer;
		host->ns[i].errnum = told[i].errnum;
	}
	host->ns_step = (enum host_ns_step)told[TOLD_STEP].answer;
	host->has_ns_by_capability = told[TOLD_CAPABILITY].answer;
	host->mount.has_new_api = (enum host_answer)told[TOLD_NEW_API].answer;
	host->mount.can_proc = (enum host_answer)told[TOLD_PROC].answer;
	host->mount.proc_errnum = told[TOLD_PROC].errnum;
	return true;
}

static void add_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text) + 1);
}

void session_record_write(struct buf *buf, const struct session_record *record,
			  const char *const *words)
{
	struct head head = { .started_ms = record->started_ms, .namespaces = record->namespaces };
	size_t start = buf->len;

	memcpy(head.magic, magic, sizeof(magic));
	memcpy(head.inodes, record->inodes, sizeof(head.inodes));
	head.tree_len = (uint32_t)record->tree_len;
	tell_host(head.told, &record->host);
	while (words[head.n_words])
		head.n_words++;
	buf_add(buf, (const char *)&head, sizeof(head));
	buf_add(buf, record->tree, record->tree_len);
	add_text(buf, record->id);
	add_text(buf, record->workdir);
	for (size_t i = 0; i < head.n_words; i++)
		add_text(buf, words[i]);
	if (buf_error(buf) < 0)
		return;
	head.size = (uint32_t)(buf->len - start);
	memcpy(buf->data + start, &head, sizeof(head));
}

/* The text at *at, which then stands behind it; NULL if it has no end. */
static const char *take_text(const char **at, const char *end)
{
	const char *text = *at, *nul = memchr(text, '\0', (size_t)(end - text));

	if (!nul)
		return NULL;
	*at = nul + 1;
	return text;
}

static int bad(struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_SESSION, EPROTO, "read what the session's holder tells");

	fail_hint(err, "it may be of another version of croft");
	return r;
}

static int read_texts(struct session_record *record, const char *at, const char *end,
		      struct croft_error *err)
{
	const char *id = take_text(&at, end), *workdir = id ? take_text(&at, end) : NULL;

	if (!workdir || !*id || strlen(id) > SESSION_ID_MAX || workdir[0] != '/')
		return bad(err);
	memcpy(record->id, id, strlen(id) + 1);
	record->workdir = workdir;
	for (size_t i = 0; i < record->n_words; i++) {
		record->words[i] = take_text(&at, end);
		if (!record->words[i])
			return bad(err);
	}
	return at == end ? 0 : bad(err);
}

int session_record_read(const char *data, size_t len, struct session_record *ret_record,
			struct croft_error *err)
{
	struct session_record record = { 0 };
	struct head head;
	int r;

	if (len < sizeof(head) || len > SESSION_MAX_RECORD)
		return bad(err);
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.magic, magic, sizeof(magic)) != 0 || head.size != len ||
	    head.n_words > SESSION_MAX_WORDS || head.namespaces >> HOST_NS_MAX ||
	    head.tree_len > len - sizeof(head) || !take_host(head.told, &record.host))
		return bad(err);
	record.started_ms = head.started_ms;
	record.namespaces = (unsigned)head.namespaces;
	memcpy(record.inodes, head.inodes, sizeof(head.inodes));
	record.n_words = head.n_words;
	record.words = calloc(record.n_words + 1, sizeof(*record.words));
	record.data = malloc(len - sizeof(head) + 1);
	if (!record.words || !record.data) {
		session_record_done(&record);
		return fail(err, CROFT_STAGE_SESSION, ENOMEM, "store what the holder tells");
	}
	memcpy(record.data, data + sizeof(head), len - sizeof(head));
	record.tree = record.data;
	record.tree_len = head.tree_len;
	r = read_texts(&record, record.data + head.tree_len, record.data + len - sizeof(head), err);
	if (r < 0) {
		session_record_done(&record);
		return r;
	}
	*ret_record = record;
	return 0;
}

void session_record_done(struct session_record *record)
{
	free(record->words);
	free(record->data);
	memset(record, 0, sizeof(*record));
}

/* A text with its end, so that what follows cannot be taken for a part of it; NULL is none. */
static void write_text(struct buf *buf, const char *text)
{
	buf_putc(buf, text != NULL);
	if (text)
		add_text(buf, text);
}

static void write_head(struct buf *buf, const struct plan *plan)
{
	const uint64_t numbers[] = { plan->tier, plan->namespaces, plan->has_new_root,
				     plan->n_mount_ops };

	buf_add(buf, (const char *)numbers, sizeof(numbers));
}

static void write_op(struct buf *buf, const struct plan_mount_op *op)
{
	/* not its access: Landlock's rules are each command's own */
	const uint64_t numbers[] = { op->kind, op->flags, op->dev,
				     op->ino,  op->size,  op->is_directory };

	buf_add(buf, (const char *)numbers, sizeof(numbers));
	write_text(buf, op->path);
	write_text(buf, op->source);
}

static void hash(struct buf *buf)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)buf->data, buf->len);
	SHA256Final(digest, &context);
	buf_reset(buf);
	buf_add(buf, (const char *)digest, sizeof(digest));
}

int session_tree(const struct plan *plan, struct buf *ret_tree)
{
	write_head(ret_tree, plan);
	for (size_t i = 0; i < plan->n_mount_ops; i++)
		write_op(ret_tree, &plan->mount_ops[i]);
	if (buf_error(ret_tree) == 0 && ret_tree->len > SESSION_MAX_TREE)
		hash(ret_tree);
	return buf_error(ret_tree);
}

const struct plan_mount_op *session_tree_differs(const struct session_record *record,
						 const struct plan *plan)
{
	AUTO_BUF struct buf mine = BUF_INIT(PLAN_MAX_BYTES);

	write_head(&mine, plan);
	if (record->tree_len <= mine.len)
		return NULL;
	for (size_t i = 0; i < plan->n_mount_ops; i++) {
		size_t start = mine.len;

		write_op(&mine, &plan->mount_ops[i]);
		if (buf_error(&mine) < 0)
			return NULL;
		if (mine.len > record->tree_len ||
		    memcmp(mine.data + start, record->tree + start, mine.len - start) != 0)
			return &plan->mount_ops[i];
	}
	return NULL;
}
