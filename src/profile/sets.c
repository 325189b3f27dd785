/* SPDX-License-Identifier: MIT */
/*
 * sets.c - the named sets: tables, no code.
 *
 * Each row is something that a program of that kind was seen to open (strace) on Debian, or that
 * the documentation of its files names for other systems: lib64 and pki of Fedora, /usr/etc of
 * openSUSE, /etc/ssl/cert.pem of Alpine. Rows that a machine does not have cost one look.
 *
 * Rules for a row:
 *
 *   nothing that holds secrets: the hashes in /etc/shadow and /etc/security/opasswd and the private
 *   keys below /etc/ssl and /etc/pki are granted by nobody's set, even where root asks;
 *
 *   nothing to write, nothing to execute as a program, no socket: a module is loaded by mapping
 *   it, for which Landlock asks for the right to read only;
 *
 *   a directory where all of it is of that kind, files where not (/etc).
 *
 * "*-linux-gnu*" is Debian's multiarch directory; modules of another machine than the program's
 * are told apart by their header (launch/sets.c).
 */
#include "profile/sets.h"

#include <assert.h>

#include "profile/profile.h"

#define R GRANT_READ

/* clang-format off */
static const struct set_path nss_paths[] = {
	{ R, false, "/etc/nsswitch.conf" },
	{ R, false, "/etc/passwd" },
	{ R, false, "/etc/group" },
	{ R, false, "/etc/hosts" },
	{ R, false, "/etc/host.conf" },
	{ R, false, "/etc/resolv.conf" },
	{ R, false, "/etc/gai.conf" },
	{ R, false, "/etc/services" },
	{ R, false, "/etc/protocols" },
	{ R, false, "/etc/networks" },
	{ R, false, "/etc/ethers" },
	{ R, false, "/etc/rpc" },
	{ R, false, "/etc/netgroup" },
	{ R, false, "/etc/aliases" },
	{ R, false, "/usr/etc/nsswitch.conf" }, /* openSUSE */
	{ R, false, "/usr/etc/services" },
	{ R, false, "/usr/etc/protocols" },
	{ R, false, "/usr/etc/rpc" },
	{ R, false, "/usr/lib/passwd" }, /* nss_altfiles */
	{ R, false, "/usr/lib/group" },
	{ R, false, "/var/lib/misc/*.db" }, /* nss_db */
	{ R, true, "/lib/*-linux-gnu*/libnss_*.so.2" },
	{ R, true, "/usr/lib/*-linux-gnu*/libnss_*.so.2" },
	{ R, true, "/lib64/libnss_*.so.2" },
	{ R, true, "/usr/lib64/libnss_*.so.2" },
	{ R, true, "/lib/libnss_*.so.2" },
	{ R, true, "/usr/lib/libnss_*.so.2" },
	{ 0, false, NULL },
};

/* The conversions need libraries of their own, which lie beside them. */
static const struct set_path gconv_paths[] = {
	{ R, false, "/usr/lib/*-linux-gnu*/gconv" },
	{ R, false, "/usr/lib64/gconv" },
	{ R, false, "/usr/lib/gconv" },
	{ 0, false, NULL },
};

static const struct set_path locale_paths[] = {
	{ R, false, "/usr/lib/locale" },
	{ R, false, "/usr/share/locale" },
	{ R, false, "/usr/share/locale-langpack" }, /* Ubuntu */
	{ R, false, "/usr/share/i18n" },
	{ R, false, "/etc/locale.alias" },
	/* looked at to see which conversions there are */
	{ R, false, "/usr/lib/*-linux-gnu*/gconv/gconv-modules.cache" },
	{ R, false, "/usr/lib64/gconv/gconv-modules.cache" },
	{ R, false, "/usr/lib/gconv/gconv-modules.cache" },
	{ 0, false, NULL },
};

static const struct set_path timezone_paths[] = {
	{ R, false, "/etc/localtime" },
	{ R, false, "/etc/timezone" },
	{ R, false, "/usr/share/zoneinfo" },
	{ R, false, "/usr/lib/zoneinfo" },
	{ R, false, "/usr/share/lib/zoneinfo" },
	{ R, false, "/etc/zoneinfo" },
	{ 0, false, NULL },
};

