package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// Errors of a file that has been harmed.
var (
	// ErrCut: the file is shorter than it says of itself.
	ErrCut = errors.New("cut short")
	// ErrDamaged: something in the file is not as it was written.
	ErrDamaged = errors.New("damaged")
)

// The meta page of bbolt's file format, version 2, in the machine's byte
// order: a page header, magic, version, page size and flags (4 bytes each),
// root (16 bytes), freelist, number of pages, transaction and the FNV-1a hash
// of all that (8 bytes each). There are two; the valid one of the later
// transaction counts. The one before it describes the file as it was before the
// last transaction, whose pages are not used again until the next.
const (
	pageHeader   = 16
	metaBytes    = 64
	metaMagic    = 0xED0CDAED
	metaPageSize = 8
	metaRoot     = 16
	metaPages    = 40
	metaTx       = 48
	metaSum      = 56
	smallestPage = 1 << 10
	largestPage  = 64 << 10
)

// meta is a valid meta page.
type meta struct {
	at              int64 // of the page in the file
	pageSize, pages int64
	root, tx        uint64
}

// readMetas returns the valid meta pages, the newest first. The second page
// begins at a page size that only the first one tells, so every size is tried.
func readMetas(file io.ReaderAt) (metas []meta) {
	for at := int64(0); at <= largestPage; at = max(smallestPage, 2*at) {
		m, ok := readMeta(file, at)
		switch {
		case !ok || at != 0 && at != m.pageSize:
		case len(metas) > 0 && m.tx > metas[0].tx:
			metas = []meta{m, metas[0]}
		default:
			metas = append(metas, m)
		}
	}
	return metas
}

func readMeta(file io.ReaderAt, at int64) (meta, bool) {
	var b [metaBytes]byte
	if _, err := file.ReadAt(b[:], at+pageHeader); err != nil {
		return meta{}, false
	}
	order := binary.NativeEndian
	hash := fnv.New64a()
	hash.Write(b[:metaSum])
	if order.Uint32(b[:]) != metaMagic || order.Uint64(b[metaSum:]) != hash.Sum64() {
		return meta{}, false
	}
	m := meta{
		at: at, pageSize: int64(order.Uint32(b[metaPageSize:])), pages: int64(order.Uint64(b[metaPages:])),
		root: order.Uint64(b[metaRoot:]), tx: order.Uint64(b[metaTx:]),
	}
	return m, m.pageSize >= smallestPage && m.pageSize <= largestPage
}

// checkLength refuses a file that has lost its end, such as a copy that was
// broken off: bbolt maps it into memory and would die of a fault there.
func checkLength(file *os.File, m meta) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if want := m.pages * m.pageSize; info.Size() < want {
		return fmt.Errorf("%w: it has %d bytes of %d; restore a whole copy", ErrCut, info.Size(), want)
	}
	return nil
}
