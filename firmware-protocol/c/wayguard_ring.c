/*
 * The flash holds a log. A page begins with a head, all in 32-bit big-endian:
 * magic, serial number, boot, first, next, dropped, zero, CRC-32 of these. Behind
 * it stand entries of a head of 16 bytes and content, both padded with 0xff to
 * the flash's unit: kind (1 byte), zero, size (2 bytes), number, value, CRC-32
 * of the 12 bytes before and the content. A record's value is the boot; an
 * acknowledgement's number is the last one acknowledged, its value dropped.
 * What follows an entry that is not whole is not looked at, and a page that
 * ends so is not written to any more.
 */
#include "wayguard_ring.h"
#include "wayguard_private.h"

#include <string.h>

enum { page_head = 32, entry_head = 16, is_record = 1, is_acknowledgement = 2, largest_unit = 32 };

#define MAGIC UINT32_C(0x57475231) /* WGR1 */

typedef struct {
    uint32_t size, number, value;
    uint8_t kind; /* 0: not whole */
} entry;

static uint32_t padded(const wg_flash *flash, uint32_t size) { return (size + flash->unit - 1) / flash->unit * flash->unit; }

static uint32_t span(const wg_flash *flash, uint32_t size) { return padded(flash, entry_head) + padded(flash, size); }

uint32_t wg_ring_largest(const wg_flash *flash)
{
    uint32_t room = flash->page_size - padded(flash, page_head) - padded(flash, entry_head);
    room = room / flash->unit * flash->unit;
    return room < 0xffff ? room : 0xffff;
}

/* The page with a serial number, which is one of the last pages. */
static uint32_t page_of(const wg_ring *ring, uint32_t serial)
{
    return (ring->newest + ring->flash->pages - (ring->serial - serial)) % ring->flash->pages;
}

static int flash_read(const wg_ring *ring, uint32_t page, uint32_t offset, void *to, uint32_t size)
{
    const wg_flash *flash = ring->flash;
    return flash->read(flash->context, page * flash->page_size + offset, to, size) ? WG_FLASH : WG_OK;
}

/* Program bytes into the newest page, what is over of a unit through a buffer. */
static int flash_program(const wg_ring *ring, uint32_t offset, const uint8_t *from, uint32_t size)
{
    const wg_flash *flash = ring->flash;
    uint32_t address = ring->newest * flash->page_size + offset, whole = size / flash->unit * flash->unit;
    uint8_t rest[largest_unit];
    if (whole && flash->program(flash->context, address, from, whole))
        return WG_FLASH;
    if (whole == size)
        return WG_OK;
    memset(rest, 0xff, sizeof rest);
    memcpy(rest, from + whole, size - whole);
    return flash->program(flash->context, address + whole, rest, flash->unit) ? WG_FLASH : WG_OK;
}

/* Read the head of a page; its serial is 0 if it has none. */
static int read_page_head(const wg_ring *ring, uint32_t page, uint8_t head[page_head], uint32_t *serial)
{
    if (flash_read(ring, page, 0, head, page_head))
        return WG_FLASH;
    int right = wg_get32(head) == MAGIC && wg_get32(head + 28) == wg_crc32(0, head, 28);
    *serial = right ? wg_get32(head + 4) : 0;
    return WG_OK;
}

/* Read what stands at offset of a page. */
static int read_entry(const wg_ring *ring, uint32_t page, uint32_t offset, entry *e)
{
    const wg_flash *flash = ring->flash;
    uint8_t head[entry_head], part[32];
    e->kind = 0;
    if (offset + padded(flash, entry_head) > flash->page_size)
        return WG_OK;
    if (flash_read(ring, page, offset, head, sizeof head))
        return WG_FLASH;
    e->size = (uint32_t)head[2] << 8 | head[3];
    e->number = wg_get32(head + 4);
    e->value = wg_get32(head + 8);
    if ((head[0] != is_record && head[0] != is_acknowledgement) || offset + span(flash, e->size) > flash->page_size)
        return WG_OK;
    uint32_t crc = wg_crc32(0, head, 12), content = offset + padded(flash, entry_head);
    for (uint32_t done = 0; done < e->size; done += sizeof part) {
        uint32_t n = e->size - done < sizeof part ? e->size - done : sizeof part;
        if (flash_read(ring, page, content + done, part, n))
            return WG_FLASH;
        crc = wg_crc32(crc, part, n);
    }
    if (crc == wg_get32(head + 12))
        e->kind = head[0];
    return WG_OK;
}

