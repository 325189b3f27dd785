#include "tally.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void check(const char *name, const char *first, const char *second, unsigned long lines,
		  unsigned long words)
{
	struct tally tally = { 0 };

	tally_add(&tally, first, strlen(first));
	tally_add(&tally, second, strlen(second));
	if (tally.lines != lines || tally.words != words) {
		printf("FAIL %s: %lu lines, %lu words\n", name, tally.lines, tally.words);
		failures++;
	}
}

int main(void)
{
	check("nothing", "", "", 0, 0);
	check("one line", "a b c\n", "", 1, 3);
	check("a word in two pieces", "ab", "cd e\n", 1, 2);
	check("no newline at the end", "a\nb", "", 1, 2);
	return failures != 0;
}
