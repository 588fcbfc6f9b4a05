/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/source/input.c engine/source/raw.c engine/source/source.c */
/* covers: engine/source/expander_gz.c engine/source/expander_xz.c engine/source/expander_zst.c */
/* long: all ways in which stored bytes reach the readers, with the packers they share */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "unit/source_build.h"

/* A capture of n frames. */
static struct build capture(uint32_t n, uint32_t len)
{
	struct build b = {0};

	put_pcap_header(&b, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < n; i++)
		put_pcap_record(&b, 16, i, i, len, len);
	return b;
}

static struct bytes gz(struct bytes in)
{
	z_stream z = {0};
	size_t room = in.len + in.len / 100 + 1000;
	uint8_t *out = malloc(room);

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in.at;
	z.avail_in = (uInt)in.len;
	z.next_out = out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	room -= z.avail_out;
	assert_int_equal(deflateEnd(&z), Z_OK);
	return (struct bytes){out, room};
}

static struct bytes zst(struct bytes in)
{
	size_t room = ZSTD_compressBound(in.len);
	uint8_t *out = malloc(room);
	size_t n = ZSTD_compress(out, room, in.at, in.len, 3);

	assert_false(ZSTD_isError(n));
	return (struct bytes){out, n};
}

static struct bytes xz(struct bytes in)
{
	size_t room = lzma_stream_buffer_bound(in.len), n = 0;
	uint8_t *out = malloc(room);

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, in.at, in.len, out, &n,
						 room),
			 LZMA_OK);
	return (struct bytes){out, n};
}

static const struct {
	struct bytes (*pack)(struct bytes);
	const char *format[2], *name;
} packers[] = {
	{gz, {"pcap.gz", "pcapng.gz"}, "gzip"},
	{zst, {"pcap.zst", "pcapng.zst"}, "zstd"},
	{xz, {"pcap.xz", "pcapng.xz"}, "xz"},
};

static struct bytes view(const struct build *b)
{
	return (struct bytes){b->at, b->len};
}

static struct seen seen_packed(const struct build *b)
{
	struct seen r;
	struct err_info err = {""};

	if (!seen_memory(b->at, b->len, &r, &err))
		fail_msg("refused: %s", err.text);
	return r;
}

/* Each kind around each format gives what the plain capture gives; the digest is of the stored
 * bytes. */
static void test_input_compressed_captures_give_the_same_frames(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(packers); k++) {
		for (int ng = 0; ng < 2; ng++) {
			struct build b = {0}, packed = {0};

			if (ng) {
				put_ng_section(&b, 1, 0);
				put_ng_iface(&b, 1, 0, -1, 0);
				for (uint32_t i = 0; i < 100; i++)
					put_ng_epb(&b, 0, i, 500, 500);
			} else {
				b = capture(100, 500);
			}
			struct bytes z = packers[k].pack(view(&b));
			struct seen plain = seen_packed(&b), r;
			uint8_t want[32];

			put(&packed, z.at, z.len);
			r = seen_packed(&packed);
			assert_int_equal(r.end, SOURCE_END);
			assert_int_equal(r.n, 100);
			assert_int_equal(r.hash, plain.hash);
			assert_string_equal(r.stats.format, packers[k].format[ng]);
			assert_int_equal(EVP_Digest(z.at, z.len, want, NULL, EVP_sha256(), NULL),
					 1);
			assert_memory_equal(r.stats.sha256, want, 32);
			free((void *)(uintptr_t)z.at);
			build_free(&packed);
			build_free(&b);
		}
	}
}

/* A capture split over several members, frames or streams, at odd places, with what may lie between
 * them. */