/* Whether the newest page is erased from offset on. */
static int is_erased(const wg_ring *ring, uint32_t offset, int *erased)
{
    uint8_t part[32];
    for (*erased = 1; offset < ring->flash->page_size; offset += sizeof part) {
        uint32_t n = ring->flash->page_size - offset < sizeof part ? ring->flash->page_size - offset : sizeof part;
        if (flash_read(ring, ring->newest, offset, part, n))
            return WG_FLASH;
        for (uint32_t i = 0; i < n; i++)
            *erased &= part[i] == 0xff;
    }
    return WG_OK;
}

/* The serial number of the oldest page there can be. */
static uint32_t oldest(const wg_ring *ring)
{
    return ring->serial > ring->flash->pages ? ring->serial - ring->flash->pages + 1 : 1;
}

/*
 * Find the first record with a number from on, at a place in the ring or behind
 * it. The entry's kind is 0 if there is none.
 */
static int find(const wg_ring *ring, uint32_t from, uint32_t *serial, uint32_t *offset, entry *e)
{
    uint8_t head[page_head];
    if (*serial < oldest(ring)) {
        *serial = oldest(ring);
        *offset = 0;
    }
    for (; *serial <= ring->serial; ++*serial, *offset = 0) {
        uint32_t page = page_of(ring, *serial), found;
        if (read_page_head(ring, page, head, &found))
            return WG_FLASH;
        if (found != *serial)
            continue; /* erased, or erased in part */
        if (*offset == 0)
            *offset = padded(ring->flash, page_head);
        for (;; *offset += span(ring->flash, e->size)) {
            if (read_entry(ring, page, *offset, e))
                return WG_FLASH;
            if (e->kind == is_record && e->number >= from)
                return WG_OK;
            if (e->kind == 0)
                break;
        }
    }
    --*serial; /* the newest page, where more will come */
    *offset = 0;
    e->kind = 0;
    return WG_OK;
}

/* Move on to the oldest record that is there; what is missing was dropped. */
static int settle(wg_ring *ring)
{
    entry e;
    if (ring->serial == 0)
        return WG_OK;
    if (find(ring, ring->first, &ring->at_serial, &ring->at_offset, &e))
        return WG_FLASH;
    uint32_t there = e.kind ? e.number : ring->next;
    ring->dropped += there - ring->first;
    ring->first = there;
    return WG_OK;
}

/* Take over what the entries of the newest page say. */
static int read_newest(wg_ring *ring)
{
    entry e;
    int erased;
    for (ring->used = padded(ring->flash, page_head);; ring->used += span(ring->flash, e.size)) {
        if (read_entry(ring, ring->newest, ring->used, &e))
            return WG_FLASH;
        if (e.kind == is_record) {
            ring->next = e.number + 1;
            ring->boot = e.value;
        } else if (e.kind == is_acknowledgement) {
            ring->first = e.number + 1;
            ring->dropped = e.value;
        } else {
            break;
        }
    }
    if (is_erased(ring, ring->used, &erased))
        return WG_FLASH;
    if (!erased)
        ring->used = ring->flash->page_size;
    return WG_OK;
}

int wg_ring_open(wg_ring *ring, const wg_flash *flash)
{
    uint8_t head[page_head];
    uint32_t serial;
    memset(ring, 0, sizeof *ring);
    ring->flash = flash;
    if (flash->pages < 3 || flash->unit == 0 || flash->unit > largest_unit || 32 % flash->unit ||
        flash->page_size % flash->unit || flash->page_size < 128)
        return WG_BAD_VALUE;
    ring->first = ring->next = 1;
    ring->newest = flash->pages - 1;
    ring->used = flash->page_size;
    for (uint32_t page = 0; page < flash->pages; page++) {
        if (read_page_head(ring, page, head, &serial))
            return WG_FLASH;
        if (serial <= ring->serial)
            continue;
        ring->newest = page;
        ring->serial = serial;
        ring->boot = wg_get32(head + 8);
        ring->first = wg_get32(head + 12);
        ring->next = wg_get32(head + 16);
        ring->dropped = wg_get32(head + 20);
    }
    if (ring->serial && read_newest(ring))
        return WG_FLASH;
    ring->boot++;
    return settle(ring);
}

