/* The slot table: what survives, what is refused, what a record promises. */
#include <criterion/criterion.h>

#include "keeper/slots.h"

#include <procman/base.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[80];

static void set_up(void)
{
    strcpy(dir, "/tmp/procman-slots-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/slots", dir);
}

static void tear_down(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
}

TestSuite(slots, .init = set_up, .fini = tear_down);

/* *lost may be NULL where nothing may be lost. */
static struct pm_slots *open_table(bool expect_made, char **lost)
{
    struct pm_slots *slots = NULL;
    char *sentence = NULL;
    bool made;

    cr_assert_eq(pm_slots_open(path, &slots, &sentence, &made), PM_OK);
    cr_assert_eq(made, expect_made);
    if (lost)
        *lost = sentence;
    else
        cr_assert_null(sentence, "%s", sentence);
    return slots;
}

static struct pm_slot *claim(struct pm_slots *slots, uint64_t number)
{
    struct pm_slot *slot;

    cr_assert_eq(pm_slots_claim(slots, number, &slot), PM_OK);
    return slot;
}

static void write_at(off_t offset, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY);

    cr_assert_eq(pwrite(fd, bytes, n, offset), (ssize_t)n);
    close(fd);
}

Test(slots, a_new_table_is_empty_and_takes_little)
{
    struct pm_slots *slots = open_table(true, NULL);
    struct stat status;

    cr_expect_eq(pm_slots_used(slots), 0);
    cr_expect_null(pm_slots_at(slots, 0));
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_lt(status.st_blocks * 512, 64 << 10);
    pm_slots_close(&slots);
    cr_expect_null(slots);
}

Test(slots, records_are_there_for_the_next_keeper)
{
    struct pm_slots *slots = open_table(true, NULL);
    struct pm_slot *slot = claim(slots, 100);
    uint64_t epoch = pm_slots_epoch(slots);

    slot->pid = 4321;
    slot->run = 7;
    cr_assert_eq(pm_slot_note(slot, "remember", 8), PM_OK);
    pm_slot_enter(slot, PM_SLOT_LIVE);
    cr_assert_eq(pm_slots_count_brain(slots), 1);
    pm_slots_complete(slots);
    pm_slots_close(&slots);

    slots = open_table(false, NULL);
    slot = pm_slots_at(slots, 100);
    cr_assert_not_null(slot);
    cr_expect_eq(pm_slot_phase(slot), PM_SLOT_LIVE);
    cr_expect(pm_slot_living(slot));
    cr_expect_eq(slot->pid, 4321);
    cr_expect_eq(slot->run, 7);
    cr_expect_eq(slot->note_n, 8);
    cr_expect_eq(memcmp(slot->note, "remember", 8), 0);
    cr_expect_eq(pm_slots_epoch(slots), epoch);
    cr_expect_eq(pm_slots_count_brain(slots), 2);
    pm_slots_forget_brains(slots);
    cr_expect_eq(pm_slots_count_brain(slots), 1);
    cr_expect_eq(pm_slot_phase(pm_slots_at(slots, 99)), PM_SLOT_FREE);
    pm_slots_close(&slots);
}

Test(slots, a_table_is_new_until_somebody_says_it_is_complete)
{
    struct pm_slots *slots = open_table(true, NULL);
    uint64_t epoch = pm_slots_epoch(slots);

    pm_slots_close(&slots);
    slots = open_table(true, NULL);
    cr_expect_eq(pm_slots_epoch(slots), epoch, "it is still the same one");
    pm_slots_complete(slots);
    pm_slots_close(&slots);
    slots = open_table(false, NULL);
    pm_slots_close(&slots);
}

Test(slots, the_table_has_an_end)
{
    struct pm_slots *slots = open_table(true, NULL);
    struct pm_slot *slot;

    cr_expect_eq(pm_slots_claim(slots, PM_LIMIT_SLOTS, &slot), PM_LIMIT);
    cr_expect_eq(pm_slots_claim(slots, UINT64_MAX, &slot), PM_LIMIT);
    (void)claim(slots, PM_LIMIT_SLOTS - 1);
    cr_expect_eq(pm_slots_used(slots), PM_LIMIT_SLOTS);
    cr_expect_null(pm_slots_at(slots, PM_LIMIT_SLOTS));
    pm_slots_close(&slots);
}

Test(slots, a_note_over_the_limit_is_refused_and_the_old_one_stays)
{
    static const uint8_t much[PM_LIMIT_NOTE + 1];
    struct pm_slots *slots = open_table(true, NULL);
    struct pm_slot *slot = claim(slots, 0);

    cr_assert_eq(pm_slot_note(slot, "old", 3), PM_OK);
    cr_expect_eq(pm_slot_note(slot, much, sizeof much), PM_LIMIT);
    cr_expect_eq(slot->note_n, 3);
    cr_expect_eq(pm_slot_note(slot, much, PM_LIMIT_NOTE), PM_OK);
    pm_slots_close(&slots);
}

Test(slots, a_freed_slot_forgets_everything)
{
    struct pm_slots *slots = open_table(true, NULL);
    struct pm_slot *slot = claim(slots, 0);

    slot->run = 9;
    pm_slot_enter(slot, PM_SLOT_IDLE);
    pm_slot_free(slot);
    cr_expect_eq(pm_slot_phase(slot), PM_SLOT_FREE);
    cr_expect_eq(slot->run, 0);
    pm_slots_close(&slots);
}

