/* SPDX-License-Identifier: BSD-3-Clause */
/* Who was heard and what was reset: two bounded memories, the oldest entry of a set goes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "across/hosts.h"
#include "base/limits.h"

struct addr {
	uint8_t b[16];
};

static struct addr host(uint32_t i)
{
	struct addr a = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

	for (int k = 0; k < 4; k++)
		a.b[12 + k] = (uint8_t)(i >> (24 - 8 * k));
	return a;
}

static void heard(struct hosts *h, uint32_t who, uint32_t peer, int64_t ts_ns, uint64_t frame)
{
	hosts_heard(h, host(who).b, host(peer).b, ts_ns, frame);
}

static uint64_t alive(const struct hosts *h, uint32_t who, uint32_t not_peer, int64_t since_ns)
{
	return hosts_alive(h, host(who).b, host(not_peer).b, since_ns);
}

static void test_hosts_alive_by_anybody_else_after_that_time(void **state)
{
	struct hosts *h = hosts_new();

	(void)state;
	assert_non_null(h);
	assert_int_equal(alive(h, 1, 2, 0), 0);
	heard(h, 1, 3, 1000, 10);
	assert_int_equal(alive(h, 1, 2, 999), 10);
	assert_int_equal(alive(h, 1, 2, 1000), 0); /* not after it */
	assert_int_equal(alive(h, 1, 3, 0), 0);    /* the silent peer itself */
	assert_int_equal(alive(h, 3, 2, 0), 0);    /* who sent has heard nothing */
	heard(h, 1, 3, 2000, 20);
	assert_int_equal(alive(h, 1, 2, 1000), 20);
	hosts_free(h);
	hosts_free(NULL);
}

/* The silent peer may be the latest: the other one is still known, and two peers that take turns do not push each other out. */
static void test_hosts_two_latest_peers_are_kept(void **state)
{
	struct hosts *h = hosts_new();

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		heard(h, 1, i & 1 ? 2 : 3, (int64_t)(100 * i + 100), i + 1);
	assert_int_equal(alive(h, 1, 2, 0), 9);
	assert_int_equal(alive(h, 1, 3, 0), 10);
	assert_int_equal(alive(h, 1, 4, 0), 10);
	heard(h, 1, 4, 2000, 50); /* a third: the older of the two goes */
	assert_int_equal(alive(h, 1, 4, 0), 10);
	assert_int_equal(alive(h, 1, 4, 999), 10);
	assert_int_equal(alive(h, 1, 4, 1000), 0);
	assert_int_equal(alive(h, 1, 2, 1000), 50);
	hosts_free(h);
}

