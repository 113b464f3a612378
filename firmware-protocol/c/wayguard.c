/* Keys, seals and checksums. */
#include "wayguard_private.h"

#include <string.h>

/* CRC-32 of IEEE 802.3, bit by bit: a table would be a kilobyte. */
uint32_t wg_crc32(uint32_t crc, const uint8_t *data, size_t size)
{
    crc = ~crc;
    while (size--) {
        crc ^= *data++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xedb88320) & -(crc & 1));
    }
    return ~crc;
}

void wg_put32(uint8_t *to, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(n >> (24 - 8 * i));
}

uint32_t wg_get32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* The size of the character that text begins with, 0 if it is none. */
static size_t character(const uint8_t *text, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text[0];
    size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
    if (n < 2 || n > size)
        return n == 1;
    uint32_t code = first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : n;
}

int wg_is_text(const uint8_t *text, size_t size, size_t most)
{
    if (size == 0 || size > most)
        return 0;
    while (size) {
        size_t n = character(text, size);
        if (!n)
            return 0;
        text += n;
        size -= n;
    }
    return 1;
}

/* HKDF-Expand (RFC 5869) of one block: HMAC(secret, info, 1). */
static void derive(const wg_crypto *crypto, const uint8_t secret[32], const char *direction, const char *purpose,
                   const char *device, uint8_t key[32])
{
    uint8_t info[184];
    const char *const parts[] = {"wayguard/1/", direction, purpose, device};
    size_t used = 0;
    for (int i = 0; i < 4; i++) {
        size_t n = strlen(parts[i]);
        memcpy(info + used, parts[i], n);
        used += n;
    }
    info[used++] = 1;
    crypto->hmac(crypto->context, secret, info, used, key);
}

static int new_key(wg_key *key, const wg_crypto *crypto, const uint8_t secret[32], const char *direction,
                   const char *device)
{
    if (strlen(device) > 160)
        return WG_BAD_VALUE;
    key->crypto = crypto;
    derive(crypto, secret, direction, "/auth/", device, key->auth);
    derive(crypto, secret, direction, "/seal/", device, key->seal);
    return WG_OK;
}

int wg_key_up(wg_key *key, const wg_crypto *crypto, const uint8_t secret[32], const char *device)
{
    return new_key(key, crypto, secret, "up", device);
}

int wg_key_down(wg_key *key, const wg_crypto *crypto, const uint8_t secret[32], const char *device)
{
    return new_key(key, crypto, secret, "down", device);
}

/* Version, kind, two zeros, boot, sequence. */
static void make_nonce(uint8_t nonce[12], const uint8_t *frame)
{
    memcpy(nonce, frame, 2);
    nonce[2] = nonce[3] = 0;
    memcpy(nonce + 4, frame + 2, 8);
}

int wg_close(const wg_key *key, wg_seal seal, uint8_t *frame, size_t used, size_t size)
{
    size_t whole = used + (seal == WG_PLAIN ? wg_check_size : wg_tag_size);
    if (whole > size)
        return WG_TOO_SMALL;
    if (whole > WG_MAX_FRAME)
        return WG_BAD_VALUE;
    if (seal == WG_PLAIN) {
        wg_put32(frame + used, wg_crc32(0, frame, used));
    } else if (seal == WG_AUTHENTICATED) {
        uint8_t mac[32];
        key->crypto->hmac(key->crypto->context, key->auth, frame, used, mac);
        memcpy(frame + used, mac, wg_tag_size);
    } else {
        uint8_t nonce[12];
        make_nonce(nonce, frame);
        if (!key->crypto->encrypt || key->crypto->encrypt(key->crypto->context, key->seal, nonce, frame,
                                                          frame + wg_head_size, used - wg_head_size, frame + used))
            return WG_NO_CRYPTO;
    }
    return (int)whole;
}

/* Takes as long for any two tags. */
static int same_tag(const uint8_t *a, const uint8_t *b)
{
    volatile uint8_t differing = 0;
    for (int i = 0; i < wg_tag_size; i++)
        differing |= a[i] ^ b[i];
    return differing == 0;
}

static int open_sealed(const wg_key *key, uint8_t *frame, size_t size)
{
    const wg_crypto *crypto = key->crypto;
    if (size < wg_head_size + wg_tag_size)
        return WG_BAD_FRAME;
    size_t used = size - wg_tag_size;
    if (frame[1] >> 4 == WG_AUTHENTICATED) {
        uint8_t mac[32];
        crypto->hmac(crypto->context, key->auth, frame, used, mac);
        if (!same_tag(mac, frame + used))
            return WG_BAD_TAG;
    } else {
        uint8_t nonce[12];
        make_nonce(nonce, frame);
        if (!crypto->decrypt)
            return WG_NO_CRYPTO;
        if (crypto->decrypt(crypto->context, key->seal, nonce, frame, frame + wg_head_size, used - wg_head_size,
                            frame + used))
            return WG_BAD_TAG;
    }
    return (int)(used - wg_head_size);
}

int wg_open(const wg_key *key, uint8_t *frame, size_t size, uint8_t kind)
{
    if (size > WG_MAX_FRAME)
        return WG_BAD_FRAME;
    if (size > 0 && frame[0] != 1)
        return WG_BAD_VERSION;
    if (size < wg_head_size)
        return WG_BAD_FRAME;
    if ((frame[1] & 15) != kind || frame[1] >> 4 > WG_ENCRYPTED)
        return WG_BAD_VERSION;
    if ((frame[1] >> 4 == WG_PLAIN) != (key == NULL))
        return WG_BAD_TAG;
    if (key)
        return open_sealed(key, frame, size);
    if (size < wg_head_size + wg_check_size)
        return WG_BAD_FRAME;
    size_t used = size - wg_check_size;
    return wg_crc32(0, frame, used) == wg_get32(frame + used) ? (int)(used - wg_head_size) : WG_BAD_FRAME;
}
