/*
 * Wayguard's wire format for microcontrollers, in C99: reports are written,
 * desired states are read. The specification is the package comment of
 * ../doc.go. Nothing here allocates memory, does I/O, keeps state of its own or
 * calls more of the C library than memcpy, memmove, memset and strlen.
 *
 * Units are in the names: _ms milliseconds since 1970-01-01T00:00:00Z, _e7
 * 1e-7 degrees (WGS 84), _dm decimetres, _dmps decimetres per second, _deg
 * degrees.
 *
 * A report, from the secret to the bytes to publish on wg/1/<device>/up:
 *
 *     static const wg_crypto crypto = { NULL, wg_hmac_sha256, NULL, NULL };
 *     wg_key up;
 *     wg_key_up(&up, &crypto, secret, "acme:van-7");
 *     wg_fix fix = { .time_ms = 1767225599000, .lat_e7 = 481371540,
 *                    .lon_e7 = 115761240, .known = WG_HAS_SPEED, .speed_dmps = 120 };
 *     wg_report report = { .boot = ring.boot, .sequence = ++sequence,
 *                          .time_ms = 1767225600000, .fixes = &fix, .fix_count = 1 };
 *     uint8_t frame[600];
 *     int size = wg_report_write(&report, &up, WG_AUTHENTICATED, frame, sizeof frame);
 *     if (size > 0) wg_ring_put(&ring, frame, (uint32_t)size);
 *
 * Memory: the caller's buffers, and stack: by gcc 12 for a Cortex-M0 at -Os, 480
 * bytes to write a report, 480 to read a desired state and 560 to derive a key,
 * wg_hmac_sha256 included. A wg_key has 64 bytes and a pointer. 60 fixes of a
 * drive take about 400 bytes. Code: 3.5 KB, wg_hmac_sha256 1 KB, the ring of
 * wayguard_ring.h 1.8 KB; a linker leaves out what is not called.
 */
#ifndef WAYGUARD_H
#define WAYGUARD_H

#include <stddef.h>
#include <stdint.h>

/* What functions return instead of a size, or of WG_OK. */
enum {
    WG_OK = 0,
    WG_LATER = 1,        /* done, but not yet for good: see wg_ring_acknowledge */
    WG_TOO_SMALL = -1,   /* the buffer, or the page of the flash, has no room */
    WG_BAD_VALUE = -2,   /* what is to be written does not fit the format */
    WG_BAD_FRAME = -3,   /* cut short, or against the specification */
    WG_BAD_VERSION = -4, /* of a version, kind or seal that is not known */
    WG_BAD_TAG = -5,     /* not sealed with this key, or changed */
    WG_NO_CRYPTO = -6,   /* the function for this seal was not given */
    WG_FLASH = -7        /* the flash failed */
};

/* Limits. */
enum { WG_MAX_FIXES = 1024, WG_MAX_READINGS = 1024, WG_MAX_TEXT = 128, WG_MAX_URL = 512, WG_MAX_FRAME = 65536 };

/* How a frame is sealed. */
typedef enum { WG_PLAIN = 0, WG_AUTHENTICATED = 1, WG_ENCRYPTED = 2 } wg_seal;

/*
 * The cryptography of the chip. hmac is HMAC-SHA-256; wg_hmac_sha256 is one in
 * software. The others are AES-256-GCM over size bytes of text, in place, with
 * 10 bytes of additional data; they may be NULL where nothing is encrypted.
 * encrypt returns 0, decrypt 0 only if the tag, compared in constant time, is
 * right.
 */
typedef struct {
    void *context;
    void (*hmac)(void *context, const uint8_t key[32], const uint8_t *data, size_t size, uint8_t mac[32]);
    int (*encrypt)(void *context, const uint8_t key[32], const uint8_t nonce[12], const uint8_t head[10],
                   uint8_t *text, size_t size, uint8_t tag[16]);
    int (*decrypt)(void *context, const uint8_t key[32], const uint8_t nonce[12], const uint8_t head[10],
                   uint8_t *text, size_t size, const uint8_t tag[16]);
} wg_crypto;

void wg_hmac_sha256(void *context, const uint8_t key[32], const uint8_t *data, size_t size, uint8_t mac[32]);

/* The keys of one direction. */
typedef struct {
    const wg_crypto *crypto;
    uint8_t auth[32], seal[32];
} wg_key;

/*
 * Derive the key of a device's reports, or of what is desired of it, from its
 * secret; device is its id. crypto must live as long as the key.
 * WG_BAD_VALUE: the id is longer than 160 bytes.
 */
