/* procman-top without a terminal and a sheriff: keys in, a picture and wishes out. */
#include "top_stage.h"

#include "draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(top_app, .init = given_a_fleet_on_screen, .fini = then_all_is_closed);

Test(top_app, one_screen_says_all)
{
    cr_assert(on_screen("1/2 hosts  3 procs: 1 up 1 failed 1 lost"));
    cr_assert(on_screen("▾ cameras (1/2)"));
    cr_assert(on_screen("●left"));
    cr_assert(on_screen("✖right [x]"));
    cr_assert(on_screen("? core"));
    cr_assert(on_screen("lost 12s"));
    cr_assert(on_screen("exit code 7; not"));
    cr_assert(on_screen("4711  2h13m  23.1"));
}

Test(top_app, ascii_says_the_same)
{
    canvas.ascii = true;
    app_draw(app, &canvas, now);
    for (int row = 0; row < canvas.rows; row++) {
        char *line = canvas_row(&canvas, row);
        for (const char *at = line; *at; at++)
            cr_assert((unsigned char)*at < 0x80, "row %d: %s", row, line);
        free(line);
    }
    cr_assert(on_screen("+left"));
    cr_assert(on_screen("Xright [x]"));
}

Test(top_app, the_pane_follows_the_cursor)
{
    when_key(KEY_ARROW_DOWN);
    then_heard("follow 1;");
    when_key(KEY_ARROW_DOWN);
    then_heard("follow 2;");
    when_key(KEY_ARROW_DOWN);
    then_heard("follow 3;");
    when_typed("zzz"); /* large, off, half */
    then_heard("follow;follow 3;");
}

Test(top_app, a_key_that_is_held_down_asks_for_the_last_row_it_came_to)
{
    app_key(app, KEY_ARROW_DOWN, now);
    app_key(app, KEY_ARROW_DOWN, now);
    app_key(app, KEY_ARROW_DOWN, now);
    then_heard("follow 1;");
    app_turn(app, now);
    then_heard("");
    now.ms += FOLLOW_MS;
    app_turn(app, now);
    then_heard("follow 3;");
    app_turn(app, now);
    then_heard("");
}

Test(top_app, one_process_is_ordered_at_once)
{
    when_key(KEY_ARROW_DOWN);
    *heard = '\0';
    when_typed("r");
    then_heard("restart cameras/left@r1;");
}

Test(top_app, names_that_look_like_globs_are_taken_literally)
{
    app_do(app, ACTION_LAST, now);
    model_go_to(app->model, 2);
    *heard = '\0';
    when_typed("s");
    cr_assert_not_null(strstr(heard, "start cameras/right \\[x\\]@r2;"), "%s", heard);
}

Test(top_app, more_than_one_is_stopped_only_after_a_yes_that_saw_the_names)
{
    when_typed("x"); /* the cursor is on the branch */
    then_heard("");
    cr_assert(on_screen("stop 2 processes?"));
    cr_assert(on_screen("cameras/left@r1"));
    when_key(KEY_RETURN);
    then_heard("");
    cr_assert_not(on_screen("stop 2 processes?"));
    when_typed("xy");
    then_heard("stop cameras/left@r1 cameras/right \\[x\\]@r2;");
}

Test(top_app, starting_many_asks_nothing_and_removing_one_asks)
{
    when_typed("s");
    then_heard("start cameras/left@r1 cameras/right \\[x\\]@r2;");
    when_key(KEY_ARROW_DOWN);
    *heard = '\0';
    when_key(KEY_DEL);
    then_heard("");
    cr_assert(on_screen("remove 1 process?"));
    when_typed("n");
    then_heard("");
}

Test(top_app, a_signal_is_chosen_from_a_menu)
{
    when_key(KEY_ARROW_DOWN);
    *heard = '\0';
    when_typed("K");
    cr_assert(on_screen("send a signal"));
    when_key(KEY_ARROW_DOWN);
    when_key(KEY_ARROW_DOWN);
    when_key(KEY_RETURN);
    then_heard("signal 1 cameras/left@r1;");
}

