package device

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// spool keeps payloads in a folder until they are acknowledged, through kills
// and power cuts. They are numbered from 1 in each run.
//
// Each run has a generation of files, which begins with a copy of what the run
// before left: no file is appended to that may be torn, and of two generations
// only the newer one counts. A generation's first file gets its name when it is
// complete and on disk. A generation is a row of segments, deleted from the front
// as their payloads are acknowledged.
type spool struct {
	dir        string
	generation uint64

	mu       sync.Mutex
	segments []segment // in order, the last one is open
	open     *os.File
	size     int64 // of what is whole in open
	broken   bool  // open may end in something else
	// acknowledged are all payloads up to this number; unsynced how many of the
	// marks that say so may not be on disk.
	acknowledged uint64
	unsynced     int
}

// segment is a file of payloads.
type segment struct {
	name string
	last uint64 // number of its last payload, or of the one before its first
}

const (
	// segmentBytes is from which size on a segment gets a successor: at most that
	// much is on disk beside what waits, and it is written in some hundreds of
	// pieces of the smallest flash blocks.
	segmentBytes = 256 << 10
	// marksUnsynced bounds how many acknowledged payloads are sent again after a
	// power cut. A server remembers more of a device than that.
	marksUnsynced = 256
)

// openSpool returns the payloads that an earlier run left, oldest first. They are
// the first of this one. torn is how many bytes at the ends of files were none.
func openSpool(dir string) (s *spool, left [][]byte, torn int, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, 0, err
	}
	old, err := listSegments(dir)
	if err != nil {
		return nil, nil, 0, err
	}
	s = &spool{dir: dir, generation: 1}
	if len(old) > 0 {
		s.generation = old[len(old)-1].generation + 1
		if left, torn, err = readGeneration(dir, old); err != nil {
			return nil, nil, 0, err
		}
	}
	if err := s.begin(left); err != nil {
		return nil, nil, 0, err
	}
	for _, f := range old {
		if err := os.Remove(filepath.Join(dir, f.name)); err != nil {
			return nil, nil, 0, errors.Join(err, s.open.Close())
		}
	}
	return s, left, torn, syncFolder(dir)
}

// begin writes the first segment of the generation.
func (s *spool) begin(payloads [][]byte) error {
	data := []byte(segmentMagic)
	for i, p := range payloads {
		data = appendRecord(data, recordPayload, uint64(i+1), p)
	}
	name := segmentName(s.generation, 1)
	if err := replace(filepath.Join(s.dir, name), data); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(s.dir, name), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	s.open, s.size = file, int64(len(data))
	s.segments = []segment{{name, uint64(len(payloads))}}
	return nil
}

// append returns when payload, which gets the next number, is on disk. After an
// error it may be there all the same.
func (s *spool) append(payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return os.ErrClosed
	}
	if s.broken || s.size >= segmentBytes {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	current := &s.segments[len(s.segments)-1]
	if err := s.write(appendRecord(nil, recordPayload, current.last+1, payload)); err != nil {
		return err
	}
	if err := s.open.Sync(); err != nil {
		// What the system did with the pages is not known.
		s.broken = true
		return err
	}
	current.last++
	s.unsynced = 0
	return nil
}

// write appends record to the open segment or leaves it as it was.
func (s *spool) write(record []byte) error {
	_, err := s.open.Write(record)
	if err != nil {
		s.broken = s.open.Truncate(s.size) != nil
		return err
	}
	s.size += int64(len(record))
	return nil
}

// rotate starts the next segment.
func (s *spool) rotate() error {
	last := s.segments[len(s.segments)-1].last
	name := segmentName(s.generation, last+1)
	file, err := os.OpenFile(filepath.Join(s.dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(segmentMagic)
	if err := errors.Join(err, file.Sync(), syncFolder(s.dir)); err != nil {
		return errors.Join(err, file.Close())
	}
	err = s.open.Close()
	s.open, s.size, s.broken = file, int64(len(segmentMagic)), false
	if s.segments[len(s.segments)-1].name == name {
		s.segments = s.segments[:len(s.segments)-1]
	}
	s.segments = append(s.segments, segment{name, last})
	return errors.Join(err, s.trim())
}

// advance notes that all payloads up to number are acknowledged or dropped. What
// of that is lost costs no more than sending them again.
func (s *spool) advance(number uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number <= s.acknowledged || s.open == nil {
		return nil
	}
	s.unsynced += int(number - s.acknowledged)
	s.acknowledged = number
	if err := s.write(appendRecord(nil, recordMark, number, nil)); err != nil {
		return err
	}
	if s.unsynced >= marksUnsynced {
		if err := s.open.Sync(); err != nil {
			return err
		}
		s.unsynced = 0
	}
	return s.trim()
}

// trim deletes segments that hold nothing any more.
func (s *spool) trim() error {
	for len(s.segments) > 1 && s.segments[0].last <= s.acknowledged {
		if err := os.Remove(filepath.Join(s.dir, s.segments[0].name)); err != nil {
			return err
		}
		s.segments = s.segments[1:]
	}
	return nil
}

// close makes all marks last. Nothing can be appended after it.
func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return nil
	}
	err := errors.Join(s.open.Sync(), s.open.Close())
	s.open = nil
	if err != nil {
		return fmt.Errorf("close the report queue: %w", err)
	}
	return nil
}
