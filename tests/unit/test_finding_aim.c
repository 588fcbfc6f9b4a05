/* SPDX-License-Identifier: BSD-3-Clause */
/* Aims that other attempts tell (basis control); those that follow a trigger are in test_match_finding.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "match/match_impl.h"

enum { UNKNOWN = -1 };

static void put(struct evidence *ev, enum feat id, int value)
{
	if (value != UNKNOWN)
		evidence_put(ev, id, value, NULL, 0);
}

static void test_aim_at_an_address_needs_others_that_answer(void **state)
{
	static const struct {
		int handshake, others, since, reset;
		bool aim;
	} t[] = {
		{0, 1, 0, UNKNOWN, true},
		{0, 5, 0, UNKNOWN, true},
		{0, 0, 0, UNKNOWN, false}, /* nobody answers: the client's own line */
		{0, UNKNOWN, 0, UNKNOWN, false},
		{0, 1, 1, UNKNOWN, false}, /* it answers again */
		{0, 1, UNKNOWN, UNKNOWN, false},
		{0, 1, 0, 30, false},      /* residual: what came before was said by name */
		{1, 1, 0, UNKNOWN, false}, /* the handshake passed: no address is blocked */
		{UNKNOWN, 1, 0, UNKNOWN, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct evidence *ev = evidence_new(CASE_DROP);

		put(ev, FEAT_DROP_HANDSHAKE, t[i].handshake);
		put(ev, FEAT_DROP_OTHERS_OK, t[i].others);
		put(ev, FEAT_DROP_ADDR_SINCE, t[i].since);
		put(ev, FEAT_DROP_SINCE_RESET, t[i].reset);
		assert_int_equal(finding_control_aim(ev),
				 t[i].aim ? BIT(TECH_ADDRESS_BLOCKING) : 0);
		evidence_free(ev);
	}
}

static void test_aim_at_a_quic_name_or_version(void **state)
{
	static const struct {
		int same, since, version;
		uint32_t aim;
	} t[] = {
		{0, 1, UNKNOWN, BIT(TECH_SNI_FILTERING)}, {0, 0, 1, 0}, {0, UNKNOWN, UNKNOWN, 0},
		{1, 1, 1, BIT(TECH_PROTOCOL_BLOCKING)},   {1, 1, 0, 0}, {UNKNOWN, 1, 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct evidence *ev = evidence_new(CASE_QUIC);

		put(ev, FEAT_QUIC_SAME_NAME_OK, t[i].same);
		put(ev, FEAT_QUIC_OTHER_SINCE, t[i].since);
		put(ev, FEAT_QUIC_OTHER_VERSION_OK, t[i].version);
		assert_int_equal(finding_control_aim(ev), t[i].aim);
		evidence_free(ev);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aim_at_an_address_needs_others_that_answer),
		cmocka_unit_test(test_aim_at_a_quic_name_or_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
