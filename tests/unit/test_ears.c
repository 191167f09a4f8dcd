/* What is left of what commands write: their last line. */
#include <criterion/criterion.h>

#include "brain/ears_io.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct ears *ears;
static int out[2], err[2];

static void setup(void)
{
    cr_assert_eq(ears_open(&ears), PM_OK);
    cr_assert_eq(pipe2(out, O_NONBLOCK), 0);
    cr_assert_eq(pipe2(err, O_NONBLOCK), 0);
    ears_listen(ears, 1, out[0], err[0]);
}

static void teardown(void)
{
    close(out[1]);
    close(err[1]);
    ears_close(&ears);
}

TestSuite(ears, .init = setup, .fini = teardown);

static void say(int fd, const char *text)
{
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ears_work(ears);
}

static void then_heard(const char *expected)
{
    char text[100];

    cr_assert_str_eq(ears_heard(ears, 1, text, sizeof text), expected);
    cr_assert_str_eq(ears_heard(ears, 1, text, sizeof text), "", "once");
}

Test(ears, the_last_line_with_anything_in_it_counts)
{
    say(out[1], "one\ntwo\n\n\r\n");
    then_heard("two");
}

Test(ears, a_line_without_an_end_is_one)
{
    say(out[1], "one\ntw");
    say(out[1], "o");
    then_heard("two");
}

Test(ears, of_two_streams_the_later_word_counts)
{
    say(out[1], "out\n");
    say(err[1], "err\n");
    then_heard("err");
}

Test(ears, what_was_not_read_yet_is_heard_at_the_end)
{
    cr_assert_eq(write(err[1], "last words\n", 11), 11);
    then_heard("last words");
}

Test(ears, nothing_is_nothing)
{
    then_heard("");
}

Test(ears, who_writes_without_end_is_read_and_forgotten)
{
    char block[4096];

    memset(block, 'x', sizeof block);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(write(out[1], block, sizeof block), (ssize_t)sizeof block, "it is emptied");
        ears_work(ears);
    }
    say(out[1], "\n\033[2Jend\n");
    then_heard("\\x1b[2Jend");
}
