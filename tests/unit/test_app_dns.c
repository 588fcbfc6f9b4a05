/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "app/app_dns.h"
#include "unit/guard.h"

#define BYTES(literal) ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

/* Built by hand after RFC 1035 4.1. */
#define HEADER(flags, qd, an, ns, ar) "\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define Q_EXAMPLE                     "\7eXaMple\3cOM\0\0\1\0\1"
#define QUERY                         HEADER("\1\0", "\1", "\0", "\0", "\0") Q_EXAMPLE
#define OPT_DO                        "\0\0\x29\x04\xd0\0\0\x80\0\0\0"
#define ANSWER_A                      "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"
#define ANSWER_AAAA                   "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
/* www2.example.com, its tail a pointer to the question's name */
#define ANSWER_CNAME "\xc0\x0c\0\5\0\1\0\0\0\1\0\7\4WWW2\xc0\x0c"
#define RESPONSE                                   \
	HEADER("\x81\x80", "\1", "\3", "\0", "\1") \
	Q_EXAMPLE ANSWER_CNAME ANSWER_A ANSWER_AAAA OPT_DO

static struct dns_msg m;

/* Reads a copy that ends at an unreadable page. */
static enum app_got read_guarded(struct bytes b)
{
	struct guard g = guard_copy(b.at, b.len);
	enum app_got got = dns_read((struct bytes){g.at, b.len}, &m);

	guard_free(&g);
	return got;
}

static void test_query_whole_gives_question_in_both_cases(void **state)
{
	(void)state;
	assert_int_equal(read_guarded(BYTES(QUERY)), APP_OK);
	assert_int_equal(m.id, 0x1234);
	assert_int_equal(m.flags, DNS_RD);
	assert_true(m.has_question);
	assert_string_equal(m.qname, "example.com");
	assert_string_equal(m.qname_sent, "eXaMple.cOM");
	assert_int_equal(m.qtype, DNS_A);
	assert_int_equal(m.qclass, 1);
	assert_int_equal(m.n_answer, 0);
	assert_false(m.has_opt);
	assert_false(m.cut);
	assert_int_equal(m.end_off, sizeof(QUERY) - 1);
	assert_int_equal(m.trailing_bytes, 0);
}

static void test_response_whole_gives_every_record(void **state)
{
	(void)state;
	assert_int_equal(read_guarded(BYTES(RESPONSE)), APP_OK);
	assert_int_equal(m.flags, DNS_QR | DNS_RD | DNS_RA);
	assert_int_equal(dns_rcode(&m), 0);
	assert_int_equal(m.n_answer, 3);
	assert_int_equal(m.answer[0].type, DNS_CNAME);
	assert_string_equal(m.answer[0].target, "www2.example.com");
	assert_int_equal(m.answer[0].ttl_s, 1);
	assert_int_equal(m.answer[1].type, DNS_A);
	assert_int_equal(m.answer[1].ttl_s, 300);
	assert_int_equal(m.answer[1].addr_len, 4);
	assert_memory_equal(m.answer[1].addr, "\xc0\0\2\1", 4);
	assert_true(m.answer[1].name_c00c);
	assert_string_equal(m.answer[1].target, "");
	assert_int_equal(m.answer[2].addr_len, 16);
	assert_true(dns_addr_teredo0(m.answer[2].addr));
	assert_true(m.has_opt && m.opt_do);
	assert_int_equal(m.opt_udp_bytes, 1232);
	assert_int_equal(m.end_off, sizeof(RESPONSE) - 1);
}

