/* SPDX-License-Identifier: MIT */
#ifndef HAL_LOG_H
#define HAL_LOG_H
#ifdef __cplusplus
extern "C" {
#endif

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/** Lines above `level` are dropped. Default LOG_INFO. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/** `with_priority`: put "<3>".."<7>" before each line, as journald reads from stderr (sd-daemon(3)). */
void log_set_priority_prefix(int with_priority);
/** Send finished lines (no newline, no prefix) to `sink` instead of stderr; NULL: stderr again. For tests. */
void log_set_sink(void (*sink)(enum log_level level, const char *line));

/**
 * One event, one line, "file-prefix: sentence". Control characters and bytes that are no UTF-8 become
 * '?', lines are cut at 1023 bytes with "...". Never give it a secret.
 */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
