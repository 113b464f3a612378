/*
 * Runs the client for tests: a command a line on standard input, an answer a
 * line on standard output. Bytes are in hexadecimal, "-" for none.
 */
#include "../wayguard.h"
#include "flash.h"
#include "gcm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const wg_crypto crypto = {NULL, wg_hmac_sha256, gcm_encrypt, gcm_decrypt};

static wg_ring ring;

static const char *word(void)
{
    const char *w = strtok(NULL, " \n");
    if (!w) {
        fprintf(stderr, "a command is cut short\n");
        exit(1);
    }
    return w;
}

static int64_t number(void) { return strtoll(word(), NULL, 10); }

/* Bytes of a word, in memory of their exact size so that a read beyond is seen. */
static uint8_t *bytes(size_t *size)
{
    const char *w = word();
    *size = strcmp(w, "-") ? strlen(w) / 2 : 0;
    uint8_t *b = malloc(*size + !*size);
    for (size_t i = 0; i < *size; i++) {
        unsigned v;
        sscanf(w + 2 * i, "%2x", &v);
        b[i] = (uint8_t)v;
    }
    return b;
}

static void print_hex(const void *data, size_t size)
{
    const uint8_t *b = data;
    if (!size)
        printf("-");
    for (size_t i = 0; i < size; i++)
        printf("%02x", b[i]);
}

/* Read secret, device and seal; NULL for a plain frame. */
static const wg_key *read_key(int (*derive)(wg_key *, const wg_crypto *, const uint8_t *, const char *), int *seal)
{
    static wg_key key;
    size_t n;
    uint8_t *secret = bytes(&n);
    derive(&key, &crypto, secret, word());
    free(secret);
    *seal = (int)number();
    return *seal == WG_PLAIN ? NULL : &key;
}

static void read_fixes(wg_fix *fixes, int n)
{
    for (int i = 0; i < n; i++) {
        wg_fix *f = &fixes[i];
        f->time_ms = number();
        f->lat_e7 = (int32_t)number();
        f->lon_e7 = (int32_t)number();
        f->accuracy_dm = (uint32_t)number();
        f->speed_dmps = (uint32_t)number();
        f->heading_deg = (uint16_t)number();
        f->altitude_dm = (int32_t)number();
        f->known = (uint8_t)number();
        f->flags = (uint8_t)number();
    }
}

static void read_readings(wg_reading *readings, int n)
{
    for (int i = 0; i < n; i++) {
        wg_reading *r = &readings[i];
        size_t size;
        r->kind = (uint8_t)number();
        r->time_ms = number();
        r->value = (int32_t)number();
        r->more = (int32_t)number();
        r->text = (const char *)bytes(&size);
        r->text_size = (uint8_t)size;
    }
}

/* Write with a buffer of exactly the size it takes, and see that a byte less is too little. */
static void print_report(const wg_report *r, const wg_key *key, wg_seal seal)
{
    static uint8_t large[WG_MAX_FRAME];
    int size = wg_report_write(r, key, seal, large, sizeof large);
    if (size < 0) {
        printf("error %d\n", size);
        return;
    }
    uint8_t *exact = malloc((size_t)size);
    int again = wg_report_write(r, key, seal, exact, (size_t)size);
    int less = wg_report_write(r, key, seal, exact, (size_t)size - 1);
    again = again == size ? wg_report_write(r, key, seal, exact, (size_t)size) : again;
    if (again != size || less != WG_TOO_SMALL || memcmp(exact, large, (size_t)size))
        printf("error of sizes: %d, %d, %d\n", size, again, less);
    else {
        print_hex(exact, (size_t)size);
        printf("\n");
    }
    free(exact);
}