static void test_input_several_streams_are_one_capture(void **state)
{
	static const uint8_t zeros[8],
		skippable[12] = {0x5a, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(packers); k++) {
		struct build b = capture(50, 300), packed = {0};
		struct seen plain = seen_packed(&b);

		if (k == 1)
			put(&packed, skippable, sizeof(skippable));
		for (size_t off = 0; off < b.len; off += 1999) {
			struct bytes z =
				packers[k].pack(bytes_head(bytes_from(view(&b), off), 1999));

			put(&packed, z.at, z.len);
			free((void *)(uintptr_t)z.at);
			if (k == 1)
				put(&packed, skippable, sizeof(skippable));
			else
				put(&packed, zeros, k == 2 ? 4 : 3); /* xz pads by fours */
		}
		struct seen r = seen_packed(&packed);

		assert_int_equal(r.end, SOURCE_END);
		assert_int_equal(r.hash, plain.hash);
		/* Something else behind it is damage, told after all frames. */
		put(&packed, "garbage!", 8);
		r = seen_packed(&packed);
		assert_cut(&r, 50, packers[k].name);
		assert_int_equal(r.hash, plain.hash);
		build_free(&packed);
		build_free(&b);
	}
}

/* Two streams, cut at every length: refused while no capture header comes out, then cut except
 * between the two, and ever more frames. */
static void test_input_truncated_compression_gives_what_decompressed(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(packers); k++) {
		struct build b = capture(40, 200), packed = {0};
		size_t half = 24 + 20 * 216;
		struct bytes first = packers[k].pack(bytes_head(view(&b), half)),
			     second = packers[k].pack(bytes_from(view(&b), half));
		uint64_t n = 0;

		put(&packed, first.at, first.len);
		put(&packed, second.at, second.len);
		for (size_t len = 0; len < packed.len; len++) {
			struct seen r;
			struct err_info err = {""};

			if (!seen_memory(packed.at, len, &r, &err)) {
				assert_true(n == 0 && len < first.len);
				continue;
			}
			assert_true(r.n >= n);
			n = r.n;
			if (len == first.len) {
				assert_int_equal(r.end, SOURCE_END);
				assert_int_equal(n, 20);
				continue;
			}
			assert_int_equal(r.end, SOURCE_CUT);
			assert_non_null(strstr(r.why, packers[k].name));
		}
		/* zstd gives a block only when it is all there; the others hold their bytes before
		 * a trailer. */
		assert_int_equal(n, k == 1 ? 20 : 40);
		free((void *)(uintptr_t)first.at);
		free((void *)(uintptr_t)second.at);
		build_free(&packed);
		build_free(&b);
	}
}

static void test_input_damaged_compression_cuts(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(packers); k++) {
		struct build b = {0}, packed = {0};
		uint32_t x = 1;

		/* Bytes that do not compress: damage in the middle leaves the first half whole. */
		put_pcap_header(&b, 0xa1b2c3d4, 1);
		for (uint32_t i = 0; i < 1000; i++) {
			put_pcap_record(&b, 16, i, i, 1000, 1000);
			for (size_t n = b.len - 1000; n < b.len; n++)
				b.at[n] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		}
		struct bytes z = packers[k].pack(view(&b));

		put(&packed, z.at, z.len);
		memset(packed.at + packed.len / 2, 0xff, 5000);
		struct seen r;
		struct err_info err;
		struct source *s;

		assert_true(source_open_memory(&s, view(&packed), 4096, NULL, &err));
		r = seen_all(s);
		assert_int_equal(r.end, SOURCE_CUT);
		/* gzip stores such bytes as they are and sees the damage by its checksum only, at
		 * the end. */
		assert_true(r.n > 100 && r.n <= 1000);
		assert_true(r.stats.sha256_valid);
		free((void *)(uintptr_t)z.at);
		build_free(&packed);
		build_free(&b);
	}
}

/* Found by fuzzing: a damaged zstd frame gave nothing when it was there in one piece, and its first
 * blocks when it came through a pipe. Blocks before the damage come out either way. */
