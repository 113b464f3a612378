package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// inspect looks at the file before it is opened for writing: whether it is
// whole, and whether it is of a version that can be read. One of an earlier
// version is copied. While it looks, no other process can write.
func inspect(path string, opts Options) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, ReadOnly: true, OpenFile: openWhole})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return ErrInUse
	}
	if err != nil {
		return err
	}
	spoilt, err := opts.inspectPages(path)
	if err == nil && spoilt == nil {
		err = opts.inspectVersion(db, path)
	}
	if err = errors.Join(err, db.Close()); err != nil || spoilt == nil {
		return err
	}
	return opts.goBack(path, *spoilt)
}

// openWhole opens a file that has not lost its end.
func openWhole(path string, flag int, mode os.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	metas := readMetas(file)
	if len(metas) == 0 {
		err = fmt.Errorf("%w, or none of ours: neither of its two first pages is readable; restore a copy", ErrDamaged)
	} else {
		err = checkLength(file, metas[0])
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// inspectPages checks the newest state of the file. Where that is damaged, the
// one before it is not, and going back is asked for, it returns the page that
// must go.
func (o Options) inspectPages(path string) (spoilt *meta, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	metas := readMetas(file)
	err = checkTree(file, metas[0])
	switch {
	case err == nil && len(metas) == 1:
		o.log().Warn("one of the two first pages of the data file is damaged; the server goes on from the other. "+
			"If the machine lost power in the middle of a write, nothing is lost; else it may be the last write", "file", path)
		return nil, nil
	case err == nil:
		return nil, nil
	case len(metas) == 1 || checkTree(file, metas[1]) != nil:
		return nil, fmt.Errorf("%w; restore a copy", err)
	case !o.GoBack:
		return nil, fmt.Errorf("%w; what was there before the last write is whole: restore a copy, "+
			"or start with --go-back to lose just the last write, of which devices may have been told that it is kept", err)
	}
	return &metas[0], nil
}

// goBack keeps a copy of the file and makes the state before the last write
// the newest.
func (o Options) goBack(path string, newest meta) error {
	kept, err := copyFile(path, "damaged")
	if err != nil {
		return fmt.Errorf("keep a copy before going back: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(make([]byte, metaBytes), newest.at+pageHeader)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("go back: %w", err)
	}
	o.log().Warn("the data file was damaged: the server goes on from before the last write", "file", path, "damaged_copy", kept)
	return nil
}

// inspectVersion refuses what is newer, and copies what is older.
func (o Options) inspectVersion(db *bbolt.DB, path string) error {
	version := uint32(0)
	err := db.View(func(tx *bbolt.Tx) (err error) {
		version, err = versionOf(tx)
		return err
	})
	if err != nil || version == 0 || version == Version {
		return err
	}
	kept, err := copyFile(path, fmt.Sprintf("version%d", version))
	if err != nil {
		return fmt.Errorf("it is of version %d; keep a copy before it is made one of version %d: %w", version, Version, err)
	}
	o.log().Info("the data file is of an earlier release and is brought up to date; the copy can be deleted once all is well", "file", path, "copy", kept)
	return nil
}

// versionOf is the layout version, 0 in a file that has nothing in it. It
// refuses a newer one.
func versionOf(tx *bbolt.Tx) (uint32, error) {
	b := tx.Bucket(metaBucket)
	if b == nil {
		return 0, nil
	}
	v := b.Get(versionKey)
	if v == nil {
		return 0, nil
	}
	if len(v) != 4 {
		return 0, fmt.Errorf("%w: the layout version has %d bytes, want 4; restore a copy", ErrDamaged, len(v))
	}
	n := binary.BigEndian.Uint32(v)
	if n > Version {
		return 0, fmt.Errorf("%w: its layout is version %d, this release reads up to %d; start the newer release, or restore a copy from before it", ErrNewer, n, Version)
	}
	return n, nil
}

// copyFile copies a file into its folder, durably and under a name that none
// has, and returns that. A copy that was broken off has no such name.
func copyFile(path, why string) (kept string, err error) {
	kept = fmt.Sprintf("%s.%s-%s", path, why, time.Now().UTC().Format("20060102T150405.000Z"))
	from, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".copy-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Sync(), to.Close()); err == nil {
		err = os.Rename(to.Name(), kept)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(to.Name()))
	}
	return kept, nil
}
