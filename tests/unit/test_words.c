/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of the output contract: written out here once more, because readers of the JSON rely on them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/words.h"

static void test_capture_point_names_are_the_contracts(void **state)
{
	(void)state;
	assert_string_equal(capture_point_name(POINT_UNKNOWN), "unknown");
	assert_string_equal(capture_point_name(POINT_WIRE), "wire");
	assert_string_equal(capture_point_name(POINT_HOST), "host");
	assert_string_equal(capture_point_name(POINT_OFFLOAD), "offload");
	assert_string_equal(capture_point_name(POINT_VPN_API), "vpn_api");
	assert_string_equal(capture_point_name(POINT_PROXY), "proxy");
}

static void test_flow_stage_names_are_the_contracts(void **state)
{
	(void)state;
	assert_null(flow_stage_name(STAGE_NONE));
	assert_string_equal(flow_stage_name(STAGE_POST_SYN), "post_syn");
	assert_string_equal(flow_stage_name(STAGE_POST_ACK), "post_ack");
	assert_string_equal(flow_stage_name(STAGE_POST_PSH), "post_psh");
	assert_string_equal(flow_stage_name(STAGE_LATER), "later");
	assert_int_equal(STAGE_N, 5);
}

static void test_trigger_kind_names_are_the_contracts(void **state)
{
	(void)state;
	assert_null(trigger_kind_name(TRIGGER_NONE));
	assert_string_equal(trigger_kind_name(TRIGGER_TLS_SNI), "tls-sni");
	assert_string_equal(trigger_kind_name(TRIGGER_HTTP_HOST), "http-host");
	assert_string_equal(trigger_kind_name(TRIGGER_DNS_QNAME), "dns-qname");
	assert_string_equal(trigger_kind_name(TRIGGER_QUIC_SNI), "quic-sni");
	assert_string_equal(trigger_kind_name(TRIGGER_PAYLOAD), "payload");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capture_point_names_are_the_contracts),
		cmocka_unit_test(test_flow_stage_names_are_the_contracts),
		cmocka_unit_test(test_trigger_kind_names_are_the_contracts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