static void test_input_damaged_zstd_gives_the_same_from_file_and_pipe(void **state)
{
	struct build b = {0}, packed = {0};
	uint32_t x = 1;

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < 300; i++) {
		put_pcap_record(&b, 16, i, i, 1000, 1000);
		for (size_t n = b.len - 1000; n < b.len; n++)
			b.at[n] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
	}
	struct bytes z = zst(view(&b));

	put(&packed, z.at, z.len);
	/* A block is 128 KB: the header of the third is at twice that and a few bytes. Ones there
	 * are a reserved type. */
	memset(packed.at + 2 * 131072 + 10, 0xff, 20);
	struct seen r = seen_packed(&packed);

	assert_int_equal(r.end, SOURCE_CUT);
	/* Two blocks are whole. */
	assert_int_equal(r.n, (2 * 131072 - 24) / 1016);
	free((void *)(uintptr_t)z.at);
	build_free(&packed);
	build_free(&b);
}

/* Both caps of the options, and the default ratio: frames up to there, then the reason. */
static void test_input_expansion_is_capped(void **state)
{
	struct build b = {0};
	struct err_info err = {""};
	struct source *s;

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < 400; i++) {
		put_pcap_record(&b, 16, 0, 0, 60000, 60000);
		memset(b.at + b.len - 60000, 0, 60000);
	}
	for (size_t k = 0; k < ARRAY_LEN(packers); k++) {
		struct bytes z = packers[k].pack(view(&b));
		struct source_options opts = {.expand_max_bytes = 24 + 60016 * 10};

		assert_true(source_open_memory(&s, z, 1000, &opts, &err));
		struct seen r = seen_all(s);

		assert_cut(&r, 10, "grows beyond the cap of 600184 bytes");
		opts = (struct source_options){.expand_ratio_max = 50};
		assert_true(source_open_memory(&s, z, 1000, &opts, &err));
		r = seen_all(s);
		assert_int_equal(r.end, SOURCE_CUT);
		assert_non_null(strstr(r.why, "more than 50 times"));
		/* Not before the floor, and at most one step of the decompressor beyond it. */
		assert_in_range(r.n, LIMIT_EXPAND_FLOOR_BYTES / 60016 - 1,
				(LIMIT_EXPAND_FLOOR_BYTES + 2 * LIMIT_READ_BYTES) / 60016);
		/* A cap that is met exactly is not passed. */
		opts = (struct source_options){.expand_max_bytes = b.len,
					       .expand_ratio_max = 1000000};
		assert_true(source_open_memory(&s, z, 1000, &opts, &err));
		r = seen_all(s);
		assert_int_equal(r.end, SOURCE_END);
		assert_int_equal(r.n, 400);
		free((void *)(uintptr_t)z.at);
	}
	build_free(&b);
}

static void test_input_what_is_inside_is_checked(void **state)
{
	struct build b = capture(1, 60), twice = {0};
	struct bytes once = gz(view(&b)), again = xz(once),
		     text = zst((struct bytes){(const uint8_t *)"hello", 5}),
		     nothing = gz((struct bytes){NULL, 0});

	(void)state;
	put(&twice, again.at, again.len);
	refused_build(&twice, "twice");
	put(&twice, text.at, text.len);
	refused_build(&twice, "not a pcap");
	put(&twice, nothing.at, nothing.len);
	refused_build(&twice, "what was compressed is empty");
	build_free(&b);
	free((void *)(uintptr_t)once.at);
	free((void *)(uintptr_t)again.at);
	free((void *)(uintptr_t)text.at);
	free((void *)(uintptr_t)nothing.at);
}

/* A path in a fresh directory. */
static const char *temp_path(char *room, size_t n)
{
	static unsigned int count;

	snprintf(room, n, "%s/wallprint-test-%d-%u", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
		 (int)getpid(), count++);
	return room;
}

static void write_all(int fd, const void *at, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, at, n);

		assert_true(w > 0);
		at = (const uint8_t *)at + w;
		n -= (size_t)w;
	}
}

