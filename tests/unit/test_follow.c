/* Every byte once and in order: over a lossy stream, a rotated file, a deputy and a sheriff that
 * go and come back. The file is the truth; here it is a string. */
#include "fake_sheriff.h"

#include <procman/follow.h>
#include <procman/time.h>
#include <sched.h>

#define PUMPS_MOST 500

static struct fake fake;
static struct pm_client *client;
static struct pm_follow *follow;

static const char *volatile file_text; /* the file's bytes */
static volatile uint64_t file_begin;   /* address of its first; older ones were rotated away */
static volatile size_t most_bytes;     /* in one answer; 0 = all */
static const char *volatile refusal;   /* word of an error, or NULL */
static atomic_bool held;               /* an answer that is made is not yet sent */
static atomic_int made;                /* answers so far */

static char got[256];
static uint64_t next;                  /* address of the byte that must come next */
static uint64_t lost[PM_MISSING_SHORT + 1];
static char origins[256];              /* of each stretch: stream, life, time, length */

static const struct pm_mark *marks;    /* of the file */
static size_t n_marks;

static void on_bytes(void *context, const struct pm_stretch *stretch)
{
    char origin[64];

    (void)context;
    cr_expect_eq(stretch->offset, next, "in order");
    next = stretch->offset + stretch->n;
    strncat(got, (const char *)stretch->at, stretch->n);
    snprintf(origin, sizeof(origin), "%s%llu/%lld:%zu ", pm_word(&pm_stream_words, stretch->stream),
             (unsigned long long)stretch->run, (long long)stretch->time_ms, stretch->n);
    strcat(origins, origin);
}

static void on_missing(void *context, enum pm_missing why, uint64_t n)
{
    (void)context;
    lost[why] += n;
    if (why == PM_MISSING_OLD)
        next += n;
    if (why == PM_MISSING_SHORT)
        next -= n;
}

static const struct pm_follow_calls calls = { on_bytes, on_missing };

/* Where the last `lines` lines begin. */
static uint64_t begin_of_lines(const char *text, uint64_t lines)
{
    size_t at = strlen(text);

    while (at > 0) {
        if (at < strlen(text) && text[at - 1] == '\n' && --lines == 0)
            break;
        at--;
    }
    return file_begin + at;
}

/* Where a time or a life begins. */
static uint64_t begin_of_time(const struct pm_read *read, uint64_t end)
{
    for (size_t i = 0; i < n_marks; ++i)
        if (marks[i].time_ms >= read->since_ms && marks[i].run >= read->run)
            return marks[i].offset;
    return end;
}

static void answer_read(struct fake *sheriff, enum pm_msg kind, const void *request,
                        uint64_t number)
{
    const struct pm_read *read = request;
    const char *text = file_text;
    uint64_t end = file_begin + strlen(text), from = read->offset;
    struct pm_bytes bytes = { .request = number, .id = read->id, .end = end,
                              .begin = file_begin };

    cr_assert(kind == PM_MSG_READ);
    if (read->lines)
        from = begin_of_lines(text, read->lines);
    if ((read->since_ms || read->run) && begin_of_time(read, end) > from)
        from = begin_of_time(read, end);
    if (from < file_begin)
        from = file_begin;
    if (from > end)
        from = end;
    bytes.offset = from;
    bytes.data = (struct pm_blob){ (const uint8_t *)text + (from - file_begin), end - from };
    if (most_bytes && bytes.data.n > most_bytes)
        bytes.data.n = most_bytes;
    if (most_bytes == SIZE_MAX)
        bytes.data.n = 0;
    if (read->marked)
        bytes.marks = (struct pm_mark_list){ (struct pm_mark *)marks, n_marks };
    if (refusal)
        bytes = (struct pm_bytes){ .request = number, .error = refusal, .text = "rig08 is away" };
    atomic_fetch_add(&made, 1);
    while (atomic_load(&held))
        sched_yield();
    fake_say(sheriff, PM_MSG_BYTES, &bytes);
}

static void given_a_file(const char *text)
{
    file_text = text;
    fake_begin(&fake, "control.sock", answer_read);
    cr_assert(pm_client_open(fake.dir, false, "test follow", &client) == PM_OK);
}

