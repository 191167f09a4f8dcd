/* The link between keeper and brain: order, descriptors, full sockets, strangers' bytes. */
#include <criterion/criterion.h>

#include "keeper/wire.h"

#include <procman/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct link { struct pm_wire *keeper, *brain; };

static struct link given_a_link(void)
{
    struct link link;
    int fds[2];

    cr_assert_eq(pm_wire_pair(fds), PM_OK);
    cr_assert_eq(pm_wire_open(fds[0], &link.keeper), PM_OK);
    cr_assert_eq(pm_wire_open(fds[1], &link.brain), PM_OK);
    return link;
}

static void close_link(struct link *link)
{
    pm_wire_close(&link->keeper);
    pm_wire_close(&link->brain);
}

static enum pm_err send_kill(struct pm_wire *wire, uint64_t run)
{
    struct pm_kill kill = { .slot = 1, .run = run, .signal = 15 };

    return pm_wire_send(wire, PM_MSG_KILL, &kill, NULL, 0);
}

Test(wire, a_message_arrives_as_it_was_sent)
{
    struct link link = given_a_link();
    const char *argv[] = { "sleep", "1" };
    struct pm_spawn spawn = { .slot = 4, .run = 2, .argv = { argv, 2 }, .dir = "/tmp" };
    struct pm_wire_message message;

    cr_assert_eq(pm_wire_receive(link.keeper, &message), PM_TIMEOUT);
    cr_assert_eq(pm_wire_send(link.brain, PM_MSG_SPAWN, &spawn, NULL, 0), PM_OK);
    cr_assert_eq(pm_wire_receive(link.keeper, &message), PM_OK);
    cr_assert_eq(message.kind, PM_MSG_SPAWN);
    cr_assert_eq(message.n_fds, 0);
    cr_assert(pm_same(&pm_spawn_desc, message.msg, &spawn));
    cr_assert_eq(pm_wire_receive(link.keeper, &message), PM_TIMEOUT);
    close_link(&link);
}

Test(wire, descriptors_travel_beside_it)
{
    struct link link = given_a_link();
    struct pm_spawned spawned = { .slot = 1, .pid = 77 };
    struct pm_wire_message message;
    int out[2], err[2];
    char byte = 0;

    cr_assert_eq(pipe(out), 0);
    cr_assert_eq(pipe(err), 0);
    cr_assert_eq(pm_wire_send(link.keeper, PM_MSG_SPAWNED, &spawned, (int[]){ out[0], err[0] }, 2),
                 PM_OK);
    close(out[0]);
    close(err[0]);
    cr_assert_eq(write(out[1], "o", 1), 1);
    cr_assert_eq(write(err[1], "e", 1), 1);
    cr_assert_eq(pm_wire_receive(link.brain, &message), PM_OK);
    cr_assert_eq(message.n_fds, 2);
    cr_assert_eq(read(message.fds[0], &byte, 1), 1);
    cr_expect_eq(byte, 'o');
    cr_assert_eq(read(message.fds[1], &byte, 1), 1);
    cr_expect_eq(byte, 'e');
    pm_wire_drop(&message);
    cr_expect_eq(message.n_fds, 0);
    close_link(&link);
}

Test(wire, who_has_no_room_for_descriptors_hears_the_message_and_that_some_were_lost)
{
    struct link link = given_a_link();
    struct pm_spawned spawned = { .slot = 1, .pid = 77 };
    struct pm_wire_message message;
    int pipes[2], room;

    cr_assert_eq(pipe(pipes), 0);
    cr_assert_eq(pm_wire_send(link.keeper, PM_MSG_SPAWNED, &spawned, pipes, 2), PM_OK);
    room = dup(0);
    close(room);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)room + 1, 4096 }), 0);
    cr_assert_eq(pm_wire_receive(link.brain, &message), PM_OK);
    cr_expect_eq(message.kind, PM_MSG_SPAWNED);
    cr_expect_eq(((const struct pm_spawned *)message.msg)->pid, 77);
    cr_expect_eq(message.n_fds, 0);
    cr_expect(message.fds_lost);
    cr_expect_eq(dup(0), room, "the one that was not lost is closed again");
    close_link(&link);
}

Test(wire, what_a_full_socket_does_not_take_is_kept_in_order_with_its_descriptors)
{
    enum { MANY = 20000 };
    struct link link = given_a_link();
    struct pm_wire_message message;
    int pipe_fds[2], with_fd = 0;
    uint64_t expected = 0;
    char byte;

    cr_assert_eq(pipe(pipe_fds), 0);
    for (uint64_t i = 0; i < MANY; i++)
        cr_assert_eq(send_kill(link.brain, i), PM_OK);
    cr_assert_gt(pm_wire_kept(link.brain), 0, "the socket took it all: make MANY larger");
    cr_assert_eq(pm_wire_send(link.brain, PM_MSG_SEEN, &(struct pm_seen){ .run = MANY },
                              &pipe_fds[1], 1), PM_OK);
    close(pipe_fds[1]);
    while (expected <= MANY) {
        enum pm_err err = pm_wire_receive(link.keeper, &message);
        if (err == PM_TIMEOUT) {
            cr_assert_eq(pm_wire_flush(link.brain), PM_OK);
            continue;
        }
        cr_assert_eq(err, PM_OK);
        if (message.kind == PM_MSG_SEEN) {
            cr_assert_eq(write(message.fds[0], "x", 1), 1);
            with_fd++;
        } else {
            cr_assert_eq(((const struct pm_kill *)message.msg)->run, expected);
        }
        expected++;
        pm_wire_drop(&message);
    }
    cr_expect_eq(with_fd, 1);
    cr_expect_eq(read(pipe_fds[0], &byte, 1), 1);
    cr_expect_eq(read(pipe_fds[0], &byte, 1), 0, "a copy of the descriptor stayed open");
    cr_expect_eq(pm_wire_kept(link.brain), 0);
    close_link(&link);
}

