/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a filter finds names: TLS and QUIC hello, Host header, DNS question; bytes anywhere; an address. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "mbox.h"

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Moves *i past a vector whose length stands in `n` bytes. */
static bool skip_vec(const uint8_t *p, size_t len, size_t *i, size_t n)
{
	size_t v = 0;

	if (len - *i < n)
		return false;
	for (size_t k = 0; k < n; k++)
		v = v << 8 | p[*i + k];
	if (len - *i - n < v)
		return false;
	*i += n + v;
	return true;
}

static bool same_name(const uint8_t *p, size_t n, const char *name)
{
	return n == strlen(name) && !strncasecmp((const char *)p, name, n);
}

/* The handshake message. RFC 8446 4.1.2 for the walk, RFC 6066 3 for the extension. */
static bool hello_is(const uint8_t *p, size_t len, const char *name)
{
	size_t i = 38;

	if (len < 39 || p[0] != 1)
		return false;
	if (!skip_vec(p, len, &i, 1) || !skip_vec(p, len, &i, 2) || !skip_vec(p, len, &i, 1))
		return false;
	i += 2;
	while (i <= len && len - i >= 4) {
		size_t type = get16(p + i), n = get16(p + i + 2);

		i += 4;
		if (len - i < n)
			return false;
		if (type == 0 && n > 5)
			return get16(p + i + 3) <= n - 5 &&
			       same_name(p + i + 5, get16(p + i + 3), name);
		i += n;
	}
	return false;
}

/* One record in one segment, as curl and openssl send. */
static bool sni_is(const uint8_t *p, size_t len, const char *name)
{
	return len > 5 && p[0] == 22 && hello_is(p + 5, len - 5, name);
}

/* The hello of an Initial is short enough with these clients to be one CRYPTO frame at offset 0. */
static bool quic_is(const uint8_t *p, size_t len, const char *name)
{
	uint8_t plain[FRAME_MAX];
	size_t n = quic_open(p, len, plain, sizeof(plain)), i = 0;

	while (i < n && !plain[i])
		i++;
	if (n - i < 4 || plain[i] != 6 || plain[i + 1] != 0)
		return false;
	i += plain[i + 2] >> 6 == 0 ? 3 : 4;
	return hello_is(plain + i, n - i, name);
}

static bool addr_is(const struct seen *s, const char *name)
{
	char a[INET6_ADDRSTRLEN];

	return inet_ntop(s->v6 ? AF_INET6 : AF_INET, s->dst, a, sizeof(a)) && !strcmp(a, name);
}

static bool host_is(const uint8_t *p, size_t len, const char *name)
{
	static const char key[] = "\r\nHost: ";
	size_t klen = sizeof(key) - 1;

	for (size_t i = 0; i + klen <= len; i++) {
		size_t end = i + klen;

		if (strncasecmp((const char *)p + i, key, klen))
			continue;
		while (end < len && p[end] != '\r')
			end++;
		return same_name(p + i + klen, end - i - klen, name);
	}
	return false;
}

size_t name_question(const uint8_t *p, size_t len, char *name, size_t max)
{
	size_t i = 12, n = 0;

	while (i < len && p[i]) {
		size_t l = p[i++];

		if (l > 63 || len - i < l || n + l + 2 > max)
			return 0;
		if (n)
			name[n++] = '.';
		memcpy(name + n, p + i, l);
		n += l;
		i += l;
	}
	name[n] = 0;
	return i <= len && len - i >= 5 ? i + 5 - 12 : 0;
}

bool craft_trigger(const uint8_t *f, const struct seen *s, enum trig_kind kind, const char *name)
{
	const uint8_t *p = f + s->data_off;
	size_t len = s->end - s->data_off;
	char q[NAME_MAX_LEN + 1];

	switch (kind) {
	case TRIG_SNI:
		return s->is_tcp && sni_is(p, len, name);
	case TRIG_HOST:
		return s->is_tcp && host_is(p, len, name);
	case TRIG_SYN:
		return s->is_tcp && (s->flags & (F_SYN | F_ACK)) == F_SYN && addr_is(s, name);
	case TRIG_QUIC:
		return s->is_udp && s->dport == 443 && quic_is(p, len, name);
	case TRIG_BYTES:
		return s->is_tcp && memmem(p, len, name, strlen(name));
	case TRIG_QNAME:
		if (s->dport != 53)
			return false;
		if (s->is_tcp && len > 2) {
			p += 2;
			len -= 2;
		}
		return len > 12 && !(p[2] & 0x80) && name_question(p, len, q, sizeof(q)) &&
		       !strcasecmp(q, name);
	case TRIG_NONE:
		break;
	}
	return false;
}
