/* Reports are written. */
#include "wayguard_private.h"

#include <string.h>

/* A frame that grows; what does not fit is counted as lost. */
typedef struct {
    uint8_t *at;
    size_t size, used;
    int lost;
} writer;

static void put_bytes(writer *w, const void *bytes, size_t n)
{
    if (n > w->size - w->used) {
        w->lost = 1;
        return;
    }
    memcpy(w->at + w->used, bytes, n);
    w->used += n;
}

static void put_byte(writer *w, uint8_t b) { put_bytes(w, &b, 1); }

static void put_varint(writer *w, uint64_t n)
{
    for (; n > 0x7f; n >>= 7)
        put_byte(w, (uint8_t)(n | 0x80));
    put_byte(w, (uint8_t)n);
}

static void put_zigzag(writer *w, int64_t n) { put_varint(w, (uint64_t)n << 1 ^ (n < 0 ? ~UINT64_C(0) : 0)); }

/* Begin a field; its length, for which a byte is left, is known at its end. */
static size_t begin_field(writer *w, uint8_t number)
{
    put_byte(w, number);
    put_byte(w, 0);
    return w->used;
}

static void end_field(writer *w, size_t start)
{
    size_t n = w->used - start;
    uint8_t length[3] = {(uint8_t)n};
    size_t more = 0;
    for (size_t rest = n; rest > 0x7f; length[more] = (uint8_t)rest) {
        length[more++] = (uint8_t)(rest | 0x80);
        rest >>= 7;
    }
    put_bytes(w, length, more); /* makes room */
    if (w->lost)
        return;
    memmove(w->at + start + more, w->at + start, n);
    memcpy(w->at + start - 1, length, more + 1);
}

/* The columns of a batch. */
enum { col_time, col_lat, col_lon, col_accuracy, col_speed, col_heading, col_altitude, col_flags, columns };

static int32_t nearest(int32_t n, int32_t unit)
{
    return n < 0 ? -((-n + unit / 2) / unit) : (n + unit / 2) / unit;
}

/* An angle, or the difference of two, in -half to half without the latter. */
static int64_t wrap(int64_t angle, int64_t half)
{
    return angle >= half ? angle - 2 * half : angle < -half ? angle + 2 * half : angle;
}

static int32_t half_turn(int32_t unit) { return 1800000000 / unit; }

/* What stands in a column of f: 0 for what is not known, else one more. */
static int64_t cell(const wg_fix *f, int column, int32_t unit)
{
    if (column >= col_accuracy && column <= col_altitude && !(f->known >> (column - col_accuracy) & 1))
        return 0;
    switch (column) {
    case col_time:
        return f->time_ms;
    case col_lat:
        return nearest(f->lat_e7, unit);
    case col_lon:
        return wrap(nearest(f->lon_e7, unit), half_turn(unit));
    case col_accuracy:
        return (int64_t)f->accuracy_dm + 1;
    case col_speed:
        return nearest((int32_t)f->speed_dmps, 2) + 1;
    case col_heading:
        return nearest(f->heading_deg, 2) % 180 + 1;
    case col_altitude:
        return (int64_t)f->altitude_dm + 10001;
    }
    return f->flags;
}

static void put_column(writer *w, const wg_report *r, int column, int32_t unit)
{
    int64_t last = column == col_time ? r->time_ms : 0, step = 0;
    uint32_t zeros = 0;
    for (size_t i = 0; i <= r->fix_count; i++) {
        int64_t difference = 1; /* behind the last fix: ends a run */
        if (i < r->fix_count) {
            int64_t value = cell(&r->fixes[i], column, unit);
            difference = value - last;
            last = value;
            if (column == col_lon)
                difference = wrap(difference, half_turn(unit));
            if (column == col_time && i > 0) {
                int64_t before = step;
                step = difference;
                difference -= before;
            }
        }
        if (difference == 0) {
            zeros++;
            continue;
        }
        if (zeros) {
            put_byte(w, 0);
            put_varint(w, zeros - 1);
            zeros = 0;
        }
        if (i < r->fix_count)
            put_zigzag(w, difference);
    }
}

static void put_fixes(writer *w, const wg_report *r)
{
    int32_t unit = r->finest ? 1 : 10;
    uint32_t present = r->finest ? 0x100 : 0;
    for (int column = col_accuracy; column < columns; column++)
        for (size_t i = 0; i < r->fix_count; i++)
            if (cell(&r->fixes[i], column, unit) != 0)
                present |= UINT32_C(1) << (column - col_accuracy);
    size_t start = begin_field(w, 2);
    put_varint(w, r->fix_count);
    put_varint(w, present);
    for (int column = 0; column < columns; column++)
        if (column < col_accuracy || (present >> (column - col_accuracy) & 1))
            put_column(w, r, column, unit);
    end_field(w, start);
}

