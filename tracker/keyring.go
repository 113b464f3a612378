package tracker

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"

	"github.com/google/uuid"
)

// A keyring's file, all numbers big-endian:
//
//	  0  8 bytes "wgkeys" 0 1
//	  8  12 bytes nonce, 32 bytes: 16 zeros sealed by the master key
//	128  slots of 128 bytes: 16 bytes KeyID, 12 bytes nonce, 48 bytes the
//	     key sealed by the master key, 48 zeros, 4 bytes CRC-32 of
//	     all these
//
// A slot of zeros is free. The size divides that of a disk's sector, so that a
// slot is written whole or not at all. The last one may be cut short: nothing
// was ever sealed with its key.
const (
	keyringMagic = "wgkeys\x00\x01"
	slotSize     = 128
	nonceSize    = 12
	dataKeySize  = 32
	slotText     = 16 + nonceSize + dataKeySize + 16
	slotBody     = slotSize - 4
)

// Errors of a Keyring.
var (
	// ErrMasterKey: the data was written under another master key.
	ErrMasterKey = errors.New("the master key is not the one that this data was written under: give the right one, or restore it from its copy")
	// ErrErased: the key has been destroyed, and with it what it
	// sealed.
	ErrErased = errors.New("erased")
)

// KeyID says whose key it is: the UUID of a customer, a driver or another one
// who works here.
type KeyID string

// dataKey seals what is personal of one of them.
type dataKey [dataKeySize]byte

// Keyring keeps a key for each customer and driver, under which everything
// personal of theirs is sealed before it reaches the store. The keys are in a file of their
// own, not in the store: there freed pages keep what was once written, whereas a
// key that is removed here is overwritten where it stood. What the disk itself
// keeps of overwritten blocks, and copies of the file, are beyond its reach.
//
// Its methods may be called from any goroutine.
type Keyring struct {
	wrap cipher.AEAD
	// server wraps what is the server's own.
	server cipher.AEAD
	// prints keys Fingerprint.
	prints []byte

	mu   sync.RWMutex
	file *os.File
	keys map[KeyID]ringKey
	free []int64 // offsets of free slots
	end  int64
	// damaged slots are neither read nor written any more.
	damaged int
}

type ringKey struct {
	offset int64
	key    dataKey
}

// OpenKeyring opens the file, or makes it. The caller closes the keyring once
// nobody uses it. Errors wrap ErrMasterKey or the file's.
func OpenKeyring(path string, master MasterKey) (*Keyring, error) {
	wrap, err := newAEAD(master[:])
	if err != nil {
		return nil, err
	}
	server, err := newWrapper(master)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the keyring: %w", err)
	}
	prints, err := hkdf.Expand(sha256.New, master[:], "wayguard fingerprints", sha256.Size)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("derive a key: %w", err), file.Close())
	}
	k := &Keyring{wrap: wrap, server: server, prints: prints, file: file, keys: make(map[KeyID]ringKey)}
	if err := k.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return k, nil
}

// Close closes the file.
func (k *Keyring) Close() error { return k.file.Close() }

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("prepare a key: %w", err)
	}
	return cipher.NewGCM(block)
}

func (k *Keyring) load() error {
	data, err := io.ReadAll(k.file)
	if err != nil {
		return err
	}
	if len(data) < slotSize {
		// Cut short at its making: nothing was sealed yet.
		return k.begin()
	}
	if string(data[:len(keyringMagic)]) != keyringMagic {
		return errors.New("this is not a keyring, or one of a newer release")
	}
	if _, err := k.wrap.Open(nil, data[8:20], data[20:52], nil); err != nil {
		return ErrMasterKey
	}
	k.end = slotSize
	for slot := range chunks(data[slotSize:]) {
		if err := k.loadSlot(slot); err != nil {
			return err
		}
		k.end += slotSize
	}
	return nil
}

// chunks are the whole slots of data.
func chunks(data []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for ; len(data) >= slotSize; data = data[slotSize:] {
			if !yield(data[:slotSize]) {
				return
			}
		}
	}
}

func (k *Keyring) loadSlot(slot []byte) error {
	if bytes.Count(slot, []byte{0}) == slotSize {
		k.free = append(k.free, k.end)
		return nil
	}
	if slotSum(slot) != [4]byte(slot[slotBody:]) {
		k.damaged++
		return nil
	}
	id := KeyID(uuid.UUID(slot[:16]).String())
	plain, err := k.wrap.Open(nil, slot[16:16+nonceSize], slot[16+nonceSize:slotText], slot[:16])
	if err != nil {
		return fmt.Errorf("the key of %s: %w", id, errDamaged)
	}
	k.keys[id] = ringKey{offset: k.end, key: dataKey(plain)}
	return nil
}