static void when_following(uint64_t lines)
{
    const struct pm_follow_how how = { .lines = lines };

    cr_assert(pm_follow_open(client, 3, &how, true, &calls, NULL, &follow) == PM_OK);
    fake_wait_subscribed(&fake, "output/3/");
}

static void when_reading(const struct pm_follow_how *how)
{
    cr_assert(pm_follow_open(client, 3, how, false, &calls, NULL, &follow) == PM_OK);
    cr_expect_eq(pm_follow_finish(follow, FAKE_WAIT_MS), PM_OK);
}

static void when_chunk(uint64_t offset, const char *text)
{
    struct pm_chunk chunk = { .id = 3, .offset = offset,
                              .data = { (const uint8_t *)text, strlen(text) } };

    fake_publish(&fake, "output/3/", PM_MSG_CHUNK, &chunk);
}

static void pump(void)
{
    struct pm_frame frame;

    if (pm_client_next(client, FAKE_WAIT_MS / PUMPS_MOST, &frame) == PM_OK) {
        cr_expect(pm_follow_feed(follow, &frame));
        pm_frame_fini(&frame);
    }
    (void)!pm_follow_pump(follow);
}

static void then_one_got(const char *expected)
{
    for (int i = 0; i < PUMPS_MOST && (strcmp(got, expected) || !pm_follow_done(follow)); ++i)
        pump();
    cr_expect_str_eq(got, expected);
}

static void then_all_is_over(void)
{
    pm_follow_close(&follow);
    pm_client_close(&client);
    fake_end(&fake);
    fake_remove(&fake);
}

Test(follow, begins_with_the_last_lines_and_goes_on_live)
{
    given_a_file("one\ntwo\nthree\n");
    next = strlen("one\n");
    when_following(2);
    then_one_got("two\nthree\n");
    when_chunk(14, "four\n");
    then_one_got("two\nthree\nfour\n");
    then_all_is_over();
}

Test(follow, of_no_lines_begins_with_what_comes)
{
    given_a_file("");
    when_following(0);
    then_one_got("");
    when_chunk(0, "first\n");
    then_one_got("first\n");
    then_all_is_over();
}

Test(follow, a_repeat_is_not_shown_again_and_an_overlap_only_its_new_part)
{
    given_a_file("abc");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abc");
    when_chunk(0, "abc");
    when_chunk(1, "bcd");
    when_chunk(4, "e");
    then_one_got("abcde");
    then_all_is_over();
}

Test(follow, a_hole_is_read_from_the_file)
{
    given_a_file("abc");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abc");
    file_text = "abcdefgh";
    most_bytes = 2;
    when_chunk(6, "gh");
    then_one_got("abcdefgh");
    then_all_is_over();
}

Test(follow, silence_is_healed_by_the_views_word)
{
    given_a_file("abc");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abc");
    file_text = "abcdef";
    pm_follow_reaches(follow, 6);
    then_one_got("abcdef");
    then_all_is_over();
}

Test(follow, what_was_rotated_away_is_counted)
{
    given_a_file("abc");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abc");
    got[0] = '\0';
    file_begin = 10;
    file_text = "xyz";
    pm_follow_reaches(follow, 13);
    then_one_got("xyz");
    cr_expect_eq(lost[PM_MISSING_OLD], 7);
    then_all_is_over();
}

Test(follow, a_deputy_that_is_away_is_asked_again)
{
    enum pm_err err = PM_OK;

    given_a_file("abc");
    refusal = "lost";
    when_following(PM_FOLLOW_ALL);
    for (int i = 0; i < PUMPS_MOST && err == PM_OK; ++i) {
        usleep(1000);
        err = pm_follow_pump(follow);
    }
    cr_expect_eq(err, PM_LOST);
    cr_expect_str_eq(pm_client_text(client), "rig08 is away");
    refusal = NULL;
    then_one_got("abc");
    then_all_is_over();
}

Test(follow, the_sheriffs_word_for_a_silent_deputy_is_an_answer)
{
    given_a_file("abc");
    refusal = "timeout";
    cr_assert(pm_follow_open(client, 3, &(struct pm_follow_how){ .lines = PM_FOLLOW_ALL }, false,
                             &calls, NULL, &follow) == PM_OK);
    cr_expect_eq(pm_follow_step(follow, FAKE_WAIT_MS), PM_TIMEOUT);
    cr_expect_str_eq(pm_client_text(client), "rig08 is away");
    then_all_is_over();
}

