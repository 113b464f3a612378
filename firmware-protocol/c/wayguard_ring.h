/*
 * Store and forward: a ring of records, reports as a rule, on flash that the
 * caller knows how to drive. Safe against power loss: whatever prefix of the
 * operations, and whatever part of the one under way, reached the flash, after
 * wg_ring_open
 *
 *   - every record that wg_ring_put returned WG_OK for is there once and whole,
 *     unless it was acknowledged or counted as dropped;
 *   - one whose wg_ring_put was cut off may be there, whole;
 *   - records come in the order they were put.
 *
 * When the ring is full the page with the oldest records is erased to make
 * room; what nobody had acknowledged is counted in dropped, once the ring has
 * moved past it.
 *
 * The ring keeps the boot counter too. It becomes durable with the first record
 * put: publish nothing that was not put, and no two frames share boot and
 * sequence. Number reports from 1 after each wg_ring_open.
 *
 *     wg_ring ring;
 *     wg_ring_open(&ring, &flash);             at the start
 *     wg_ring_put(&ring, frame, size);         for each report
 *     uint32_t number;                         when there is a connection
 *     int n = wg_ring_next(&ring, 0, &number, frame, sizeof frame);
 *     ... publish n bytes, if above 0; once the server acknowledged them:
 *     wg_ring_acknowledge(&ring, number);
 *
 * Memory: 44 bytes for a wg_ring on 32 bits, and 370 bytes of stack by gcc 12 for
 * a Cortex-M0 at -Os, without that of the flash functions. Flash: 16 bytes a
 * record (or the flash's unit if that is larger), 16 an acknowledgement, 32 a
 * page. Each page is erased once a turn of the ring, which levels the wear.
 */
#ifndef WAYGUARD_RING_H
#define WAYGUARD_RING_H

#include "wayguard.h"

/*
 * A region of flash whose erased bytes read 0xff. Functions return 0, or
 * anything else where they failed.
 */
typedef struct {
    void *context;
    uint32_t page_size; /* what is erased at once, a multiple of unit */
    uint32_t pages;     /* at least 3 */
    uint32_t unit;      /* what is programmed at once: 1, 2, 4, 8, 16 or 32 */
    int (*read)(void *context, uint32_t address, void *to, uint32_t size);
    /* Address and size are multiples of unit, what is there is erased; from
     * may stand at any address. */
    int (*program)(void *context, uint32_t address, const void *from, uint32_t size);
    int (*erase)(void *context, uint32_t page);
} wg_flash;

typedef struct {
    const wg_flash *flash;
    uint32_t boot;    /* of this start, from 1 */
    uint32_t dropped; /* records that were overwritten before they were acknowledged */
    /* The rest is the ring's own. */
    uint32_t first, next;             /* numbers: the oldest not done with, and of the next put */
    uint32_t newest, serial, used;    /* the page written to, its serial number, its bytes in use */
    uint32_t at_serial, at_offset;    /* where to look for first */
    uint32_t later;                   /* whether first is not on the flash yet */
} wg_ring;

/*
 * Find what the flash holds; a region that was never used is an empty ring.
 * flash must live as long as ring. WG_BAD_VALUE: the flash's geometry.
 * WG_FLASH: it cannot be read.
 */
int wg_ring_open(wg_ring *ring, const wg_flash *flash);

/*
 * Append a record of size bytes, 1 up to what wg_ring_largest tells. With WG_OK
 * it is durable. WG_FLASH: it is not; trying again uses another page.
 */
int wg_ring_put(wg_ring *ring, const uint8_t *record, uint32_t size);

/* The size of the largest record: of a page, less 48 bytes or more. */
uint32_t wg_ring_largest(const wg_flash *flash);

/*
 * Read the oldest record with a number above after that is not acknowledged;
 * after is 0 for the oldest of all. Returns its size, 0 if there is none, or
 * WG_TOO_SMALL, WG_FLASH.
 */
int wg_ring_next(wg_ring *ring, uint32_t after, uint32_t *number, uint8_t *record, uint32_t size);

/*
 * The records up to number have arrived. WG_LATER: that becomes durable with the
 * next put only, since the page is full; after a power cut they come again, as
 * the very bytes that the server knows. Errors: WG_BAD_VALUE; WG_FLASH, which is
 * otherwise like WG_LATER.
 */
int wg_ring_acknowledge(wg_ring *ring, uint32_t number);

#endif
