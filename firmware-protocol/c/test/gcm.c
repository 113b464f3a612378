/* After FIPS 197 and NIST SP 800-38D. */
#include "gcm.h"

#include <string.h>

static uint8_t twice(uint8_t x) { return (uint8_t)(x << 1 ^ (x >> 7) * 0x1b); }

static uint8_t times(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (; b; b >>= 1, a = twice(a))
        if (b & 1)
            product ^= a;
    return product;
}

/* The inverse in GF(2^8), which is the 254th power, and the affine map. */
static uint8_t substitute(uint8_t x)
{
    static uint8_t table[256];
    static int made;
    for (int i = 0; !made && i < 256; i++) {
        uint8_t power = 1;
        for (int n = 0; n < 254; n++)
            power = times(power, (uint8_t)i);
        uint8_t s = 0x63;
        for (int n = 0; n < 5; n++)
            s ^= (uint8_t)(power << n | power >> (8 - n));
        table[i] = s;
    }
    made = 1;
    return table[x];
}

static void expand(const uint8_t key[32], uint8_t round[240])
{
    uint8_t constant = 1;
    memcpy(round, key, 32);
    for (int i = 32; i < 240; i += 4) {
        uint8_t t[4];
        memcpy(t, round + i - 4, 4);
        if (i % 32 == 0) {
            uint8_t first = t[0];
            for (int n = 0; n < 4; n++)
                t[n] = substitute(n < 3 ? t[n + 1] : first);
            t[0] ^= constant;
            constant = twice(constant);
        } else if (i % 32 == 16) {
            for (int n = 0; n < 4; n++)
                t[n] = substitute(t[n]);
        }
        for (int n = 0; n < 4; n++)
            round[i + n] = round[i - 32 + n] ^ t[n];
    }
}

static void encrypt_block(const uint8_t round[240], const uint8_t in[16], uint8_t out[16])
{
    uint8_t s[16], t[16];
    for (int i = 0; i < 16; i++)
        s[i] = in[i] ^ round[i];
    for (int r = 1; r <= 14; r++) {
        for (int i = 0; i < 16; i++)
            t[i] = substitute(s[(i + 4 * (i % 4)) % 16]);
        for (int i = 0; i < 16; i++) {
            const uint8_t *c = t + i / 4 * 4;
            uint8_t mixed = twice(c[i % 4]) ^ twice(c[(i + 1) % 4]) ^ c[(i + 1) % 4] ^ c[(i + 2) % 4] ^ c[(i + 3) % 4];
            s[i] = (r < 14 ? mixed : t[i]) ^ round[16 * r + i];
        }
    }
    memcpy(out, s, 16);
}

static void ghash(const uint8_t h[16], uint8_t y[16], const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at += 16) {
        uint8_t z[16] = {0}, v[16];
        for (size_t i = 0; i < 16 && at + i < size; i++)
            y[i] ^= data[at + i];
        memcpy(v, h, 16);
        for (int bit = 0; bit < 128; bit++) {
            uint8_t last = v[15] & 1;
            if (y[bit / 8] >> (7 - bit % 8) & 1)
                for (int i = 0; i < 16; i++)
                    z[i] ^= v[i];
            for (int i = 15; i >= 0; i--)
                v[i] = (uint8_t)(v[i] >> 1 | (i ? v[i - 1] << 7 : 0));
            if (last)
                v[0] ^= 0xe1;
        }
        memcpy(y, z, 16);
    }
}

static void count(const uint8_t round[240], const uint8_t nonce[12], uint32_t n, uint8_t out[16])
{
    uint8_t block[16];
    memcpy(block, nonce, 12);
    for (int i = 0; i < 4; i++)
        block[12 + i] = (uint8_t)(n >> (24 - 8 * i));
    encrypt_block(round, block, out);
}

static void crypt(const uint8_t round[240], const uint8_t nonce[12], uint8_t *text, size_t size)
{
    uint8_t stream[16];
    for (size_t i = 0; i < size; i++) {
        if (i % 16 == 0)
            count(round, nonce, (uint32_t)(2 + i / 16), stream);
        text[i] ^= stream[i % 16];
    }
}

static void make_tag(const uint8_t round[240], const uint8_t nonce[12], const uint8_t head[10], const uint8_t *text,
                     size_t size, uint8_t tag[16])
{
    uint8_t h[16] = {0}, y[16] = {0}, lengths[16] = {0}, mask[16];
    encrypt_block(round, h, h);
    ghash(h, y, head, 10);
    ghash(h, y, text, size);
    lengths[7] = 80;
    for (int i = 0; i < 8; i++)
        lengths[8 + i] = (uint8_t)((uint64_t)size * 8 >> (56 - 8 * i));
    ghash(h, y, lengths, 16);
    count(round, nonce, 1, mask);
    for (int i = 0; i < 16; i++)
        tag[i] = y[i] ^ mask[i];
}

int gcm_encrypt(void *context, const uint8_t key[32], const uint8_t nonce[12], const uint8_t head[10], uint8_t *text,
                size_t size, uint8_t tag[16])
{
    uint8_t round[240];
    (void)context;
    expand(key, round);
    crypt(round, nonce, text, size);
    make_tag(round, nonce, head, text, size, tag);
    return 0;
}

int gcm_decrypt(void *context, const uint8_t key[32], const uint8_t nonce[12], const uint8_t head[10], uint8_t *text,
                size_t size, const uint8_t tag[16])
{
    uint8_t round[240], right[16];
    (void)context;
    expand(key, round);
    make_tag(round, nonce, head, text, size, right);
    if (memcmp(right, tag, 16))
        return 1;
    crypt(round, nonce, text, size);
    return 0;
}
