#include "tally.h"

#include <ctype.h>

void tally_add(struct tally *tally, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_space = isspace((unsigned char)text[i]);

		tally->lines += text[i] == '\n';
		tally->words += !is_space && !tally->in_word;
		tally->in_word = !is_space;
	}
	tally->bytes += len;
}