static const struct set_path ca_paths[] = {
	{ R, false, "/etc/ssl/certs" },
	{ R, false, "/etc/ssl/cert.pem" }, /* Alpine */
	{ R, false, "/etc/ssl/ca-bundle.pem" }, /* openSUSE */
	{ R, false, "/etc/ssl/openssl.cnf" },
	{ R, false, "/etc/ssl/openssl.cnf.d" },
	{ R, false, "/usr/lib/ssl/cert.pem" },
	{ R, false, "/usr/lib/ssl/certs" },
	{ R, false, "/usr/lib/ssl/openssl.cnf" },
	{ R, false, "/etc/pki/tls/certs" }, /* Fedora */
	{ R, false, "/etc/pki/tls/cert.pem" },
	{ R, false, "/etc/pki/tls/openssl.cnf" },
	{ R, false, "/etc/pki/tls/openssl.d" },
	{ R, false, "/etc/pki/ca-trust/extracted" },
	{ R, false, "/etc/crypto-policies" },
	{ R, false, "/usr/share/crypto-policies" },
	{ R, false, "/etc/ca-certificates/extracted" }, /* Arch */
	{ R, false, "/var/lib/ca-certificates" },
	{ R, false, "/usr/share/ca-certificates" },
	{ R, false, "/usr/local/share/ca-certificates" },
	{ R, false, "/etc/gnutls/config" },
	{ R, true, "/usr/lib/*-linux-gnu*/ossl-modules/*.so" },
	{ R, true, "/usr/lib64/ossl-modules/*.so" },
	{ R, true, "/usr/lib/ossl-modules/*.so" },
	{ 0, false, NULL },
};

static const struct set_path terminfo_paths[] = {
	{ R, false, "/etc/terminfo" },
	{ R, false, "/lib/terminfo" },
	{ R, false, "/usr/share/terminfo" },
	{ R, false, "/usr/lib/terminfo" },
	{ R, false, "/usr/lib64/terminfo" },
	{ R, false, "/usr/local/share/terminfo" },
	{ R, false, "/usr/share/tabset" },
	{ R, false, "/etc/termcap" },
	{ 0, false, NULL },
};

static const struct set_path python_paths[] = {
	{ R, false, "/usr/lib/python3*" },
	{ R, false, "/usr/lib64/python3*" },
	{ R, false, "/usr/local/lib/python3*" },
	{ R, false, "/usr/local/lib64/python3*" },
	{ R, false, "/etc/python3*" },
	{ 0, true, "/usr/lib/python3*/lib-dynload/*.so" },
	{ 0, true, "/usr/lib64/python3*/lib-dynload/*.so" },
	{ 0, true, "/usr/local/lib/python3*/lib-dynload/*.so" },
	{ 0, true, "/usr/lib/python3/dist-packages/**/*.so" }, /* Debian's */
	{ 0, true, "/usr/local/lib/python3*/dist-packages/**/*.so" },
	{ 0, true, "/usr/lib/python3*/site-packages/**/*.so" },
	{ 0, true, "/usr/lib64/python3*/site-packages/**/*.so" },
	{ 0, true, "/usr/local/lib/python3*/site-packages/**/*.so" },
	{ 0, false, NULL },
};

static const struct set_path perl_paths[] = {
	{ R, false, "/dev/null" }, /* what it reads in place of a script (perl -e) */
	{ R, false, "/etc/perl" },
	{ R, false, "/usr/share/perl*" },
	{ R, false, "/usr/lib/*-linux-gnu*/perl*" },
	{ R, false, "/usr/lib/perl*" },
	{ R, false, "/usr/lib64/perl*" },
	{ R, false, "/usr/local/share/perl*" },
	{ R, false, "/usr/local/lib/*-linux-gnu*/perl*" },
	{ R, false, "/usr/local/lib/perl*" },
	{ R, false, "/usr/local/lib64/perl*" },
	{ R, false, "/usr/local/lib/site_perl" },
	/* auto/POSIX/POSIX.so to auto/Compress/Raw/Zlib/Zlib.so, with and without a version */
	{ 0, true, "/usr/lib/*-linux-gnu*/perl*/auto/**/*.so" },
	{ 0, true, "/usr/lib/*-linux-gnu*/perl*/*/auto/**/*.so" },
	{ 0, true, "/usr/lib/perl5/auto/**/*.so" },
	{ 0, true, "/usr/lib/perl5/*/auto/**/*.so" },
	{ 0, true, "/usr/lib64/perl5/auto/**/*.so" },
	{ 0, true, "/usr/lib64/perl5/*/auto/**/*.so" },
	{ 0, false, NULL },
};

