package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Pages of bbolt's file format, in the machine's byte order: the page's number
// (8 bytes), flags and number of elements (2 each), how many more pages it
// runs on for (4), then the elements. Those of a branch: position of the key
// from the element's own beginning, length (4 each), page below (8). Those of a
// leaf: flags, position, length of the key and of the value (4 each). The value
// of a bucket is its root page and a sequence (8 each), and where the root is 0
// a page of its own follows at once.
const (
	branchPage    = 0x01
	leafPage      = 0x02
	elementBytes  = 16
	bucketElement = 0x01
	bucketBytes   = 16
	firstDataPage = 2
)

// tree walks the pages that belong to one meta page: bbolt itself would not
// survive it where one is not what it should be.
type tree struct {
	meta
	file io.ReaderAt
	seen []bool // by page
}

// node is a page taken apart.
type node struct {
	branch   bool
	elements []element
}

// element is a key and the page below it, 0 for none: of a branch that with the
// keys from this one on, of a leaf the root of a bucket.
type element struct {
	key   []byte
	below uint64
}

// checkTree says what is wrong with the pages of m, nil if bbolt can walk them.
// It does not look into values.
func checkTree(file io.ReaderAt, m meta) error {
	t := tree{meta: m, file: file, seen: make([]bool, m.pages)}
	return t.check(m.root, nil, nil)
}

// check checks a page and all below it, whose keys must be in order, from least
// on and before end; nil stands for no bound.
func (t *tree) check(id uint64, least, end []byte) error {
	n, err := t.read(id)
	if err == nil {
		err = n.checkOrder(least, end)
	}
	if err != nil {
		return fmt.Errorf("%w: page %d of %d %w", ErrDamaged, id, t.pages, err)
	}
	for i, e := range n.elements {
		switch {
		case !n.branch && e.below == 0:
		case !n.branch:
			err = t.check(e.below, nil, nil)
		case i+1 < len(n.elements):
			err = t.check(e.below, e.key, n.elements[i+1].key)
		default:
			err = t.check(e.below, e.key, end)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *node) checkOrder(least, end []byte) error {
	for i, e := range n.elements {
		if i > 0 && bytes.Compare(n.elements[i-1].key, e.key) >= 0 ||
			i == 0 && bytes.Compare(least, e.key) > 0 ||
			end != nil && bytes.Compare(e.key, end) >= 0 {
			return errors.New("has keys out of order")
		}
	}
	return nil
}

// read reads a page with all that it runs on for.
func (t *tree) read(id uint64) (node, error) {
	if id < firstDataPage || id >= uint64(t.pages) {
		return node{}, errors.New("is not within the file")
	}
	page := make([]byte, t.pageSize)
	if _, err := t.file.ReadAt(page, int64(id)*t.pageSize); err != nil {
		return node{}, fmt.Errorf("cannot be read: %w", err)
	}
	order := binary.NativeEndian
	if order.Uint64(page) != id {
		return node{}, errors.New("says that it is another")
	}
	more := uint64(order.Uint32(page[12:]))
	if id+more >= uint64(t.pages) {
		return node{}, errors.New("runs on beyond the file")
	}
	for i := id; i <= id+more; i++ {
		if t.seen[i] {
			return node{}, errors.New("is used twice")
		}
		t.seen[i] = true
	}
	if more > 0 {
		page = make([]byte, (int64(more)+1)*t.pageSize)
		if _, err := t.file.ReadAt(page, int64(id)*t.pageSize); err != nil {
			return node{}, fmt.Errorf("cannot be read: %w", err)
		}
	}
	return parseNode(page)
}

// parseNode takes a page apart, and checks that all of it is within.
func parseNode(page []byte) (node, error) {
	order := binary.NativeEndian
	flags, count := order.Uint16(page[8:]), int(order.Uint16(page[10:]))
	n := node{branch: flags == branchPage, elements: make([]element, count)}
	if !n.branch && flags != leafPage || n.branch && count == 0 {
		return node{}, errors.New("is neither a branch nor a leaf")
	}
	if pageHeader+count*elementBytes > len(page) {
		return node{}, errors.New("has more elements than fit")
	}
	for i := range n.elements {
		var err error
		if at := page[pageHeader+i*elementBytes:]; n.branch {
			n.elements[i], err = branchElement(at)
		} else {
			n.elements[i], err = leafElement(at)
		}
		if err != nil {
			return node{}, err
		}
	}
	return n, nil
}

// branchElement reads the element that b, the rest of the page, begins with.
func branchElement(b []byte) (element, error) {
	order := binary.NativeEndian
	key, ok := within(b, order.Uint32(b), order.Uint32(b[4:]))
	if !ok {
		return element{}, errors.New("has a key that ends beyond it")
	}
	return element{key: key, below: order.Uint64(b[8:])}, nil
}

func leafElement(b []byte) (e element, err error) {
	order := binary.NativeEndian
	at, size := order.Uint32(b[4:]), order.Uint32(b[8:])
	key, ok := within(b, at, size)
	if !ok {
		return e, errors.New("has a key that ends beyond it")
	}
	value, ok := within(b[at:], size, order.Uint32(b[12:]))
	if !ok {
		return e, errors.New("has a value that ends beyond it")
	}
	e.key = key
	if order.Uint32(b)&bucketElement != 0 {
		e.below, err = bucketRoot(value)
	}
	return e, err
}

// within is the part of b at a position, if it has that.
func within(b []byte, at, size uint32) ([]byte, bool) {
	end := uint64(at) + uint64(size)
	if end > uint64(len(b)) {
		return nil, false
	}
	return b[at:end], true
}

// bucketRoot returns the root page of a bucket, 0 for one that is within its
// value.
func bucketRoot(value []byte) (root uint64, err error) {
	if len(value) < bucketBytes {
		return 0, errors.New("has a bucket that is too short")
	}
	if root = binary.NativeEndian.Uint64(value); root != 0 {
		return root, nil
	}
	inline := value[bucketBytes:]
	if len(inline) < pageHeader {
		return 0, errors.New("has a bucket that is too short")
	}
	n, err := parseNode(inline)
	if err == nil {
		err = n.checkOrder(nil, nil)
	}
	if err == nil && n.branch {
		err = errors.New("has a bucket without pages that has a branch")
	}
	return 0, err
}