Test(top_app, read_only_turns_every_change_off_and_says_so)
{
    app->read_only = true;
    when_typed("sxrKc");
    when_key(KEY_DEL);
    when_typed(":start all");
    when_key(KEY_RETURN);
    then_heard("");
    cr_assert(on_screen("LOOK ONLY"));
    cr_assert_not(on_screen("Restart"));
}

Test(top_app, so_does_the_socket_for_looking)
{
    app->may_command = false;
    when_typed("s");
    then_heard("");
    cr_assert(on_screen("this socket is for looking only"));
}

Test(top_app, a_filter_shows_while_it_is_typed_and_esc_takes_it_back)
{
    when_typed("/righ");
    cr_assert(on_screen("right [x]"));
    cr_assert_not(on_screen("●left"));
    when_key(KEY_ESCAPE);
    cr_assert(on_screen("●left"));
    when_typed("/%failed");
    when_key(KEY_RETURN);
    cr_assert(on_screen("Filter: %failed (1 shown)"));
    when_key(KEY_ESCAPE);
    cr_assert(on_screen("●left"));
}

Test(top_app, tags_choose_what_an_action_is_for)
{
    when_key(KEY_ARROW_DOWN);
    when_typed(" ");
    when_key(KEY_ARROW_DOWN);
    *heard = '\0';
    cr_assert(on_screen("Tagged: 1"));
    when_typed("r");
    then_heard("restart cameras/left@r1;");
    when_typed("U");
    cr_assert_not(on_screen("Tagged"));
}

Test(top_app, typed_verbs_are_those_of_the_command_line)
{
    when_typed(":restart cameras/ !left");
    when_key(KEY_RETURN);
    then_heard("restart cameras/ !left;");
    when_typed(":signal HUP all");
    when_key(KEY_RETURN);
    then_heard("signal 1 all;");
    when_typed(":signal NOSUCH all");
    when_key(KEY_RETURN);
    then_heard("");
    cr_assert(on_screen("\"NOSUCH\" is no signal"));
    when_typed(":frobnicate x");
    when_key(KEY_RETURN);
    cr_assert(on_screen("\"frobnicate\" is no action"));
    when_typed(":quit");
    when_key(KEY_RETURN);
    cr_assert(app->quit);
}

Test(top_app, logs_of_several_are_chosen_and_stay_until_one_goes_back)
{
    when_typed("l");
    then_heard("follow 1 2;");
    cr_assert_eq(app->view, VIEW_LOGS);
    when_typed("3");
    then_heard("follow 1 2 since 3;");
    when_key(KEY_ESCAPE);
    cr_assert_eq(app->view, VIEW_TABLE);
}

Test(top_app, lines_are_drawn_with_their_process_their_time_and_their_colours)
{
    when_typed("l");
    scroll_bytes(app->scroll, 1, LINE_OUT, 3661001, "\x1b[32mgreen\x1b[0m\tcol\n", 20);
    scroll_bytes(app->scroll, 2, LINE_ERR, 3661002, "bad\n", 4);
    cr_assert(on_screen("left@r1      │ green   col"));
    cr_assert(on_screen("right [x]@r2 E bad"));
    when_typed("t");
    cr_assert(on_screen(":01.001 left@r1"));
}

Test(top_app, long_lines_are_cut_wrapped_or_moved_sideways)
{
    char text[301];

    for (int i = 0; i < 300; i++)
        text[i] = (char)('a' + i / 30);
    text[299] = '\n';
    when_key(KEY_ARROW_DOWN);
    when_typed("l");
    scroll_bytes(app->scroll, 1, LINE_OUT, 1, text, 300);
    cr_assert(on_screen("aaaabbbb"));
    cr_assert_not(on_screen("jjjj"));
    when_typed("w");
    cr_assert(on_screen("jjjj"));
    when_typed("w");
    for (int i = 0; i < 18; i++)
        when_key(KEY_ARROW_RIGHT);
    cr_assert(on_screen("jjjj"));
    cr_assert_not(on_screen("aaaa"));
}

