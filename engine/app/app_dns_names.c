/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "app/app_dns.h"

/* What "public" means for a name and for an address: two tables, kept apart from the reader. */

#define SUFFIX(text)                                      \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

/* A name that is one of these or lies below one may honestly have a private address, or none. */
static const struct bytes private_suffixes[] = {
	/* RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476; all of arpa is infrastructure (RFC
	   3172). */
	SUFFIX("localhost"),
	SUFFIX("local"),
	SUFFIX("test"),
	SUFFIX("invalid"),
	SUFFIX("onion"),
	SUFFIX("alt"),
	SUFFIX("arpa"),
	/* RFC 6762 appendix G, and ICANN's resolution of 2024-07-29 for internal. */
	SUFFIX("intranet"),
	SUFFIX("internal"),
	SUFFIX("private"),
	SUFFIX("corp"),
	SUFFIX("home"),
	SUFFIX("lan"),
	/* unsourced: defaults of routers and hosts. */
	SUFFIX("localdomain"),
	SUFFIX("workgroup"),
	SUFFIX("fritz.box"),
	SUFFIX("router"),
	SUFFIX("gateway"),
	/* Public zones that spell a private address in their names, on purpose. */
	SUFFIX("plex.direct"),
	SUFFIX("nip.io"),
	SUFFIX("sslip.io"),
	SUFFIX("xip.io"),
	SUFFIX("localtest.me"),
	SUFFIX("lvh.me"),
};

/* Hosts look these up in whatever domain they are in (WPAD draft-ietf-wrec-wpad-01; RFC 5214). */
static const char *const private_first_labels[] = {"wpad", "isatap"};

/* The last byte decides nearly always. */
static bool has_suffix(const char *name, size_t len, struct bytes s)
{
	if (len < s.len || (uint8_t)name[len - 1] != s.at[s.len - 1] ||
	    memcmp(name + len - s.len, s.at, s.len) != 0)
		return false;
	return len == s.len || name[len - s.len - 1] == '.';
}

bool dns_name_is_public(const char *lower)
{
	size_t len = strlen(lower);
	const char *dot;

	if (len && lower[len - 1] == '.')
		len--;
	dot = memchr(lower, '.', len);
	if (!dot || dot == lower)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(private_first_labels); i++) {
		size_t n = strlen(private_first_labels[i]);

		if ((size_t)(dot - lower) == n && memcmp(lower, private_first_labels[i], n) == 0)
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(private_suffixes); i++)
		if (has_suffix(lower, len, private_suffixes[i]))
			return false;
	return true;
}

/* IANA IPv4 special-purpose registry, without what the header's comment leaves out. */
static const struct {
	uint32_t net, mask;
} bogon_v4[] = {
	{0x00000000, 0xff000000}, /* 0.0.0.0/8, RFC 791 */
	{0x0a000000, 0xff000000}, /* 10.0.0.0/8, RFC 1918 */
	{0x64400000, 0xffc00000}, /* 100.64.0.0/10, RFC 6598 */
	{0x7f000000, 0xff000000}, /* 127.0.0.0/8, RFC 1122 */
	{0xa9fe0000, 0xffff0000}, /* 169.254.0.0/16, RFC 3927 */
	{0xac100000, 0xfff00000}, /* 172.16.0.0/12, RFC 1918 */
	{0xc0a80000, 0xffff0000}, /* 192.168.0.0/16, RFC 1918 */
	{0xe0000000,
	 0xe0000000}, /* 224.0.0.0/4 multicast, RFC 5771; 240.0.0.0/4 reserved, RFC 1112 */
};

static bool bogon_a(const uint8_t *addr)
{
	uint32_t a = (uint32_t)addr[0] << 24 | (uint32_t)addr[1] << 16 | (uint32_t)addr[2] << 8 |
		     addr[3];

	for (size_t i = 0; i < ARRAY_LEN(bogon_v4); i++)
		if ((a & bogon_v4[i].mask) == bogon_v4[i].net)
			return true;
	return false;
}

/* Global unicast addresses come from 2000::/3 only (IANA IPv6 address space; RFC 4291 2.4): that
 * leaves out ::, ::1, fe80::/10, fc00::/7, multicast, and odd ones such as d0::11. */
static bool bogon_aaaa(const uint8_t *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 2.5.5.2 */
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};    /* RFC 6052 2.1 */
	static const uint8_t nat64_local[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}; /* RFC 8215 */

	if (memcmp(addr, mapped, sizeof(mapped)) == 0 || memcmp(addr, nat64, sizeof(nat64)) == 0)
		return bogon_a(addr + 12);
	if (memcmp(addr, nat64_local, sizeof(nat64_local)) == 0)
		return false;
	return (addr[0] & 0xe0) != 0x20;
}

bool dns_addr_bogon(uint16_t type, const uint8_t *addr)
{
	if (type == DNS_A)
		return bogon_a(addr);
	return type == DNS_AAAA && bogon_aaaa(addr);
}

bool dns_addr_teredo0(const uint8_t *addr)
{
	static const uint8_t prefix[8] = {0x20,
					  0x01}; /* 2001:0::/32, then the server's four bytes */

	return memcmp(addr, prefix, sizeof(prefix)) == 0;
}
