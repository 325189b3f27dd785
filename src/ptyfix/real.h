/* SPDX-License-Identifier: MIT */
/*
 * real.h - the functions that ours stand in front of.
 */
#ifndef CROFT_PTYFIX_REAL_H
#define CROFT_PTYFIX_REAL_H

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>

#define PTYFIX_PUBLIC __attribute__((visibility("default")))

/*
 * The next function of this name after ours, as a pointer of this type; looked up once. It is
 * there: the C library that the program was linked with has what the program calls.
 */
#define REAL(type, name)                                         \
	(__extension__({                                         \
		static _Atomic uintptr_t kept_;                  \
		uintptr_t at_ = atomic_load(&kept_);             \
                                                                 \
		if (!at_) {                                      \
			at_ = (uintptr_t)dlsym(RTLD_NEXT, name); \
			atomic_store(&kept_, at_);               \
		}                                                \
		(type) at_;                                      \
	}))

#endif
