/* SPDX-License-Identifier: BSD-3-Clause */
#include "rights.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool rights_has_seccomp(void)
{
	return !SANITIZED;
}

static bool no_new_privileges(struct err_info *err)
{
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       err_set(err, "no_new_privs: %s", strerror(errno));
}

static bool drop_user(const char *user, struct err_info *err)
{
	const struct passwd *pw;
	int got;

	capng_clear(CAPNG_SELECT_ALL);
	if (geteuid() == 0) {
		pw = getpwnam(user ? user : "nobody");
		if (!pw)
			return err_set(err, "there is no user '%s'", user ? user : "nobody");
		got = capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
				      CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
		if (got)
			return err_set(err, "cannot become user '%s' (libcap-ng: %d)",
				       user ? user : "nobody", got);
	}
	got = capng_apply(CAPNG_SELECT_CAPS);
	return !got || err_set(err, "capabilities cannot be given up (libcap-ng: %d)", got);
}

/* Everything else kills the process. getsockname, ioctl: libpcap asks an interface that went down whether it
 * still exists and is up again, and source/device.c whether it still exists; getsockopt: losses. */
static bool forbid(struct err_info *err)
{
	static const int allowed[] = {
		SCMP_SYS(read),          SCMP_SYS(write),
		SCMP_SYS(close),         SCMP_SYS(poll),
		SCMP_SYS(ppoll),         SCMP_SYS(recvfrom),
		SCMP_SYS(recvmsg),       SCMP_SYS(getsockopt),
		SCMP_SYS(getsockname),   SCMP_SYS(mmap),
		SCMP_SYS(munmap),        SCMP_SYS(mremap),
		SCMP_SYS(madvise),       SCMP_SYS(brk),
		SCMP_SYS(mprotect),      SCMP_SYS(futex),
		SCMP_SYS(fstat),         SCMP_SYS(newfstatat),
		SCMP_SYS(lseek),         SCMP_SYS(getrandom),
		SCMP_SYS(getpid),        SCMP_SYS(gettid),
		SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigaction),  SCMP_SYS(sigaltstack),
		SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
		SCMP_SYS(nanosleep),     SCMP_SYS(gettimeofday),
		SCMP_SYS(sched_yield),   SCMP_SYS(restart_syscall),
		SCMP_SYS(exit),          SCMP_SYS(exit_group),
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	const struct scmp_arg_cmp is_up = SCMP_A1_64(SCMP_CMP_EQ, SIOCGIFFLAGS, 0),
				  is_there = SCMP_A1_64(SCMP_CMP_EQ, SIOCGIFNAME, 0);
	const struct scmp_arg_cmp ring[] = {SCMP_A1_64(SCMP_CMP_EQ, SOL_PACKET, 0),
					    SCMP_A2_64(SCMP_CMP_EQ, PACKET_RX_RING, 0)};
	int got = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; !got && i < ARRAY_LEN(allowed); i++)
		got = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!got)
		got = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &is_up);
	if (!got)
		got = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &is_there);
	/* libpcap gives the ring back when it closes */
	if (!got)
		got = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2, ring);
	if (!got)
		got = seccomp_load(ctx);
	seccomp_release(ctx);
	return !got || err_set(err, "seccomp: %s", strerror(-got));
}

bool rights_parser(const char *user, struct err_info *err)
{
	if (!drop_user(user, err) || !no_new_privileges(err))
		return false;
	return SANITIZED || (landlock_restrict(NULL, 0, err) && forbid(err));
}

bool rights_server(const char *user, struct err_info *err)
{
	return drop_user(user, err) && no_new_privileges(err) &&
	       (SANITIZED || landlock_restrict(NULL, 0, err));
}

bool rights_keeper(const struct landlock_path *paths, size_t n, struct err_info *err)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return err_set(err, "capabilities cannot be given up");
	return no_new_privileges(err) && (SANITIZED || landlock_restrict(paths, n, err));
}
