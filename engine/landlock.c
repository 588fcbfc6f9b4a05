/* SPDX-License-Identifier: BSD-3-Clause */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"

/* linux/landlock.h of 6.12, by the versions of the interface; https://docs.kernel.org/userspace-api/landlock.html */
enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_FILE = 1 << 5,
	MAKE_REG = 1 << 8,
	FS_ABI_1 = (1 << 13) - 1,
	REFER = 1 << 13,     /* 2 */
	TRUNCATE = 1 << 14,  /* 3 */
	IOCTL_DEV = 1 << 15, /* 5 */
	OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV,
	NET_ALL = 3,   /* 4: bind, connect */
	SCOPE_ALL = 3, /* 6: abstract sockets, signals */
	CREATE_RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
};

/* What an older kernel does not know must be zero, and may then be there (copy_struct_from_user). */
struct ruleset {
	uint64_t fs, net, scoped;
};
struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static struct ruleset known_to(int abi)
{
	struct ruleset r = {.fs = FS_ABI_1};

	r.fs |= abi >= 2 ? REFER : 0;
	r.fs |= abi >= 3 ? TRUNCATE : 0;
	r.fs |= abi >= 5 ? IOCTL_DEV : 0;
	r.net = abi >= 4 ? NET_ALL : 0;
	r.scoped = abi >= 6 ? SCOPE_ALL : 0;
	return r;
}

static bool allow(int ruleset, const struct landlock_path *p, uint64_t known)
{
	struct path_beneath rule = {.parent_fd = open(p->path, O_PATH | O_CLOEXEC)};
	struct stat st;
	bool ok;

	if (rule.parent_fd < 0)
		return errno == ENOENT;
	rule.allowed =
		p->write ? WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE : READ_FILE | READ_DIR;
	ok = !fstat(rule.parent_fd, &st);
	if (ok && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	rule.allowed &= known;
	ok = ok && !syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
	(void)close(rule.parent_fd); /* nothing was written */
	return ok;
}

int landlock_version(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

bool landlock_restrict(const struct landlock_path *paths, size_t n, struct err_info *err)
{
	int abi = landlock_version(), fd;
	struct ruleset r = known_to(abi);
	bool ok = true;

	if (!abi)
		return true;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fd < 0)
		return err_set(err, "Landlock: %s", strerror(errno));
	for (size_t i = 0; ok && i < n; i++)
		if (paths[i].path && !allow(fd, &paths[i], r.fs))
			ok = err_set(err, "Landlock: %s: %s", paths[i].path, strerror(errno));
	if (ok && syscall(SYS_landlock_restrict_self, fd, 0))
		ok = err_set(err, "Landlock: %s", strerror(errno));
	(void)close(fd); /* nothing was written */
	return ok;
}
