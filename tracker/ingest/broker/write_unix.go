//go:build unix

package broker

import "syscall"

// writeNow writes what the kernel takes of b without waiting, and returns how
// much that is.
func writeNow(fd uintptr, b []byte) int {
	for {
		n, err := syscall.Write(int(fd), b)
		if err != syscall.EINTR {
			return max(n, 0)
		}
	}
}