int wg_key_up(wg_key *key, const wg_crypto *crypto, const uint8_t secret[32], const char *device);
int wg_key_down(wg_key *key, const wg_crypto *crypto, const uint8_t secret[32], const char *device);

/* Which optional fields a fix has. */
enum { WG_HAS_ACCURACY = 1, WG_HAS_SPEED = 2, WG_HAS_HEADING = 4, WG_HAS_ALTITUDE = 8 };

/* What a receiver says against its own fix. */
enum { WG_MOCKED = 1, WG_JAMMED = 2 };

typedef struct {
    int64_t time_ms;
    int32_t lat_e7, lon_e7;
    uint32_t accuracy_dm; /* 68 % radius, up to 1,000,000,000 */
    uint32_t speed_dmps;  /* up to 1,000,000; rounded to 2 on the way */
    int32_t altitude_dm;  /* above the ellipsoid, -10,000 to 10,000,000 */
    uint16_t heading_deg; /* from true north, 0 to 359; rounded to 2 */
    uint8_t known;        /* WG_HAS_... */
    uint8_t flags;        /* WG_MOCKED, WG_JAMMED */
} wg_fix;

/* What sensors say. */
enum {
    WG_BATTERY = 16, /* value percent, more millivolts, 0 unknown */
    WG_TEMPERATURE,  /* hundredths of a degree Celsius */
    WG_LIGHT,        /* lux */
    WG_SHOCK,        /* thousandths of 9.80665 m/s^2 */
    WG_SEAL,         /* 0 closed, 1 open, 2 cut */
    WG_IGNITION,     /* 0 off, 1 on */
    WG_BUTTON,       /* its number, from 1 */
    WG_SCAN          /* text of text_size bytes of UTF-8, 1 to 128 */
};

typedef struct {
    int64_t time_ms;
    int32_t value, more;
    const char *text;
    uint8_t text_size;
    uint8_t kind; /* WG_BATTERY to WG_SCAN */
} wg_reading;

/* How far a device got with a desired state. */
enum { WG_IN_FORCE, WG_REFUSED, WG_FETCHING, WG_FAILED };

typedef struct {
    uint32_t boot, sequence;    /* sequence from 1 with each boot */
    int64_t time_ms;            /* 0: the device does not know the time */
    const wg_fix *fixes;        /* in order of time */
    const wg_reading *readings; /* in order of kind */
    const char *firmware;       /* the version that runs, or NULL */
    uint32_t applied_version;   /* of the newest desired state, 0 for none */
    uint16_t fix_count, reading_count;
    uint8_t applied_outcome; /* WG_IN_FORCE to WG_FAILED */
    uint8_t finest;          /* 1: coordinates to 1e-7 degrees, not 1e-6 */
} wg_report;

/*
 * Write r as one frame of at most size bytes. key may be NULL where seal is
 * WG_PLAIN. Returns the frame's size. Errors: WG_TOO_SMALL (take fewer fixes),
 * WG_BAD_VALUE, WG_NO_CRYPTO. The frame may be sent only once it is stored:
 * two frames must never share boot and sequence.
 */
int wg_report_write(const wg_report *r, const wg_key *key, wg_seal seal, uint8_t *frame, size_t size);

/* What to do with the seal. */
enum { WG_SEAL_AS_IT_IS, WG_SEAL_RELEASE, WG_SEAL_ARM };

typedef struct {
    uint32_t version, issue;
    int64_t time_ms;    /* the server's time, 0 if not said */
    uint32_t moving_s;  /* between fixes on the move, 0 if not said */
    uint32_t resting_s; /* at rest, 0 the same as on the move */
    uint32_t report;    /* report at once each time this changes; 0 never */
    uint8_t seal;       /* WG_SEAL_... */
    uint16_t update_version_size, update_url_size;
    uint32_t update_size;         /* of the firmware image, in bytes */
    const uint8_t *update_sha256; /* 32 bytes; NULL if there is no update */
    const char *update_version;   /* these point into the frame and do not */
    const char *update_url;       /* end in a zero byte */
} wg_desired;

/*
 * Read a frame that came on wg/1/<device>/down; one that is encrypted becomes
 * plain in place. With a key only sealed frames are taken, with NULL only plain
 * ones. On an error d is all zero. Use d only if (version, issue) is newer than
 * what was applied, and carry each version out once. Errors: WG_BAD_FRAME,
 * WG_BAD_VERSION, WG_BAD_TAG, WG_NO_CRYPTO.
 */
int wg_desired_read(wg_desired *d, const wg_key *key, uint8_t *frame, size_t size);

#endif
