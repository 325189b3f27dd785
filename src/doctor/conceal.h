/* SPDX-License-Identifier: MIT */
/*
 * conceal.h - takes what is nobody's business out of texts that are passed on.
 */
#ifndef CROFT_DOCTOR_CONCEAL_H
#define CROFT_DOCTOR_CONCEAL_H

#include "base/buf.h"

/*
 * Appends the text with three asterisks in place of what URLs in it have of logins: all before
 * the host, but of ssh's the password alone; and the values of parameters that are called a token,
 * a password, a secret or a signature. What has been through it stays as it is.
 */
void conceal_urls(struct buf *buf, const char *text);

#endif
