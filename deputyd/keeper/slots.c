/* The slot table as a mapped file of fixed records.
 *
 * Its size is that of a full table, but only records that were ever used take memory: space is
 * reserved in blocks, before use, because a page the file system cannot provide would be a SIGBUS
 * in the one program that must not die. Nothing is ever written that a kill between two stores
 * could turn into a lie: the phase is stored last and read first, and a record says of itself
 * that it is being changed. One that is not must agree with its checksum.
 *
 * A table of another boot describes processes that cannot exist: it is begun anew. One that
 * is damaged or of another version is moved aside, never overwritten.
 */
#include "keeper/slots.h"

#include <procman/checksum.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define MAGIC       "PMSLOTS"
#define BLOCK_SLOTS 32 /* reserved together: 70 KB */
#define CHANGING    0x63686e67u /* no flipped bit makes it */

struct header {
    char magic[8];
    uint32_t version, record_bytes, count;
    _Atomic uint32_t used;  /* records reserved so far */
    char boot[40];          /* boot id: pids of another boot mean nothing */
    uint64_t epoch, brains;
    uint32_t complete;      /* what lived before this table is in it */
    _Atomic uint32_t used_too; /* the same as `used`, or ahead of it: a record must not be hidden */
};

struct table {
    struct header header;
    struct pm_slot slots[PM_LIMIT_SLOTS];
};

struct pm_slots {
    int fd;
    struct table *table;
};

_Static_assert(sizeof(struct pm_slot) % 8 == 0, "records follow each other without holes");
_Static_assert(sizeof(struct pm_slot) == 88 + PM_LIMIT_NOTE, "another record is another version");

static void read_boot_id(char *boot, size_t size)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, boot, size - 1);

    boot[n > 0 ? (size_t)n : 0] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

/* ---- one slot ------------------------------------------------------------------------ */

static uint64_t sum_of(const struct pm_slot *slot)
{
    uint64_t sum = pm_checksum(PM_CHECKSUM_BASIS, slot, offsetof(struct pm_slot, changing));

    return pm_checksum(sum, slot->note, slot->note_n);
}

void pm_slot_change(struct pm_slot *slot)
{
    slot->changing = CHANGING;
    atomic_signal_fence(memory_order_seq_cst);
}

static void end_change(struct pm_slot *slot)
{
    slot->sum = sum_of(slot);
    atomic_signal_fence(memory_order_seq_cst);
    slot->changing = 0;
}

/* A record in SPAWNING is the child's to change, too: it stays open. */
void pm_slot_enter(struct pm_slot *slot, enum pm_slot_phase phase)
{
    pm_slot_change(slot);
    atomic_store(&slot->phase, phase);
    if (phase != PM_SLOT_SPAWNING)
        end_change(slot);
}

enum pm_slot_phase pm_slot_phase(const struct pm_slot *slot)
{
    return (enum pm_slot_phase)atomic_load(&slot->phase);
}

bool pm_slot_living(const struct pm_slot *slot)
{
    return pm_slot_phase(slot) == PM_SLOT_SPAWNING || pm_slot_phase(slot) == PM_SLOT_LIVE;
}

void pm_slot_free(struct pm_slot *slot)
{
    pm_slot_change(slot);
    atomic_store(&slot->phase, PM_SLOT_FREE);
    memset(slot, 0, offsetof(struct pm_slot, changing));
    memset(slot->note, 0, sizeof slot->note);
    end_change(slot);
}

enum pm_err pm_slot_note(struct pm_slot *slot, const void *note, size_t n)
{
    if (n > sizeof slot->note)
        return PM_LIMIT;
    pm_slot_change(slot);
    slot->note_n = 0; /* a note cut off by a kill is worse than none */
    atomic_signal_fence(memory_order_seq_cst);
    if (n > 0)
        memcpy(slot->note, note, n);
    atomic_signal_fence(memory_order_seq_cst);
    slot->note_n = (uint32_t)n;
    if (pm_slot_phase(slot) != PM_SLOT_SPAWNING)
        end_change(slot);
    return PM_OK;
}

/* ---- opening ------------------------------------------------------------------------- */

static uint32_t used_by(const struct header *header)
{
    return header->used > header->used_too ? header->used : header->used_too;
}

static bool record_is_good(const struct pm_slot *slot)
{
    bool needs_pid = slot->phase == PM_SLOT_LIVE || slot->phase == PM_SLOT_ENDED;
    bool untouched = slot->phase == PM_SLOT_FREE && slot->run == 0 && slot->note_n == 0;

    if (slot->phase >= PM_SLOT_PHASES || slot->note_n > PM_LIMIT_NOTE || slot->pid < 0
        || slot->pid == 1 || (needs_pid && slot->pid == 0))
        return false;
    return slot->changing == CHANGING || untouched || slot->sum == sum_of(slot);
}

/* NULL: fine; else what is wrong with it. */
static const char *table_fault(const struct table *table, off_t size)
{
    const struct header *header = &table->header;

    if (size != (off_t)sizeof *table)
        return "it has the wrong size";
    if (memcmp(header->magic, MAGIC, sizeof header->magic) != 0)
        return "it is not a slot table";
    if (header->version != PM_SLOTS_VERSION)
        return "it was written by another version";
    if (header->record_bytes != sizeof(struct pm_slot) || header->count != PM_LIMIT_SLOTS
        || header->used > PM_LIMIT_SLOTS || header->used_too > PM_LIMIT_SLOTS)
        return "its header is damaged";
    for (uint32_t i = 0; i < used_by(header); i++)
        if (!record_is_good(&table->slots[i]))
            return "a record is damaged";
    return NULL;
}