/* An IPv6 address that differs in its upper half only is another host. */
static void test_hosts_whole_address_counts(void **state)
{
	struct hosts *h = hosts_new();
	struct addr a = {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, b = a;

	(void)state;
	b.b[4] = 9; /* differs in the upper half only */
	hosts_heard(h, a.b, host(3).b, 5, 7);
	assert_int_equal(hosts_alive(h, a.b, host(2).b, 0), 7);
	assert_int_equal(hosts_alive(h, b.b, host(2).b, 0), 0);
	hosts_free(h);
}

/* Eight times more hosts than fit: no more than fit are known, the newest are among them, the oldest are gone; a host that is heard
 * again and again stays. */
static void test_hosts_heard_is_bounded_and_the_oldest_goes(void **state)
{
	enum { N = LIMIT_HOSTS_HEARD * 8, FRESH = 500 };
	struct hosts *h = hosts_new();
	uint32_t n = 0, fresh = 0, old = 0;

	(void)state;
	for (uint32_t i = 1; i <= N; i++) {
		heard(h, i, 0x7f000001, i, i);
		if (i % 64 == 0)
			heard(h, 0x0a000001, 0x7f000001, i, i);
	}
	for (uint32_t i = 1; i <= N; i++) {
		bool known = alive(h, i, 0, 0) != 0;

		n += known;
		fresh += known && i > N - FRESH;
		old += known && i <= N / 2;
	}
	assert_in_range(n, LIMIT_HOSTS_HEARD * 9 / 10, LIMIT_HOSTS_HEARD);
	assert_int_equal(fresh, FRESH);
	assert_in_range(old, 0, LIMIT_HOSTS_HEARD / 100);
	assert_int_equal(alive(h, 0x0a000001, 0, 0), N);
	hosts_free(h);
}

static bool before(const struct hosts *h, uint32_t orig, uint32_t resp, uint16_t port,
		   int64_t ts_ns, int64_t *at_ns, uint64_t *frame)
{
	struct hosts_struck r;

	if (!hosts_struck_before(h, host(orig).b, host(resp).b, port, HOSTS_RESET, ts_ns, &r))
		return false;
	assert_int_equal(r.orig_port, 40000);
	*at_ns = r.ts_ns;
	*frame = r.frame;
	return true;
}

static void reset(struct hosts *h, uint32_t orig, uint16_t port, int64_t ts_ns, uint64_t frame)
{
	hosts_struck(h, host(orig).b, host(2).b, port, HOSTS_RESET,
		     &(struct hosts_struck){.ts_ns = ts_ns, .frame = frame, .orig_port = 40000});
}

/* A remembered place that is right, stale or nonsense tells the same. */
static void test_hosts_heard_at_any_place_is_the_same(void **state)
{
	(void)state;
	for (uint32_t start = 0; start <= UINT16_MAX; start += 4369) {
		struct hosts *h = hosts_new();
		uint16_t place = (uint16_t)start;

		assert_non_null(h);
		hosts_heard_at(h, &place, host(1).b, host(2).b, 10, 5);
		hosts_heard_at(h, &place, host(1).b, host(3).b, 20, 6);
		hosts_heard_at(h, &place, host(4).b, host(2).b, 30, 7);
		hosts_heard_at(h, &place, host(1).b, host(2).b, 40, 8);
		assert_int_equal(hosts_alive(h, host(1).b, host(2).b, 15), 6);
		assert_int_equal(hosts_alive(h, host(1).b, host(3).b, 30), 8);
		assert_int_equal(hosts_alive(h, host(4).b, host(9).b, 20), 7);
		hosts_free(h);
	}
}

/* A new series knows nothing of the one before, and remembers as well. */
static void test_hosts_cleared_knows_nothing(void **state)
{
	struct hosts *h = hosts_new();
	uint64_t frame;
	int64_t at;

	(void)state;
	assert_non_null(h);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(hosts_alive(h, host(1).b, host(9).b, 0), 0);
		assert_false(before(h, 1, 2, 443, 100, &at, &frame));
		heard(h, 1, 2, 10, 5);
		reset(h, 1, 443, 10, 5);
		assert_int_equal(hosts_alive(h, host(1).b, host(9).b, 0), 5);
		assert_true(before(h, 1, 2, 443, 100, &at, &frame));
		hosts_clear(h);
	}
	hosts_free(h);
}

static void test_hosts_reset_by_both_ends_port_and_time(void **state)
{
	struct hosts *h = hosts_new();
	int64_t at = -1;
	uint64_t frame = 99;

	(void)state;
	reset(h, 1, 443, 1000, 7);
	assert_false(before(h, 1, 2, 443, 999, &at, &frame));
	assert_false(before(h, 1, 2, 80, 2000, &at, &frame));
	assert_false(before(h, 2, 1, 443, 2000, &at, &frame));
	assert_false(before(h, 1, 3, 443, 2000, &at, &frame));
	assert_false(before(h, 3, 2, 443, 2000, &at, &frame));
	assert_int_equal(at, -1);
	assert_int_equal(frame, 99);
	assert_true(before(h, 1, 2, 443, 1000, &at, &frame));
	assert_int_equal(at, 1000);
	assert_int_equal(frame, 7);
	reset(h, 1, 80, 1500, 8); /* another port is another entry */
	assert_true(before(h, 1, 2, 443, 9000, &at, &frame));
	assert_int_equal(frame, 7);
	reset(h, 1, 443, 3000, 9);
	assert_true(before(h, 1, 2, 443, 9000, &at, &frame));
	assert_int_equal(at, 3000);
	assert_int_equal(frame, 9);
	hosts_free(h);
}

