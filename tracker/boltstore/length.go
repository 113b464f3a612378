package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// ErrCut: the file is shorter than it says of itself.
var ErrCut = errors.New("cut short")

// The meta page of bbolt's file format, version 2, in the machine's byte
// order: a page header, magic, version, page size and flags (4 bytes each),
// root (16 bytes), freelist, number of pages, transaction and the FNV-1a hash
// of all that (8 bytes each). There are two; the valid one of the later
// transaction counts.
const (
	pageHeader   = 16
	metaBytes    = 64
	metaMagic    = 0xED0CDAED
	metaPageSize = 8
	metaPages    = 40
	metaTx       = 48
	metaSum      = 56
	smallestPage = 1 << 10
	largestPage  = 64 << 10
)

// checkLength refuses a file that has lost its end, such as a copy that was
// broken off: bbolt maps it into memory and would die of a fault there. Of a
// file that is none of bbolt's it says nothing.
func checkLength(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if want := saidLength(file); info.Size() < want {
		return fmt.Errorf("%w: it has %d bytes of %d; restore a whole copy", ErrCut, info.Size(), want)
	}
	return nil
}

// saidLength is the least length by the newer valid meta page, 0 if there is
// none. The second page begins at a page size that only the first one tells,
// so every size is tried.
func saidLength(file io.ReaderAt) int64 {
	length, newest := int64(0), uint64(0)
	consider := func(at int64) {
		if l, tx, ok := readMeta(file, at+pageHeader); ok && tx >= newest {
			length, newest = l, tx
		}
	}
	consider(0)
	for size := int64(smallestPage); size <= largestPage; size *= 2 {
		consider(size)
	}
	return length
}

func readMeta(file io.ReaderAt, at int64) (length int64, tx uint64, ok bool) {
	var meta [metaBytes]byte
	if _, err := file.ReadAt(meta[:], at); err != nil {
		return 0, 0, false
	}
	order := binary.NativeEndian
	hash := fnv.New64a()
	hash.Write(meta[:metaSum])
	if order.Uint32(meta[:]) != metaMagic || order.Uint64(meta[metaSum:]) != hash.Sum64() {
		return 0, 0, false
	}
	pages, size := order.Uint64(meta[metaPages:]), order.Uint32(meta[metaPageSize:])
	return int64(pages) * int64(size), order.Uint64(meta[metaTx:]), true
}
