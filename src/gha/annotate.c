/* SPDX-License-Identifier: MIT */
/*
 * annotate.c - one line for each failure, which nobody else's text can break out of.
 *
 * The runner reads every line of ours for commands, in two forms: "::error title=T::text" at the
 * beginning of a line, and the older "##[error]text" wherever it stands in one. Names of images,
 * paths and variables are other people's text: control characters are escaped as in every message
 * of croft's, then "%", CR and LF as the runner's own library does it (%25, %0D, %0A), and "##[" is
 * taken apart. Lines go to standard output, where the runner looks first.
 */
#include "gha/annotate.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sys/fd.h"

#define LINE_MAX_BYTES 16384 /* the log is for people; a longer text is cut */

static const char *const levels[] = { "error", "warning", "debug" };

static void add_escaped(struct buf *line, const char *text)
{
	AUTO_BUF struct buf shown = BUF_INIT(LINE_MAX_BYTES / 4);

	text_escape(&shown, text);
	for (const char *c = buf_text(&shown); *c; c++) {
		if (*c == '%')
			buf_puts(line, "%25");
		else if (!strncmp(c, "##[", 3))
			buf_puts(line, "# "); /* "##[" becomes "# #[" */
		else
			buf_putc(line, *c);
	}
	if (buf_error(&shown))
		buf_puts(line, "...");
}

void annotate_line(struct buf *buf, enum annotate_level level, const char *text)
{
	AUTO_BUF struct buf line = BUF_INIT(LINE_MAX_BYTES);

	buf_printf(&line, "::%s%s::", levels[level], level == ANNOTATE_DEBUG ? "" : " title=croft");
	add_escaped(&line, text);
	buf_puts(buf, buf_text(&line));
	buf_putc(buf, '\n');
}

void annotate(enum annotate_level level, const char *text)
{
	AUTO_BUF struct buf line = BUF_INIT(LINE_MAX_BYTES + 1);

	annotate_line(&line, level, text);
	(void)fd_write_all(STDOUT_FILENO, buf_text(&line), line.len);
}

void annotate_failure(enum annotate_level level, const struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(LINE_MAX_BYTES);

	buf_puts(&text, *err->what ? err->what : "something failed");
	if (err->errnum)
		buf_printf(&text, ": %s", errno_text(err->errnum));
	if (*err->hint)
		buf_printf(&text, " (%s)", err->hint);
	annotate(level, buf_text(&text));
}
