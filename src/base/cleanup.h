/* SPDX-License-Identifier: MIT */
/*
 * cleanup.h - ownership that ends with the scope.
 *
 *   AUTO_FREE char *name = NULL;     freed when the function returns
 *   AUTO_FD int fd = -1;             closed when the function returns
 *   return take_ptr(&name);          ... unless it is given away
 */
#ifndef CROFT_BASE_CLEANUP_H
#define CROFT_BASE_CLEANUP_H

#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Copied out: reading a pointer to something else as a void * would break aliasing. */
static inline void cleanup_free(void *p)
{
	void *owned;

	memcpy(&owned, p, sizeof(owned));
	free(owned);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_free)))

/* Gives the pointer away: the scope no longer owns it. */
#define take_ptr(p)                             \
	__extension__({                         \
		__typeof__(*(p)) taken_ = *(p); \
		*(p) = NULL;                    \
		taken_;                         \
	})

#endif
