/* What a line of the log begins with. */
#include <procman/log.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char line[256];

/* stderr is a file, and JOURNAL_STREAM names one whose inode is higher by `off`. */
static const char *line_with(unsigned off)
{
    FILE *file = tmpfile();
    struct stat status;
    char variable[64];
    size_t n;

    cr_assert_not_null(file);
    cr_assert_eq(fstat(fileno(file), &status), 0);
    cr_assert_geq(dup2(fileno(file), STDERR_FILENO), 0);
    snprintf(variable, sizeof variable, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino + off);
    setenv("JOURNAL_STREAM", variable, 1);
    pm_log_open("test", PM_LOG_INFO);
    pm_log_warning("hello");
    rewind(file);
    n = fread(line, 1, sizeof line - 1, file);
    line[n] = '\0';
    fclose(file);
    return line;
}

Test(log_io, has_a_level_for_the_journal)
{
    cr_expect_str_eq(line_with(0), "<4>hello\n");
}

Test(log_io, has_the_time_when_stderr_is_not_the_stream_that_the_environment_names)
{
    cr_expect_str_eq(strchr(line_with(1), 'Z'), "Z test: hello\n");
}