/* A file of several read buffers gives what memory gives, with its size, its digest, and a full
 * batch at a time. */
static void test_input_regular_file_is_read_whole(void **state)
{
	struct build b = capture(3000, 700);
	char path[300];
	struct err_info err = {""};
	struct source *s;
	struct source_stats st;
	uint8_t want[32];
	int fd = open(temp_path(path, sizeof(path)), O_CREAT | O_WRONLY | O_EXCL, 0600);

	(void)state;
	write_all(fd, b.at, b.len);
	close(fd);
	assert_true(source_open(&s, path, NULL, &err));
	source_stats(s, &st);
	assert_int_equal(st.file_size, b.len);
	assert_false(st.sha256_valid);
	struct seen r = seen_all(s);

	assert_int_equal(r.end, SOURCE_END);
	assert_int_equal(r.n, 3000);
	assert_int_equal(r.idle, 0);
	assert_int_equal(r.stats.file_bytes, b.len);
	assert_int_equal(EVP_Digest(b.at, b.len, want, NULL, EVP_sha256(), NULL), 1);
	assert_true(r.stats.sha256_valid);
	assert_memory_equal(r.stats.sha256, want, 32);
	assert_int_equal(r.hash, seen_packed(&b).hash);
	unlink(path);
	build_free(&b);
}

/* Damage early in a file: the digest is still of the whole file. */
static void test_input_digest_covers_what_damage_left_unread(void **state)
{
	struct build b = capture(3000, 700);
	char path[300];
	struct err_info err = {""};
	struct source *s;
	uint8_t want[32];
	int fd = open(temp_path(path, sizeof(path)), O_CREAT | O_WRONLY | O_EXCL, 0600);

	(void)state;
	memset(b.at + 24 + 716 * 5 + 8, 0xff, 4);
	write_all(fd, b.at, b.len);
	close(fd);
	assert_true(source_open(&s, path, NULL, &err));
	struct seen r = seen_all(s);

	assert_cut(&r, 5, "record 6");
	assert_int_equal(EVP_Digest(b.at, b.len, want, NULL, EVP_sha256(), NULL), 1);
	assert_true(r.stats.sha256_valid);
	assert_memory_equal(r.stats.sha256, want, 32);
	unlink(path);
	build_free(&b);
}

static void test_input_unreadable_paths_are_refused(void **state)
{
	struct err_info err = {""};
	struct source *s;
	char path[300];

	(void)state;
	assert_false(source_open(&s, temp_path(path, sizeof(path)), NULL, &err));
	assert_null(s);
	assert_non_null(strstr(err.text, "No such file"));
	assert_false(source_open(&s, "/", NULL, &err));
	assert_non_null(strstr(err.text, "directory"));
	assert_false(source_open(&s, "/dev/null", NULL, &err));
	assert_non_null(strstr(err.text, "empty"));
	source_close(NULL);
}

/* A pipe: frames come out while it is open, idle calls return in time, and neither waits for a
 * batch to fill. */
