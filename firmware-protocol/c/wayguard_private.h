/* What the parts of the client share. */
#ifndef WAYGUARD_PRIVATE_H
#define WAYGUARD_PRIVATE_H

#include "wayguard.h"

enum { wg_head_size = 10, wg_tag_size = 16, wg_check_size = 4, wg_report_kind = 1, wg_desired_kind = 2 };

/* The last millisecond of the year 9999. */
#define WG_MAX_TIME INT64_C(253402300799999)

uint32_t wg_crc32(uint32_t crc, const uint8_t *data, size_t size);
void wg_put32(uint8_t *to, uint32_t n);
uint32_t wg_get32(const uint8_t *from);
/* Whether text is UTF-8 of 1 to most bytes. */
int wg_is_text(const uint8_t *text, size_t size, size_t most);

/* Seal the used bytes of a frame; returns its size or an error. */
int wg_close(const wg_key *key, wg_seal seal, uint8_t *frame, size_t used, size_t size);
/* Check head and seal; returns the size of the body or an error. */
int wg_open(const wg_key *key, uint8_t *frame, size_t size, uint8_t kind);

#endif