/* Node.js ends at once when there is an OpenSSL configuration that it may not read. */
static const struct set_path node_paths[] = {
	{ R, false, "/usr/lib/node_modules" },
	{ R, false, "/usr/local/lib/node_modules" },
	{ R, false, "/usr/lib/nodejs" },
	{ R, false, "/usr/share/nodejs" },
	{ R, false, "/usr/share/node_modules" },
	{ R, false, "/usr/lib/*-linux-gnu*/nodejs" },
	{ R, false, "/usr/share/node" },
	{ R, false, "/etc/ssl/openssl.cnf" },
	{ R, false, "/etc/ssl/openssl.cnf.d" },
	{ R, false, "/usr/lib/ssl/openssl.cnf" },
	{ R, false, "/etc/pki/tls/openssl.cnf" },
	{ R, false, "/etc/pki/tls/openssl.d" },
	{ R, false, "/etc/crypto-policies" },
	{ 0, false, NULL },
};

static const struct set_path pam_paths[] = {
	{ R, false, "/etc/pam.conf" },
	{ R, false, "/etc/pam.d" },
	{ R, false, "/usr/lib/pam.d" },
	{ R, false, "/usr/etc/pam.d" }, /* openSUSE */
	{ R, false, "/etc/security/*.conf" }, /* not opasswd, which holds old hashes */
	{ R, false, "/etc/security/*.d" },
	{ R, false, "/usr/etc/security" },
	{ R, false, "/etc/environment" },
	{ R, false, "/etc/login.defs" },
	{ R, false, "/etc/default/locale" },
	{ R, false, "/etc/shells" },
	{ R, false, "/etc/securetty" },
	{ R, false, "/etc/nologin" },
	{ R, true, "/lib/*-linux-gnu*/security/*.so" },
	{ R, true, "/usr/lib/*-linux-gnu*/security/*.so" },
	{ R, true, "/lib64/security/*.so" },
	{ R, true, "/usr/lib64/security/*.so" },
	{ R, true, "/lib/security/*.so" },
	{ R, true, "/usr/lib/security/*.so" },
	{ 0, false, NULL },
};
/* clang-format on */

const struct name set_names[SET_MAX] = {
	[SET_NSS] = { "nss", "names of users, groups, hosts, services" },
	[SET_GCONV] = { "gconv", "conversions between character sets" },
	[SET_LOCALE] = { "locale", "translations and formats of languages" },
	[SET_TIMEZONE] = { "timezone", "time zones and the local time" },
	[SET_CA_CERTIFICATES] = { "ca-certificates", "certificates to trust" },
	[SET_TERMINFO] = { "terminfo", "descriptions of terminals" },
	[SET_PYTHON] = { "python", "modules of the system's Python" },
	[SET_PERL] = { "perl", "modules of the system's Perl" },
	[SET_NODE] = { "node", "modules of the system's Node.js" },
	[SET_PAM] = { "pam", "modules and configuration of PAM" },
};

static const struct set sets[] = {
	[SET_NSS] = { "--with nss", nss_paths },
	[SET_GCONV] = { "--with gconv", gconv_paths },
	[SET_LOCALE] = { "--with locale", locale_paths },
	[SET_TIMEZONE] = { "--with timezone", timezone_paths },
	[SET_CA_CERTIFICATES] = { "--with ca-certificates", ca_paths },
	[SET_TERMINFO] = { "--with terminfo", terminfo_paths },
	[SET_PYTHON] = { "--with python", python_paths },
	[SET_PERL] = { "--with perl", perl_paths },
	[SET_NODE] = { "--with node", node_paths },
	[SET_PAM] = { "--with pam", pam_paths },
};
static_assert(sizeof(sets) / sizeof(sets[0]) == SET_MAX, "paths for each set");

const struct set *set_get(enum grant_set set)
{
	return &sets[set];
}
