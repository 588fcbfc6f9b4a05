/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_kind.h"

#include <string.h>

#include "base/bytes.h"

/* Protocols whose use is what a network may object to, whatever name was asked for: ways around or
 * under its rules, and talk between people. By nDPI's names, which stay when its constants and
 * categories change; those that 4.2 does not know yet are of later versions. */
static const struct {
	const char *name;
	enum app_kind kind;
} kinds[] = {
	{"Tor", APP_KIND_TUNNEL},         {"OpenVPN", APP_KIND_TUNNEL},
	{"WireGuard", APP_KIND_TUNNEL},   {"IPsec", APP_KIND_TUNNEL},
	{"SOCKS", APP_KIND_TUNNEL},       {"CiscoVPN", APP_KIND_TUNNEL},
	{"PPTP", APP_KIND_TUNNEL},        {"HotspotShield", APP_KIND_TUNNEL},
	{"SoftEther", APP_KIND_TUNNEL},   {"Tailscale", APP_KIND_TUNNEL},
	{"Psiphon", APP_KIND_TUNNEL},     {"UltraSurf", APP_KIND_TUNNEL},
	{"Telegram", APP_KIND_MESSENGER}, {"Signal", APP_KIND_MESSENGER},
	{"WhatsApp", APP_KIND_MESSENGER}, {"WhatsAppCall", APP_KIND_MESSENGER},
	{"Viber", APP_KIND_MESSENGER},    {"KakaoTalk", APP_KIND_MESSENGER},
	{"WeChat", APP_KIND_MESSENGER},   {"LINE", APP_KIND_MESSENGER},
	{"IMO", APP_KIND_MESSENGER},      {"IRC", APP_KIND_MESSENGER},
	{"Jabber", APP_KIND_MESSENGER},   {"Threema", APP_KIND_MESSENGER},
};

enum app_kind app_kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return kinds[i].kind;
	return APP_KIND_OTHER;
}
