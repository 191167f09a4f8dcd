/* Every byte once and in order: over a lossy stream, a rotated file, a deputy and a sheriff that
 * go and come back. The file is the truth; here it is a string. */
#include "fake_sheriff.h"

#include <procman/follow.h>
#include <procman/time.h>

#define PUMPS_MOST 500

static struct fake fake;
static struct pm_client *client;
static struct pm_follow *follow;

static const char *volatile file_text; /* the file's bytes */
static volatile uint64_t file_begin;   /* address of its first; older ones were rotated away */
static volatile size_t most_bytes;     /* in one answer; 0 = all */
static const char *volatile refusal;   /* word of an error, or NULL */

static char got[256];
static uint64_t next;                  /* address of the byte that must come next */
static uint64_t lost;

static void on_bytes(void *context, uint64_t offset, const uint8_t *at, size_t n)
{
    (void)context;
    cr_expect_eq(offset, next, "in order");
    next = offset + n;
    strncat(got, (const char *)at, n);
}

static void on_lost(void *context, uint64_t offset, uint64_t n)
{
    (void)context;
    cr_expect_eq(offset, next);
    next += n;
    lost += n;
}

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

static void answer_read(struct fake *sheriff, enum pm_msg kind, const void *request,
                        uint64_t number)
{
    const struct pm_read *read = request;
    const char *text = file_text;
    uint64_t end = file_begin + strlen(text), from = read->offset;
    struct pm_bytes bytes = { .request = number, .id = read->id, .end = end };

    cr_assert(kind == PM_MSG_READ);
    if (read->lines)
        from = begin_of_lines(text, read->lines);
    if (from < file_begin)
        from = file_begin;
    if (from > end)
        from = end;
    bytes.offset = from;
    bytes.data = (struct pm_blob){ (const uint8_t *)text + (from - file_begin), end - from };
    if (most_bytes && bytes.data.n > most_bytes)
        bytes.data.n = most_bytes;
    if (refusal)
        bytes = (struct pm_bytes){ .request = number, .error = refusal, .text = "rig08 is away" };
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
    static const struct pm_follow_calls calls = { on_bytes, on_lost };

    cr_assert(pm_follow_open(client, 3, lines, true, &calls, NULL, &follow) == PM_OK);
    fake_wait_subscribed(&fake, "output/3/");
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
    cr_expect_eq(lost, 7);
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
    static const struct pm_follow_calls calls = { on_bytes, on_lost };

    given_a_file("one\ntwo\nthree\n");
    most_bytes = 4;
    cr_assert(pm_follow_open(client, 3, PM_FOLLOW_ALL, false, &calls, NULL, &follow) == PM_OK);
    cr_expect_eq(pm_follow_finish(follow, FAKE_WAIT_MS), PM_OK);
    cr_expect_str_eq(got, "one\ntwo\nthree\n");
    then_all_is_over();
}