static void do_report(void)
{
    static wg_fix fixes[WG_MAX_FIXES + 1];
    static wg_reading readings[WG_MAX_READINGS + 1];
    wg_report r = {0};
    int seal;
    const wg_key *key = read_key(wg_key_up, &seal);
    r.finest = (uint8_t)number();
    r.boot = (uint32_t)number();
    r.sequence = (uint32_t)number();
    r.time_ms = number();
    r.applied_version = (uint32_t)number();
    r.applied_outcome = (uint8_t)number();
    size_t size;
    char *firmware = (char *)bytes(&size);
    if (size) {
        firmware = realloc(firmware, size + 1);
        firmware[size] = 0;
        r.firmware = firmware;
    }
    r.fix_count = (uint16_t)number();
    read_fixes(fixes, r.fix_count);
    r.fixes = fixes;
    r.reading_count = (uint16_t)number();
    read_readings(readings, r.reading_count);
    r.readings = readings;
    print_report(&r, key, (wg_seal)seal);
    for (int i = 0; i < r.reading_count; i++)
        free((void *)readings[i].text);
    free(firmware);
}

static void do_desired(void)
{
    int seal;
    const wg_key *key = read_key(wg_key_down, &seal);
    size_t size;
    uint8_t *frame = bytes(&size);
    wg_desired d;
    int err = wg_desired_read(&d, key, frame, size);
    if (err) {
        printf("error %d\n", err);
    } else {
        printf("%" PRIu32 " %" PRIu32 " %" PRId64 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %d %" PRIu32 " ", d.version, d.issue,
               d.time_ms, d.moving_s, d.resting_s, d.report, d.seal, d.update_size);
        print_hex(d.update_sha256, d.update_sha256 ? 32 : 0);
        printf(" ");
        print_hex(d.update_version, d.update_version_size);
        printf(" ");
        print_hex(d.update_url, d.update_url_size);
        printf("\n");
    }
    free(frame);
}

static void do_put(void)
{
    size_t size;
    uint8_t *record = bytes(&size);
    printf("%d\n", wg_ring_put(&ring, record, (uint32_t)size));
    free(record);
}

/* All that waits, as number:bytes. */
static void do_list(void)
{
    uint8_t record[4096];
    uint32_t n = 0;
    int size;
    while ((size = wg_ring_next(&ring, n, &n, record, sizeof record)) > 0) {
        printf("%" PRIu32 ":", n);
        print_hex(record, (size_t)size);
        printf(" ");
    }
    printf("%d\n", size);
}

static void run(const char *command)
{
    if (!strcmp(command, "report")) {
        do_report();
    } else if (!strcmp(command, "desired")) {
        do_desired();
    } else if (!strcmp(command, "flash")) {
        uint32_t pages = (uint32_t)number(), page_size = (uint32_t)number();
        flash_new(pages, page_size, (uint32_t)number());
        printf("%ld\n", flash_operations());
    } else if (!strcmp(command, "cut")) {
        long after = (long)number();
        flash_cut(after, (uint32_t)number());
        printf("%ld\n", flash_operations());
    } else if (!strcmp(command, "fail")) {
        long after = (long)number();
        flash_fail(after, (uint32_t)number());
        printf("%ld\n", flash_operations());
    } else if (!strcmp(command, "open")) {
        int err = wg_ring_open(&ring, &flash);
        printf("%d %" PRIu32 "\n", err, ring.boot);
    } else if (!strcmp(command, "put")) {
        do_put();
    } else if (!strcmp(command, "acknowledge")) {
        printf("%d\n", wg_ring_acknowledge(&ring, (uint32_t)number()));
    } else if (!strcmp(command, "state")) {
        printf("%" PRIu32 " %" PRIu32 " %" PRIu32 " %ld\n", ring.first, ring.next, ring.dropped, flash_operations());
    } else if (!strcmp(command, "list")) {
        do_list();
    } else {
        fprintf(stderr, "no command %s\n", command);
        exit(1);
    }
}

int main(void)
{
    static char line[1 << 20];
    while (fgets(line, sizeof line, stdin)) {
        const char *command = strtok(line, " \n");
        if (command)
            run(command);
    }
    return 0;
}
