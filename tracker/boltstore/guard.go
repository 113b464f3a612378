package boltstore

import (
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// view runs fn in a read transaction. What is read is mapped into memory, where
// damage that has come since the file was opened, such as a lost end, shows as a
// fault or as a panic of bbolt: both become errors that wrap ErrDamaged.
func (s *Store) view(fn func(*bbolt.Tx) error) (err error) {
	defer guard(&err)()
	return s.db.View(fn)
}

// update is view with a transaction that writes.
func (s *Store) update(fn func(*bbolt.Tx) error) (err error) {
	defer guard(&err)()
	return s.db.Update(fn)
}

// guard makes faults of this goroutine panics until the function that it
// returns is called, which makes panics errors.
func guard(err *error) (release func()) {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil {
			*err = fmt.Errorf("%w: %v; stop the server and restore a copy of the file", ErrDamaged, p)
		}
	}
}
