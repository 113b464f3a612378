/* AES-256-GCM for tests: short and slow, and not hardened against timing. */
#ifndef GCM_H
#define GCM_H

#include <stddef.h>
#include <stdint.h>

int gcm_encrypt(void *context, const uint8_t key[32], const uint8_t nonce[12], const uint8_t head[10], uint8_t *text,
                size_t size, uint8_t tag[16]);
int gcm_decrypt(void *context, const uint8_t key[32], const uint8_t nonce[12], const uint8_t head[10], uint8_t *text,
                size_t size, const uint8_t tag[16]);

#endif