Test(wire, two_sides_with_much_to_say_do_not_block_each_other)
{
    enum { MANY = 20000 };
    struct link link = given_a_link();
    struct pm_wire *sides[2] = { link.keeper, link.brain };
    int heard[2] = { 0 };

    for (uint64_t i = 0; i < MANY; i++)
        for (int side = 0; side < 2; side++)
            cr_assert_eq(send_kill(sides[side], i), PM_OK);
    while (heard[0] < MANY || heard[1] < MANY)
        for (int side = 0; side < 2; side++) {
            struct pm_wire_message message;
            cr_assert_eq(pm_wire_flush(sides[side]), PM_OK);
            while (pm_wire_receive(sides[side], &message) == PM_OK)
                heard[side]++;
        }
    cr_assert_eq(heard[0], MANY);
    cr_assert_eq(heard[1], MANY);
    close_link(&link);
}

Test(wire, one_who_never_reads_meets_a_limit)
{
    struct link link = given_a_link();
    enum pm_err err = PM_OK;

    for (uint64_t i = 0; i < 1000000 && err == PM_OK; i++)
        err = send_kill(link.brain, i);
    cr_expect_eq(err, PM_LIMIT);
    close_link(&link);
}

Test(wire, the_other_sides_end_is_seen_after_its_last_words)
{
    struct link link = given_a_link();
    struct pm_wire_message message;

    cr_assert_eq(send_kill(link.brain, 9), PM_OK);
    pm_wire_close(&link.brain);
    cr_expect_eq(send_kill(link.keeper, 1), PM_GONE);
    cr_expect_eq(pm_wire_receive(link.keeper, &message), PM_OK);
    cr_expect_eq(((const struct pm_kill *)message.msg)->run, 9);
    cr_expect_eq(pm_wire_receive(link.keeper, &message), PM_GONE);
    close_link(&link);
}

Test(wire, a_slow_reader_finds_the_end_behind_what_was_kept_for_it)
{
    struct link link = given_a_link();
    struct pm_wire_message message;
    uint64_t sent = 0, heard = 0;

    while (pm_wire_kept(link.keeper) < 3)
        cr_assert_eq(send_kill(link.keeper, ++sent), PM_OK);
    pm_wire_end(link.keeper);
    cr_expect_gt(pm_wire_kept(link.keeper), 0);
    cr_expect_eq(send_kill(link.keeper, sent + 1), PM_GONE, "all was said");
    for (enum pm_err err; (err = pm_wire_receive(link.brain, &message)) != PM_GONE;) {
        cr_assert(err == PM_OK || pm_wire_kept(link.keeper) > 0, "the end never comes");
        heard += err == PM_OK;
        cr_assert_eq(pm_wire_flush(link.keeper), PM_OK);
    }
    cr_expect_eq(heard, sent);
    cr_expect_eq(send_kill(link.brain, 9), PM_OK, "the other way is open");
    cr_expect_eq(pm_wire_receive(link.keeper, &message), PM_OK);
    close_link(&link);
}

Test(wire, a_message_over_the_limit_is_refused_and_a_large_one_is_not)
{
    struct link link = given_a_link();
    static char text[PM_LIMIT_STRING + 1];
    const char *argv[] = { text, text, text };
    struct pm_spawn spawn = { .argv = { argv, 3 } };
    struct pm_wire_message message;

    memset(text, 'x', PM_LIMIT_STRING - 100);
    cr_expect_eq(pm_wire_send(link.brain, PM_MSG_SPAWN, &spawn, NULL, 0), PM_LIMIT);
    spawn.argv.n = 2;
    cr_expect_eq(pm_wire_send(link.brain, PM_MSG_SPAWN, &spawn, NULL, 0), PM_OK);
    cr_expect_eq(pm_wire_receive(link.keeper, &message), PM_OK);
    cr_expect(pm_same(&pm_spawn_desc, message.msg, &spawn));
    close_link(&link);
}

Test(wire, nonsense_is_dropped_with_its_descriptors_and_what_follows_is_heard)
{
    static const struct { const char *bytes; size_t n; } rows[] = {
        { "\x04kill", 5 },               /* no body */
        { "\x04kill\xc0", 6 },           /* not a map */
        { "\xffkill\x80", 6 },           /* the word is longer than the packet */
        { "\x04nope\x80", 6 },           /* no such message */
        { "\x00\x80", 2 },               /* no word */
        { "\x04kill\x81\xa4slot\xa1x", 13 }, /* a wrong type */
    };
    struct link link = given_a_link();
    struct pm_wire_message message;

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        cr_assert_eq((size_t)send(pm_wire_fd(link.brain), rows[i].bytes, rows[i].n, 0), rows[i].n);
        cr_expect_eq(pm_wire_receive(link.keeper, &message), PM_BAD_MESSAGE, "row %zu", i);
    }
    cr_assert_eq(send_kill(link.brain, 3), PM_OK);
    cr_expect_eq(pm_wire_receive(link.keeper, &message), PM_OK);
    close_link(&link);
}

Test(wire, a_deputys_directory_is_one_whatever_its_name)
{
    static const struct { const char *name, *dir; } rows[] = {
        { "rover-2", "/r/deputy-rover-2" },
        { "two words", "/r/deputy-two words" },
        { "50%", "/r/deputy-50%25" },
        { "../x", "/r/deputy-%2E.%2Fx" },
        { "größe", "/r/deputy-größe" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        char *dir = pm_deputy_dir("/r", rows[i].name);
        cr_expect_str_eq(dir, rows[i].dir);
        free(dir);
    }
}