static bool is_of_boot(const struct table *table, const char *boot)
{
    return strncmp(table->header.boot, boot, sizeof table->header.boot) == 0;
}

static struct table *map(int fd)
{
    void *at = mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

/* Made under another name first, so that a table is always whole. */
static enum pm_err make(const char *path, const char *boot, struct pm_slots *slots)
{
    PM_CLEANUP(pm_free) char *fresh = pm_printf("%s.new", path);
    struct header *header;

    slots->fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (slots->fd < 0 || ftruncate(slots->fd, sizeof(struct table)) != 0)
        return PM_IO;
    errno = posix_fallocate(slots->fd, 0, sizeof *header);
    if (errno != 0)
        return PM_IO;
    slots->table = map(slots->fd);
    if (slots->table == NULL)
        return PM_IO;
    header = &slots->table->header;
    memcpy(header->magic, MAGIC, sizeof header->magic);
    header->version = PM_SLOTS_VERSION;
    header->record_bytes = sizeof(struct pm_slot);
    header->count = PM_LIMIT_SLOTS;
    snprintf(header->boot, sizeof header->boot, "%s", boot);
    if (getrandom(&header->epoch, sizeof header->epoch, 0) != sizeof header->epoch)
        return PM_IO;
    return rename(fresh, path) == 0 ? PM_OK : PM_IO;
}

/* Maps what is there. *fault: why it cannot be used. Neither mapped nor faulty: begin anew. */
static enum pm_err reuse(const char *path, const char *boot, struct pm_slots *slots,
                         const char **fault)
{
    off_t size;

    slots->fd = open(path, O_RDWR | O_CLOEXEC);
    if (slots->fd < 0)
        return errno == ENOENT ? PM_OK : PM_IO;
    size = lseek(slots->fd, 0, SEEK_END);
    if (size < (off_t)sizeof(struct header)) {
        *fault = "it is cut short";
        return PM_OK;
    }
    slots->table = map(slots->fd);
    if (slots->table == NULL)
        return PM_IO;
    *fault = table_fault(slots->table, size);
    if (*fault == NULL && is_of_boot(slots->table, boot)) {
        slots->table->header.used = slots->table->header.used_too
            = used_by(&slots->table->header);
        return PM_OK;
    }
    munmap(slots->table, sizeof *slots->table);
    slots->table = NULL;
    return PM_OK;
}

enum pm_err pm_slots_open(const char *path, struct pm_slots **out, char **out_lost, bool *out_made)
{
    struct pm_slots *slots = pm_alloc(sizeof *slots);
    const char *fault = NULL;
    char boot[sizeof slots->table->header.boot];
    enum pm_err err;

    *out_lost = NULL;
    slots->fd = -1;
    read_boot_id(boot, sizeof boot);
    err = reuse(path, boot, slots, &fault);
    *out_made = err == PM_OK && (slots->table == NULL || !slots->table->header.complete);
    if (fault != NULL) {
        PM_CLEANUP(pm_free) char *aside = pm_printf("%s.bad", path);
        *out_lost = pm_printf("the slot table %s cannot be used: %s; moved to %s", path, fault,
                              aside);
        if (rename(path, aside) != 0)
            err = PM_IO;
    }
    if (err == PM_OK && slots->table == NULL) {
        if (slots->fd >= 0)
            close(slots->fd);
        err = make(path, boot, slots);
    }
    if (err != PM_OK)
        pm_slots_close(&slots);
    else
        *out = slots;
    return err;
}

void pm_slots_close(struct pm_slots **slots)
{
    int saved = errno;

    if (*slots == NULL)
        return;
    if ((*slots)->table)
        munmap((*slots)->table, sizeof *(*slots)->table);
    if ((*slots)->fd >= 0)
        close((*slots)->fd);
    pm_free(slots);
    errno = saved;
}

/* ---- the table ------------------------------------------------------------------------ */

void pm_slots_complete(struct pm_slots *slots)
{
    slots->table->header.complete = true;
}

size_t pm_slots_used(const struct pm_slots *slots)
{
    return atomic_load(&slots->table->header.used);
}

struct pm_slot *pm_slots_at(struct pm_slots *slots, uint64_t number)
{
    return number < pm_slots_used(slots) ? &slots->table->slots[number] : NULL;
}

enum pm_err pm_slots_claim(struct pm_slots *slots, uint64_t number, struct pm_slot **out)
{
    uint32_t used = slots->table->header.used, wanted;

    if (number >= PM_LIMIT_SLOTS)
        return PM_LIMIT;
    if (number >= used) {
        wanted = ((uint32_t)number / BLOCK_SLOTS + 1) * BLOCK_SLOTS;
        errno = posix_fallocate(slots->fd, (off_t)offsetof(struct table, slots[used]),
                                (off_t)((wanted - used) * sizeof(struct pm_slot)));
        if (errno != 0)
            return PM_IO;
        atomic_store(&slots->table->header.used_too, wanted);
        atomic_store(&slots->table->header.used, wanted);
    }
    *out = &slots->table->slots[number];
    return PM_OK;
}

uint64_t pm_slots_epoch(const struct pm_slots *slots)
{
    return slots->table->header.epoch;
}

uint64_t pm_slots_count_brain(struct pm_slots *slots)
{
    return ++slots->table->header.brains;
}

void pm_slots_forget_brains(struct pm_slots *slots)
{
    slots->table->header.brains = 0;
}
