/* The stage behind the stories of output on the disk. */
#include "log_stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct log_stage t;

void open_store(void)
{
    store_init(&t.store, t.dir);
    store_scan(&t.store);
    t.log = store_use(&t.store, t.path);
}

void forget_store(void)
{
    log_forget_unwritten(t.log);
    store_fini(&t.store);
}

void stage_setup(void)
{
    memset(&t, 0, sizeof t);
    snprintf(t.dir, sizeof t.dir, "/tmp/pm-store-XXXXXX");
    cr_assert_not_null(mkdtemp(t.dir));
    snprintf(t.path, sizeof t.path, "%s/cam.log", t.dir);
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC | O_NONBLOCK), 0);
    t.run = 1;
    open_store();
}

void stage_teardown(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf %s", t.dir);

    store_fini(&t.store);
    cr_assert_eq(system(command), 0);
}

void given_written(size_t n)
{
    cr_assert_leq(t.n_all + n, ALL_MOST);
    for (size_t i = 0; i < n; i++, t.n_all++) {
        t.all[t.n_all] = (char)('!' + t.n_all % 89);
        cr_assert_eq(write(t.pipe[1], &t.all[t.n_all], 1), 1);
    }
}

void when_moved(void)
{
    enum pm_err err = PM_OK;
    size_t n;

    while ((err = log_splice(t.log, t.pipe[0], 4096, &n)) == PM_OK && n > 0)
        log_note(t.log, PM_STREAM_OUT, t.run, n, pm_wall_now());
    cr_assert_eq(err, PM_TIMEOUT);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As a user would: cat NAME.log.* NAME.log */
static size_t kept(char *to)
{
    char *names[ALL_MOST];
    size_t n = 0, total = 0;
    DIR *dir = opendir(t.dir);

    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (strncmp(entry->d_name, "cam.log.", 8) == 0)
            names[n++] = pm_strdup(entry->d_name);
    closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    names[n++] = pm_strdup("cam.log");
    for (size_t i = 0; i < n; i++) {
        PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s", t.dir, names[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, to + total, ALL_MOST - total) : 0;
        total += got > 0 ? (size_t)got : 0;
        close(fd);
        free(names[i]);
    }
    return total;
}

void then_all_is_there(void)
{
    char text[ALL_MOST];
    size_t n = kept(text);

    cr_assert_eq(n, t.n_all, "%zu bytes of %zu", n, t.n_all);
    cr_assert_arr_eq(text, t.all, n);
    cr_assert_eq(t.log->end, t.n_all);
}

struct output_answer when_read(struct pm_read read)
{
    struct output_answer answer;

    cr_assert_eq(output_read(t.log, &read, &answer), PM_OK, "%s", answer.text);
    return answer;
}

void free_answer(struct output_answer *answer)
{
    free(answer->data);
    free(answer->marks);
}

void then_reads_as_written(uint64_t from)
{
    struct output_answer answer = when_read((struct pm_read){ .offset = from });

    cr_assert_eq(answer.offset, from > answer.begin ? from : answer.begin);
    cr_assert_eq(answer.end, t.n_all);
    cr_assert_eq(answer.n, t.n_all - answer.offset);
    if (answer.n > 0)
        cr_assert_arr_eq(answer.data, t.all + answer.offset, answer.n);
    free_answer(&answer);
}

bool has_index_at(uint64_t begin)
{
    PM_CLEANUP(pm_free) char *path = output_index_path(t.path, begin);

    return access(path, F_OK) == 0;
}

void given_100_bytes(void)
{
    given_written(100);
    when_moved();
    log_write_index(t.log);
}

uint64_t bytes_in(const char *dir)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("cat %s/*.log* %s/.*.index 2>/dev/null | wc -c",
                                                  dir, dir);
    FILE *pipe = popen(command, "r");
    unsigned long long bytes = 0;

    cr_assert_eq(fscanf(pipe, "%llu", &bytes), 1);
    pclose(pipe);
    return bytes;
}