Test(top_app, searching_lights_up_what_was_found)
{
    bool lit = false;

    when_key(KEY_ARROW_DOWN);
    when_typed("l");
    scroll_bytes(app->scroll, 1, LINE_OUT, 1, "out of memory\n", 14);
    when_typed("/memory");
    when_key(KEY_RETURN);
    app_draw(app, &canvas, now);
    for (int i = 0; i < canvas.rows * canvas.cols; i++)
        lit |= canvas.cells[i].style.bg == themes[0].looks[LOOK_MATCH].bg
               && strcmp(canvas.cells[i].text, "m") == 0;
    cr_assert(lit);
    when_typed("/nothing such");
    when_key(KEY_RETURN);
    cr_assert(on_screen("\"nothing such\" is in none of the 1 lines here"));
}

Test(top_app, at_the_top_of_the_lines_it_asks_for_earlier_ones)
{
    when_key(KEY_ARROW_DOWN);
    when_typed("l");
    *heard = '\0';
    when_key(KEY_PAGE_UP);
    then_heard("earlier;");
}

Test(top_app, details_say_what_is_known_and_what_has_not_come)
{
    struct pm_spec spec = { .command = "camd -p 7000", .working_dir = "/opt", .origin = "f.yaml:31",
                            .stop_signal = 15, .run_as_user = "", .run_as_group = "",
                            .env_file = "" };

    when_key(KEY_ARROW_DOWN);
    *heard = '\0';
    when_key(KEY_RETURN);
    then_heard("details left;follow;");
    cr_assert(on_screen("not come yet"));
    app->spec = &spec;
    cr_assert(on_screen("Definition f.yaml:31"));
    cr_assert(on_screen("camd -p 7000"));
    cr_assert(on_screen("last ordered by alice"));
    when_key(KEY_ESCAPE);
    cr_assert(on_screen("●left"));
}

Test(top_app, the_past_of_one_process_is_never_shown_as_that_of_another)
{
    struct pm_past_life life = { .run = 7, .reason = "signal 11 of the left one" };
    struct pm_past_life_list past = { &life, 1 };

    when_key(KEY_ARROW_DOWN);
    when_key(KEY_RETURN);
    cr_assert(app_past(app, 1, past));
    cr_assert(on_screen("signal 11 of the left one"));
    when_key(KEY_ESCAPE);
    when_key(KEY_ARROW_DOWN);
    when_key(KEY_RETURN);
    cr_assert_not(app_past(app, 1, past)); /* asked for the one before, and late */
    cr_assert_not(on_screen("signal 11 of the left one"));
}

Test(top_app, titles_keep_every_character_of_a_name_in_ascii_too)
{
    struct pm_proc odd = procs[0];

    odd.name = "a\xe2\x82\xac" "b"; /* a euro sign begins with the byte a line has */
    app_fleet(app, (struct pm_proc_list){ &odd, 1 }, (struct pm_deputy_list){ deputies, 2 });
    when_key(KEY_ARROW_DOWN);
    when_key(KEY_RETURN);
    canvas.ascii = true;
    cr_assert(on_screen("- cameras/a?b@r1 ---"));
}

Test(top_app, the_tree_may_be_by_any_label_that_there_is)
{
    struct pm_var gpu[] = { { "role", "gpu/2" }, { "team", "see" } };
    struct pm_var eyes[] = { { "role", "eye" } };
    struct pm_spec specs[] = {
        { .labels = { gpu, 2 } }, { .labels = { eyes, 1 } }, { .labels = { NULL, 0 } },
    };

    when_typed("b");
    cr_assert(on_screen("tree by host"));
    *heard = '\0';
    when_typed("b");
    cr_assert_not_null(strstr(heard, "specs;"));
    app_specs(app, (struct pm_spec_list){ specs, 3 }, (struct pm_proc_list){ procs, 3 });
    cr_assert(on_screen("tree by label role"));
    cr_assert(on_screen("▾ gpu/2 (1/1)"));
    cr_assert(on_screen("▾ eye (0/1)"));
    cr_assert(on_screen("? core"));
    when_typed("b");
    cr_assert(on_screen("tree by label team"));
    cr_assert(on_screen("▾ see (1/1)"));
    when_typed("b");
    cr_assert(on_screen("tree by group"));
}