/* Flows are judged when they end, and they do not end in the order of their resets: the last one in packet time counts. */
static void test_hosts_reset_told_late_does_not_replace_a_later_one(void **state)
{
	struct hosts *h = hosts_new();
	int64_t at = 0;
	uint64_t frame = 0;

	(void)state;
	reset(h, 1, 443, 3000, 9);
	reset(h, 1, 443, 1000, 7);
	assert_true(before(h, 1, 2, 443, 9000, &at, &frame));
	assert_int_equal(at, 3000);
	assert_int_equal(frame, 9);
	hosts_free(h);
}

/* A drop does not hide a reset, and its name is told again. */
static void test_hosts_each_act_is_remembered_by_itself(void **state)
{
	struct hosts *h = hosts_new();
	struct hosts_struck r;
	int64_t at;
	uint64_t frame;

	(void)state;
	reset(h, 1, 443, 1000, 7);
	hosts_struck(h, host(1).b, host(2).b, 443, HOSTS_QUIC,
		     &(struct hosts_struck){.ts_ns = 1200, .frame = 8, .name = 99});
	assert_true(before(h, 1, 2, 443, 2000, &at, &frame));
	assert_int_equal(frame, 7);
	assert_true(hosts_struck_before(h, host(1).b, host(2).b, 443, HOSTS_QUIC, 2000, &r));
	assert_int_equal(r.name, 99);
	assert_int_equal(r.frame, 8);
	assert_false(hosts_struck_before(h, host(1).b, host(2).b, 443, HOSTS_DROPPED, 2000, &r));
	hosts_free(h);
}

static void test_hosts_resets_are_bounded_and_the_oldest_goes(void **state)
{
	enum { N = LIMIT_HOSTS_STRUCK * 8, FRESH = 100 };
	struct hosts *h = hosts_new();
	uint32_t n = 0, fresh = 0, old = 0;
	uint64_t frame;
	int64_t at;

	(void)state;
	for (uint32_t i = 1; i <= N; i++)
		reset(h, i, 443, i, i);
	for (uint32_t i = 1; i <= N; i++) {
		bool known = before(h, i, 2, 443, N, &at, &frame);

		if (known)
			assert_int_equal(frame, i);
		n += known;
		fresh += known && i > N - FRESH;
		old += known && i <= N / 2;
	}
	assert_in_range(n, LIMIT_HOSTS_STRUCK * 9 / 10, LIMIT_HOSTS_STRUCK);
	assert_int_equal(fresh, FRESH);
	assert_in_range(old, 0, LIMIT_HOSTS_STRUCK / 100);
	hosts_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_alive_by_anybody_else_after_that_time),
		cmocka_unit_test(test_hosts_two_latest_peers_are_kept),
		cmocka_unit_test(test_hosts_whole_address_counts),
		cmocka_unit_test(test_hosts_heard_is_bounded_and_the_oldest_goes),
		cmocka_unit_test(test_hosts_heard_at_any_place_is_the_same),
		cmocka_unit_test(test_hosts_cleared_knows_nothing),
		cmocka_unit_test(test_hosts_reset_by_both_ends_port_and_time),
		cmocka_unit_test(test_hosts_reset_told_late_does_not_replace_a_later_one),
		cmocka_unit_test(test_hosts_each_act_is_remembered_by_itself),
		cmocka_unit_test(test_hosts_resets_are_bounded_and_the_oldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