static void given_a_table_with_a_life(void)
{
    struct pm_slots *slots = open_table(true, NULL);
    struct pm_slot *slot = claim(slots, 0);

    slot->pid = 1234;
    pm_slot_enter(slot, PM_SLOT_LIVE);
    pm_slots_close(&slots);
}

static void then_it_is_moved_aside(const char *because)
{
    char aside[96], *lost;
    struct pm_slots *slots = open_table(true, &lost);

    cr_assert_not_null(lost, "nothing was noticed");
    cr_expect_not_null(strstr(lost, because), "%s", lost);
    snprintf(aside, sizeof aside, "%s.bad", path);
    cr_expect_eq(access(aside, F_OK), 0);
    cr_expect_eq(pm_slots_used(slots), 0);
    free(lost);
    pm_slots_close(&slots);
}

Test(slots, a_table_that_cannot_be_believed_is_moved_aside)
{
    static const struct {
        off_t offset;
        const char *bytes;
        size_t n;
        const char *because;
    } rows[] = {
        { 0, "garbage", 7, "not a slot table" },
        { 8, "\x63", 1, "another version" },
        { 12, "\x01", 1, "header is damaged" },
        { 16, "\x01", 1, "header is damaged" },
        { 22, "\xff", 1, "header is damaged" },       /* used */
        { 88, "\x09", 1, "a record is damaged" },     /* the first one's phase */
        { 92, "\xff\xff\xff\xff", 4, "a record is damaged" },
        { 92, "\x01\0\0\0", 4, "a record is damaged" }, /* init is nobody's child */
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        unlink(path);
        given_a_table_with_a_life();
        write_at(rows[i].offset, rows[i].bytes, rows[i].n);
        then_it_is_moved_aside(rows[i].because);
    }
}

/* Byte `offset` of the first record gets another bit; the table is looked at, and made anew. */
static void then_a_flipped_bit_is_noticed(size_t offset, unsigned bit)
{
    struct pm_slots *slots = open_table(true, NULL);
    struct pm_slot *slot = claim(slots, 0);
    char *lost;

    pm_slots_complete(slots);
    slot->pid = 1234;
    slot->run = 7;
    slot->start_ticks = 123456;
    slot->pipes[0] = 77;
    cr_assert_eq(pm_slot_note(slot, "remember", 8), PM_OK);
    pm_slot_enter(slot, PM_SLOT_LIVE);
    ((uint8_t *)slot)[offset] ^= (uint8_t)(1u << bit);
    pm_slots_close(&slots);
    slots = open_table(true, &lost);
    cr_expect_not_null(lost, "bit %u of byte %zu", bit, offset);
    free(lost);
    pm_slots_close(&slots);
    unlink(path);
}

Test(slots, any_flipped_bit_of_a_record_is_noticed)
{
    for (size_t i = 0; i < offsetof(struct pm_slot, note) + strlen("remember"); i++)
        for (unsigned bit = 0; bit < 8; bit++)
            if (i < offsetof(struct pm_slot, changing) || i >= offsetof(struct pm_slot, sum))
                then_a_flipped_bit_is_noticed(i, bit);
}

Test(slots, a_record_half_changed_by_a_killed_keeper_is_believed)
{
    struct pm_slots *slots = open_table(true, NULL);
    struct pm_slot *slot = claim(slots, 0);

    pm_slots_complete(slots);
    slot->pid = 1234;
    pm_slot_enter(slot, PM_SLOT_LIVE);
    pm_slot_change(slot);
    slot->unknown = true;
    pm_slots_close(&slots);
    slots = open_table(false, NULL);
    cr_expect_eq(pm_slots_at(slots, 0)->pid, 1234);
    pm_slot_free(pm_slots_at(slots, 0));
    pm_slots_close(&slots);
    slots = open_table(false, NULL);
    pm_slots_close(&slots);
}

Test(slots, no_flipped_bit_hides_records)
{
    static const off_t used = 20, used_too = 84;
    static const off_t places[] = { used, used_too };

    for (size_t i = 0; i < PM_COUNT(places); i++) {
        struct pm_slots *slots = open_table(true, NULL);
        (void)claim(slots, 40);
        pm_slots_complete(slots);
        pm_slots_close(&slots);
        write_at(places[i], "\0", 1); /* 64 becomes 0 */
        slots = open_table(false, NULL);
        cr_expect_eq(pm_slots_used(slots), 64);
        pm_slots_close(&slots);
        unlink(path);
    }
}

Test(slots, a_table_cut_short_is_moved_aside)
{
    given_a_table_with_a_life();
    cr_assert_eq(truncate(path, 10000), 0);
    then_it_is_moved_aside("wrong size");
    cr_assert_eq(truncate(path, 0), 0);
    then_it_is_moved_aside("cut short");
}

Test(slots, a_table_of_another_boot_is_begun_anew)
{
    given_a_table_with_a_life();
    write_at(24, "another boot", 12);
    struct pm_slots *slots = open_table(true, NULL);
    cr_expect_eq(pm_slots_used(slots), 0);
    pm_slots_close(&slots);
}

Test(slots, a_directory_that_is_not_there_is_an_error)
{
    struct pm_slots *slots = NULL;
    char *lost;
    bool made;

    cr_expect_eq(pm_slots_open("/nope/slots", &slots, &lost, &made), PM_IO);
    cr_expect_null(slots);
}