Test(follow, goes_on_after_the_sheriffs_restart)
{
    given_a_file("abc");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abc");
    fake_end(&fake);
    file_text = "abcdef";
    fake_begin(&fake, "control.sock", answer_read);
    pm_follow_reaches(follow, 6);
    then_one_got("abcdef");
    then_all_is_over();
}

Test(follow, not_live_it_ends_where_the_output_ends)
{
    given_a_file("one\ntwo\nthree\n");
    most_bytes = 4;
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL });
    cr_expect_str_eq(got, "one\ntwo\nthree\n");
    then_all_is_over();
}

/* ---- where bytes come from, and where to begin ---- */

static const struct pm_mark two_lives[] = {
    { .offset = 4, .length = 4, .time_ms = 1000, .stream = PM_STREAM_OUT, .run = 1 },
    { .offset = 8, .length = 2, .time_ms = 2000, .stream = PM_STREAM_ERR, .run = 1 },
    { .offset = 10, .length = 5, .time_ms = 3000, .stream = PM_STREAM_OUT, .run = 2 },
};

static void given_a_marked_file(const char *text, const struct pm_mark *its, size_t n)
{
    given_a_file(text);
    marks = its;
    n_marks = n;
}

Test(follow, says_of_each_stretch_where_it_came_from)
{
    given_a_marked_file("old\none\nE\ntwo!\n", two_lives, PM_COUNT(two_lives));
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL, .marked = true });
    cr_expect_str_eq(got, "old\none\nE\ntwo!\n");
    cr_expect_str_eq(origins, "out0/0:4 out1/1000:4 err1/2000:2 out2/3000:5 ");
    then_all_is_over();
}

Test(follow, origins_do_not_depend_on_how_much_an_answer_holds)
{
    given_a_marked_file("old\none\nE\ntwo!\n", two_lives, PM_COUNT(two_lives));
    most_bytes = 3;
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL, .marked = true });
    cr_expect_str_eq(got, "old\none\nE\ntwo!\n");
    cr_expect_str_eq(origins, "out0/0:3 out0/0:1 out1/1000:2 out1/1000:2 err1/2000:1 err1/2000:1 "
                              "out2/3000:2 out2/3000:3 ");
    then_all_is_over();
}

Test(follow, marks_that_make_no_sense_cost_no_byte)
{
    static const struct pm_mark wild[] = {
        { .offset = 5, .length = UINT64_MAX, .time_ms = 1, .run = 1 },
        { .offset = 2, .length = 3, .time_ms = 2, .run = 2, .dropped = UINT64_MAX },
        { .offset = UINT64_MAX, .length = 9, .time_ms = 3, .run = 3 },
    };

    given_a_marked_file("abcdefgh", wild, PM_COUNT(wild));
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL, .marked = true });
    cr_expect_str_eq(got, "abcdefgh");
    cr_expect_str_eq(origins, "out0/0:5 out1/1:3 ");
    cr_expect_eq(lost[PM_MISSING_FULL], 0);
    then_all_is_over();
}

Test(follow, begins_at_a_time)
{
    given_a_marked_file("old\none\nE\ntwo!\n", two_lives, PM_COUNT(two_lives));
    next = 8;
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL, .since_ms = 1001 });
    cr_expect_str_eq(got, "E\ntwo!\n");
    then_all_is_over();
}

Test(follow, begins_at_the_last_of_several_places)
{
    given_a_marked_file("old\none\nE\ntwo!\n", two_lives, PM_COUNT(two_lives));
    next = 10;
    when_reading(&(struct pm_follow_how){ .lines = 3, .since_ms = 1001, .run = 2 });
    cr_expect_str_eq(got, "two!\n");
    pm_follow_close(&follow);
    next = 8;
    when_reading(&(struct pm_follow_how){ .lines = 2, .since_ms = 1, .run = 1 });
    cr_expect_str_eq(got, "two!\nE\ntwo!\n");
    then_all_is_over();
}

Test(follow, a_time_that_has_not_come_has_nothing)
{
    given_a_marked_file("old\none\nE\ntwo!\n", two_lives, PM_COUNT(two_lives));
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL, .since_ms = 9000 });
    cr_expect_str_eq(got, "");
    then_all_is_over();
}

