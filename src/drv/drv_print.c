/* SPDX-License-Identifier: MIT */
/*
 * drv_print.c - what croft nix-drv says: the outputs, and the way back into a build that failed.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/options.h"
#include "drv/drv.h"
#include "drv/spec.h"

static void print_json(const struct drv_job *job, struct buf *out)
{
	struct json json;

	json_init(&json, out);
	json_object_begin(&json);
	json_key(&json, "derivation");
	json_string(&json, job->request->file);
	json_key(&json, "result");
	json_string(&json, job->request->out);
	json_key(&json, "outputs");
	json_object_begin(&json);
	for (size_t i = 0; i < job->drv.n_outputs; i++) {
		const struct result_output *result = &job->results[i];
		char hash[DIGEST_TEXT_SIZE];

		digest_sri(DIGEST_SHA256, result->nar_hash, hash);
		json_key(&json, result->output->name);
		json_object_begin(&json);
		json_key(&json, "path");
		json_string(&json, result->output->path);
		json_key(&json, "narHash");
		json_string(&json, hash);
		json_key(&json, "narSize");
		json_uint(&json, result->nar_size);
		json_key(&json, "references");
		json_array_begin(&json);
		for (size_t k = 0; k < result->references.n; k++)
			json_string(&json, result->references.paths[k]);
		json_array_end(&json);
		json_object_end(&json);
	}
	json_object_end(&json);
	json_object_end(&json);
	buf_putc(out, '\n');
}

void drv_print(const struct drv_job *job, struct buf *out)
{
	if (job->request->wants_json) {
		print_json(job, out);
		return;
	}
	for (size_t i = 0; i < job->drv.n_outputs; i++) {
		const struct result_output *result = &job->results[i];
		char hash[DIGEST_TEXT_SIZE];

		digest_sri(DIGEST_SHA256, result->nar_hash, hash);
		text_escape(out, result->output->name);
		buf_printf(out, " %s ", hash);
		text_word(out, job->request->out);
		buf_putc(out, '/');
		buf_puts(out, store_name(job->drv.store_dir, result->output->path));
		buf_putc(out, '\n');
	}
}

static void print_option(struct buf *out, enum option_id id, const char *value)
{
	if (!value)
		return;
	buf_printf(out, " %s ", option_origin(id));
	text_word(out, value);
}

void drv_print_shell(const struct drv_job *job, const char *dir, struct buf *out)
{
	const struct drv_request *request = job->request;

	buf_puts(out, "croft nix-drv");
	print_option(out, OPT_SHELL, dir);
	print_option(out, OPT_STORE, request->store);
	print_option(out, OPT_CLOSURE, request->closure);
	print_option(out, OPT_SH, request->options.shell);
	for (size_t i = 0; i < request->options.n_mounts; i++)
		print_option(out, OPT_MOUNT, request->options.mounts[i]);
	for (size_t i = 0; i + 1 < request->options.n_run_options; i += 2) {
		buf_printf(out, " %s ", request->options.run_options[i]);
		text_word(out, request->options.run_options[i + 1]);
	}
	buf_putc(out, ' ');
	text_word(out, request->file);
}
