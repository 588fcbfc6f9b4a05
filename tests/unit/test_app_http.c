/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "app/app_http.h"
#include "unit/guard.h"

static struct http_req q;
static struct http_resp r;
static struct guard g;

/* The views that the last call gave point into the copy, so it stays until the next call. */
static enum app_got request(const char *text, size_t n)
{
	if (g.map)
		guard_free(&g);
	g = guard_copy(text, n);
	return http_request((struct bytes){g.at, n}, &q);
}

static enum app_got response(const char *text, size_t n)
{
	if (g.map)
		guard_free(&g);
	g = guard_copy(text, n);
	return http_response((struct bytes){g.at, n}, &r);
}

static void assert_view(struct bytes b, const char *want)
{
	assert_int_equal(b.len, strlen(want));
	if (b.len)
		assert_memory_equal(b.at, want, b.len);
}

#define GET "GET /a?b=c HTTP/1.1\r\nUser-Agent: x\r\nHost: WWW.Example.com:8080\r\n\r\n"

static void test_request_whole(void **state)
{
	(void)state;
	assert_int_equal(request(GET "next", sizeof(GET) + 3), APP_OK);
	assert_view(q.method, "GET");
	assert_view(q.target, "/a?b=c");
	assert_int_equal(q.version, HTTP_1_1);
	assert_string_equal(q.host, "www.example.com");
	assert_false(q.host_odd || q.host_in_target);
	assert_int_equal(q.n_headers, 2);
	assert_int_equal(q.n_host, 1);
	assert_int_equal(q.header_end, sizeof(GET) - 1);
}

static void test_request_cut_at_every_length_says_more(void **state)
{
	size_t line_end = strlen("GET /a?b=c HTTP/1.1\r\n"), host_end = sizeof(GET) - 3;

	(void)state;
	for (size_t n = 0; n < sizeof(GET) - 1; n++) {
		assert_int_equal(request(GET, n), APP_MORE);
		assert_int_equal(q.method.len, n < line_end ? 0 : 3);
		assert_string_equal(q.host, n < host_end ? "" : "www.example.com");
		assert_int_equal(q.header_end, 0);
	}
}

/* What servers accept and evasion tools send. */
static void test_request_forms(void **state)
{
	static const struct {
		const char *text, *host;
		enum app_got want;
		bool odd, in_target;
	} cases[] = {
		{"GET / HTTP/1.1\nHost: a.b\n\n", "a.b", APP_OK, false, false},
		{"\r\n\r\nGET / HTTP/1.1\r\nHost: a.b\r\n\r\n", "a.b", APP_OK, false, false},
		{"GET / HTTP/1.1\r\nhoSt:a.b\r\n\r\n", "a.b", APP_OK, false, false},
		{"GET / HTTP/1.1\r\nHost \t: \t a.b \t\r\n\r\n", "a.b", APP_OK, false, false},
		{"GET / HTTP/1.1\r\nX: 1\r\n Host: no\r\nHost: a.b\r\n\r\n", "a.b", APP_OK, false,
		 false},
		{"GET / HTTP/1.1\r\nHost: a.b\r\nHost: c.d\r\n\r\n", "a.b", APP_OK, false, false},
		{"GET / HTTP/1.1\r\nHost:\r\n\r\n", "", APP_OK, false, false},
		{"GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n", "[2001:db8::1]", APP_OK, false,
		 false},
		{"GET / HTTP/1.1\r\nHost: [2001:db8::1\r\n\r\n", "[2001:db8::1", APP_OK, false,
		 false},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "a b", APP_OK, true, false},
		{"GET http://A.b:81/x HTTP/1.0\r\nHost: c.d\r\n\r\n", "a.b", APP_OK, false, true},
		{"GET https://user:pw@a.b?x HTTP/1.1\r\n\r\n", "a.b", APP_OK, false, true},
		{"CONNECT a.b:443 HTTP/1.1\r\nHost: c.d\r\n\r\n", "a.b", APP_OK, false, true},
		{"get / HTTP/1.1\r\nHost: a.b\r\n\r\n", "a.b", APP_OK, false, false},
		{"FOO /a b HTTP/1.1\r\nHost: a.b\r\n\r\n", "a.b", APP_OK, false, false},
		{"GET /old\r\n", "", APP_OK, false, false},
		{"GET / HTTP/1.1\r\nHost: a.b\r\nno colon\r\n\r\n", "a.b", APP_BAD, false, false},
		{"GET / HTTP/1.1\r\n: x\r\n\r\n", "", APP_BAD, false, false},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", APP_NOT, false, false},
		{"OPTIONS rtsp://a.b/ RTSP/1.0\r\n\r\n", "", APP_NOT, false, false},
		{"INVITE sip:a@b SIP/2.0\r\n\r\n", "", APP_NOT, false, false},
		{"EHLO mail.example.com\r\n", "", APP_NOT, false, false},
		{"SSH-2.0-OpenSSH_9\r\n", "", APP_NOT, false, false},
		{"\x16\3\1", "", APP_NOT, false, false},
		{"GE\1", "", APP_NOT, false, false},
		{"GET /\1", "", APP_NOT, false, false},
		{"GET /\1 HTTP/1.1\r\n\r\n", "", APP_NOT, false, false},
		{"GET  HTTP/1.1\r\n\r\n", "", APP_NOT, false, false},
		{"\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", "", APP_NOT, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(request(cases[i].text, strlen(cases[i].text)), cases[i].want);
		assert_string_equal(q.host, cases[i].host);
		assert_int_equal(q.host_odd, cases[i].odd);
		assert_int_equal(q.host_in_target, cases[i].in_target);
	}
}

