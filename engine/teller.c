/* SPDX-License-Identifier: BSD-3-Clause */
#include "teller.h"

bool teller_open(struct teller *t, const struct engine_hooks *hooks, bool want_flows)
{
	*t = (struct teller){.hooks = hooks, .want_flows = want_flows && hooks->on_flow};
	t->devices = hooks->on_devices ? devices_new() : NULL;
	return t->devices || !hooks->on_devices;
}

void teller_free(struct teller *t)
{
	devices_free(t->devices);
	t->devices = NULL;
}

void teller_finding(void *arg, const struct finding *f, const char *file, bool last, bool news)
{
	struct teller *t = arg;

	/* Counted once, in its last form, whether that was told before or not. */
	if (last)
		devices_finding(t->devices, f, file);
	if (news && t->hooks->on_finding)
		t->hooks->on_finding(t->hooks->arg, f, file);
}

void teller_flow(void *arg, const struct flow_record *r, const char *file)
{
	struct teller *t = arg;

	devices_flow(t->devices, r);
	if (t->want_flows)
		t->hooks->on_flow(t->hooks->arg, r, file);
}

void teller_end(struct teller *t, struct run_summary *run)
{
	if (t->ndpi_missing)
		app_ndpi_warn();
	if (!t->devices)
		return;
	devices_finish(t->devices);
	run->devices = devices_n(t->devices);
	run->devices_left_out = devices_left_out(t->devices);
	t->hooks->on_devices(t->hooks->arg, t->devices);
}
