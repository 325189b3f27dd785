/* SPDX-License-Identifier: MIT */
/* true.c - a program that does nothing, built static: the smallest thing that can be started. */
int main(void)
{
	return 0;
}
