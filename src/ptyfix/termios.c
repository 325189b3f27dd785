/* SPDX-License-Identifier: MIT */
/*
 * termios.c - settings of terminals where the kernel does not know TCGETS2.
 *
 * glibc asks it since 2.42 in tcgetattr, tcsetattr and isatty; gVisor answers ENOTTY until February
 * 2026, and a terminal is taken for none. Where that happens TCGETS is asked, which knows the
 * same settings but for speeds that have no name (a pseudo terminal has no speed at all).
 *
 * Callers within the C library are not reached: what openpty is told to set is set here once
 * more; ttyname, and stdio's choice to write line by line, stay as they are.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ptyfix/real.h"

#define KERNEL_NCCS 19
#define SPEED_MASK 0010017U /* CBAUD of x86_64 and aarch64 */
#define SPEED_EXTENDED 0010000U

/* As the kernel has it: the C library's is longer. */
struct kernel_termios {
	unsigned iflag, oflag, cflag, lflag;
	unsigned char line, cc[KERNEL_NCCS];
};

/* Since glibc 2.42 the fields are numbers, before they were the flags: who asks here is newer. */
static speed_t speed_of(unsigned cflag)
{
	static const speed_t low[] = { 0,   50,   75,   110,  134,  150,  200,   300,
				       600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
	static const speed_t high[] = { 0,       57600,   115200,  230400,  460800,  500000,
					576000,  921600,  1000000, 1152000, 1500000, 2000000,
					2500000, 3000000, 3500000, 4000000 };

	return cflag & SPEED_EXTENDED ? high[cflag & 15] : low[cflag & 15];
}

PTYFIX_PUBLIC int tcgetattr(int fd, struct termios *settings)
{
	struct kernel_termios kernel;
	int r = REAL(int (*)(int, struct termios *), "tcgetattr")(fd, settings);

	if (r == 0 || errno != ENOTTY || ioctl(fd, TCGETS, &kernel) < 0)
		return r;
	memset(settings, 0, sizeof(*settings));
	settings->c_iflag = kernel.iflag;
	settings->c_oflag = kernel.oflag;
	settings->c_cflag = kernel.cflag;
	settings->c_lflag = kernel.lflag;
	settings->c_line = kernel.line;
	memcpy(settings->c_cc, kernel.cc, sizeof(kernel.cc));
	settings->c_ospeed = settings->c_ispeed = speed_of(kernel.cflag & SPEED_MASK);
	return 0;
}

PTYFIX_PUBLIC int tcsetattr(int fd, int when, const struct termios *settings)
{
	struct kernel_termios kernel = { 0 };
	int r = REAL(int (*)(int, int, const struct termios *), "tcsetattr")(fd, when, settings);

	if (r == 0 || errno != ENOTTY || when < TCSANOW || when > TCSAFLUSH)
		return r;
	kernel.iflag = settings->c_iflag;
	kernel.oflag = settings->c_oflag;
	kernel.cflag = settings->c_cflag;
	kernel.lflag = settings->c_lflag;
	kernel.line = settings->c_line;
	memcpy(kernel.cc, settings->c_cc, sizeof(kernel.cc));
	/* TCSETS, TCSETSW, TCSETSF follow one another as TCSANOW, TCSADRAIN, TCSAFLUSH do */
	return ioctl(fd, TCSETS + (unsigned long)(when - TCSANOW), &kernel);
}

PTYFIX_PUBLIC int isatty(int fd)
{
	struct kernel_termios kernel;
	int r = REAL(int (*)(int), "isatty")(fd);

	return r == 0 && errno == ENOTTY ? ioctl(fd, TCGETS, &kernel) == 0 : r;
}

PTYFIX_PUBLIC int openpty(int *master, int *slave, char *name, const struct termios *settings,
			  const struct winsize *size)
{
	struct kernel_termios kernel;
	struct termios seen;
	int r = REAL(int (*)(int *, int *, char *, const struct termios *, const struct winsize *),
		     "openpty")(master, slave, name, settings, size);

	/* Only where the C library's own way was refused. */
	if (r == 0 && settings &&
	    REAL(int (*)(int, struct termios *), "tcgetattr")(*slave, &seen) < 0 &&
	    ioctl(*slave, TCGETS, &kernel) == 0)
		(void)tcsetattr(*slave, TCSAFLUSH, settings);
	return r;
}
