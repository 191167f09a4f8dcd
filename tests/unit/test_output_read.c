/* What is kept, found again: by time, by life, with its marks.
 */
#include "log_stage.h"

#include <unistd.h>

TestSuite(output_read, .init = stage_setup, .fini = stage_teardown, .timeout = 120);

/* Four stretches of ten bytes, two lives, two streams, a second apart; segments of some bytes. */
static void given_four_stretches(uint64_t max_bytes)
{
    log_limits(t.log, max_bytes, 99);
    for (int i = 0; i < 4; i++) {
        given_written(10);
        size_t n;
        for (uint64_t done = 0; done < 10; done += n) {
            cr_assert_eq(log_splice(t.log, t.pipe[0], 4096, &n), PM_OK);
            log_note(t.log, i % 2 ? PM_STREAM_ERR : PM_STREAM_OUT, 1 + (uint64_t)i / 2, n,
                     (struct pm_wall){ 1000 * i + 1000 });
        }
    }
}

Test(output_read, output_is_read_by_time_and_by_life_over_all_segments)
{
    static const struct { struct pm_read read; uint64_t offset; } rows[] = {
        { { .since_ms = 1 }, 0 }, { { .since_ms = 1000 }, 0 }, { { .since_ms = 1001 }, 10 },
        { { .since_ms = 2500 }, 20 }, { { .since_ms = 4000 }, 30 }, { { .since_ms = 4001 }, 40 },
        { { .run = 1 }, 0 }, { { .run = 2 }, 20 }, { { .run = 3 }, 40 },
        { { .run = 1, .since_ms = 1500 }, 10 }, { { .run = 1, .offset = 35 }, 35 },
        { { .offset = 40 }, 40 }, { { .offset = 99 }, 40 },
    };

    for (uint64_t max_bytes = 40; max_bytes < 200; max_bytes += 7) {
        given_four_stretches(max_bytes);
        for (size_t i = 0; i < PM_COUNT(rows); i++) {
            struct output_answer answer = when_read(rows[i].read);
            cr_assert_eq(answer.offset, rows[i].offset, "row %zu of %llu: %llu", i,
                         (unsigned long long)max_bytes, (unsigned long long)answer.offset);
            cr_assert_eq(answer.n, 40 - rows[i].offset);
            free_answer(&answer);
        }
        stage_teardown();
        stage_setup();
    }
}

Test(output_read, marks_say_where_each_byte_came_from)
{
    for (uint64_t max_bytes = 40; max_bytes < 300; max_bytes += 9) {
        given_four_stretches(max_bytes);
        for (uint64_t from = 0; from < 40; from++) {
            struct output_answer answer = when_read((struct pm_read){ .offset = from,
                                                                      .marked = true });
            uint64_t covered = from;
            for (size_t i = 0; i < answer.n_marks; i++) {
                const struct pm_mark *mark = &answer.marks[i];
                cr_assert(mark->offset <= covered && mark->offset + mark->length > covered);
                cr_assert_eq(mark->time_ms, 1000 * (int64_t)(mark->offset / 10) + 1000);
                cr_assert_eq(mark->stream, mark->offset / 10 % 2);
                cr_assert_eq(mark->run, 1 + mark->offset / 20);
                covered = mark->offset + mark->length;
            }
            cr_assert_eq(covered, 40);
            free_answer(&answer);
        }
        stage_teardown();
        stage_setup();
    }
}

Test(output_read, an_answer_is_cut_before_it_has_too_many_marks)
{
    uint64_t from = 0;

    for (t.run = 1; t.run <= 3000; t.run++) {
        given_written(2);
        when_moved();
    }
    for (int answers = 0; from < 6000; answers++) {
        struct output_answer answer = when_read((struct pm_read){ .offset = from,
                                                                  .marked = true });
        cr_assert_eq(answer.offset, from);
        cr_assert_leq(answer.n_marks, READ_MARKS_MOST);
        cr_assert_eq(answer.n, 2 * answer.n_marks);
        cr_assert_arr_eq(answer.data, t.all + from, answer.n);
        from += answer.n;
        free_answer(&answer);
        cr_assert_lt(answers, 10);
    }
}

Test(output_read, losses_leave_no_byte_without_a_mark)
{
    uint64_t from = 0;

    for (t.run = 1; t.run <= 1500; t.run++) {
        log_note_loss(t.log, PM_STREAM_OUT, t.run, 1); /* a record, but no mark of its own */
        cr_assert_eq(log_settle_loss(t.log), PM_OK);
        given_written(2);
        when_moved();
    }
    for (int answers = 0; from < 3000; answers++) {
        struct output_answer answer = when_read((struct pm_read){ .offset = from,
                                                                  .marked = true });
        cr_assert_eq(answer.offset, from);
        cr_assert_eq(answer.n, 2 * answer.n_marks);
        from += answer.n;
        free_answer(&answer);
        cr_assert_lt(answers, 5);
    }
}

Test(output_read, a_loss_is_said_before_the_next_byte)
{
    given_100_bytes();
    log_note_loss(t.log, PM_STREAM_OUT, 1, 3000);
    log_note_loss(t.log, PM_STREAM_OUT, 1, 500); /* in the same place */
    forget_store();
    open_store(); /* killed before the next byte came */
    log_note_loss(t.log, PM_STREAM_OUT, 1, 1500);
    given_written(10);
    cr_assert_eq(log_settle_loss(t.log), PM_OK);
    when_moved();
    struct output_answer answer = when_read((struct pm_read){ .offset = 100, .marked = true });
    cr_assert_eq(answer.n_marks, 1);
    cr_assert_eq(answer.marks[0].dropped, 5000);
    cr_assert_eq(answer.marks[0].offset, 100);
    cr_assert_eq(answer.marks[0].length, 10);
    free_answer(&answer);
    answer = when_read((struct pm_read){ .offset = 0, .marked = true });
    cr_assert_eq(answer.n_marks, 2);
    cr_assert_eq(answer.marks[1].dropped, 5000);
    free_answer(&answer);
}

Test(output_read, a_torn_index_is_written_on)
{
    given_100_bytes();
    PM_CLEANUP(pm_free) char *path = output_index_path(t.path, 0);
    cr_assert_eq(truncate(path, INDEX_RECORD + 5), 0);
    forget_store();
    open_store();
    t.run = 2;
    given_written(10);
    when_moved();
    struct output_answer answer = when_read((struct pm_read){ .run = 2, .marked = true });
    cr_assert_eq(answer.offset, 100);
    cr_assert_eq(answer.n_marks, 1);
    free_answer(&answer);
    cr_assert_eq(t.store.used, bytes_in(t.dir));
}

Test(output_read, last_words_are_a_lifes_own)
{
    uint64_t end;
    uint8_t *text;
    size_t n;

    for (t.run = 1; t.run <= 3; t.run++) {
        given_written(20);
        when_moved();
    }
    output_read_last(t.log, 2, &end, &text, &n);
    cr_assert_eq(end, 40);
    cr_assert_eq(n, 20);
    cr_assert_arr_eq(text, t.all + 20, n);
    free(text);
    output_read_last(t.log, 9, &end, &text, &n);
    cr_assert_eq(end, 0);
    cr_assert_null(text);
}