/* At every length: what is read is what the whole message says, and never more than there is. */
static void test_response_cut_at_every_length_keeps_what_is_there(void **state)
{
	static const size_t ends[] = {29, 48, 64, 92}; /* question, then each answer */
	struct bytes whole = BYTES(RESPONSE);

	(void)state;
	for (size_t n = 0; n < whole.len; n++) {
		enum app_got got = read_guarded(bytes_head(whole, n));

		assert_int_equal(got, n < ends[0] ? APP_MORE : APP_OK);
		assert_true(m.cut);
		assert_int_equal(m.has_question, n >= ends[0]);
		assert_string_equal(m.qname_sent, n >= ends[0] ? "eXaMple.cOM" : "");
		assert_int_equal(m.n_answer, (n >= ends[1]) + (n >= ends[2]) + (n >= ends[3]));
		assert_true(m.end_off <= n);
		assert_int_equal(m.trailing_bytes, 0);
		if (m.n_answer >= 2)
			assert_memory_equal(m.answer[1].addr, "\xc0\0\2\1", 4);
	}
}

/* RFC 7873 4: an option of 8 to 40 bytes, here behind another option; too short a one, and options that reach past the record's
 * end, are none. */
static void test_cookie_is_found_among_options(void **state)
{
	static const struct {
		const char *rdata;
		uint8_t len;
		bool found;
	} t[] = {
		{"\0\3\0\2id\0\x0a\0\10cookie01", 18, true},
		{"\0\x0a\0\20cookie01servers!", 20, true},
		{"\0\x0a\0\7cookie0", 11, false},
		{"\0\x0a\0\11cookie01", 12, false},
		{"\0\3\0\xff\0\x0a\0\10cookie01", 16, false},
		{"", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		static const char head[] =
			HEADER("\1\0", "\1", "\0", "\0", "\1") Q_EXAMPLE "\0\0\x29\4\xd0\0\0\0\0\0";
		uint8_t b[128];
		size_t n = sizeof(head) - 1;

		memcpy(b, head, n);
		b[n++] = t[i].len;
		memcpy(b + n, t[i].rdata, t[i].len);
		n += t[i].len;
		assert_int_equal(read_guarded((struct bytes){b, n}), APP_OK);
		assert_true(m.has_opt);
		assert_int_equal(m.has_cookie, t[i].found);
		if (t[i].found)
			assert_memory_equal(m.cookie, "cookie01", 8);
		for (size_t k = 0; k < n; k++) {
			assert_int_not_equal(read_guarded((struct bytes){b, k}), APP_BAD);
			assert_false(m.has_cookie);
		}
	}
}

static void test_bytes_after_message_are_counted(void **state)
{
	(void)state;
	assert_int_equal(read_guarded(BYTES(QUERY "abc")), APP_OK);
	assert_int_equal(m.trailing_bytes, 3);
	assert_int_equal(m.end_off, sizeof(QUERY) - 1);
}

static void test_odd_bytes_in_name_are_escaped(void **state)
{
	(void)state;
	assert_int_equal(read_guarded(BYTES(HEADER("\1\0", "\1", "\0", "\0",
						   "\0") "\5a.b\\c\4\0\xff A\0\0\1\0\1")),
			 APP_OK);
	assert_string_equal(m.qname_sent, "a\\.b\\\\c.\\000\\255\\032A");
	assert_string_equal(m.qname, "a\\.b\\\\c.\\000\\255\\032a");
}

static void test_root_name_is_a_dot(void **state)
{
	(void)state;
	assert_int_equal(read_guarded(BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\0\0\2\0\1")),
			 APP_OK);
	assert_string_equal(m.qname, ".");
	assert_int_equal(m.qtype, 2);
}

static void test_name_of_control_bytes_is_cut_with_ending_nul(void **state)
{
	uint8_t msg[12 + 1 + 3 * 64 + 4] = {0, 1, 1, 0, 0, 1};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		msg[12 + i * 64] = 63;
		memset(msg + 13 + i * 64, 1, 63);
	}
	assert_int_equal(read_guarded((struct bytes){msg, sizeof(msg)}), APP_OK);
	assert_true(m.qname_cut);
	assert_int_equal(strlen(m.qname), 63 * 4 + 1); /* one label of \ddd and the dot */
}

/* 255 bytes on the wire pass, 256 do not (RFC 1035 2.3.4). */
static void test_name_length_limit_is_255_on_the_wire(void **state)
{
	uint8_t msg[12 + 256 + 4];

	(void)state;
	for (size_t wire = 254; wire <= 256; wire++) {
		memset(msg, 'a', sizeof(msg));
		memcpy(msg, "\0\1\1\0\0\1\0\0\0\0\0\0", 12);
		for (size_t at = 0; at < 192; at += 64)
			msg[12 + at] = 63;
		msg[12 + 192] = (uint8_t)(wire - 192 - 2);
		memset(msg + 12 + wire - 1, 0, 5);
		assert_int_equal(read_guarded((struct bytes){msg, 12 + wire + 4}),
				 wire <= 255 ? APP_OK : APP_BAD);
	}
}

/* A chain of pointers in the rdata of a TXT record, each to the one before; the CNAME starts at the last. */
static enum app_got read_chain(size_t n_jumps)
{
	uint8_t msg[512] = {0, 1, 0x81, 0x80, 0, 1, 0, 2};
	size_t off = 12, at;

	memcpy(msg + off, "\1a\0\0\5\0\1", 7);
	off += 7;
	memcpy(msg + off, "\0\0\x10\0\1\0\0\0\0", 9);
	msg[off + 10] = (uint8_t)((n_jumps - 1) * 2);
	off += 11;
	at = 12;
	for (size_t i = 0; i + 1 < n_jumps; i++, off += 2) {
		msg[off] = (uint8_t)(0xc0 | at >> 8);
		msg[off + 1] = (uint8_t)at;
		at = off;
	}
	memcpy(msg + off, "\xc0\x0c\0\5\0\1\0\0\0\0\0\2", 12);
	msg[off + 12] = (uint8_t)(0xc0 | at >> 8);
	msg[off + 13] = (uint8_t)at;
	return read_guarded((struct bytes){msg, off + 14});
}

static void test_pointer_chain_is_followed_up_to_the_limit(void **state)
{
	(void)state;
	assert_int_equal(read_chain(1), APP_OK);
	assert_int_equal(read_chain(17), APP_OK);
	assert_int_equal(read_chain(LIMIT_DNS_JUMPS), APP_OK);
	assert_int_equal(m.n_answer, 2);
	assert_string_equal(m.answer[1].target, "a");
	assert_int_equal(read_chain(LIMIT_DNS_JUMPS + 1), APP_BAD);
}

static void test_malformed_names_and_counts(void **state)
{
	static const struct {
		struct bytes b;
		enum app_got want;
	} cases[] = {
		/* a pointer to itself, forward, into the header, and past the end */
		{BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\xc0\x0c\0\1\0\1"), APP_BAD},
		{BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\xc0\x0e\0\1\0\1"), APP_BAD},
		{BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\xc0\0\0\1\0\1"), APP_BAD},
		{BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\xff\xff\0\1\0\1"), APP_BAD},
		/* a label, then a pointer back to it */
		{BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\1a\xc0\x0c\0\1\0\1"), APP_BAD},
		/* label types 01 and 10 (RFC 6891 5 retired them) */
		{BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\x41"
							      "a\0\0\1\0\1"),
		 APP_BAD},
		{BYTES(HEADER("\1\0", "\1", "\0", "\0", "\0") "\x81"
							      "a\0\0\1\0\1"),
		 APP_BAD},
		/* counts that 64 KB cannot hold */
		{BYTES("\0\0\1\0\xff\xff\0\0\0\0\0\0"), APP_NOT},
		{BYTES("GET / HTTP/1.1\r\n"), APP_NOT},
		/* CNAME rdata that is shorter, or longer, than its name */
		{BYTES(HEADER("\x81\x80", "\1", "\1", "\0", "\0") Q_EXAMPLE
		       "\xc0\x0c\0\5\0\1\0\0\0\1\0\1\4WWW2\xc0\x0c"),
		 APP_BAD},
		{BYTES(HEADER("\x81\x80", "\1", "\1", "\0", "\0") Q_EXAMPLE
		       "\xc0\x0c\0\5\0\1\0\0\0\1\0\3\xc0\x0c"
		       "x"),
		 APP_BAD},
		/* no question, nothing: a FORMERR may look so */
		{BYTES(HEADER("\x80\1", "\0", "\0", "\0", "\0")), APP_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(read_guarded(cases[i].b), cases[i].want);
		assert_int_equal(m.n_answer, 0);
	}
}

static void test_address_of_wrong_length_is_not_kept(void **state)
{
	(void)state;
	assert_int_equal(read_guarded(BYTES(HEADER("\x81\x80", "\1", "\1", "\0", "\0") Q_EXAMPLE
					    "\xc0\x0c\0\1\0\1\0\0\0\1\0\3\1\2\3")),
			 APP_OK);
	assert_int_equal(m.n_answer, 1);
	assert_int_equal(m.answer[0].addr_len, 0);
	assert_int_equal(m.answer[0].rdata_len, 3);
}

static void test_many_answers_are_bounded(void **state)
{
	static uint8_t msg[12 + 7 + 600 * 11];
	struct bytes b = {msg, sizeof(msg)};

	(void)state;
	memcpy(msg, "\0\1\x81\x80\0\1\2\x58\0\0\0\0\1a\0\0\1\0\1", 19);
	assert_int_equal(read_guarded(b), APP_OK);
	assert_int_equal(m.n_answer, LIMIT_DNS_ANSWERS);
	assert_true(m.skipped);
	assert_false(m.cut);
	assert_int_equal(m.end_off, 19 + LIMIT_DNS_RECORDS * 11);
	assert_int_equal(m.trailing_bytes, 0);
}

static void test_tcp_stream_gives_messages_one_by_one(void **state)
{
	static const char two[] = "\0\x1d" QUERY "\0\x1d" QUERY;
	struct bytes b = {(const uint8_t *)two, sizeof(two) - 1};
	size_t used;

	(void)state;
	assert_int_equal(dns_read_tcp(b, &m, &used), APP_OK);
	assert_int_equal(used, 31);
	assert_int_equal(dns_read_tcp(bytes_from(b, used), &m, &used), APP_OK);
	assert_int_equal(used, 31);
	for (size_t n = 0; n < 31; n++) {
		struct guard g = guard_copy(b.at, n);

		assert_int_equal(dns_read_tcp((struct bytes){g.at, n}, &m, &used), APP_MORE);
		assert_int_equal(used, 0);
		assert_true(m.cut);
		assert_false(m.has_question);
		guard_free(&g);
	}
	assert_int_equal(dns_read_tcp(BYTES("\0\x0b" QUERY), &m, &used), APP_NOT);
	/* whole by its length, yet one byte short of its question or its record */
	assert_int_equal(dns_read_tcp(BYTES("\0\x1c" QUERY), &m, &used), APP_BAD);
	assert_int_equal(used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_whole_gives_question_in_both_cases),
		cmocka_unit_test(test_response_whole_gives_every_record),
		cmocka_unit_test(test_response_cut_at_every_length_keeps_what_is_there),
		cmocka_unit_test(test_cookie_is_found_among_options),
		cmocka_unit_test(test_bytes_after_message_are_counted),
		cmocka_unit_test(test_odd_bytes_in_name_are_escaped),
		cmocka_unit_test(test_root_name_is_a_dot),
		cmocka_unit_test(test_name_of_control_bytes_is_cut_with_ending_nul),
		cmocka_unit_test(test_name_length_limit_is_255_on_the_wire),
		cmocka_unit_test(test_pointer_chain_is_followed_up_to_the_limit),
		cmocka_unit_test(test_malformed_names_and_counts),
		cmocka_unit_test(test_address_of_wrong_length_is_not_kept),
		cmocka_unit_test(test_many_answers_are_bounded),
		cmocka_unit_test(test_tcp_stream_gives_messages_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
