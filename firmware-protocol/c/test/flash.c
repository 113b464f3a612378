#include "flash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t memory[1 << 16];
static long operations, cut_after = -1;
static uint32_t dice;
static int dead, stays;

static uint32_t roll(void)
{
    dice = dice * 1664525 + 1013904223;
    return dice >> 8;
}

static void want(int right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "misuse of the flash: %s\n", what);
    abort();
}

/* Whether the operation that begins now is the one that is cut. */
static int is_cut(void)
{
    operations++;
    if (cut_after < 0 || cut_after-- > 0)
        return 0;
    dead = !stays;
    return 1;
}

static int do_read(void *context, uint32_t address, void *to, uint32_t size)
{
    (void)context;
    want(address + size <= flash.pages * flash.page_size, "read beyond its end");
    memcpy(to, memory + address, size);
    return dead;
}

static int do_program(void *context, uint32_t address, const void *from, uint32_t size)
{
    const uint8_t *bytes = from;
    (void)context;
    if (dead)
        return 1;
    want(address % flash.unit == 0 && size % flash.unit == 0, "a part of a unit");
    want(address + size <= flash.pages * flash.page_size, "programmed beyond its end");
    for (uint32_t i = 0; i < size; i++)
        want(memory[address + i] == 0xff, "programmed twice");
    if (!is_cut()) {
        memcpy(memory + address, bytes, size);
        return 0;
    }
    /* Some bytes are done, of some more some bits. */
    uint32_t done = roll() % (size + 1), half = roll() % 9;
    for (uint32_t i = 0; i < size && i < done + half; i++)
        memory[address + i] = i < done ? bytes[i] : (uint8_t)(bytes[i] | roll());
    return 1;
}

static int do_erase(void *context, uint32_t page)
{
    (void)context;
    if (dead)
        return 1;
    want(page < flash.pages, "erased beyond its end");
    uint8_t *at = memory + page * flash.page_size;
    if (!is_cut()) {
        memset(at, 0xff, flash.page_size);
        return 0;
    }
    /* Front first, back first, or bits all over. */
    uint32_t way = roll() % 3, done = roll() % (flash.page_size + 1);
    for (uint32_t i = 0; i < flash.page_size; i++)
        if (way == 2 ? roll() % 2 : way == 1 ? i < done : i >= done)
            at[i] |= way == 2 ? (uint8_t)roll() : 0xff;
    return 1;
}

wg_flash flash = {NULL, 0, 0, 1, do_read, do_program, do_erase};

void flash_new(uint32_t pages, uint32_t page_size, uint32_t unit)
{
    want(pages * page_size <= sizeof memory, "too large");
    flash.pages = pages;
    flash.page_size = page_size;
    flash.unit = unit;
    memset(memory, 0xff, sizeof memory);
    flash_cut(-1, 0);
}

void flash_cut(long after, uint32_t seed)
{
    cut_after = after;
    dice = seed;
    dead = stays = 0;
}

void flash_fail(long after, uint32_t seed)
{
    flash_cut(after, seed);
    stays = 1;
}

long flash_operations(void) { return operations; }
