/* SPDX-License-Identifier: MIT */
/* exec.c - the least that a launcher can do: executes its arguments, and nothing else. */
#include <unistd.h>

int main(int argc, char *argv[])
{
	if (argc > 1)
		(void)execv(argv[1], argv + 1);
	return 127;
}
