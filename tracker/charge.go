package tracker

import "math"

// Charge is a battery's charge as a Report has it, nil if percent is no whole
// number from 0 to 100: some trackers send volts where others send percent. Apps
// multiply fractions by 100 in single precision, hence a tolerance of 0.001.
func Charge(percent float64) *uint8 {
	whole := math.Round(percent)
	if !(whole >= 0 && whole <= 100) || math.Abs(percent-whole) > 1e-3 {
		return nil
	}
	return new(uint8(whole))
}
