/* HMAC-SHA-256 (FIPS 180-4, RFC 2104), for chips that have none. */
#include "wayguard.h"

#include <string.h>

typedef struct {
    uint32_t state[8];
    uint8_t block[64];
    size_t used; /* bytes of all blocks */
} sha256;

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t roots[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void mix(sha256 *h)
{
    uint32_t w[16], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)h->block[4 * i] << 24 | (uint32_t)h->block[4 * i + 1] << 16 |
               (uint32_t)h->block[4 * i + 2] << 8 | h->block[4 * i + 3];
    memcpy(s, h->state, sizeof s);
    for (int i = 0; i < 64; i++) {
        if (i >= 16) {
            uint32_t a = w[(i + 1) & 15], b = w[(i + 14) & 15];
            w[i & 15] += (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[(i + 9) & 15] + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
        }
        uint32_t one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
                       roots[i] + w[i & 15];
        uint32_t two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) +
                       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof s[0]);
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        h->state[i] += s[i];
}

static void begin(sha256 *h)
{
    /* The same of the square roots of the first eight. */
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(h->state, start, sizeof start);
    h->used = 0;
}

static void add(sha256 *h, const uint8_t *data, size_t size)
{
    while (size--) {
        h->block[h->used++ & 63] = *data++;
        if ((h->used & 63) == 0)
            mix(h);
    }
}

static void end(sha256 *h, uint8_t sum[32])
{
    static const uint8_t padding[64] = {0x80};
    uint8_t bits[8];
    uint64_t n = (uint64_t)h->used * 8;
    for (int i = 0; i < 8; i++)
        bits[i] = (uint8_t)(n >> (56 - 8 * i));
    add(h, padding, 1 + ((55 - h->used) & 63));
    add(h, bits, sizeof bits);
    for (int i = 0; i < 32; i++)
        sum[i] = (uint8_t)(h->state[i / 4] >> (24 - 8 * (i & 3)));
}

static void begin_keyed(sha256 *h, const uint8_t key[32], uint8_t pad)
{
    begin(h);
    for (int i = 0; i < 64; i++) {
        uint8_t b = (i < 32 ? key[i] : 0) ^ pad;
        add(h, &b, 1);
    }
}

void wg_hmac_sha256(void *context, const uint8_t key[32], const uint8_t *data, size_t size, uint8_t mac[32])
{
    sha256 h;
    (void)context;
    begin_keyed(&h, key, 0x36);
    add(&h, data, size);
    end(&h, mac);
    begin_keyed(&h, key, 0x5c);
    add(&h, mac, 32);
    end(&h, mac);
}
