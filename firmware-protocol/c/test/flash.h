/* Flash in memory whose power can fail in the middle of an operation. */
#ifndef FLASH_H
#define FLASH_H

#include "../wayguard_ring.h"

extern wg_flash flash;

void flash_new(uint32_t pages, uint32_t page_size, uint32_t unit);
/* Let power fail in the operation that comes after that many, or never (-1). */
void flash_cut(long operations, uint32_t seed);
/* Let only that operation fail, and the power stay. */
void flash_fail(long after, uint32_t seed);
/* How many operations there were. */
long flash_operations(void);

#endif
