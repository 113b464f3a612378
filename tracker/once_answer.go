package tracker

import (
	"context"
	"crypto/rand"
	"fmt"
)

// maxAnswer is more than any secret with its QR codes, in bytes: receipts are kept
// in memory.
const maxAnswer = 256 << 10

// KeepAnswer keeps with the receipt of a request what it was answered, for as long
// as the receipt, where that cannot be made again, such as a secret. It is sealed
// under a key that follows from the master key and from secret, which whoever sent
// the request knows and nobody keeps: without both the store tells nothing of it.
// Where there is no receipt, no keyring, or the answer is longer than 256 KiB,
// nothing is kept.
// When it returns nil that is durable. Errors wrap ErrUnavailable or ctx's.
func (f *Fleet) KeepAnswer(ctx context.Context, once Once, secret, answer []byte) error {
	r, found, err := f.ledger.earlier(once)
	if err != nil || !found || len(answer) > maxAnswer || f.ledger.keys == nil {
		return err
	}
	key := f.answerKey(once, secret)
	aead, err := newAEAD(key[:])
	if err != nil {
		return err
	}
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	r.Answer = aead.Seal(nonce, nonce, answer, []byte(once.Key))
	b := f.ledger.edit()
	if err := put(b, f.ledger.receipts.shelf, &r); err != nil {
		return err
	}
	return f.commitLedger(ctx, b)
}

// Answer is what KeepAnswer kept; nil for nothing. Errors wrap ErrReused.
func (f *Fleet) Answer(once Once, secret []byte) ([]byte, error) {
	r, found, err := f.ledger.earlier(once)
	if err != nil || !found || r.Answer == nil {
		return nil, err
	}
	key := f.answerKey(once, secret)
	aead, err := newAEAD(key[:])
	if err != nil {
		return nil, err
	}
	if len(r.Answer) < nonceSize {
		return nil, fmt.Errorf("kept answer: %w", errDamaged)
	}
	answer, err := aead.Open(nil, r.Answer[:nonceSize], r.Answer[nonceSize:], []byte(once.Key))
	if err != nil {
		return nil, fmt.Errorf("kept answer: %w", errDamaged)
	}
	return answer, nil
}

func (f *Fleet) answerKey(once Once, secret []byte) dataKey {
	return f.Fingerprint("answer/"+once.Key, secret)
}
