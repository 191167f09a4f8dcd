/* The slot table: what this deputy's keeper holds, in a file that outlives the keeper.
 *
 * The file is mapped, so a killed keeper leaves behind exactly what it had noted. A record is
 * believed only while its checksum holds, and only together with the kernel: a pid counts when its
 * start time agrees. */
#ifndef KEEPER_SLOTS_H
#define KEEPER_SLOTS_H

#include <procman/error.h>
#include <procman/limits.h>

/* Of the table and its records, and of how it is handed on. Whoever changes them counts it up: a
 * program of another version does not take over (see upgrade.c), or begins with a table anew. */
#define PM_SLOTS_VERSION 2

enum pm_slot_phase {
    PM_SLOT_FREE,     /* nothing here; all zero */
    PM_SLOT_IDLE,     /* a note, and nothing lives */
    PM_SLOT_SPAWNING, /* a life is being made; pid is set by the child itself */
    PM_SLOT_LIVE,
    PM_SLOT_ENDED,    /* over, and no brain has seen it yet */
    PM_SLOT_PHASES
};

struct pm_slot {
    _Atomic uint32_t phase;    /* written last: what it promises is already there */
    volatile int32_t pid;      /* SPAWNING: 0 until born; ENDED: what it was */
    uint64_t run;
    uint64_t start_ticks;      /* 0: not read yet */
    uint64_t pipes[2];         /* inode numbers of out and err */
    uint8_t adopted;           /* another keeper's child */
    uint8_t unknown, core_dumped;
    uint8_t leftover;          /* found by its marker, and leads no group: left by a leader */
    int32_t exit_code, exit_signal;
    uint8_t oom;               /* the kernel killed it for want of memory */
    uint64_t cpu_ms, peak_bytes;
    uint32_t note_n;
    uint32_t changing;         /* see pm_slot_change */
    uint64_t sum;              /* of all above but `changing`, and of the note */
    uint8_t note[PM_LIMIT_NOTE];
};

struct pm_slots;

/* Map the table at `path`, which only the holder of the deputy's lock may do.
 *   out_lost  heap sentence when there was a table that cannot be used: it was moved to
 *             PATH.bad. NULL: there was none, or it is mapped
 *   out_made  it is a new one: look for processes of the one before, then pm_slots_complete()
 * OK | IO errno is set */
enum pm_err pm_slots_open(const char *path, struct pm_slots **out, char **out_lost,
                          bool *out_made) PM_MUST_USE;
void pm_slots_close(struct pm_slots **slots); /* the file stays */

/* Every process of the table before is in this one. Until then each opening says it is new: a
 * keeper killed while it was still looking must not leave a table that seems whole. */
void pm_slots_complete(struct pm_slots *slots);

/* Slots below this number may be in use. */
size_t pm_slots_used(const struct pm_slots *slots);

/* NULL: no such slot, or never used. */
struct pm_slot *pm_slots_at(struct pm_slots *slots, uint64_t number) PM_MUST_USE;

/* As above, and makes room for it. OK | LIMIT no such slot | IO errno: the file cannot grow */
enum pm_err pm_slots_claim(struct pm_slots *slots, uint64_t number, struct pm_slot **out)
    PM_MUST_USE;

/* Before the first store into a record: until its next phase is entered it is believed as it is,
 * because we may be killed half-way. At any other time a wrong checksum tells of damage. */
void pm_slot_change(struct pm_slot *slot);
void pm_slot_enter(struct pm_slot *slot, enum pm_slot_phase phase); /* publishes the record */
enum pm_slot_phase pm_slot_phase(const struct pm_slot *slot);
bool pm_slot_living(const struct pm_slot *slot); /* SPAWNING or LIVE */
void pm_slot_free(struct pm_slot *slot);
/* OK | LIMIT longer than PM_LIMIT_NOTE */
enum pm_err pm_slot_note(struct pm_slot *slot, const void *note, size_t n) PM_MUST_USE;

uint64_t pm_slots_epoch(const struct pm_slots *slots);
uint64_t pm_slots_count_brain(struct pm_slots *slots); /* one more has begun; how many */
void pm_slots_forget_brains(struct pm_slots *slots); /* the deputy has ended: count anew */

#endif