Test(follow, says_that_what_was_asked_for_is_not_kept)
{
    given_a_file("xyz");
    file_begin = 10;
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL });
    cr_expect_str_eq(got, "xyz");
    cr_expect_eq(lost[PM_MISSING_OLD], 10);
    pm_follow_close(&follow);
    next = 10;
    when_reading(&(struct pm_follow_how){ .lines = 50 });
    cr_expect_eq(lost[PM_MISSING_OLD], 10, "nobody asked for more than there is");
    then_all_is_over();
}

Test(follow, says_once_what_a_full_disk_cost)
{
    static const struct pm_mark full[] = {
        { .offset = 0, .length = 3, .time_ms = 1, .run = 1 },
        { .offset = 3, .length = 3, .time_ms = 9, .run = 1, .dropped = 500 },
        { .offset = 6, .length = 0, .time_ms = 9, .run = 1, .dropped = 60 },
    };

    given_a_marked_file("abcdef", full, PM_COUNT(full));
    most_bytes = 2;
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL, .marked = true });
    cr_expect_str_eq(got, "abcdef");
    cr_expect_eq(lost[PM_MISSING_FULL], 560);
    then_all_is_over();
}

Test(follow, a_chunk_tells_what_a_full_disk_cost)
{
    struct pm_chunk chunk = { .id = 3, .offset = 3, .dropped = 77, .run = 4, .time_ms = 5,
                              .stream = PM_STREAM_ERR, .data = { (const uint8_t *)"def", 3 } };

    given_a_file("abc");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abc");
    fake_publish(&fake, "output/3/", PM_MSG_CHUNK, &chunk);
    then_one_got("abcdef");
    cr_expect_str_eq(origins, "out0/0:3 err4/5:3 ");
    cr_expect_eq(lost[PM_MISSING_FULL], 77);
    then_all_is_over();
}

Test(follow, a_file_that_lost_its_end_goes_on_from_there)
{
    given_a_file("abcdef");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abcdef");
    file_text = "abc";
    when_chunk(3, ""); /* the present end, as told to a new subscriber */
    for (int i = 0; i < PUMPS_MOST && !lost[PM_MISSING_SHORT]; ++i)
        pump();
    cr_expect_eq(lost[PM_MISSING_SHORT], 3);
    file_text = "abcxyz";
    when_chunk(3, "xyz");
    then_one_got("abcdefxyz");
    then_all_is_over();
}

/* Answers and chunks come by different ways: this answer was made before the chunks were. */
Test(follow, an_answer_older_than_the_chunks_takes_nothing_back)
{
    given_a_file("abc");
    when_following(PM_FOLLOW_ALL);
    then_one_got("abc");
    atomic_store(&held, true);
    when_chunk(8, "ij"); /* a hole, so it asks; at that time there is nothing to answer with */
    for (int i = 0; i < PUMPS_MOST && atomic_load(&made) < 2; ++i)
        pump();
    file_text = "abcdefghijk";
    when_chunk(3, "defgh");
    when_chunk(8, "ij");
    for (int i = 0; i < PUMPS_MOST && next < 10; ++i)
        pump();
    when_chunk(11, ""); /* one byte more exists, and is known before the old answer comes */
    pump();
    atomic_store(&held, false);
    then_one_got("abcdefghijk");
    cr_expect_eq(lost[PM_MISSING_SHORT], 0);
    then_all_is_over();
}

Test(follow, reads_to_the_end_and_goes_on_live_without_a_gap)
{
    given_a_file("abc");
    when_reading(&(struct pm_follow_how){ .lines = PM_FOLLOW_ALL });
    cr_expect_str_eq(got, "abc");
    file_text = "abcdef";
    cr_assert(pm_follow_go_live(follow) == PM_OK);
    fake_wait_subscribed(&fake, "output/3/");
    when_chunk(6, "");
    then_one_got("abcdef");
    then_all_is_over();
}

Test(follow, a_deputy_that_promises_more_than_it_gives_is_not_asked_for_ever)
{
    given_a_file("abc");
    most_bytes = SIZE_MAX; /* gives nothing */
    cr_assert(pm_follow_open(client, 3, &(struct pm_follow_how){ .lines = PM_FOLLOW_ALL }, false,
                             &calls, NULL, &follow) == PM_OK);
    cr_expect_eq(pm_follow_finish(follow, FAKE_WAIT_MS), PM_BAD_MESSAGE);
    then_all_is_over();
}