func slotSum(slot []byte) (sum [4]byte) {
	n := crc32.ChecksumIEEE(slot[:slotBody])
	return [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// begin writes the head of a new file.
func (k *Keyring) begin() error {
	head := make([]byte, 8+nonceSize, slotSize)
	copy(head, keyringMagic)
	rand.Read(head[8:])
	head = k.wrap.Seal(head, head[8:], make([]byte, 16), nil)
	k.end = slotSize
	return k.write(0, head[:slotSize])
}

// write does not return before the disk has it.
func (k *Keyring) write(offset int64, data []byte) error {
	if _, err := k.file.WriteAt(data, offset); err != nil {
		return err
	}
	return k.file.Sync()
}

// Add makes a key for each of those who have none. When it returns nil
// the keys are durable. Errors wrap ErrUnavailable.
func (k *Keyring) Add(ids ...KeyID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range ids {
		if _, ok := k.keys[id]; ok {
			continue
		}
		if err := k.add(id); err != nil {
			return fmt.Errorf("%w: store a key: %w", ErrUnavailable, err)
		}
	}
	if err := k.file.Sync(); err != nil {
		return fmt.Errorf("%w: store keys: %w", ErrUnavailable, err)
	}
	return nil
}

func (k *Keyring) add(id KeyID) error {
	name, err := uuid.Parse(string(id))
	if err != nil {
		return err
	}
	entry := ringKey{offset: k.end}
	if n := len(k.free); n > 0 {
		entry.offset = k.free[n-1]
	}
	rand.Read(entry.key[:])
	if _, err := k.file.WriteAt(k.slot(name, entry.key), entry.offset); err != nil {
		return err
	}
	if entry.offset == k.end {
		k.end += slotSize
	} else {
		k.free = k.free[:len(k.free)-1]
	}
	k.keys[id] = entry
	return nil
}

func (k *Keyring) slot(name uuid.UUID, key dataKey) []byte {
	slot := make([]byte, 16+nonceSize, slotSize)
	copy(slot, name[:])
	rand.Read(slot[16:])
	slot = k.wrap.Seal(slot, slot[16:], key[:], name[:])[:slotSize]
	sum := slotSum(slot)
	copy(slot[slotBody:], sum[:])
	return slot
}

// Remove destroys a key. When it returns nil nothing can be opened
// any more that the key has sealed. A key that does not exist is no error.
// Errors wrap ErrUnavailable; then the key may or may not be gone.
func (k *Keyring) Remove(id KeyID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	entry, ok := k.keys[id]
	if !ok {
		return nil
	}
	if err := k.write(entry.offset, make([]byte, slotSize)); err != nil {
		return fmt.Errorf("%w: destroy a key: %w", ErrUnavailable, err)
	}
	delete(k.keys, id)
	k.free = append(k.free, entry.offset)
	return nil
}

// Len is the number of keys, and of slots of the file that are damaged.
func (k *Keyring) Len() (keys, damaged int) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.keys), k.damaged
}

const sealVersion = 1

// Seal seals plain under a key: a version, a nonce, AES-256-GCM.
// It opens only with the same purpose, which names the place that it is kept
// at, so that sealed texts cannot be swapped. Errors wrap ErrErased.
func (k *Keyring) Seal(id KeyID, purpose string, plain []byte) ([]byte, error) {
	aead, err := k.aead(id)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 1+nonceSize, 1+nonceSize+len(plain)+aead.Overhead())
	b[0] = sealVersion
	rand.Read(b[1:])
	return aead.Seal(b, b[1:], plain, []byte(purpose)), nil
}

// Open opens what Seal returned. Errors wrap ErrErased, or say that the text
// was damaged or belongs elsewhere.
func (k *Keyring) Open(id KeyID, purpose string, sealed []byte) ([]byte, error) {
	aead, err := k.aead(id)
	if err != nil {
		return nil, err
	}
	if len(sealed) < 1+nonceSize || sealed[0] != sealVersion {
		return nil, fmt.Errorf("sealed text: %w", errDamaged)
	}
	plain, err := aead.Open(nil, sealed[1:1+nonceSize], sealed[1+nonceSize:], []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("sealed text: %w", errDamaged)
	}
	return plain, nil
}

func (k *Keyring) aead(id KeyID) (cipher.AEAD, error) {
	k.mu.RLock()
	entry, ok := k.keys[id]
	k.mu.RUnlock()
	if !ok {
		return nil, fmt.Errorf("%s: %w", id, ErrErased)
	}
	return newAEAD(entry.key[:])
}

// Fingerprint is a hash of what is personal, by which it is known again. Without
// the master key guesses cannot be tested against it.
func (k *Keyring) Fingerprint(purpose string, text []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, k.prints)
	fmt.Fprintf(mac, "%d:%s", len(purpose), purpose)
	mac.Write(text)
	return [sha256.Size]byte(mac.Sum(nil))
}