static void test_request_host_of_any_length_fits(void **state)
{
	char text[700];

	(void)state;
	for (size_t n = 250; n < 300; n++) {
		int len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %0*d\r\n\r\n",
				   (int)n, 1);

		assert_int_equal(request(text, (size_t)len), APP_OK);
		assert_int_equal(strlen(q.host), n < 255 ? n : 255);
		assert_int_equal(q.host_odd, n > 255);
	}
	assert_int_equal(request("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29), APP_OK);
	assert_string_equal(q.host, "ab");
	assert_true(q.host_odd);
}

static void test_request_header_lines_are_bounded(void **state)
{
	static char text[16 + 5 * 200];

	(void)state;
	for (size_t n = LIMIT_HTTP_HEADERS - 1; n <= LIMIT_HTTP_HEADERS + 1; n++) {
		size_t len = 16;

		memcpy(text, "GET / HTTP/1.1\r\n", 16);
		for (size_t i = 0; i < n; i++, len += 5)
			memcpy(text + len, "a:b\r\n", 5);
		memcpy(text + len, "\r\n", 2);
		assert_int_equal(request(text, len + 2),
				 n <= LIMIT_HTTP_HEADERS ? APP_OK : APP_BAD);
	}
}

#define REDIRECT                                                                                           \
	"HTTP/1.1 302 Moved Temporarily\r\nServer: Apache\r\nLocation:  HTTP://Warning.or.kr/i1.html \r\n" \
	"Content-Type: text/html\r\nContent-Length: 5\r\nConnection: keep, Close\r\n\r\n"

static void test_response_whole(void **state)
{
	(void)state;
	assert_int_equal(response(REDIRECT "<p>", sizeof(REDIRECT) + 2), APP_OK);
	assert_int_equal(r.version, HTTP_1_1);
	assert_string_equal(http_version_name(r.version), "1.1");
	assert_int_equal(r.status, 302);
	assert_view(r.reason, "Moved Temporarily");
	assert_view(r.server, "Apache");
	assert_view(r.location, "HTTP://Warning.or.kr/i1.html");
	assert_string_equal(r.location_host, "warning.or.kr");
	assert_view(r.content_type, "text/html");
	assert_true(r.has_content_length && r.content_length == 5);
	assert_true(r.conn_close);
	assert_int_equal(r.n_headers, 5);
	assert_int_equal(r.header_end, sizeof(REDIRECT) - 1);
	assert_view(r.body, "<p>");
}

static void test_response_cut_at_every_length_says_more(void **state)
{
	size_t line_end = strlen("HTTP/1.1 302 Moved Temporarily\r\n");

	(void)state;
	for (size_t n = 0; n < sizeof(REDIRECT) - 1; n++) {
		assert_int_equal(response(REDIRECT, n), APP_MORE);
		assert_int_equal(r.status, n < line_end ? 0 : 302);
		assert_int_equal(r.body.len, 0);
	}
}

static void test_response_forms(void **state)
{
	static const struct {
		const char *text;
		enum app_got want;
		unsigned int status;
		const char *version, *location_host, *body;
	} cases[] = {
		{"HTTP/1.0 200\r\n\r\nx", APP_OK, 200, "1.0", "", "x"},
		{"HTTP/1.1 403 Forbidden\nA: b\n\n<html>", APP_OK, 403, "1.1", "", "<html>"},
		{"http/1.1 200 OK\r\n\r\n", APP_OK, 200, "1.1", "", ""},
		{"HTTP/1.1 301 x\r\nLocation: /here\r\n\r\n", APP_OK, 301, "1.1", "", ""},
		{"HTTP/1.1 301 x\r\nLocation: //a.b:1/\r\n\r\n", APP_OK, 301, "1.1", "a.b", ""},
		{"HTTP/1.1 301 x\r\nLocation: https://[::1]:8/\r\n\r\n", APP_OK, 301, "1.1",
		 "[::1]", ""},
		{"HTTP/1.1 301 x\r\nLocation: ftp://a.b/\r\n\r\n", APP_OK, 301, "1.1", "", ""},
		{"<html><title>Surf Safely!</title>", APP_OK, 0, "none", "",
		 "<html><title>Surf Safely!</title>"},
		{"\r\n <!DOCTYPE html>", APP_OK, 0, "none", "", "\r\n <!DOCTYPE html>"},
		{"<ht", APP_MORE, 0, "none", "", ""},
		{"<xml version", APP_NOT, 0, "none", "", ""},
		{"HTTP/1.1 99 x\r\n\r\n", APP_BAD, 0, "1.1", "", ""},
		{"HTTP/1.1 2000 x\r\n\r\n", APP_BAD, 0, "1.1", "", ""},
		{"HTTP/1.1 2x0 x\r\n\r\n", APP_BAD, 0, "1.1", "", ""},
		{"HTTP/1.1 200 x\r\nno colon\r\n\r\n", APP_BAD, 200, "1.1", "", ""},
		{"HTTP/2.0 200 x\r\n\r\n", APP_NOT, 0, "none", "", ""},
		{"HTTP/1.11 200 x\r\n\r\n", APP_NOT, 0, "none", "", ""},
		{"ICY 200 OK\r\n\r\n", APP_NOT, 0, "none", "", ""},
		{"SSH-2", APP_NOT, 0, "none", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(response(cases[i].text, strlen(cases[i].text)), cases[i].want);
		assert_int_equal(r.status, cases[i].status);
		assert_string_equal(http_version_name(r.version), cases[i].version);
		assert_string_equal(r.location_host, cases[i].location_host);
		assert_view(r.body, cases[i].body);
	}
}

static void test_response_content_length_must_be_a_number(void **state)
{
	static const struct {
		const char *text;
		bool has;
		uint64_t want;
	} cases[] = {
		{"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n", true, 0},
		{"HTTP/1.1 200 x\r\nContent-Length: 999999999999999999\r\n\r\n", true,
		 999999999999999999},
		{"HTTP/1.1 200 x\r\nContent-Length: 9999999999999999999\r\n\r\n", false, 0},
		{"HTTP/1.1 200 x\r\nContent-Length: -1\r\n\r\n", false, 0},
		{"HTTP/1.1 200 x\r\nContent-Length:\r\n\r\n", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(response(cases[i].text, strlen(cases[i].text)), APP_OK);
		assert_int_equal(r.has_content_length, cases[i].has);
		assert_true(r.content_length == cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_whole),
		cmocka_unit_test(test_request_cut_at_every_length_says_more),
		cmocka_unit_test(test_request_forms),
		cmocka_unit_test(test_request_host_of_any_length_fits),
		cmocka_unit_test(test_request_header_lines_are_bounded),
		cmocka_unit_test(test_response_whole),
		cmocka_unit_test(test_response_cut_at_every_length_says_more),
		cmocka_unit_test(test_response_forms),
		cmocka_unit_test(test_response_content_length_must_be_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