static int time_is_right(int64_t ms) { return ms >= 0 && ms <= WG_MAX_TIME; }

static int fix_is_right(const wg_fix *f)
{
    return time_is_right(f->time_ms) && f->lat_e7 >= -900000000 && f->lat_e7 <= 900000000 &&
           f->lon_e7 >= -1800000000 && f->lon_e7 <= 1800000000 && f->known < 16 && f->heading_deg < 360 &&
           f->accuracy_dm <= 1000000000 && f->speed_dmps <= 1000000 &&
           (!(f->known & WG_HAS_ALTITUDE) || (f->altitude_dm >= -10000 && f->altitude_dm <= 10000000));
}

static int reading_is_right(const wg_reading *r)
{
    if (!time_is_right(r->time_ms) || r->kind < WG_BATTERY || r->kind > WG_SCAN)
        return 0;
    if (r->kind == WG_SCAN)
        return wg_is_text((const uint8_t *)r->text, r->text_size, WG_MAX_TEXT);
    if (r->kind == WG_TEMPERATURE)
        return 1;
    int32_t most = r->kind == WG_BATTERY ? 100 : r->kind == WG_SEAL ? 2 : r->kind == WG_IGNITION ? 1 : INT32_MAX;
    return r->value >= (r->kind == WG_BUTTON) && r->value <= most && (r->kind != WG_BATTERY || r->more >= 0);
}

static int report_is_right(const wg_report *r)
{
    if (r->sequence == 0 || !time_is_right(r->time_ms) || r->applied_outcome > WG_FAILED ||
        (r->applied_version == 0 && r->applied_outcome != 0) || r->fix_count > WG_MAX_FIXES ||
        r->reading_count > WG_MAX_READINGS)
        return 0;
    if (r->firmware && !wg_is_text((const uint8_t *)r->firmware, strlen(r->firmware), WG_MAX_TEXT))
        return 0;
    for (size_t i = 0; i < r->fix_count; i++)
        if (!fix_is_right(&r->fixes[i]) || (i > 0 && r->fixes[i].time_ms < r->fixes[i - 1].time_ms))
            return 0;
    for (size_t i = 0; i < r->reading_count; i++)
        if (!reading_is_right(&r->readings[i]) || (i > 0 && r->readings[i].kind < r->readings[i - 1].kind))
            return 0;
    return 1;
}

static void put_reading(writer *w, const wg_reading *r, int64_t base)
{
    size_t start = begin_field(w, r->kind);
    put_zigzag(w, r->time_ms - base);
    if (r->kind == WG_SCAN)
        put_bytes(w, r->text, r->text_size);
    else if (r->kind == WG_TEMPERATURE)
        put_zigzag(w, r->value);
    else
        put_varint(w, (uint32_t)r->value);
    if (r->kind == WG_BATTERY)
        put_varint(w, (uint32_t)r->more);
    end_field(w, start);
}

static void put_body(writer *w, const wg_report *r)
{
    size_t start;
    if (r->time_ms) {
        start = begin_field(w, 1);
        put_zigzag(w, r->time_ms);
        end_field(w, start);
    }
    if (r->fix_count)
        put_fixes(w, r);
    if (r->applied_version) {
        start = begin_field(w, 3);
        put_varint(w, r->applied_version);
        put_byte(w, r->applied_outcome);
        end_field(w, start);
    }
    if (r->firmware) {
        start = begin_field(w, 4);
        put_bytes(w, r->firmware, strlen(r->firmware));
        end_field(w, start);
    }
    for (size_t i = 0; i < r->reading_count; i++)
        put_reading(w, &r->readings[i], r->time_ms);
}

int wg_report_write(const wg_report *r, const wg_key *key, wg_seal seal, uint8_t *frame, size_t size)
{
    writer w = {frame, size, 0, 0};
    uint8_t head[wg_head_size] = {1, (uint8_t)(wg_report_kind | seal << 4)};
    if (!report_is_right(r) || seal > WG_ENCRYPTED || (seal != WG_PLAIN && !key))
        return WG_BAD_VALUE;
    wg_put32(head + 2, r->boot);
    wg_put32(head + 6, r->sequence);
    put_bytes(&w, head, sizeof head);
    put_body(&w, r);
    return w.lost ? WG_TOO_SMALL : wg_close(key, seal, frame, w.used, size);
}
