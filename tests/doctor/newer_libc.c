/* SPDX-License-Identifier: MIT */
/*
 * newer_libc.c - the functions of a newer C library than this one, to be preloaded behind the
 * shim: since glibc 2.42 terminals are asked by TCGETS2, and a kernel that does not know it has
 * none.
 */
#include <asm/ioctls.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define GET_2 0x802c542aUL /* TCGETS2 */
#define SET_2 0x402c542bUL /* TCSETS2 */

struct settings_2 {
	unsigned flags[4];
	unsigned char line, cc[19];
	unsigned in_speed, out_speed;
};

int tcgetattr(int fd, struct termios *ret)
{
	struct settings_2 kernel;

	if (ioctl(fd, GET_2, &kernel) < 0)
		return -1;
	memset(ret, 0, sizeof(*ret));
	ret->c_iflag = kernel.flags[0];
	ret->c_oflag = kernel.flags[1];
	ret->c_cflag = kernel.flags[2];
	ret->c_lflag = kernel.flags[3];
	ret->c_line = kernel.line;
	memcpy(ret->c_cc, kernel.cc, sizeof(kernel.cc));
	return 0;
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
	struct settings_2 kernel = { { settings->c_iflag, settings->c_oflag, settings->c_cflag,
				       settings->c_lflag },
				     settings->c_line,
				     { 0 },
				     38400,
				     38400 };

	memcpy(kernel.cc, settings->c_cc, sizeof(kernel.cc));
	return ioctl(fd, SET_2 + (unsigned long)when, &kernel);
}

int isatty(int fd)
{
	struct settings_2 kernel;

	return ioctl(fd, GET_2, &kernel) == 0;
}