static void test_input_pipe_hands_out_frames_while_open(void **state)
{
	struct build b = capture(3, 60);
	struct err_info err = {""};
	struct source *s;
	struct batch out;
	int fds[2], saved = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	write_all(fds[1], b.at, 24 + 76);
	assert_true(source_open(&s, "-", NULL, &err));
	assert_int_equal(source_next(s, &out, &err), SOURCE_FRAMES);
	assert_int_equal(out.n, 1);
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	assert_int_equal(source_next(s, &out, &err), SOURCE_IDLE);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_int_equal(out.n, 0);
	int64_t ms = (t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000;

	/* Generous above: the machine may be busy. */
	assert_in_range(ms, 95, 2000);
	/* Half a record: not yet a frame, and not an end. */
	write_all(fds[1], b.at + 100, 30);
	assert_int_equal(source_next(s, &out, &err), SOURCE_IDLE);
	write_all(fds[1], b.at + 130, b.len - 130);
	assert_int_equal(source_next(s, &out, &err), SOURCE_FRAMES);
	assert_int_equal(out.n, 2);
	assert_int_equal(out.frame[1].no, 3);
	close(fds[1]);
	assert_int_equal(source_next(s, &out, &err), SOURCE_END);
	source_close(s);
	/* Standard input was lent. */
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(fds[0]);
	build_free(&b);
}

/* Damage on a pipe that stays open: it is told at once, and no digest is claimed for bytes that
 * were not seen. */
static void test_input_damage_on_open_pipe_does_not_wait(void **state)
{
	struct build b = capture(2, 60);
	struct err_info err = {""};
	struct source *s;
	int fds[2], saved = dup(STDIN_FILENO);

	(void)state;
	memset(b.at + 24 + 76 + 8, 0xff, 4);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	write_all(fds[1], b.at, b.len);
	assert_true(source_open(&s, "-", NULL, &err));
	struct seen r = seen_all(s);

	assert_cut(&r, 1, "record 2");
	assert_false(r.stats.sha256_valid);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
	build_free(&b);
}

struct writer {
	const char *path;
	struct bytes what;
};

/* Writes to a FIFO in small pieces with pauses. */
static void *writer_run(void *arg)
{
	const struct writer *w = arg;
	int fd = open(w->path, O_WRONLY);
	size_t step = w->what.len / 7 + 1;

	for (size_t off = 0; off < w->what.len; off += step) {
		struct bytes part = bytes_head(bytes_from(w->what, off), step);

		write_all(fd, part.at, part.len);
		nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
	}
	close(fd);
	return NULL;
}

/* A FIFO, plain and compressed, that dribbles: what memory gives. */
static void test_input_fifo_plain_and_compressed_is_read(void **state)
{
	struct build b = capture(2000, 300);
	uint64_t want = seen_packed(&b).hash;

	(void)state;
	for (size_t k = 0; k <= ARRAY_LEN(packers); k++) {
		bool plain = k == ARRAY_LEN(packers);
		struct bytes z = plain ? view(&b) : packers[k].pack(view(&b));
		char path[300];
		struct writer w = {temp_path(path, sizeof(path)), z};
		struct err_info err = {""};
		struct source *s;
		pthread_t thread;

		assert_int_equal(mkfifo(path, 0600), 0);
		assert_int_equal(pthread_create(&thread, NULL, writer_run, &w), 0);
		assert_true(source_open(&s, path, NULL, &err));
		struct seen r = seen_all(s);

		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(r.end, SOURCE_END);
		assert_int_equal(r.n, 2000);
		assert_int_equal(r.hash, want);
		assert_int_equal(r.stats.file_size, 0);
		assert_int_equal(r.stats.file_bytes, z.len);
		assert_true(r.stats.sha256_valid);
		unlink(path);
		if (!plain)
			free((void *)(uintptr_t)z.at);
	}
	build_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input_compressed_captures_give_the_same_frames),
		cmocka_unit_test(test_input_several_streams_are_one_capture),
		cmocka_unit_test(test_input_truncated_compression_gives_what_decompressed),
		cmocka_unit_test(test_input_damaged_compression_cuts),
		cmocka_unit_test(test_input_damaged_zstd_gives_the_same_from_file_and_pipe),
		cmocka_unit_test(test_input_expansion_is_capped),
		cmocka_unit_test(test_input_what_is_inside_is_checked),
		cmocka_unit_test(test_input_regular_file_is_read_whole),
		cmocka_unit_test(test_input_digest_covers_what_damage_left_unread),
		cmocka_unit_test(test_input_unreadable_paths_are_refused),
		cmocka_unit_test(test_input_pipe_hands_out_frames_while_open),
		cmocka_unit_test(test_input_damage_on_open_pipe_does_not_wait),
		cmocka_unit_test(test_input_fifo_plain_and_compressed_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
