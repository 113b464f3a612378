package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// Scrub overwrites with zeros what the file still holds of records that were
// deleted or replaced, but for those of the last transaction, without which the
// one before could not be gone back to. It reads the free part of the file once,
// and no other transaction may run meanwhile. When it returns nil the zeros are on
// disk. What the disk itself keeps of overwritten blocks is beyond its reach.
func (s *Store) Scrub() error {
	file, err := os.OpenFile(s.db.Path(), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	err = s.update(func(tx *bbolt.Tx) error {
		return errors.Join(scrubFree(tx, file, s.db.Info().PageSize), file.Sync())
	})
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	return nil
}

// scrubFree overwrites the pages that belong to nothing.
func scrubFree(tx *bbolt.Tx, file *os.File, pageSize int) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	page, zeros := make([]byte, pageSize), make([]byte, pageSize)
	for id := range int(info.Size() / int64(pageSize)) {
		// Beyond the last page there is what a kill kept from becoming part of it.
		known, err := tx.Page(id)
		if err != nil {
			return err
		}
		if known != nil && known.Type != "free" {
			continue
		}
		at := int64(id) * int64(pageSize)
		if _, err := file.ReadAt(page, at); err != nil {
			return err
		}
		if bytes.Equal(page, zeros) {
			continue
		}
		if _, err := file.WriteAt(zeros, at); err != nil {
			return err
		}
	}
	return nil
}
