"""The faults txtal must survive, and the tests that show it, wherever they stand.

A test in this folder counts its tries; any other counts as one try a case.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One row of the table."""

    number: str
    name: str
    tests: tuple[str, ...]
    """Node ids below ``tests/``, without what stands in brackets."""
    note: str = ""
    """What these tests don't show, and why."""


KILLS = "faults/test_kills.py::"
DAMAGE = "faults/test_damage.py::"
DISK = "faults/test_disk.py::"
TOGETHER = "faults/test_together.py::"
LEARNER = "faults/test_learner.py::"
TRUST = "faults/test_trust.py::"
LABELS = "faults/test_labels.py::"
PATHS = "faults/test_paths.py::"
WRITERS = "faults/test_writers.py::"
KEYS = "faults/test_keys.py::"
STREAMS = "faults/test_streams.py::"
KILLER = "faults/test_killer.py::"
IN_USE = "faults/test_in_use.py::"
MISSED = "faults/test_signals.py::"

FAULTS = (
    Fault(
        "1",
        "kill -9 while labelling",
        (
            KILLS + "test_the_screen_again_and_again_on_one_database",
            "cli/test_crashes.py::test_kill_9_of_the_screen",
        ),
    ),
    Fault(
        "2",
        "kill -9 during a load",
        (
            KILLS + "test_a_load_leaves_all_or_nothing",
            KILLS + "test_a_load_behind_a_session_leaves_a_part_that_the_next_completes",
        ),
    ),
    Fault(
        "3",
        "kill -9 during an export or a restore",
        (
            KILLS + "test_an_export_leaves_the_old_file_or_the_new",
            KILLS + "test_a_restore_leaves_the_old_database_or_the_new",
            "formats/test_atomic.py::test_kill_leaves_the_old_file_and_the_next_run_cleans_up",
        ),
    ),
    Fault(
        "4",
        "kill -9 during a migration",
        (
            KILLS + "test_a_migration_leaves_the_old_schema_or_the_new",
            "store/test_schema.py::test_a_failing_migration_leaves_the_file_as_it_was",
        ),
    ),
    Fault(
        "5",
        "power cut: torn write-ahead log",
        (DAMAGE + "test_power_is_cut_while_the_log_is_written",),
    ),
    Fault(
        "6",
        "fsync fails",
        (
            DISK + "test_a_sync_that_fails_is_never_called_saved",
            "session/test_session.py::test_an_answer_that_fails_at_its_commit_leaves_everything_as_it_was",
            "ui/test_screen.py::test_another_fault_of_the_database_says_not_saved_and_keeps_the_ticket",
        ),
    ),
    Fault("7", "disk full in a session", (DISK + "test_a_disk_that_fills_up_in_a_session",)),
    Fault(
        "8",
        "disk full at start, export, backup",
        (
            DISK + "test_a_full_disk_at_the_start_and_at_an_export",
            "cli/test_export.py::test_a_full_disk_is_told_in_one_line",
            "formats/test_atomic.py::test_a_full_disk_leaves_the_old_file",
        ),
    ),
    Fault(
        "9",
        "limit on the size of a file",
        (
            DISK + "test_a_limit_on_the_size_of_a_file",
            "formats/test_atomic.py::test_a_limit_that_is_hit_while_writing",
        ),
    ),
    Fault(
        "10",
        "read-only disk",
        (
            DISK + "test_a_disk_that_is_read_only",
            DISK + "test_a_disk_that_becomes_read_only_in_a_session",
            "store/test_schema.py::test_a_read_only_file_says_so",
        ),
    ),
    Fault(
        "11",
        "database missing, a folder, empty, garbage, cut short, another's",
        (
            "store/test_schema.py::test_other_files_are_refused_and_untouched",
            "store/test_schema.py::test_another_programs_database_is_refused",
            "store/test_schema.py::test_missing_file_folder_and_empty_file",
            "cli/test_failures.py::test_3_for_bad_data",
            "cli/test_reading.py::test_doctor_of_a_sick_database",
            "store/test_backup.py::test_a_backup_that_is_none_changes_nothing",
        ),
    ),
    Fault(
        "12",
        "a bit flips",
        (
            DAMAGE + "test_a_flipped_bit_that_changes_a_row_is_found",
            DAMAGE + "test_a_flipped_bit_in_any_table_is_found",
            "store/test_verify.py::test_what_was_changed_is_found_and_named",
            "store/test_label_changes.py::test_a_damaged_change_is_named",
        ),
    ),
    Fault(
        "13",
        "-wal left behind; database deleted, moved, restored under a session",
        (
            DAMAGE + "test_a_copy_without_its_log_and_a_backup_of_the_same_moment",
            "cli/test_backup.py::test_a_backup_and_a_restore_under_a_session",
            "cli/test_backup.py::test_a_database_that_is_deleted_under_a_session",
            "cli/test_backup.py::test_a_log_that_is_deleted_under_a_session",
            "service/test_service.py::"
            "test_a_database_that_is_exchanged_under_it_is_answered_like_any_other",
        ),
        "a copy without its -wal is sound but older; its newest answer's number tells",
    ),
    Fault(
        "14",
        "newer schema",
        (
            "cli/test_failures.py::test_4_for_a_newer_database_that_stays_as_it_is",
            "store/test_schema.py::test_a_newer_file_is_left_alone",
        ),
    ),
    Fault(
        "15",
        "four annotators on one file",
        (
            TOGETHER + "test_four_annotators_at_once",
            TOGETHER + "test_four_annotators_with_an_overlap",
            "cli/test_teach.py::test_two_at_once_are_never_asked_the_same",
        ),
    ),
    Fault(
        "16",
        "lock held for 30 s",
        (
            TOGETHER + "test_a_lock_that_is_held",
            "ui/test_app.py::test_a_locked_database_is_retried_in_the_background",
            "ui/test_plain.py::test_a_locked_database_is_waited_for",
        ),
    ),
    Fault(
        "17",
        "a killed annotator held a ticket",
        (
            KILLS + "test_what_a_killed_annotator_held_comes_back",
            "store/test_ledger.py::test_a_lease_runs_out",
        ),
    ),
    Fault(
        "18",
        "key held down",
        (
            "cli/test_teach.py::test_a_held_key_labels_each_ticket_once",
            "ui/test_app.py::test_a_key_held_down_answers_each_ticket_once_and_none_unseen",
            "ui/test_app.py::test_a_paste_never_labels",
        ),
    ),
    Fault(
        "19",
        "undo after a kill",
        (
            KILLS + "test_undo_goes_on_after_a_kill",
            "cli/test_teach.py::test_thirty_answers_quit_resume_and_undo",
            "session/test_session.py::test_undo_reaches_past_the_restart_and_asks_again",
            "store/test_label_changes.py::test_no_change_looks_like_damage",
        ),
    ),
    Fault(
        "20",
        "SIGINT, SIGTERM, SIGHUP, SIGQUIT",
        (
            "cli/test_crashes.py::test_signals",
            "ui/test_app.py::test_the_terminal_is_restored_whatever_ends_it",
            "ui/test_app.py::test_signals_end_it_in_good_order",
            MISSED + "test_at_the_prompt",
            MISSED + "test_where_a_command_waits_for_a_line",
            MISSED + "test_while_the_next_ticket_of_a_stream_is_waited_for",
            MISSED + "test_while_the_database_is_locked",
            MISSED + "test_while_standard_input_is_read",
            MISSED + "test_lines_that_came_with_others_are_seen_while_a_stream_is_waited_for",
            "ui/test_plain.py::test_a_signal_that_was_swallowed_ends_it_at_the_next_line",
        ),
    ),
    Fault(
        "21",
        "terminal closed",
        (
            "cli/test_crashes.py::test_the_terminal_goes_away",
            "ui/test_app.py::test_closing_the_terminal_ends_the_process",
            MISSED + "test_a_terminal_that_goes_away_from_a_program_that_ignores_it",
        ),
    ),
    Fault(
        "22",
        "ctrl-z and fg",
        ("cli/test_teach.py::test_the_terminal_is_resized_and_suspended_without_loss",),
    ),
    Fault(
        "23",
        "resize storm, tiny window",
        (
            "ui/test_app.py::test_resizing_keeps_the_state",
            "ui/test_screen.py::test_a_window_too_small_says_so_and_takes_no_answer",
            "ui/test_screen.py::test_a_long_notice_pushes_no_key_off_the_smallest_screen",
            "ui/test_screen.py::test_no_line_is_too_long_at_any_size_in_any_mode",
        ),
    ),
    Fault(
        "24",
        "a recipe's callback or a handler raises",
        (
            "ui/test_app.py::test_a_handlers_exception_is_told_and_the_session_goes_on",
            "cli/test_run.py::test_a_callback_that_fails_is_told_and_logged_without_the_ticket",
            "session/test_session.py::test_a_failing_callback_is_a_notice_and_the_answer_stays",
            "ui/test_extensions.py::test_what_fails_is_told_and_the_session_goes_on",
            "ui/test_extensions.py::test_a_check_that_fails_costs_no_answer",
        ),
    ),
    Fault(
        "25",
        "learner raises, dies, hangs, out of memory, killed",
        (
            LEARNER + "test_labelling_goes_on",
            "cli/test_crashes.py::test_kill_9_of_the_learner",
            "learner/test_client.py::test_a_hung_process_is_killed_and_restarted",
            "learner/test_client.py::test_it_is_given_up_after_the_last_restart",
            "learner/test_process.py::test_an_unforeseen_error_ends_it_and_the_log_holds_no_ticket",
        ),
    ),
    Fault(
        "26",
        "one class, no answers, equal texts",
        (
            "learner/test_learner.py::test_one_class_is_no_model",
            "learner/test_learner.py::test_texts_there_is_little_to_learn_from",
            "learner/test_learner.py::test_an_empty_dataset",
            "cli/test_train.py::test_nothing_to_train_on",
        ),
    ),
    Fault(
        "27",
        "NaN in features or scores, empty text",
        (
            "learning/test_catalogue.py",
            "learner/test_learner.py::test_what_no_strategy_wants_is_asked_at_random",
            "formats/test_jsonl.py::test_refuses_that_line_only",
        ),
    ),
    Fault(
        "28",
        "keys while the learner trains",
        ("cli/test_teach.py::test_the_model_learns_behind_the_screen_and_measures_itself",),
        "no test asserts on a time: tests/bench/keys.py measures it, see benchmarks.md",
    ),
    Fault(
        "29",
        "stdin or stdout is no terminal",
        (
            "cli/test_failures.py::test_2_where_there_is_no_terminal",
            "cli/test_teach.py::test_output_that_is_no_terminal",
        ),
    ),
    Fault(
        "30",
        "closed pipe",
        (
            "cli/test_export.py::test_a_reader_that_goes_away_leaves_no_traceback",
            "cli/test_export.py::test_a_pipe_closed_from_the_start",
        ),
    ),
    Fault(
        "31",
        "dumb terminal, poor locale",
        (
            "cli/test_failures.py::test_a_locale_that_can_say_little",
            "cli/test_failures.py::test_words_that_are_no_text_at_all",
            "ui/test_plain.py::test_when_the_terminal_is_dumb",
        ),
    ),
    Fault(
        "32",
        "escape sequences, on the screen and in every output",
        (
            "cli/test_failures.py::test_hostile_text_is_shown_and_never_obeyed",
            "cli/test_failures.py::test_hostile_text_on_a_terminal",
            "cli/test_failures.py::test_hostile_text_on_the_screen",
            "ui/test_app.py::test_nothing_but_known_escapes_leaves_for_the_terminal",
            "ui/test_screen.py::test_hostile_text_is_harmless_everywhere",
            "ui/test_extensions.py::test_nothing_of_it_reaches_the_terminal_as_it_is",
            "faults/test_fuzz.py::test_a_short_run",
        ),
    ),
    Fault(
        "33",
        "bidi, zero-width, tags, half characters",
        (
            "test_text.py::test_nothing_leaks_and_cleaning_twice_changes_nothing",
            "test_text.py::test_every_character_alone",
            "ui/test_screen.py::test_right_to_left_text_stays_in_its_order_and_place",
            "ui/test_screen.py::test_what_would_turn_the_direction_is_shown_and_not_obeyed",
            "formats/test_export.py::test_half_a_character_is_escaped_rather_than_fatal",
            "store/test_tickets.py::test_what_goes_in_comes_out",
        ),
    ),
    Fault(
        "34",
        "100,000 marks on one letter, 5 MB, endless lines",
        (
            "test_text.py::test_five_megabytes_of_anything",
            "ui/test_screen.py::test_a_huge_ticket_is_drawn_in_part",
            "ui/test_screen.py::test_no_line_is_too_long_at_any_size_in_any_mode",
            "ui/test_wrap.py::test_a_huge_text_is_folded_no_further_than_it_is_looked_at",
        ),
    ),
    Fault(
        "35",
        "a line of 100 MB",
        (
            "formats/test_source.py::test_a_huge_line_is_never_in_memory",
            "formats/test_source.py::test_longest_line",
            TRUST + "test_a_line_of_a_hundred_megabytes",
        ),
    ),
    Fault(
        "36",
        "bad JSONL of every kind",
        (
            "formats/test_jsonl.py::test_takes",
            "formats/test_jsonl.py::test_refuses_that_line_only",
            "cli/test_load.py::test_the_summary_and_the_reason_for_each_bad_line",
            "cli/test_load.py::test_strict_loads_nothing_of_a_file_with_a_bad_line",
            "faults/test_fuzz.py::test_a_short_run",
        ),
    ),
    Fault("37", "nesting 200,000 deep", ("formats/test_jsonl.py::test_refuses_that_line_only",)),
    Fault(
        "38",
        "the same file twice; the same id with another text",
        (
            "cli/test_load.py::test_loading_again_adds_nothing",
            TRUST + "test_the_same_id_with_another_text_is_another_ticket",
        ),
    ),
    Fault(
        "39",
        "export and load again",
        (
            "formats/test_export.py::test_export_and_read_again",
            "cli/test_load.py::test_what_is_exported_can_be_loaded_again",
        ),
    ),
    Fault(
        "40",
        "formulas in CSV",
        (
            "formats/test_table.py::test_what_begins_like_a_formula_is_text",
            "formats/test_table.py::test_any_text_comes_back",
            "formats/test_delimited.py::test_formulas_and_spaces_stay_as_they_are",
        ),
    ),
    Fault(
        "41",
        "an evil or altered model",
        (
            "cli/test_train.py::test_an_altered_classifier_is_refused",
            "cli/test_train.py::test_nothing_in_it_is_executed_even_if_its_sum_is_right",
            TRUST + "test_a_flipped_bit_in_a_model",
        ),
    ),
    Fault(
        "42",
        "clock steps back; code in the folder; names that are paths",
        (
            DAMAGE + "test_answers_are_ordered_by_number_whatever_the_clock_does",
            TRUST + "test_names_that_are_paths_write_nowhere_else",
            TRUST + "test_nothing_in_the_folder_is_run",
            "cli/test_failures.py::test_nothing_is_imported_from_the_working_directory",
            "recipes/test_recipes.py::test_nothing_is_imported_from_the_working_directory",
            "store/test_schema.py::test_a_file_with_a_trigger_is_refused",
        ),
    ),
    Fault(
        "43",
        "a database whose name SQLite reads as more than a name",
        (
            PATHS + "test_a_database_is_the_file_of_its_name",
            PATHS + "test_a_session_with_a_learner_keeps_to_the_file",
            PATHS + "test_what_is_no_file_is_refused",
            PATHS + "test_a_pipe_is_no_database",
            PATHS + "test_a_file_under_two_names_is_refused",
            PATHS + "test_a_database_is_not_called_like_the_log_of_another",
        ),
    ),
    Fault(
        "44",
        "labels of blanks, padded, composed in two ways, alike",
        (
            LABELS + "test_a_blank_name_is_refused_wherever_it_comes_from",
            LABELS + "test_every_way_in_keeps_the_same_name",
            LABELS + "test_fifty_answers_stay_fifty",
            LABELS + "test_labels_that_look_alike_are_warned_of",
            LABELS + "test_the_screen_refuses_a_blank_name_and_keeps_a_good_one",
            LABELS + "test_a_label_that_begins_as_those_of_fasttext",
            LABELS + "test_a_label_that_looks_like_something_else_comes_back",
            LABELS + "test_versions_stay_versions",
            "formats/test_fields.py::test_labels_of_a_table",
            "test_text.py::test_names_no_label_may_have",
            "test_text.py::test_a_name_that_is_good_stays_as_it_is",
        ),
    ),
    Fault(
        "45",
        "a file of the same name, size and time predicted into one folder",
        (
            WRITERS + "test_a_part_of_another_file_of_the_same_name_size_and_time",
            WRITERS + "test_a_file_that_is_gone_on_with_is_known_by_what_was_written",
        ),
    ),
    Fault(
        "46",
        "train over an old classifier, killed or failing at any write",
        (
            KILLER + "test_every_system_call",
            "cli/test_train.py::test_a_classifier_of_a_version_before_is_still_read",
            "cli/test_train.py::test_a_saving_that_is_interrupted_at_its_very_end_has_done_its_work",
            "cli/test_models.py::test_a_version_that_was_cut_off_is_not_one",
            "formats/test_atomic.py::test_what_can_not_be_tidied_up_undoes_nothing",
            "formats/test_atomic.py::test_a_folder_that_is_built_is_left_alone_and_swept_when_its_process_is_gone",
        ),
        "the cases of all commands, as in 60",
    ),
    Fault(
        "47",
        "temporary names that are links, or were made open to all",
        (
            WRITERS + "test_nothing_else_opens_a_file_for_writing",
            WRITERS + "test_the_search_finds_what_it_looks_for",
            WRITERS + "test_names_made_before_are_not_written_through",
            WRITERS + "test_a_target_that_is_a_link_keeps_pointing_and_its_mode",
            WRITERS + "test_what_is_written_is_synced_before_it_has_its_name",
        ),
    ),
    Fault(
        "48",
        "a copy put by hand over a database whose -wal was left",
        (
            PATHS + "test_another_database_under_a_log_is_refused",
            PATHS + "test_an_older_copy_under_a_log_is_refused",
            PATHS + "test_an_emptied_database_keeps_its_log",
            PATHS + "test_a_log_is_taken_in_wherever_its_taking_in_was_cut",
        ),
    ),
    Fault(
        "49",
        "the database overwritten in place under a session",
        (IN_USE + "test_what_is_overwritten_is_told_with_the_next_answer",),
    ),
    Fault(
        "50",
        "a search for one word 2,000 times, 200 KB pasted into a search",
        (
            KEYS + "test_a_search_for_one_word_two_thousand_times",
            KEYS + "test_a_query_is_as_small_as_what_it_asks",
            KEYS + "test_a_search_that_takes_long_is_given_up",
        ),
    ),
    Fault(
        "51",
        "standard input, output or error closed from the start",
        (
            STREAMS + "test_streams_that_are_closed",
            STREAMS + "test_standard_input_that_is_closed_is_no_empty_file",
        ),
    ),
    Fault(
        "52",
        "a burst of keys without bracketed paste",
        (
            KEYS + "test_ten_thousand_keys_at_once_answer_next_to_nothing",
            "ui/test_app.py::test_a_burst_answers_nothing_that_was_not_seen",
            "ui/test_app.py::test_keys_typed_ahead_of_the_start_answer_nothing",
        ),
    ),
    Fault(
        "53",
        "-shm cut under a session",
        (IN_USE + "test_the_index_of_the_log_is_cut",),
    ),
    Fault(
        "54",
        "clock set by 400 days while a ticket is on the screen",
        (KEYS + "test_a_clock_that_is_set_changes_no_duration",),
    ),
    Fault(
        "55",
        "zip bomb, giant shape, deep TOML, devices and pipes in the place of files",
        (
            STREAMS + "test_what_is_no_file_is_refused_at_once",
            STREAMS + "test_labels_through_a_pipe_of_the_shell_are_read",
            STREAMS + "test_what_is_read_again_later_is_no_pipe",
            STREAMS + "test_settings_that_are_nested_without_end",
            STREAMS + "test_arrays_that_would_fill_the_memory",
        ),
    ),
    Fault(
        "56",
        "an output that is an input, a database's own file, a folder, a device",
        (
            WRITERS + "test_an_output_that_is_an_input_is_refused",
            WRITERS + "test_a_device_is_written_as_it_is",
            WRITERS + "test_a_log_that_can_not_be_one",
        ),
    ),
    Fault(
        "57",
        "one of two logins can't write the cache, the index or the log",
        (
            TOGETHER + "test_a_second_login_that_can_write_little",
            "cli/test_share.py::test_a_cache_that_cant_be_written_is_said_in_words",
            "cli/test_share.py::test_both_label_and_nobody_else",
        ),
    ),
    Fault(
        "58",
        "a later version adds a column: older files and a new one",
        (
            "store/test_migrations.py::test_a_migration_that_was_released_is_never_changed",
            "store/test_migrations.py::test_a_file_of_every_released_schema_is_opened_whole",
            "store/test_migrations.py::test_a_file_of_every_released_schema_is_answered_and_exported",
            "store/test_migrations.py::"
            "test_a_later_version_makes_the_same_of_a_new_file_and_of_every_older_one",
            "store/test_migrations.py::"
            "test_a_later_version_doesnt_bless_an_answer_that_was_damaged",
        ),
    ),
    Fault(
        "59",
        "one text, two answers: corrected, by two people, from two machines",
        (
            "cli/test_gold.py::test_the_majority_stands_and_a_tie_is_left_out_and_counted",
            "cli/test_gold.py::test_no_training_format_holds_one_text_twice",
            "cli/test_gold.py::test_a_correction_on_the_screen_replaces_what_it_corrects",
            "cli/test_gold.py::test_two_machines_merged",
            "cli/test_gold.py::test_what_is_trained_on_is_told_by_ticket",
        ),
    ),
    Fault(
        "60",
        "EIO, ENOSPC, EROFS or a kill at every system call that changes the disk",
        (
            KILLER + "test_a_sample_of_system_calls",
            KILLER + "test_every_system_call",
            KILLER + "test_what_is_killed_half_way_is_found",
            KILLER + "test_of_many_writes_to_one_file_some_are_tried",
        ),
    ),
    Fault(
        "61",
        "a migration under a live session; a full disk amid a migration",
        (
            TOGETHER + "test_a_session_whose_database_a_later_version_upgrades",
            DISK + "test_a_disk_that_fills_up_amid_a_migration",
        ),
    ),
    Fault(
        "62",
        "a ticket of 50 MB on the screen and in a stream",
        (TRUST + "test_a_ticket_of_fifty_megabytes",),
        "not tried on Dask's workers",
    ),
    Fault(
        "readers",
        "every reader and wire, fuzzed",
        (
            "faults/test_fuzz_readers.py::test_what_crashed_once_does_no_more",
            "faults/test_fuzz_readers.py::test_a_short_run",
            "faults/test_fuzz_readers.py::test_a_crash_is_noticed",
        ),
    ),
    Fault(
        "model",
        "the command line and sessions in any order, against a model",
        (
            "faults/test_model.py::test_sittings_agree_with_a_dict",
            "faults/test_command_line_model.py::test_one_of_everything_agrees",
            "faults/test_command_line_model.py::test_a_handful_of_runs_agree",
            "faults/test_command_line_model.py::test_many_runs_agree",
        ),
    ),
    Fault(
        "trust",
        "private files, no text in logs, no network",
        (
            TRUST + "test_every_file_is_private",
            TRUST + "test_no_ticket_in_logs_or_complaints",
            TRUST + "test_no_connection_is_made",
        ),
    ),
)
