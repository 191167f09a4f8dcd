/* Where things are, and making directories that strangers cannot prepare for us. */
#include <procman/paths.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char here[] = "/tmp/procman-test-XXXXXX";

static void enter(void)
{
    cr_assert_not_null(mkdtemp(here));
    cr_assert_eq(chdir(here), 0);
    umask(022);
}

static void leave(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf '%s'", here);

    cr_assert_eq(system(command), 0);
}

TestSuite(paths_io, .init = enter, .fini = leave);

static unsigned mode_of(const char *path)
{
    struct stat status;

    cr_assert_eq(stat(path, &status), 0, "%s", path);
    return status.st_mode & 0777;
}

Test(paths_io, directories_are_made_with_all_above_them)
{
    cr_assert_eq(pm_make_dir("a/b//c/", true), PM_OK);
    cr_expect_eq(mode_of("a"), 0755);
    cr_expect_eq(mode_of("a/b"), 0755);
    cr_expect_eq(mode_of("a/b/c"), 0700, "only the last is private");
    cr_assert_eq(pm_make_dir("a/b/c", true), PM_OK, "again");
    cr_assert_eq(pm_make_dir("a/d", false), PM_OK);
    cr_expect_eq(mode_of("a/d"), 0755);
}

Test(paths_io, a_file_in_the_way_is_told)
{
    FILE *file = fopen("file", "w");

    fclose(file);
    cr_expect_eq(pm_make_dir("file", false), PM_IO);
    cr_expect_eq(errno, ENOTDIR);
    cr_expect_eq(pm_make_dir("file/below", false), PM_IO);
    cr_expect_eq(errno, ENOTDIR);
    cr_expect_eq(pm_make_dir("", false), PM_IO);
}

Test(paths_io, somebody_elses_directory_is_not_private)
{
    if (geteuid() != 0)
        cr_skip_test("only root can give a directory away");
    cr_assert_eq(mkdir("theirs", 0700), 0);
    cr_assert_eq(chown("theirs", 12345, 12345), 0);
    cr_expect_eq(pm_make_dir("theirs", true), PM_IO);
    cr_expect_eq(errno, EPERM);

    cr_assert_eq(mkdir("ours", 0700), 0);
    cr_assert_eq(symlink("ours", "link"), 0);
    cr_expect_eq(pm_make_dir("link", true), PM_OK, "a link of ours is fine");
    cr_assert_eq(lchown("link", 12345, 12345), 0);
    cr_expect_eq(pm_make_dir("link", true), PM_IO, "theirs is not");
}

Test(paths_io, the_environment_names_the_run_directory)
{
    setenv("PROCMAN_RUN_DIR", "/somewhere", 1);
    PM_CLEANUP(pm_free) char *given = pm_run_dir();
    cr_expect_str_eq(given, "/somewhere");

    unsetenv("PROCMAN_RUN_DIR");
    unsetenv("XDG_RUNTIME_DIR");
    PM_CLEANUP(pm_free) char *fallback = pm_run_dir();
    PM_CLEANUP(pm_free) char *mine = pm_printf("/tmp/procman-%u", (unsigned)geteuid());
    cr_expect_str_eq(fallback, geteuid() == 0 ? "/run/procman" : mine);
}

/* Unless this user has a fleet there just now. */
Test(paths_io, the_directory_of_last_resort_must_be_ours_and_closed_to_others)
{
    PM_CLEANUP(pm_free) char *dir = pm_printf("/tmp/procman-%u", (unsigned)geteuid());

    if (mkdir(dir, 0700) != 0)
        cr_skip_test("%s is in use", dir);
    PM_CLEANUP(pm_free) char *fine = pm_run_dir_fault(dir);
    cr_expect_null(fine, "%s", fine);

    chmod(dir, 0770);
    PM_CLEANUP(pm_free) char *open = pm_run_dir_fault(dir);
    cr_expect(open && strstr(open, "chmod 700"), "%s", open);
    cr_expect_eq(pm_make_dir(dir, true), PM_IO);

    if (geteuid() == 0 && chown(dir, 65534, (gid_t)-1) == 0) {
        PM_CLEANUP(pm_free) char *theirs = pm_run_dir_fault(dir);
        cr_expect(theirs && strstr(theirs, "uid 65534"), "%s", theirs);
    }
    rmdir(dir);
    PM_CLEANUP(pm_free) char *none = pm_run_dir_fault(dir);
    cr_expect_null(none, "what is not there is nobody's");
}

Test(paths_io, a_socket_path_has_a_limit)
{
    char dir[108];
    PM_CLEANUP(pm_free) char *endpoint = NULL;

    memset(dir, 'd', sizeof dir);
    dir[107 - 2] = '\0'; /* dir, '/' and one letter: 107 bytes, unix(7) */
    cr_assert_eq(pm_socket_endpoint(dir, "x", &endpoint), PM_OK);
    cr_expect_eq(strlen(endpoint), strlen("ipc://") + 107);
    cr_expect_eq(pm_socket_endpoint(dir, "xy", &endpoint), PM_LIMIT);
}
