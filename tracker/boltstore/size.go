package boltstore

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/bbolt"
)

// Size returns the bytes of the file, and how many of them are free to be used
// again: the file grows only once there are none.
func (s *Store) Size() (file, free int64, err error) {
	info, err := os.Stat(s.db.Path())
	if err != nil {
		return 0, 0, err
	}
	var used int64
	if err := s.view(func(tx *bbolt.Tx) error { used = tx.Size(); return nil }); err != nil {
		return 0, 0, err
	}
	stats := s.db.Stats()
	used -= int64(stats.FreePageN+stats.PendingPageN) * int64(s.db.Info().PageSize)
	return info.Size(), info.Size() - used, nil
}

// register adds what the file's size is to the metrics.
func (s *Store) register(reg prometheus.Registerer) {
	gauge := func(name, help string, value func(file, free int64) int64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			file, free, err := s.Size()
			if err != nil {
				return 0
			}
			return float64(value(file, free))
		})
	}
	reg.MustRegister(
		gauge("wayguard_store_bytes", "Size of the data file.", func(file, _ int64) int64 { return file }),
		gauge("wayguard_store_free_bytes", "Bytes of the data file that are free to be used again.", func(_, free int64) int64 { return free }),
	)
}
