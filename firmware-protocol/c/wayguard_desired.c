/* Desired states are read. */
#include "wayguard_private.h"

#include <string.h>

/* What is left to read; after the first mistake nothing. */
typedef struct {
    const uint8_t *at;
    size_t left;
    int bad;
} reader;

static void fail(reader *r)
{
    r->bad = 1;
    r->left = 0;
}

/* A varint of at most most, which takes no byte more than it needs. */
static uint64_t get_varint(reader *r, uint64_t most)
{
    uint64_t n = 0;
    for (unsigned shift = 0; r->left && shift < 64; shift += 7) {
        uint8_t b = *r->at++;
        r->left--;
        if (shift == 63 && b > 1)
            break;
        n |= (uint64_t)(b & 0x7f) << shift;
        if (b & 0x80)
            continue;
        if ((b == 0 && shift > 0) || n > most)
            break;
        return n;
    }
    fail(r);
    return 0;
}

static const uint8_t *get_bytes(reader *r, uint64_t n)
{
    const uint8_t *at = r->at;
    if (r->bad || n > r->left) {
        fail(r);
        return NULL;
    }
    r->at += n;
    r->left -= (size_t)n;
    return at;
}

static const char *get_text(reader *r, uint16_t *size, uint16_t most)
{
    *size = (uint16_t)get_varint(r, most);
    const uint8_t *text = get_bytes(r, *size);
    if (!text || !wg_is_text(text, *size, most))
        fail(r);
    return (const char *)text;
}

/* A field, from 1 up once each but for 16 to 31. */
static void get_field(reader *r, wg_desired *d, uint64_t number)
{
    const uint32_t week = 7 * 24 * 3600;
    uint64_t zigzag;
    switch (number) {
    case 1:
        zigzag = get_varint(r, UINT64_MAX);
        if (zigzag == 0 || zigzag & 1 || zigzag >> 1 > (uint64_t)WG_MAX_TIME)
            fail(r);
        d->time_ms = (int64_t)(zigzag >> 1);
        break;
    case 32:
        d->moving_s = (uint32_t)get_varint(r, week);
        d->resting_s = (uint32_t)get_varint(r, week);
        if (d->moving_s == 0)
            fail(r);
        break;
    case 33:
        d->report = (uint32_t)get_varint(r, UINT32_MAX);
        if (d->report == 0)
            fail(r);
        break;
    case 34:
        d->seal = (uint8_t)(WG_SEAL_RELEASE + get_varint(r, 1));
        break;
    case 35:
        d->update_sha256 = get_bytes(r, 32);
        d->update_size = (uint32_t)get_varint(r, UINT32_MAX);
        d->update_version = get_text(r, &d->update_version_size, WG_MAX_TEXT);
        d->update_url = get_text(r, &d->update_url_size, WG_MAX_URL);
        break;
    }
}

static int get_fields(wg_desired *d, const uint8_t *body, size_t size)
{
    reader all = {body, size, 0};
    uint64_t last = 0;
    while (all.left) {
        uint64_t number = get_varint(&all, UINT64_MAX);
        uint64_t length = get_varint(&all, UINT64_MAX);
        reader field = {get_bytes(&all, length), (size_t)length, 0};
        if (all.bad || number < last || (number == last && (number < 16 || number > 31)))
            return WG_BAD_FRAME;
        get_field(&field, d, number);
        if (field.bad)
            return WG_BAD_FRAME;
        last = number;
    }
    return all.bad ? WG_BAD_FRAME : WG_OK;
}

int wg_desired_read(wg_desired *d, const wg_key *key, uint8_t *frame, size_t size)
{
    memset(d, 0, sizeof *d);
    int body = wg_open(key, frame, size, wg_desired_kind);
    if (body < 0)
        return body;
    wg_desired made;
    memset(&made, 0, sizeof made);
    made.issue = wg_get32(frame + 2);
    made.version = wg_get32(frame + 6);
    if (made.version == 0 || get_fields(&made, frame + wg_head_size, (size_t)body) != WG_OK)
        return WG_BAD_FRAME;
    *d = made;
    return WG_OK;
}
