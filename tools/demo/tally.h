/* tally.h - counts lines, words and bytes of a text that comes in pieces. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>

struct tally {
	unsigned long lines, words, bytes;
	bool in_word;
};

void tally_add(struct tally *tally, const char *text, size_t len);

#endif