/* Erase the oldest page and begin it anew. */
static int turn(wg_ring *ring)
{
    const wg_flash *flash = ring->flash;
    uint32_t page = (ring->newest + 1) % flash->pages;
    uint8_t head[page_head] = {0};
    ring->used = flash->page_size;
    if (flash->erase(flash->context, page) || settle(ring))
        return WG_FLASH;
    wg_put32(head, MAGIC);
    wg_put32(head + 4, ring->serial + 1);
    wg_put32(head + 8, ring->boot);
    wg_put32(head + 12, ring->first);
    wg_put32(head + 16, ring->next);
    wg_put32(head + 20, ring->dropped);
    wg_put32(head + 28, wg_crc32(0, head, 28));
    uint32_t before = ring->newest;
    ring->newest = page;
    if (flash_program(ring, 0, head, sizeof head)) {
        ring->newest = before;
        return WG_FLASH;
    }
    ring->serial++;
    ring->used = padded(flash, page_head);
    ring->later = 0;
    return WG_OK;
}

/*
 * Append an entry to the newest page, which has room for it. Where the flash
 * says that it failed, but the entry is whole, it did not: the number must not be
 * given twice.
 */
static int append(wg_ring *ring, uint8_t kind, uint32_t number, uint32_t value, const uint8_t *content, uint32_t size)
{
    uint8_t head[entry_head] = {kind, 0, (uint8_t)(size >> 8), (uint8_t)size};
    wg_put32(head + 4, number);
    wg_put32(head + 8, value);
    wg_put32(head + 12, wg_crc32(wg_crc32(0, head, 12), content, size));
    if (flash_program(ring, ring->used, head, sizeof head) ||
        flash_program(ring, ring->used + padded(ring->flash, entry_head), content, size)) {
        entry e;
        uint32_t at = ring->used;
        ring->used = ring->flash->page_size; /* nobody knows what is behind it */
        return read_entry(ring, ring->newest, at, &e) || e.kind != kind ? WG_FLASH : WG_OK;
    }
    ring->used += span(ring->flash, size);
    return WG_OK;
}

int wg_ring_put(wg_ring *ring, const uint8_t *record, uint32_t size)
{
    if (size == 0)
        return WG_BAD_VALUE;
    if (size > wg_ring_largest(ring->flash))
        return WG_TOO_SMALL;
    if (ring->used + span(ring->flash, size) > ring->flash->page_size && turn(ring))
        return WG_FLASH;
    if (append(ring, is_record, ring->next, ring->boot, record, size))
        return WG_FLASH;
    ring->next++;
    return WG_OK;
}

int wg_ring_next(wg_ring *ring, uint32_t after, uint32_t *number, uint8_t *record, uint32_t size)
{
    entry e;
    uint32_t serial = ring->at_serial, offset = ring->at_offset;
    if (ring->serial == 0)
        return 0;
    if (find(ring, after < ring->first ? ring->first : after + 1, &serial, &offset, &e))
        return WG_FLASH;
    if (!e.kind)
        return 0;
    if (e.size > size)
        return WG_TOO_SMALL;
    *number = e.number;
    if (flash_read(ring, page_of(ring, serial), offset + padded(ring->flash, entry_head), record, e.size))
        return WG_FLASH;
    return (int)e.size;
}

int wg_ring_acknowledge(wg_ring *ring, uint32_t number)
{
    if (number >= ring->next)
        return WG_BAD_VALUE;
    if (number < ring->first)
        return ring->later ? WG_LATER : WG_OK;
    ring->first = number + 1;
    ring->later = 1;
    if (settle(ring))
        return WG_FLASH;
    if (ring->used + span(ring->flash, 0) > ring->flash->page_size)
        return WG_LATER;
    if (append(ring, is_acknowledgement, ring->first - 1, ring->dropped, NULL, 0))
        return WG_FLASH;
    ring->later = 0;
    return WG_OK;
}