Test(top_app, without_labels_one_is_told_so)
{
    when_typed("bb");
    app_specs(app, (struct pm_spec_list){ NULL, 0 }, (struct pm_proc_list){ NULL, 0 });
    cr_assert(on_screen("no process has labels"));
    cr_assert(on_screen("tree by group"));
}

Test(top_app, help_lists_every_action_with_its_keys)
{
    when_typed("?");
    cr_assert(on_screen("row or line up"));
    cr_assert(on_screen("choose a signal to send"));
    when_key(KEY_PAGE_DOWN);
    cr_assert(on_screen("search a regular expression"));
    when_key(KEY_ESCAPE);
    cr_assert_eq(app->view, VIEW_TABLE);
}

Test(top_app, a_sheriff_that_is_away_leaves_the_last_picture_in_grey)
{
    app_sheriff(app, false, "the sheriff is away");
    cr_assert(on_screen("the sheriff is away"));
    cr_assert(on_screen("●left"));
    for (int i = 0; i < canvas.rows * canvas.cols; i++)
        if (strcmp(canvas.cells[i].text, "●") == 0)
            cr_assert_eq(canvas.cells[i].style.fg, themes[0].looks[LOOK_STALE].fg);
}

struct size_row { int rows, cols; const char *text; };

Test(top_app, every_size_has_a_picture)
{
    static const struct size_row sizes[] = {
        { 8, 40, "●left" }, { 24, 80, "●left" }, { 50, 200, "●left" }, { 7, 40, "too small" },
        { 30, 39, "too small" }, { 1, 1, "t" }, { 1, 200, "too small" }, { 200, 1, "t" },
    };

    for (size_t i = 0; i < PM_COUNT(sizes); i++) {
        canvas_resize(&canvas, sizes[i].rows, sizes[i].cols);
        cr_assert(on_screen(sizes[i].text), "%d x %d", sizes[i].rows, sizes[i].cols);
    }
}

Test(top_app, the_mouse_finds_rows_heads_and_keys)
{
    app_draw(app, &canvas, now);
    app_click(app, app->table_row + 2, 10, false, now);
    cr_assert_eq(model_at_cursor(app->model)->proc->id, 2);
    for (int col = 0; col < 100; col++)
        if (draw_column_at(app, col) == COLUMN_CPU) {
            app_click(app, app->head_row, col, false, now);
            break;
        }
    cr_assert_eq(model_view(app->model)->sort, COLUMN_CPU);
    *heard = '\0';
    app_click(app, app->keys_row, 2, false, now);
    cr_assert_not_null(strstr(heard, "start "));
}

/* A soak: whatever is pressed, in whatever order and size, the picture is drawn. */
Test(top_app, random_keys_do_no_harm)
{
    uint32_t dice = 12345;

    for (int i = 0; i < 20000; i++) {
        uint32_t key;
        dice = dice * 1103515245 + 12345;
        key = dice >> 16 & 0x7f;
        if ((dice & 7) == 0)
            key = KEY_FIRST_NAMED + (dice >> 16) % (KEY_F12 - KEY_FIRST_NAMED + 1);
        app->quit = false;
        app_key(app, key, now);
        if (i % 50 == 0) {
            canvas_resize(&canvas, (int)(dice >> 8 & 63), (int)(dice >> 20 & 127));
            app_draw(app, &canvas, now);
        }
        if (i % 7 == 0)
            scroll_bytes(app->scroll, 1 + (dice >> 9) % 3, dice & 1 ? LINE_OUT : LINE_ERR, i,
                         "some \x1b[31mtext\n", 15);
        if (i % 100 == 0)
            app_fleet(app, (struct pm_proc_list){ procs, dice >> 4 & 3 },
                      (struct pm_deputy_list){ deputies, dice >> 6 & 1 });
    }
}
